"""How much a check demands, as tables of words: one of a lower level is weaker than the one that it replaces."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import IntEnum

from bot.weakening.model import Assertion
from bot.weakening.nodes import split_arguments


class Level(IntEnum):
    """From `something is there` to `exactly this`."""

    UNKNOWN = 0
    PRESENCE = 1
    PART = 2
    CLOSE = 3
    EXACT = 4


def _any(*words: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile("|".join(words), flags)


STRENGTHS: tuple[tuple[Level, re.Pattern[str]], ...] = (
    (Level.CLOSE, _any(
        "allclose", "isclose", "approx", "almost_?equal", "InDelta", "InEpsilon", "toBeCloseTo", "closeTo", "be_within",
        "relative_eq", "abs_diff_eq", "assert_quantity", "float_eq", r"near\(", "WithinDuration", "DOUBLES?_EQUAL",
        "FLOAT_WITHIN", flags=re.IGNORECASE)),
    (Level.PRESENCE, _any(
        "toBeTruthy", "toBeDefined", r"toHaveBeenCalled\(\)", "toBeFalsy", "isNotNull", "assertIsNotNone",
        "assertNotNull",
        r"NotNil\(", r"not\.toBeNull", r"not\.toBeUndefined", r"notEqual\(\w+,null\)", "isnotNone",
        r"assert_called(?:_once)?\(\)", r"toThrow(?:Error)?\(\)", "not_to_be_nil", r"to_notbe_nil|not_tobe_nil",
        r"t\.ok\(", r"t\.pass\(", r"NotEmpty\(",
        r"assertTrue\(True\)", r"assert!\(true\)", "assert_not_nil", "^True$", r"^bool\(", r"\.called$",
        r"call_count>0", r"^\[\[?-[nz]", r"=~\.[*+]?\]", "^1$", "^true$", r"is_ok\(\)",
        r"is_some\(\)",
        "toBeInstanceOf", r"exists?\b", r"^\w*[eE]rr(?:or)?[!=]=nil$", r"\b(?:assert|require)\.Error\(", "be_truthy",
        "be_present", 
            r"\.not\.be\.null|\.to\.be\.ok\b|\.to\.exist\b", r"EXPECT_NE\(\w+,nullptr\)", r"isNotEmpty\(\)",
            r"\bis_err\(\)",
        r"assert\.ok\(\w+\)$", r"isDefined\(", r"NotZero\(")),
    (Level.PART, _any(
        r"\.(?:substring|substr|slice)\(0,", r"\[:[\w.()]+\]==",
        r"(?:indexOf|IndexOf|index_of|find|Index|search)\([^()]*\)(?:!==?-1|>=0|>-1)")),
    (Level.EXACT, _any(
        "==", r"\.(?:not_)?toeql?\(|\btoeql?\(",
            r"assert_?(?:Array_?|Dict_?|List_?|Set_?|Frame_?|Series_?|Tuple_?"
            r"|Sequence_?|MultiLine_?|Count_?)?Equals?\w*\(",
        r"assert_\w*eq!", "assertSame", r"toEqual\(", r"toBe\(", r"toStrictEqual\(", r"toMatchObject\(", "deepEqual",
        "strictEqual", r"deep\.equal", r"\.equals?\(", r"\.eql\(", r"isEqualTo\(", "must_equal", "must_be_same_as",
        r"\.is\(", r"\.same\(", r"\beq\(", r"\beql\(", r"(?:assert|require)\.(?:Equal|EqualValues|Exactly|JSONEq)\(",
        r"assert_equal\b", r"calledOnceWith\w*\(", r"toHaveBeenCalledWith\(", r"toHaveBeenCalledTimes\(",
        r"assert_called_(?:once_)?with\(", r"toThrow(?:Error)?\(.+\)", "[Ss]napshot", r"containsExactly\(",
        "assert_array_equal", r"is(?:True|False|None)\b(?!\()", "!=", r"Equal\(", r"EqualError\(",
        r"(?:EXPECT|ASSERT)_(?:STR|FLOAT|DOUBLE)?EQ\(", r"\w*EQUAL\w*\(", r"_eq\(", r"assertEquals", r"\beq\d",
        r"-eq\b",
        r"\[\[.*=", r"^\[\"?\$[\w{}@\[\]]+\"?=")),
    (Level.PART, _any(
        r"\bin\b", r"assertIn\b", r"contains?\(", "toContain", "toMatch", r"Contains\(", "assert_match", "must_include",
        "must_match", "wont_include", "startswith", "endswith", "startsWith", "endsWith", "hasSize", "isinstance",
        "IsInstance", "instanceof", "InstanceOf", ">=", "<=", "[^-=>]>[^=]", "<", "Greater", "Less",
        r"include\(", "Regex",
        r"includes\(", "indexOf", r"expect\.any\(", r"jasmine\.any\(", "toHaveLength", r"Len\(", "ElementsMatch",
        "assertCountEqual", "hasItem", r"any\(", "toHaveProperty", "HasSubstr", r"_(?:GT|GE|LT|LE)\(",
        r"be_an?\b|be_an?_|be_(?:kind|instance)_of",
        r"=~", "assert_includes", "is_a\\?")),
)  # fmt: skip
"""The first row that fits gives the level; the order says which word wins where a check has several."""

_IDENTITY = re.compile(r"^(?P<subject>[\w.]+)\s+is\s+(?!not\b|None\b|True\b|False\b)\w")


def identity(check: Assertion) -> str | None:
    """The subject of Python's `subject is other`: the very same object has every property that it had."""
    hit = _IDENTITY.match(check.source.strip())
    return hit["subject"] if hit else None


def level(check: Assertion) -> Level:
    """The level of a check by its words."""
    text = check.text
    for one, words in STRENGTHS:
        if words.search(text):
            return one
        if one is Level.EXACT and identity(check):
            return one
    if re.search(r"\bnotin\b|in\[|\"in[\w(]", text) or re.search(r"[\w)\]\"]\s+(?:not\s+)?in\s", check.source):
        return Level.PART
    return Level.UNKNOWN


_VACUOUS = _any(
    r"^(?:True|1|true|not?False|!false|\"[^\"]*\")$",
    r"^(?:[\w.]+\.)?(?:assertTrue|assert_true|assert_|assert|ok|isTrue|should|ASSERT_TRUE|EXPECT_TRUE|REQUIRE|CHECK)!?\((?:t,)?[Tt]rue(?:,.*)?\)$",
    r"^(?:[\w.]+\.)?(?:assertFalse|isFalse|ASSERT_FALSE|EXPECT_FALSE)\((?:t,)?[Ff]alse(?:,.*)?\)$",
    r"^(?:assert|require)\.True\(t,true",
    r"^assertThat\(true\)\.isTrue\(\)$",
    r"^t\.pass\(\)$",
    r"^expect\((?P<c>true|false|1|0|null)\)\.(?:to|not_to|toBe|toEqual|toStrictEqual|to\.be|to\.equal)\.?\(?(?:be|eq|equal)?\(?(?P=c)?\)*$",
    r"^expect\(true\)\.(?:toBeTruthy\(\)|to\.be\.true|to\.equal\(true\)|tobe_truthy|tobetrue)",
    r"^expect\.assertions\(0\)$",
    r"^asserttrue$",
    r"^assert_equaltrue,true$",
    r"^assert!\(matches!\(.*,_\)\)$",
    r"^prop_assert!\(true\)$",
    r"^(?:REQUIRE|CHECK)_NOFAIL\(",
    # No size is below nothing.
    r"(?:\.length|\.size(?:\(\))?|\.len\(\)|\.count(?:\(\))?|^len\(.*\))\)?(?:>=0\)?|\.toBeGreaterThanOrEqual\(0\)|,0\))$",
    # A branch that fails the test is never taken.
    r"^\(?false&&",
    r"\ball\(.*\bin(?:\[\]|\(\))\)$",
)
_ALWAYS = re.compile(
    r"^\s*(?:assert\s+)?\(?(?:True|1)\s+or\b|^\s*\(?true\s*\|\|"
    r"|\bor\s+(?:True|1)\s*\)?\s*$|\|\|\s*true\b[^|&]*$|\|\|\s*1\s*\)?\s*;?$"
)
_TWO_SIDED = re.compile(
    r"^(?:[\w.:]+\.)?(?:debug_)?(?:assert|prop_assert|ASSERT|EXPECT|CHECK|REQUIRE|TEST_ASSERT)_?(?:That|eq|EQ|EQUAL|Equals?|StrictEqual|DeepEqual|deepEqual|strictEqual|equals?|same|Same|Exactly|is|Is|STREQ|JSONEq|array_equal|allclose)"
    r"(?:_\w+)?!?\((?:t,)?(?P<args>.*)\)$|^(?:assert|require|is|t)\.(?:Equal|EqualValues|Exactly|Same|equal|is|same|deepEqual|strictEqual|deepStrictEqual)\((?:t,)?(?P<more>.*)\)$"
)
_EXPECTED = re.compile(
    r"^(?:expect|assertThat)\((?P<one>.*)\)\.(?:toBe|toEqual|toStrictEqual|isEqualTo|isSameAs|to\.(?:be|equal|eql|deep\.equal))\((?P<two>.*)\)$"
    r"|^expect\((?P<three>[^()]+(?:\([^()]*\))?)\)\.to(?:eq|eql|be|equal)\(?(?P<four>.*?)\)?$"
)


def vacuous_text(check: Assertion) -> bool:
    """A check that cannot fail, by its words alone: a constant, `or True`, or both sides the same."""
    text = check.text
    if _VACUOUS.search(text) or _ALWAYS.search(check.source):
        return True
    bare = text.removeprefix("assert!(").removesuffix(")") if text.startswith("assert!(") else text
    equal = re.fullmatch(r"(?P<left>[\w.\[\]()\"]+)={2,3}(?P<right>[\w.\[\]()\"]+)", bare)
    if equal:
        return equal["left"] == equal["right"] and not re.search(r"\(", equal["left"])
    hit = _TWO_SIDED.match(text)
    if hit:
        sides = split_arguments(hit["args"] or hit["more"] or "")
        if len(sides) >= 2:
            return sides[0] == sides[1] and "(" not in sides[0]
    hit = _EXPECTED.match(text)
    if hit is None:
        return False
    one, two = hit["one"] or hit["three"], hit["two"] or hit["four"]
    return bool(one) and one == two and "(" not in one


AWAITED = re.compile(
    r"\.(?:resolves|rejects|eventually)\.|\.(?:be\.)?rejected(?:With)?\b|\bexpect\.poll\(|^(?:t|assert)\.(?:rejects|doesNotReject|throwsAsync|notThrowsAsync)\("
)
"""Checks that are promises: without an await no one sees them fail."""
AWAITED_IF_IT_WAS = re.compile(
    r"\.(?:toBe(?:Visible|Hidden|Enabled|Disabled|Checked|Editable|Empty|Focused|InViewport|Attached)|toHave\w+|toContainText|toPass|toMatch\w+)\("
    r"|[aA]sync|waitFor|\.find(?:By|AllBy)\w+|^(?:\w+\.)?(?:assert|check|verify|expect|validate)_?\w+\("
)
"""Checks that may be promises: they are when they were awaited before."""


def needs_await(text: str) -> bool:
    """Whether a check is a promise by its words."""
    return bool(AWAITED.search(text))


def lost_await(was: Assertion, now: Assertion) -> bool:
    """Whether the same check was awaited and no longer is."""
    return was.awaited and not now.awaited and bool(AWAITED_IF_IT_WAS.search(now.text))


_ANY_THROW = re.compile(r"\.toThrow(?:Error)?\(\)$|\.to\.throw(?:\(\))?$|\btoraise_error$|^assert_raises(?:\(\))?$")


def wants_any_error(text: str) -> bool:
    """Whether a check is content with any error at all, so also with the failure of a check inside it."""
    return bool(_ANY_THROW.search(text))


_QUANTIFIERS = ((r"\ball\(", "any("), (r"\.every\(", ".some("), (r"\ballMatch\(", "anyMatch("), (r"\.all\?", ".any?"))


def fewer_items(was: Assertion, now: Assertion) -> bool:
    """Whether all items had to pass and now one is enough."""
    return any(re.search(every, was.text) and re.sub(every, some, was.text) == now.text for every, some in _QUANTIFIERS)


WILDCARDS = re.compile(
    r"\b(?:mock\.)?ANY\b|\b(?:expect|jasmine)\.any(?:thing)?\(|\bsinon\.match\.any|\bmock\.Anything\w*|\bgomock\.Any\(|(?<![\w.])(?:ArgumentMatchers\.|Mockito\.|Matchers\.)?any(?:String|Int|Long|Object|List|Map|Boolean)?\((?:\w+\.class)?\)"
    r"|\banything\b|\binstance_of\(|\bkind_of\(|\bIsAny|\bmatches!\(\w+,_\)|testing::_|(?:object|hash|dict)Containing\(\{\}\)|arrayContaining\(\[\]\)|toMatchObject\(\{\}\)"
    r"|(?:[cC]ontain\w*|[iI]nclude\w*|[mM]atching|starts?_?[wW]ith|ends?_?[wW]ith)\((?:\"\"|'')\)|_DEATH\(.*,(?:\"\"|\"\.\*\")\)$|--partial(?:\"\"|'')|(?<=[(,])_(?=[,)])"
)


def wildcards(check: Assertion) -> int:
    """How many of the compared values may be anything."""
    return len(WILDCARDS.findall(check.text))


_TOLERANCE = re.compile(
    r"\b(?P<key>[ar]tol|abs_tol|rel_tol|abs|rel|delta|tol(?:erance)?|eps(?:ilon)?|prec(?:ision)?|places|decimals?|significant|max_ulps|maxulp|nulp|max_relative|threshold|maxDiffPixels|maxDiffPixelRatio|timeout_?ms|within)"
    r"\s*[=:]\s*(?P<value>[-+*/().\w]+)"
)
_DIGITS = frozenset({"places", "decimal", "decimals", "significant", "prec", "precision"})
_POSITIONAL = re.compile(
    r"(?P<name>InDelta|InEpsilon|toBeCloseTo|closeTo|be_within|almost_equal|AlmostEqual|assertEquals|WithinDuration|approx|isCloseTo|within|offset|NEAR|assert_in_delta|DOUBLES_EQUAL|in_delta|in_epsilon)\w*\(?(?P<args>.*)\)?",
)
_LAST = {"InDelta": (4, 3), "InEpsilon": (4, 3), "WithinDuration": (4, 3), "NEAR": (3, 2), "DOUBLES_EQUAL": (3, 2)}
"""Which argument is the tolerance, of how many."""


def tolerances(check: Assertion) -> dict[str, tuple[float, str]]:
    """What a check allows: by keyword, (allowed difference, unit). Digits count as a difference of 10^-digits."""
    found: dict[str, tuple[float, str]] = {}
    for number, (key, value) in enumerate(_stated(check.text)):
        parsed = _number(value)
        if parsed is None:
            continue
        amount, unit = parsed
        # `places=3` allows 0.001: fewer digits are a larger difference.
        if key in _DIGITS and (amount >= 1 or amount == 0) and float(amount).is_integer():
            amount = 10.0 ** -min(amount, 300)
        found[f"{key}{number}" if key in found else key] = (amount, unit)
    return found


def _stated(value: str) -> Iterator[tuple[str, str]]:
    for hit in _TOLERANCE.finditer(value):
        yield hit["key"], _balanced(hit["value"])
    for hit in _POSITIONAL.finditer(value):
        arguments = split_arguments(
            hit["args"].removesuffix(")") if hit["args"].count("(") < hit["args"].count(")") else hit["args"]
        )
        yield from _positional(hit["name"], arguments)
    bound = re.search(
        r"^(?:assert!?)?\(?(?:np\.)?(?:all\()?(?:np\.)?(?:math\.|Math\.)?f?abs\(.*\)\)?<=?(?P<value>[-+*/.\w]+)\)?$|\.abs\(\)<=?(?P<rust>[-+*/.\w]+)\)?$",
        value,
    )
    if bound:
        yield "bound", bound["value"] or bound["rust"]


def _positional(name: str, arguments: list[str]) -> Iterator[tuple[str, str]]:
    if name in _LAST and len(arguments) >= _LAST[name][0]:
        yield "delta", arguments[_LAST[name][1]]
    elif name == "toBeCloseTo" and len(arguments) == 2:
        yield "places", arguments[1]
    elif name in ("closeTo", "be_within", "within", "offset") and arguments:
        yield "delta", arguments[-1]
    elif name in ("assert_in_delta", "in_delta", "in_epsilon") and len(arguments) >= 3:
        yield "delta", arguments[2]
    elif name in ("almost_equal", "AlmostEqual", "assertEquals") and len(arguments) == 3 and "=" not in arguments[2]:
        yield ("delta" if name == "assertEquals" else "places"), arguments[2]


def _balanced(value: str) -> str:
    """Cut at the bracket that closes what is around the value."""
    depth = 0
    for at, mark in enumerate(value):
        depth += (mark == "(") - (mark == ")")
        if depth < 0:
            return value[:at]
    return value


_UNIT = re.compile(r"[*/](?P<unit>[A-Za-z_][\w.]*(?:[*/][A-Za-z_][\w.]*)*)$|(?<=[\d.])(?P<suffix>[a-zA-Z]+)$")
# Larger numbers overflow a float, and a text may hold any number.
_BIGGEST = 1e300


def _number(value: str) -> tuple[float, str] | None:
    """(number, unit) of `1e-3*u.mas`, `10**-6`, `5.0`; None when it is not a constant."""
    hit = _UNIT.search(value)
    unit = ""
    if hit and not re.fullmatch(r"[-+]?[\d._]+[eE][-+]?\d+", value):
        unit = hit["unit"] or hit["suffix"] or ""
        value = value[: hit.start()]
    try:
        parsed = ast.parse(value, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    amount = _constant(parsed)
    return None if amount is None else (amount, unit)


def _constant(node: ast.expr) -> float | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return float(node.value) if abs(node.value) < _BIGGEST else None
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = _constant(node.operand)
        return None if inner is None else -inner
    if not isinstance(node, ast.BinOp):
        return None
    left, right = _constant(node.left), _constant(node.right)
    if left is None or right is None or (abs(right) > 300 and isinstance(node.op, ast.Pow)):
        return None
    return _computed(node.op, left, right)


def _computed(operator: ast.operator, left: float, right: float) -> float | None:
    try:
        if isinstance(operator, ast.Mult):
            return left * right
        if isinstance(operator, ast.Div):
            return left / right
        if isinstance(operator, ast.Pow) and left > 0:
            return float(left**right)
    except (OverflowError, ZeroDivisionError):
        return None
    return None


# What is stripped or lowered on both sides hides the difference that the check was for.
_NORMALISER = re.compile(
    r"\.(?:strip|lstrip|rstrip|lower|upper|casefold|replace|trim|toLowerCase|toUpperCase|split|to_lowercase|replaceAll|downcase|upcase|squish|gsub)\(?|"
    r"strings\.(?:Replace|ReplaceAll|ToLower|ToUpper|TrimSpace|Trim|Fields)\(|re\.sub\(|StringUtils\.\w+|equalsIgnoreCase"
)


def normalisers(check: Assertion) -> int:
    """How many times the compared values are first made alike."""
    return len(_NORMALISER.findall(check.text))
