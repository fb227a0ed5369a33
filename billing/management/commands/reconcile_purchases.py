from typing import Any

from django.core.management.base import BaseCommand

from billing import reconcile


class Command(BaseCommand):
    help = "Ask Stripe about every undecided purchase older than a minute, and settle it. Exit code 1 when some failed."

    def handle(self, *args: Any, **options: Any) -> None:
        report = reconcile.reconcile(everything=True)
        self.stdout.write(str(report))
        if report.failed:
            raise SystemExit(1)
