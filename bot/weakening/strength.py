"""How much a check demands, so that a weaker one in the place of a stronger one can be told from a mere rewording."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import IntEnum

from bot.foreign_text import read_foreign
from bot.weakening.model import Assertion


class Level(IntEnum):
    """From `something is there` to `exactly this`."""

    UNKNOWN = 0
    PRESENCE = 1
    PART = 2
    CLOSE = 3
    EXACT = 4


_CLOSE = re.compile(
    r"allclose|isclose|approx|almost_?equal|InDelta|InEpsilon|toBeCloseTo|closeTo|be_within|relative_eq|abs_diff_eq"
    r"|assert_quantity|float_eq|near\(|WithinDuration|isCloseTo|almostEqual",
    re.IGNORECASE,
)
_EXACT = re.compile(
    r"==|assert_?(?:Array_?|Dict_?|List_?|Set_?|Frame_?|Series_?|Tuple_?|Sequence_?|MultiLine_?|Count_?)?Equals?\w*\(|assert_\w*eq!"
    r"|assertSame|toEqual\(|toBe\(|toStrictEqual\(|toMatchObject\(|deepEqual|strictEqual|deep\.equal|\.equals?\(|\.eql\("
    r"|isEqualTo\(|must_equal|must_be_same_as|\.is\(|\.same\(|\beq\(|\beql\(|(?:assert|require)\.(?:Equal|EqualValues|Exactly|JSONEq)\(|assert_equal\b"
    r"|calledOnceWith\w*\(|toHaveBeenCalledWith\(|toHaveBeenCalledTimes\(|assert_called_(?:once_)?with\(|toThrow(?:Error)?\(.+\)"
    r"|[Ss]napshot|containsExactly\(|assert_array_equal|is(?:True|False|None)\b(?!\()|!=|Equal\(|EqualError\(",
)
_PART = re.compile(
    r"\bin\b|assertIn\b|contains?\(|toContain|toMatch|Contains\(|assert_match|must_include|must_match|wont_include|startswith|endswith|startsWith|endsWith|hasSize"
    r"|isinstance|IsInstance|instanceof|InstanceOf|>=|<=|[^-=>]>[^=]|<|Greater|Less|include\(|Regex|includes\(|indexOf"
    r"|expect\.any\(|jasmine\.any\(|toHaveLength|Len\(|ElementsMatch|assertCountEqual|hasItem|any\(|toHaveProperty"
)
_PRESENCE = re.compile(
    r"toBeTruthy|toBeDefined|toHaveBeenCalled\(\)|toBeFalsy|isNotNull|assertIsNotNone|assertNotNull|NotNil\(|not\.toBeNull"
    r"|notEqual\(\w+,null\)|isnotNone|assert_called(?:_once)?\(\)|toThrow(?:Error)?\(\)|not_to_be_nil|t\.ok\(|t\.pass\(|NotEmpty\("
    r"|assertTrue\(True\)|assert!\(true\)|assert_not_nil|^True$|^1$|^true$|is_ok\(\)|is_some\(\)|toBeInstanceOf|exists?\b"
    r"|^\w*[eE]rr(?:or)?[!=]=nil$|\b(?:assert|require)\.Error\("
)
_BEGINNING = re.compile(r"\.(?:substring|substr|slice)\(0,|\[:[\w.()]+\]==")
"""Equality of a value's beginning is no more than that it starts so."""
_FOUND = re.compile(r"(?:indexOf|IndexOf|index_of|find|Index|search)\([^()]*\)(?:!==?-1|>=0|>-1)")
"""A position compared with "nowhere": that the value is contained."""
_IDENTITY = re.compile(r"^(?P<subject>[\w.]+)\s+is\s+(?!not\b|None\b|True\b|False\b)\w")


def identity(check: Assertion) -> str | None:
    """The subject of Python's `subject is other`: the very same object has every property that it had."""
    hit = _IDENTITY.match(check.source.strip())
    return hit["subject"] if hit else None


def level(check: Assertion) -> Level:
    """The level of a check by its words."""
    text = check.text
    if _CLOSE.search(text):
        return Level.CLOSE
    if _PRESENCE.search(text):
        return Level.PRESENCE
    if _BEGINNING.search(text) or _FOUND.search(text):
        return Level.PART
    if _EXACT.search(text) or identity(check):
        return Level.EXACT
    if (
        re.search(r"\bnotin\b|in\[|\"in[\w(]", text)
        or _PART.search(text)
        or re.search(r"[\w)\]\"]\s+(?:not\s+)?in\s", check.source)
    ):
        return Level.PART
    return Level.UNKNOWN


def vacuous(check: Assertion) -> bool:
    """A check that cannot fail."""
    return bool(
        re.fullmatch(
            r"(?:True|1|true|not?False|\"[^\"]*\")|(?:self\.)?assertTrue\(True\)|assert!\(true\)|assert\(true\)|expect\(true\)\.toBe\(true\)"
            r"|assert_eq!\((\w+),\1\)|assert\.True\(t,true\)|assertTrue\(true\)|assert\.ok\(true\)|t\.pass\(\)|expect\((\w+)\)\.toBe\(\2\)"
            r"|(\w+)==\3|(?:self\.)?assertEqual\(([\w.]+),\4\)",
            check.text,
        )
    ) or bool(re.search(r"\bor\s+True\s*$|\|\|\s*true\s*\)?\s*;?$", check.source))


_TOLERANCE = re.compile(
    r"\b(?P<key>[ar]tol|abs_tol|rel_tol|abs|rel|delta|tol(?:erance)?|eps(?:ilon)?|prec(?:ision)?|places|decimals?|significant|max_ulps|maxulp|nulp)"
    r"\s*[=:]\s*(?P<value>[-+*/().\w]+)"
)
_DIGITS = frozenset({"places", "decimal", "decimals", "significant", "prec", "precision"})
_POSITIONAL = re.compile(
    r"(?P<name>InDelta|InEpsilon|toBeCloseTo|closeTo|be_within|almost_equal|AlmostEqual|assertEquals|WithinDuration|approx)\w*\((?P<args>.*)\)",
)


def tolerances(check: Assertion) -> dict[str, tuple[float, str]]:
    """What a check allows: by keyword, (allowed difference, unit). Digits count as a difference of 10^-digits."""
    found: dict[str, tuple[float, str]] = {}
    for number, (key, value) in enumerate(_stated(check.text)):
        parsed = _number(value)
        if parsed is None:
            continue
        amount, unit = parsed
        if key in _DIGITS and amount >= 1 and float(amount).is_integer():
            amount = 10.0 ** -min(amount, 300)
        found[f"{key}{number}" if key in found else key] = (amount, unit)
    return found


def _stated(value: str) -> Iterator[tuple[str, str]]:
    for hit in _TOLERANCE.finditer(value):
        yield hit["key"], _balanced(hit["value"])
    for hit in _POSITIONAL.finditer(value):
        arguments = split_arguments(hit["args"])
        if hit["name"] in ("InDelta", "InEpsilon", "WithinDuration") and len(arguments) >= 4:
            yield "delta", arguments[3]
        elif hit["name"] == "toBeCloseTo" and len(arguments) == 2:
            yield "places", arguments[1]
        elif hit["name"] in ("closeTo", "be_within") and arguments:
            yield "delta", arguments[-1]
        elif (
            hit["name"] in ("almost_equal", "AlmostEqual", "assertEquals")
            and len(arguments) == 3
            and "=" not in arguments[2]
        ):
            yield ("delta" if hit["name"] == "assertEquals" else "places"), arguments[2]
    bound = re.search(
        r"^(?:assert)?\(?(?:np\.)?(?:all\()?(?:np\.)?(?:math\.)?f?abs\(.*\)\)?<=?(?P<value>[-+*/.\w]+)\)?$", value
    )
    if bound:
        yield "bound", bound["value"]


def _balanced(value: str) -> str:
    """Cut at the bracket that closes what is around the value."""
    depth = 0
    for at, mark in enumerate(value):
        depth += (mark == "(") - (mark == ")")
        if depth < 0:
            return value[:at]
    return value


def split_arguments(value: str) -> list[str]:
    """Arguments at the top level of a normalised argument list."""
    out, depth, start, quoted = [], 0, 0, False
    for at, mark in enumerate(value):
        if mark == '"':
            quoted = not quoted
        if quoted:
            continue
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            if depth == 0:
                out.append(value[start:at])
                return [one for one in out if one]
            depth -= 1
        elif mark == "," and depth == 0:
            out.append(value[start:at])
            start = at + 1
    out.append(value[start:])
    return [one for one in out if one]


_UNIT = re.compile(r"[*/](?P<unit>[A-Za-z_][\w.]*(?:[*/][A-Za-z_][\w.]*)*)$|(?<=[\d.])(?P<suffix>[a-zA-Z]+)$")


def _number(value: str) -> tuple[float, str] | None:
    """(number, unit) of `1e-3*u.mas`, `10**-6`, `5.0`; None when it is no constant."""
    hit = _UNIT.search(value)
    unit = ""
    if hit and not re.fullmatch(r"[-+]?[\d._]+[eE][-+]?\d+", value):
        unit = hit["unit"] or hit["suffix"] or ""
        value = value[: hit.start()]
    parsed = read_foreign(lambda: ast.parse(value, mode="eval").body, lambda _: None)
    if parsed is None:
        return None
    amount = _constant(parsed)
    return None if amount is None else (amount, unit)


def _constant(node: ast.expr) -> float | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _constant(node.operand)
        return None if inner is None else -inner
    if isinstance(node, ast.BinOp):
        left, right = _constant(node.left), _constant(node.right)
        if left is None or right is None or abs(left) > 1e300 or (abs(right) > 300 and isinstance(node.op, ast.Pow)):
            return None
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.Div):
            return left / right if right else None
        if isinstance(node.op, ast.Pow) and left > 0:
            return float(left**right)
    return None


_NORMALISER = re.compile(
    r"\.(?:strip|lstrip|rstrip|lower|upper|casefold|replace|trim|toLowerCase|toUpperCase|split|to_lowercase|replaceAll)\(|"
    r"strings\.(?:Replace|ReplaceAll|ToLower|ToUpper|TrimSpace|Trim|Fields)\(|re\.sub\(|StringUtils\.\w+|equalsIgnoreCase"
)


def normalisers(check: Assertion) -> int:
    """How many times the compared values are first made alike."""
    return len(_NORMALISER.findall(check.text))
