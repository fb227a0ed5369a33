# PgBouncer as Debian makes it. The password comes with the container, so no image holds one.
FROM debian:trixie-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends pgbouncer postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --gid 10002 pool \
    && useradd --uid 10002 --gid pool --no-create-home --shell /usr/sbin/nologin pool
COPY pgbouncer.ini /etc/pgbouncer/shop.ini
USER 10002:10002
EXPOSE 6432
CMD ["sh", "-c", "umask 077 && printf '\"shop\" \"%s\"\\n' \"$DATABASE_PASSWORD\" > /run/pgbouncer/users.txt && exec pgbouncer /etc/pgbouncer/shop.ini"]
