"""`python -m tests.shown RECORD [--check]`: makes docs/codes-shown.md, or holds it against a recorded run."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from tests.shown.naming import ROOT
from tests.shown.page import PAGE, Record, not_shown, page, undocumented, untrue


def faults(text: str, record: Record) -> list[str]:
    """What is wrong with a page, in sentences, after a run of the whole suite."""
    found = [f"`{code}` was given in {node} and is documented nowhere" for code, node in undocumented(record).items()]
    found += [f"no test shows `{code}`" for code in not_shown(text)]
    found += [f"`{row.code}` was not given in {row.test}" for row in untrue(text, record)]
    return found


def main() -> int:
    asked = argparse.ArgumentParser(prog="python -m tests.shown", description=__doc__)
    asked.add_argument("record", type=Path, help="what `pytest --record-codes FILE` wrote, in a run of the whole suite")
    asked.add_argument("--check", action="store_true", help="write nothing; say what is not true any more")
    options = asked.parse_args()
    record: Record = json.loads(options.record.read_text("utf-8"))
    path = ROOT / PAGE
    if not options.check:
        path.write_text(page(record), "utf-8")
    found = faults(path.read_text("utf-8"), record)
    for one in found:
        print(f"{PAGE}: {one}")
    if found and options.check:
        print("`make codes-shown` chooses again; a code that nothing shows needs a test.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
