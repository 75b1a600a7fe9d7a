"""The platforms and versions that a job runs on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.weakening.ci.config import Config
from bot.weakening.ci.steps import Job
from bot.weakening.model import WeakeningFinding


def matrix_findings(old: Job, new: Job, config: Config) -> Iterator[WeakeningFinding]:
    """`ci.matrix`: values that the base's matrix had and the head's has not, and exclusions of what ran before."""
    if not (old.checks or new.checks):
        return
    for key, values in old.matrix.items():
        now = new.matrix.get(key)
        if now is None:
            continue
        for lost in _lost_values(key, values, now):
            if f'"{_family(lost)}' in config.text.replace("'", '"').replace("|| ", '"'):
                continue
            yield WeakeningFinding(
                "ci.matrix", config.path, config.line(key, new.name), f"`{new.name}` no longer runs on {key} {lost}."
            )
    known = {value for values in old.matrix.values() for value in values}
    for excluded in new.excluded:
        if excluded not in old.excluded and excluded and all(value in known for value in excluded):
            yield WeakeningFinding(
                "ci.matrix",
                config.path,
                config.line("exclude"),
                f"`{new.name}` no longer runs on {', '.join(excluded)}.",
            )


def _lost_values(key: str, old: list[str], new: list[str]) -> Iterator[str]:
    """Platforms that are gone, and named checks; dropping an old version weakens nothing."""
    if re.search(r"^os$|platform|runs-on|image|target|^implementation$", key):
        families = {_family(value) for value in new}
        if len(families) >= len({_family(value) for value in old}):
            return
        yield from sorted({value for value in old if _family(value) not in families})
        return
    gone = [value for value in old if value not in new]
    if len(old) > len(new):
        yield from (
            value
            for value in gone
            if re.search(r"lint|mypy|test|check|cover|type|style|fmt|clippy|audit", value, re.IGNORECASE)
        )


def _family(value: str) -> str:
    return re.split(r"[-_\d.]", value.lower(), maxsplit=1)[0] or value
