"""Patterns and globs of other people's: what they mean, what is refused, and that none of them runs away."""

import pytest

from bot.core.globs import is_glob, matches, matching
from bot.core.patterns import MOST_STEPS, MOST_WORK, Pattern, PatternInvalid, TextTooLong

pytestmark = pytest.mark.timeout(20)
"""A pattern that backtracks on these texts ends in no lifetime."""


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"eval\(", "x = eval(y)", True),
        (r"^\s*print\(", "  print(x)", True),
        (r"(?i)todo", "# ToDo", True),
        ("(?m)^## ", "# Log\n\n## 1.0\n", True),
        ("^## ", "# Log\n\n## 1.0\n", False),
        ("x$", "x\n", False),
        (r"(?m)x$", "x\ny", True),
        (r"x{0,2}y", "y", True),
        (r"\{,2}", "{,2}", True),
        (r"\\{0,2}z", "z", True),
        ("é+", "caféé", True),
        (r"\pL+", "é", True),
        (r"\w", "é", False),
        ("\ud800", "a\udc80b", True),
    ],
)
def test_what_a_pattern_means(pattern: str, text: str, found: bool) -> None:
    assert Pattern(pattern).found_in(text) is found


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("(a+)+b", "a" * 100_000),
        (r"^(\w+\s?)*$", "word " * 20_000 + "!"),
        ("(a|a)*c", "a" * 100_000),
        ("(.*,){11}P", "1," * 50_000),
        ("a?" * 400 + "a" * 400, "a" * 399),
    ],
)
def test_no_pattern_runs_away(pattern: str, text: str) -> None:
    Pattern(pattern).found_in(text)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("[", "missing ]"),
        ("(?=a)", "no look-around"),
        ("(?<!a)b", "no look-around"),
        (r"(a)\1", "back-references"),
        (r"a\Z", r"invalid escape sequence: \Z"),
        ("a*+", "bad repetition"),
        ("a{1001}", "invalid repetition size"),
        ("a{,5}", "`{,5}` is not a count; write `{0,n}`"),
        (r"a\\{,5}", "`{,5}` is not a count"),
        ("a{99999999999999999999}", "is not a count"),
        ("a{10000,}", "is not a count"),
        ("a{1,99999999999999999999}", "is not a count"),
        ("(" * 5000, "missing )"),
        (r"(\pL{9}){9}", "too large"),
        (r"(\pL{30}){30}", "too large"),
    ],
)
def test_what_is_no_pattern(pattern: str, told: str) -> None:
    with pytest.raises(PatternInvalid) as caught:
        Pattern(pattern)
    assert told in str(caught.value)


def test_a_text_that_might_take_too_long_is_not_searched() -> None:
    pattern = Pattern("a[ab]{900}c|b[ab]{900}d|c[ab]{900}e|d[ab]{900}f")
    with pytest.raises(TextTooLong):
        pattern.found_in("a" * (MOST_WORK // MOST_STEPS * 4))
    assert not pattern.found_in("a" * 1000)


@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("src/**", "src/a/b.py", True),
        ("src/**", "src", False),
        ("src/", "src/a", True),
        ("/src/*.py", "src/a.py", True),
        ("src/*.py", "src/a/b.py", False),
        ("**/b.py", "b.py", True),
        ("**/b.py", "a/c/b.py", True),
        ("a/**/b", "a/b", True),
        ("a?c", "a/c", False),
        ("a?c", "abc", True),
        ("[ab].py", "b.py", True),
        ("[!ab].py", "b.py", False),
        ("[!ab].py", "c.py", True),
        ("a[!b]c", "a/c", False),
        ("a[]b].c", "a].c", True),
        (r"a[\d].c", "ad.c", True),
        ("[[]a", "[a", True),
        ("[a", "[a", True),
        ("SRC/A.py", "src/a.PY", True),
        ("a b(c)+{2}|^$.#", "a b(c)+{2}|^$.#", True),
        ("**", "a/\udcff\n/b", True),
        (".github/*", ".github/\udcfe", True),
        ("é/*", "É/x", True),
    ],
)
def test_what_a_glob_matches(glob: str, path: str, fits: bool) -> None:
    assert matches(glob, path) is fits


@pytest.mark.parametrize(
    ("glob", "path"),
    [("*a" * 100 + "b", "a" * 4000), ("**/" * 60 + "x", "a/" * 2000), ("**" * 50 + "x", "a/" * 2000)],
)
def test_no_glob_runs_away(glob: str, path: str) -> None:
    assert not matches(glob, path)


@pytest.mark.parametrize("glob", ["[z-a].py", "x" * 20_000])
def test_what_is_no_glob_matches_its_own_spelling_only(glob: str) -> None:
    assert not is_glob(glob)
    assert matching([glob], glob.upper()) == glob
    assert not matches(glob, "x.py")
