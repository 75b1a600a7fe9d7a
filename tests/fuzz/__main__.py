"""`make fuzz`: many random ChangeSets through the builder, on every core. `--seed` repeats a run."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.builder import Builder
from tests.fuzz.change_sets import Case, cases, spoiled

BATCH = 250
SHARE_SPOILED = 8


def batch(number: int, count: int) -> Counter[str]:
    """One batch in a repository of its own; raises with the smallest case that fails."""
    told: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="cadence-fuzz-") as room:
        builder = Builder(Path(room))

        @seed(number)
        @settings(
            max_examples=count, deadline=None, database=None, print_blob=True,
            phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=st.integers(1, SHARE_SPOILED).flatmap(lambda n: spoiled() if n == 1 else cases()))
        def run(case: Case) -> None:
            builder.prove(case)
            told.update(["cases", *case.kinds])
            told["built"] += case.after is not None

        try:
            run()
        finally:
            builder.close()
    return told


def main() -> None:
    """Run and count. Exit code 1 with the failing case otherwise."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    asked = parser.parse_args()
    print(f"{asked.cases} cases, --seed {asked.seed}", flush=True)
    started, told, number = time.monotonic(), Counter[str](), asked.seed
    cores = os.cpu_count() or 1
    with ProcessPoolExecutor(cores) as pool:
        # Small input spaces are exhausted before the count is reached: further batches run until it is.
        while told["cases"] < asked.cases:
            left = -(-(asked.cases - told["cases"]) // BATCH)
            for done in pool.map(batch, range(number, number + left), [BATCH] * left):
                told += done
                print(f"\r{told['cases']} cases", end="", flush=True, file=sys.stderr)
            number += left
    kinds = ", ".join(f"{count} with {kind}" for kind, count in told.most_common() if kind not in ("cases", "built"))
    seconds = time.monotonic() - started
    print(f"\n{told['cases']} cases in {seconds:.0f} s: {told['built']} built and applied by git ({kinds})")


if __name__ == "__main__":
    main()
