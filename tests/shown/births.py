"""Where reason codes are born, and how a test run hears of it: constructors are wrapped in the test process only.

A code counts only when the product made it: a test, or the embedded GitHub, that builds a reason or raises an error
with its own hands proves nothing about Cadence.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any

from bot.core.errors import CadenceError
from bot.core.findings import Finding
from bot.gate.reasons import Reason
from bot.intake.command_text import CommandError
from bot.ledger.runs import Runs
from bot.plan.context.pack import LeftOut
from bot.proof.checklist import Check, LineResult
from bot.review.review_kinds import ReviewFinding, Verdict
from bot.weakening.gate import CheckFinding
from bot.weakening.model import WeakeningFinding
from tests.shown.registry import every_code

BOT = Path(__file__).resolve().parents[2] / "bot"
_GIVEN = re.compile(r"([a-z_]+(?:\.[a-z_]+)?): ")


def _own_code(made: Any, *_: Any, **__: Any) -> Iterable[str]:
    return (made.code,)


def _unless_it_holds(check: Any, *_: Any, **__: Any) -> Iterable[str]:
    """A proof's checklist also has lines for what is in order; only the others are codes that somebody is told."""
    return () if check.state is LineResult.OK else (check.code,)


def _broken_rule(finding: Any, *_: Any, **__: Any) -> Iterable[str]:
    return () if finding.rule is None else (f"rule.<id>={finding.rule}",)


def _in_words(_: Any, *__: Any, reason: str = "", **___: Any) -> Iterable[str]:
    """A run's reason is text: `code: what happened`, several joined by semicolons. A code may be one plain word."""
    starts = [match[1] for part in reason.split("; ") if (match := _GIVEN.match(part))]
    return [code for code in starts if "." in code or code in every_code()]


@dataclass(frozen=True)
class Birthplace:
    """A call that gives people a code. `codes` reads them from the call; `home` are the files that only pass it on.

    `within` narrows who may have called: what is read back from the ledger was born earlier, perhaps by a test's hand.
    """

    owner: type
    codes: Callable[..., Iterable[str]]
    home: tuple[str, ...]
    within: str = ""
    method: str = "__init__"


BIRTHPLACES = (
    Birthplace(Reason, _own_code, ("gate/reasons.py",)),
    Birthplace(Finding, _own_code, ("core/findings.py", "core/codes/lookup.py")),
    Birthplace(WeakeningFinding, _own_code, ("weakening/model.py",)),
    Birthplace(CheckFinding, _own_code, ()),
    Birthplace(CadenceError, _own_code, ("core/errors.py", "changeset/rejected.py")),
    Birthplace(CommandError, _own_code, ()),
    Birthplace(LeftOut, _own_code, ()),
    Birthplace(Check, _unless_it_holds, ("proof/checklist.py",)),
    Birthplace(Verdict, _own_code, (), within="review/reviewer.py"),
    Birthplace(ReviewFinding, _broken_rule, (), within="review/rules.py"),
    Birthplace(Runs, _in_words, (), method="move"),
)


@contextmanager
def watched(hear: Callable[[str], None]) -> Iterator[None]:
    """Call `hear` with every code that the product gives anybody while the context is open."""
    before = [(place, getattr(place.owner, place.method)) for place in BIRTHPLACES]
    for place, plain in before:
        setattr(place.owner, place.method, _wrapped(place, plain, hear))
    try:
        yield
    finally:
        for place, plain in before:
            setattr(place.owner, place.method, plain)


def _wrapped(place: Birthplace, plain: Callable[..., Any], hear: Callable[[str], None]) -> Callable[..., Any]:
    passing = {str(BOT / name) for name in place.home} | {dataclasses.__file__, __file__}

    @wraps(plain)
    def heard(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = plain(self, *args, **kwargs)
        maker = _maker(sys._getframe(1), passing)
        if maker.startswith(place.within) and maker:
            for code in place.codes(self, *args, **kwargs):
                hear(code)
        return result

    return heard


def _maker(frame: FrameType | None, passing: set[str]) -> str:
    """The product's file that made it, relative to bot/; empty when a test or the embedded GitHub did."""
    while frame is not None and (frame.f_code.co_filename in passing or frame.f_code.co_filename == "<string>"):
        frame = frame.f_back
    if frame is None or not frame.f_code.co_filename.startswith(f"{BOT}/"):
        return ""
    made_in = frame.f_code.co_filename.removeprefix(f"{BOT}/")
    return "" if made_in.startswith("sandbox/") else made_in
