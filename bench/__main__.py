"""`make bench`: measure the books, the webhook and the pages in a database of its own, then remove it."""

import os
import sys
from pathlib import Path

import psycopg

DATABASE = "shop_bench"


def main() -> int:
    """Print the table (and write BENCH_JSON); exit code 0 even when a target is missed: it is for reading."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    from config import settings as base
    from config.database import embedded_url

    _drop(embedded_url(base.LOCAL_DIR / "postgres", database="postgres"))  # left over from a run that was killed
    url = embedded_url(base.LOCAL_DIR / "postgres", database=DATABASE)
    os.environ["DATABASE_URL"] = url
    sys.modules.pop("config.settings")
    try:
        return measure(url)
    finally:
        from django.db import connections

        connections.close_all()
        _drop(url.replace(f"/{DATABASE}", "/postgres"))


def _drop(maintenance_url: str) -> None:
    with psycopg.connect(maintenance_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")


def measure(url: str) -> int:
    """Prepare the database at `url` and run every measurement in turn."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from bench import bursts, charges, galleries, pages, painting, pgbench, report, selling, spending
    from bench.people import populate

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    populate()
    with connection.cursor() as cursor:
        cursor.execute(pgbench.FIVE_STATEMENTS_SETUP)
    call_command("collectstatic", interactive=False, verbosity=0)
    figures = [
        *charges.charges(url),
        *spending.starting(),
        *painting.painting(),
        *selling.webhooks(url),
        *bursts.bursts(url),
        *pages.pages(),
        *galleries.galleries(),
        *spending.auditing(),
    ]
    print(report.table(figures))
    if path := os.environ.get("BENCH_JSON"):
        report.write_json(figures, Path(path))
    return 0


if __name__ == "__main__":
    sys.exit(main())
