"""The seeds that come with Cadence, read from the package."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from bot.review.selftest.seeds import Seed, read_case

_CASES = files("bot.review.selftest") / "cases"


def packaged_seeds() -> tuple[Seed, ...]:
    """Every seed, in the order of the cases' names. Raises ValueError for a case that does not fit its format."""
    seeds: list[Seed] = []
    # A folder has no fixed order, and the results of two machines are compared.
    for file in sorted(_CASES.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            seeds += read_case(file.name.removesuffix(".toml"), tomllib.loads(file.read_text("utf-8")))
    return tuple(seeds)
