"""What was measured: rows with a unit, a ratio against the baseline beside it, and a target where there is one."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement. `target` is a bound on `ratio` if there is one, else on `value`; `at_most` turns it."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    beside: str = ""
    target: float | None = None
    at_most: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the target is reached; None without a target."""
        if self.target is None:
            return None
        measured = self.value if self.ratio is None else self.ratio
        return measured <= self.target if self.at_most else measured >= self.target


def table(figures: list[Figure]) -> str:
    """Return the figures as a text table."""
    lines = [f"{'':58} {'value':>12} {'':12} {'ratio':>7}  target"]
    for figure in figures:
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        target = "" if figure.target is None else f"{'<=' if figure.at_most else '>='} {figure.target:g}"
        mark = {True: "reached", False: "MISSED", None: ""}[figure.reached]
        beside = f"  of {figure.beside}" if figure.beside else ""
        lines.append(f"{figure.name:58} {figure.value:12,.2f} {figure.unit:12} {ratio:>7}  {target:9} {mark}{beside}")
    return "\n".join(lines)


def write_json(figures: list[Figure], path: Path) -> None:
    """Write the figures to `path` for a machine to read."""
    rows = [asdict(figure) | {"reached": figure.reached} for figure in figures]
    path.write_text(json.dumps(rows, indent=2) + "\n")
