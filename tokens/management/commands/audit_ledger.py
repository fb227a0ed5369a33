from typing import Any

from django.core.management.base import BaseCommand

from tokens import audit


class Command(BaseCommand):
    help = "Recount the books. Prints one line per discrepancy; exit code 1 when there is any."

    def handle(self, *args: Any, **options: Any) -> None:
        clean = True
        for discrepancy in audit.discrepancies():
            clean = False
            self.stdout.write(str(discrepancy))
        if not clean:
            raise SystemExit(1)
        self.stdout.write("The books are right.")
