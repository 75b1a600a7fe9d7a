"""Skips as data: which words on a test, in each language, keep it from running or from counting.

A mark is what is declared on a test: a decorator, an annotation, an attribute, the modifiers of a call or an option.
It is looked up by its text without white space.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.syntax.trees import Node, source
from bot.weakening.model import Skip
from bot.weakening.nodes import normal, split_arguments, squeeze


@dataclass(frozen=True, slots=True)
class MarkRow:
    """`pattern` is looked for in the mark; `kind`: skip, xfail or focus; `conditional`: only sometimes."""

    pattern: re.Pattern[str]
    kind: str
    conditional: bool = False


def _row(pattern: str, kind: str, conditional: bool = False) -> MarkRow:
    return MarkRow(re.compile(pattern, re.IGNORECASE), kind, conditional)


_JAVASCRIPT = (
    _row(r"\.(?:skipIf|runIf)\b", "skip", True),
    _row(r"\.(?:skip|todo|fixme|pending|ignore)\b|^x(?:it|describe|test|context|suite|specify)\b|^pit\b", "skip"),
    _row(r"\.(?:failing|fails|fail)\b", "xfail"),
    _row(r"\.only\b|^f(?:it|describe|test|context|suite|specify)\b|^(?:iit|ddescribe)\b", "focus"),
    _row(r"^[\"']?(?:skip|todo|ignore)[\"']?:(?:false|undefined|null|[\"']{2})$", ""),
    _row(r"^[\"']?(?:skip|todo|ignore)[\"']?:(?:true$|[\"'`])", "skip"),
    _row(r"^[\"']?(?:skip|todo|ignore)[\"']?:", "skip", True),
    _row(r"^[\"']?only[\"']?:true", "focus"),
)
MARKS: dict[str, tuple[MarkRow, ...]] = {
    "python": (
        _row(r"^[\w.]*(?:skip_?if|skip_?unless|importorskip|skip_on|skip_when|xfail_?if)\w*(?:\(|$)", "skip", True),
        _row(r"^[\w.]*\bmark\.xfail\((?![\"'a-z_]*=|[\"')])", "xfail", True),
        _row(r"(?:^|[._])(?:xfail\w*|expected_?failure\w*|known_?fail\w*)(?:\(|$)", "xfail"),
        _row(r"^[\w.]*(?:^|[._])(?:skip\w*|nottest|disabled?)(?:\(|$)", "skip"),
    ),
    "javascript": _JAVASCRIPT,
    "typescript": _JAVASCRIPT,
    "tsx": _JAVASCRIPT,
    "c": (_row(r"\bDISABLED_|\[\.\]|\[!?(?:hide|mayfail|shouldfail)|\.disabled=true|\*skip", "skip"),),
    "cpp": (_row(r"\bDISABLED_|\[\.\w*\]|\[!(?:mayfail|shouldfail)\]|\*(?:\w+::)?\w*skip|\*\w*disabled", "skip"),
            _row(r"\*(?:\w+::)?(?:may_fail|should_fail|expected_failures)", "xfail")),
    "go": (
        _row(r"^(?:ginkgo\.|g\.)?P(?=[A-Z])|^(?:ginkgo\.)?Pending$|^(?:ginkgo\.|g\.)?X(?=[A-Z])", "skip"),
        _row(r"^(?:ginkgo\.|g\.)?F(?=[A-Z])|^(?:ginkgo\.)?Focus$", "focus"),
    ),
    "java": (
        _row(
            r"^@(?:\w+\.)*(?:Disabled(?:On|If|For|Until)\w*|Enabled(?:I|O|For)\w*"
            r"|Ignore(?:On|If|For|Until)\w*)", "skip", True),
        _row(r"^@(?:\w+\.)*(?:Disabled|Ignore|Pending|Manual|NotRun)\w*", "skip"),
        # https://junit.org/junit4/javadoc/4.13/org/junit/Test.html#expected(): a failed check is an AssertionError.
        _row(r"^@(?:\w+\.)*Test\(.*expected(?:Exceptions)?=\{?(?:Throwable|Error|AssertionError)\.class", "xfail"),
        _row(r"^@(?:\w+\.)*(?:Test|ParameterizedTest|Property)\(.*enabled=false", "skip"),
    ),
    "rust": (
        _row(r"^#!?\[ignore\b", "skip"),
        _row(r"^#!?\[should_panic\]", "xfail"),
        _row(r"^#!?\[cfg_attr\(.*\b(?:ignore|should_panic)\b", "skip", True),
    ),
    "ruby": (
        _row(r"^:?(?:skip|pending)(?:=>|:)?(?:false|nil)$|^:?focus(?:=>|:)?(?:false|nil)$", ""),
        _row(r"^:?(?:skip|pending)\b|^x(?:it|describe|context|specify|example|feature|scenario)$|^pending$", "skip"),
        # https://rspec.info/features/3-13/rspec-core/filtering/if-and-unless/
        _row(r"^:?(?:if|unless)(?:=>|:)", "skip", True),
        _row(r"^:?focus\b|^f(?:it|describe|context|specify|example)$", "focus"),
    ),
}  # fmt: skip
"""The first row that fits decides; an empty kind says that the mark holds nothing back."""

_CONDITION = re.compile(r"^[^(]*\((.*)\)\]?$", re.DOTALL)


def skip_of(language: str, mark: Node, aliases: frozenset[str] = frozenset()) -> list[Skip]:
    """The skips that a mark declares; a Rust `cfg` may demand several things at once."""
    value, line = squeeze(source(mark)), mark.start_point.row + 1
    # https://doc.rust-lang.org/reference/conditional-compilation.html: an item whose cfg is false is not compiled.
    if language == "rust" and value.startswith(("#[cfg(", "#![cfg(")):
        return demands(value.lstrip("#![").rstrip("]"), line)
    # `needs_x = pytest.mark.skipif(…)`, used as a decorator.
    if value.split("(", 1)[0].rsplit(".", 1)[-1] in aliases:
        return [Skip("skip", value, line, True)]
    head = value.split("(", 1)[0]
    for row in MARKS.get(language, ()):
        if row.pattern.search(value):
            if not row.kind:
                return []
            # The reason and the spelling of an unconditional mark do not matter.
            stated = f"{head}({_condition(mark)})" if row.conditional else row.kind
            return [Skip(row.kind, stated, line, row.conditional)]
    return []


def _condition(mark: Node) -> str:
    hit = _CONDITION.match(normal(mark))
    if hit is None:
        return normal(mark)
    first = split_arguments(hit[1])
    return first[0] if first and mark.type == "call" else hit[1]


def demands(cfg: str, line: int) -> list[Skip]:
    """What a Rust `cfg` demands at once, each for itself; features count as one, as they are named in many ways."""
    if cfg == "cfg(test)":
        return []
    hit = re.fullmatch(r"cfg\(all\((.*)\)\)", cfg)
    parts = [part for part in (split_arguments(hit[1]) if hit else [cfg[4:-1]]) if part != "test"]
    features = sorted(part for part in parts if part.startswith("feature="))
    named = ([",".join(features)] if features else []) + [part for part in parts if part not in features]
    return [Skip("cfg", f"cfg({part})", line, True) for part in named]
