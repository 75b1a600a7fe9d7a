"""The format of the tests in `.github/cadence.yml`: the facts that are given, and the expected decision."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

CheckWord = Literal[
    "success", "failure", "pending", "missing", "skipped", "neutral", "cancelled", "timed_out", "action_required",
    "stale",
]  # fmt: skip
ReviewWord = Literal["approve", "reject", "unreadable", "unread", "uncovered", "absent", "missing", "stale", "unposted"]

_EXPECTATION = re.compile(r"merge|(?:wait|block)(?: [a-z][a-z0-9_]*(?:\.[a-z0-9_-]+)*)+")


def _expectation(value: str) -> str:
    words = " ".join(value.split())
    if not _EXPECTATION.fullmatch(words):
        raise PydanticCustomError(
            "expectation", "is not `merge`, `wait CODE ...` or `block CODE ...`, with codes as the gate gives them"
        )
    return words


Expectation = Annotated[
    str, AfterValidator(_expectation), Field(json_schema_extra={"pattern": f"^(?:{_EXPECTATION.pattern})$"})
]


class ConfigPart(BaseModel):
    """The base of every part of the file: frozen, because a parsed file is shared, and unknown keys are refused."""

    # strict: `yes` and "3" are mistakes and not true and 3: https://docs.pydantic.dev/latest/concepts/strict_mode/
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class GivenReviews(ConfigPart):
    """The results of the two reviews of the head."""

    reasoning: ReviewWord = "approve"
    efficiency: ReviewWord = "approve"


class GivenRules(ConfigPart):
    """What the base branch's own rules on GitHub ask. `unreadable`: they could not be read at all."""

    checks: tuple[str, ...] = ()
    approvals: int = Field(default=0, ge=0)
    up_to_date: bool = False
    linear_history: bool = False
    merge_queue: bool = False
    methods: tuple[Literal["merge", "squash", "rebase"], ...] = ("merge", "squash", "rebase")
    unreadable: bool = False


class Given(ConfigPart):
    """A pull request in plain words. Facts that are not given are those of a pull request that is ready to merge.

    `checks` are those of other Apps on the head by name; where there are none, `ci` is said of every check of
    `ci.expect`, or of one. `base`: `behind` is not up to date, `retargeted` another branch, `gone` unreadable.
    """

    ci: Literal["success", "failure", "pending", "skipped", "none"] | None = None
    checks: Mapping[str, CheckWord] = {}
    base_checks: tuple[str, ...] = ()
    settled: bool = True
    reviews: GivenReviews = GivenReviews()
    draft: bool = False
    mergeable: Literal[True, False, "unknown"] = True
    labels: tuple[str, ...] = ()
    base: Literal["current", "behind", "retargeted", "gone"] = "current"
    approvals: Literal["not_needed", "given", "missing", "changes_requested"] = "not_needed"
    issue: Literal["open", "closed", "unlabelled"] = "open"
    blueprint: Literal["approved", "edited"] = "approved"
    rules: GivenRules = GivenRules()


class ConfigTest(ConfigPart):
    """`expect`: `merge`, `wait CODE ...` or `block CODE ...`; every code must be among the gate's reasons."""

    given: Given = Given()
    expect: Expectation
    name: str = ""
