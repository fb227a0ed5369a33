from typing import Any

from django.core.management.base import BaseCommand

from billing import health


class Command(BaseCommand):
    help = "Check how Stripe's side is set up before going live; each missing thing is named. Exit code 1 when any is."

    def handle(self, *args: Any, **options: Any) -> None:
        check = health.look()
        for problem in check.problems:
            self.stdout.write(f"- {problem}")
        if check.problems:
            raise SystemExit(1)
        self.stdout.write(f"Stripe is set up as expected; the clocks differ by {check.clock_skew_seconds} s.")
