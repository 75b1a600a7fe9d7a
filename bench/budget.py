"""Runs that come to a cap on what models may use: the cap, what was reserved and used, and what exceeded it.

    python bench/budget.py [--postgres postgresql://USER@HOST/EMPTY_DATABASE]

Every case is a whole run on the embedded GitHub and a scripted model. `reserved` is the sum of the worst cases of the
questions that were asked, `counted` what the ledger has at the end, `real` what the model's server read and wrote,
whatever it stated, and `open` the most that was used and reserved at one time. The exit code is 1 where anything
exceeded a cap. `--postgres` plays the cases with two workers on that database, one case for each time it is given.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from contextlib import redirect_stderr
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.journeys.budget_cases import CASES, Figures, play  # noqa: E402

HEADINGS = ("case", "cap", "reserved", "counted", "real", "open", "overshoot", "asked", "refused")


def row(figures: Figures, name: str) -> str:
    """One line of the table."""
    amounts = (figures.cap, figures.reserved, figures.counted, figures.real, figures.most, figures.overshoot)
    shown = [f"{one:,.0f}" if figures.unit == "tokens" else f"${one:,.4f}" for one in amounts]
    return f"{name:<58}" + "".join(f"{one:>11}" for one in [*shown, str(figures.calls), str(figures.refused)])


def main() -> int:
    """Play every case and print its line."""
    parser = argparse.ArgumentParser(description="Budgets: what exceeded a cap.")
    parser.add_argument("--postgres", action="append", default=[], metavar="URL", help="an empty database")
    databases = parser.parse_args().postgres
    plays = [(case, "") for case in CASES]
    plays += list(zip((case for case in CASES if case.workers > 1), databases, strict=False))
    print(f"{HEADINGS[0]:<58}" + "".join(f"{one:>11}" for one in HEADINGS[1:]))
    exceeded = 0
    for case, url in plays:
        with tempfile.TemporaryDirectory() as directory, redirect_stderr(io.StringIO()):
            figures = play(case, Path(directory), url)
        exceeded += figures.overshoot > 0
        where = (", PostgreSQL" if url else ", SQLite") if case.workers > 1 else ""
        print(row(figures, f"{case.name}{where}"), flush=True)
    print(f"{len(plays) - exceeded} of {len(plays)} within their caps")
    return 1 if exceeded else 0


if __name__ == "__main__":
    sys.exit(main())
