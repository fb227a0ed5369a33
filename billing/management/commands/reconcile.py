from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from billing import matching
from billing.models import Difference


class Command(BaseCommand):
    help = (
        "Compare Stripe's payments, refunds, disputes and subscriptions with the shop, repair what is safe, and list "
        "the rest. Exit code 1 when something differs, failed, or was left out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        span = parser.add_mutually_exclusive_group()
        span.add_argument("--days", type=int, help="How far back; without it, since the last complete run.")
        span.add_argument("--everything", action="store_true", help="Since the beginning.")

    def handle(self, *args: Any, **options: Any) -> None:
        report = matching.walk(since=_since(options["days"], everything=options["everything"]))
        self.stdout.write(str(report))
        listed = Difference.objects.filter(settled_at=None).order_by("found_at")
        for difference in listed:
            self.stdout.write(f"- {difference}: {difference.detail}")
        if listed or report.ending or report.run.failed:
            raise SystemExit(1)


def _since(days: int | None, *, everything: bool) -> datetime:
    if everything:
        return datetime.fromtimestamp(0, UTC)
    return timezone.now() - timedelta(days=days) if days else matching.next_since()
