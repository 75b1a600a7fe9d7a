"""Tests of languages without a grammar here, by clear textual rules: which tests there are, and which are held back."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.syntax.languages import language_of
from bot.weakening.features import Vanished
from bot.weakening.files import FilePair
from bot.weakening.model import WeakeningFinding
from bot.weakening.nodes import squeeze
from bot.weakening.paths import is_test_path

_SUFFIXES = (
    ".kt", ".kts", ".groovy", ".scala", ".cs", ".fs", ".vb", ".swift", ".php", ".ex", ".exs", ".dart", ".lua",
    ".feature", ".clj", ".m", ".jl", ".r", ".pl", ".t",
)  # fmt: skip
_TEST = re.compile(
    r"^[ \t]*(?:"
    r"(?:[\w<>]+\s+)*fun\s+(?P<kotlin>`[^`]+`|test\w+)\s*\("
    r"|(?:@\w+(?:\([^)\n]*\))?\s+){0,6}@\w*Test\w*(?:\([^)\n]*\))?\s+(?:@\w+(?:\([^)\n]*\))?\s+){0,6}"
    r"(?:\w+\s+){0,4}fun\s+(?P<annotated>\w+)\s*\("
    r"|(?:public\s+|async\s+|static\s+|final\s+)*(?:function|func)\s+(?P<function>test\w+)\s*\("
    r"|(?:public|internal)\s+(?:async\s+)?(?:void|Task(?:<\w+>)?)\s+(?P<csharp>\w+)\s*\("
    r"|def\s+(?P<groovy>\"[^\"]+\"|test\w+)\s*\("
    r"|(?:TEST|TEST_F|TEST_P|TYPED_TEST|BOOST_AUTO_TEST_CASE|TEST_CASE|SCENARIO)\s*\((?P<macro>[^)\n]+)\)"
    r"|(?:@Test\s+)?(?:test|it|describe|testWidgets|group|scenario|@test)\s*\(?\s*(?P<call>[\"'][^\"'\n]+[\"'])"
    r"|Scenario(?: Outline)?:\s*(?P<cucumber>.+)$"
    r"|(?:static\s+)?void\s+(?P<c>test_\w+)\s*\("
    r")",
    re.MULTILINE,
)
_HELD = re.compile(
    r"@(?:Disabled|Ignore|IgnoreIf|PendingFeature|Requires|Tag\(\"skip)\w*|\[(?:Ignore|Skip\w*|Explicit)\b|\b(?:Fact|Theory)\s*\([^)]*Skip\s*=|markTest(?:Skipped|Incomplete)\(|XCTSkip\w*|@tag\s+:?skip"
    r"|GTEST_SKIP\(|\bDISABLED_\w+|@(?:skip|ignore|wip)\b|^\s*skip\b|\bskip:\s*(?:true|[\"'])|Assume\.\w+\(|assume\w*\(|\.skip\(|\bignore\s*\(|Assert\.(?:Ignore|Inconclusive)\("
    r"|it\.skip|xit\(|\bpending\b|\[TestIgnore",
    re.MULTILINE,
)


_HELD_CLASS = re.compile(
    r"^[ \t]*(?:@(?:Disabled|Ignore)\w*|\[(?:Ignore|Skip|Explicit)\w*)[^\n]*\n"
    r"(?:[ \t]*[@\[][^\n]*\n){0,8}[ \t]*(?:\w+[ \t]+){0,6}class\b",
    re.MULTILINE,
)
"""A mark that holds back a whole class."""


@dataclass(frozen=True)
class _TextualTest:
    name: str
    line: int
    held: int
    checks: tuple[str, ...]


_CHECK = re.compile(
    r"\b(?:assert\w*|expect\w*|EXPECT_\w+|ASSERT_\w+|Assert\.\w+|should\w*|XCTAssert\w*|REQUIRE\w*|CHECK\w*|verify)"
    r"\b\s*[({!.\[ ]|\$this->assert",
    re.ASCII,
)


def textual_findings(pairs: Sequence[FilePair], vanished: Vanished) -> Iterator[WeakeningFinding]:
    """`tests.*` findings of files whose syntax is not read."""
    wanted = [pair for pair in pairs if _readable(pair)]
    came: Counter[str] = Counter()
    lines: Counter[str] = Counter()
    for pair in wanted:
        came.update(
            Counter(case.name for case in _cases(pair.after)) - Counter(case.name for case in _cases(pair.before))
        )
        lines.update(Counter(map(squeeze, pair.new_lines)) - Counter(map(squeeze, (pair.before or "").split("\n"))))
    for pair in wanted:
        yield from _of(pair, came, lines, vanished)


def textual_names(pairs: Sequence[FilePair]) -> Counter[str]:
    """Names of the tests that the change brings in files whose syntax is not read."""
    came: Counter[str] = Counter()
    for pair in pairs:
        if _readable(pair):
            came.update(case.name for case in _cases(pair.after))
            came.subtract(case.name for case in _cases(pair.before))
    return +came


def _readable(pair: FilePair) -> bool:
    path = pair.path
    return (
        language_of(path) is None
        and path.lower().endswith(_SUFFIXES)
        and any(p is not None and is_test_path(p) for p in (pair.change.old, pair.change.new))
    )


def _of(pair: FilePair, came: Counter[str], lines: Counter[str], vanished: Vanished) -> Iterator[WeakeningFinding]:
    after = {case.name: case for case in _cases(pair.after)}
    known = {case.name for case in _cases(pair.before)}
    gone = []
    for case in _cases(pair.before):
        now = after.get(case.name)
        if now is None:
            taken = sum(lines[check] > 0 for check in case.checks) * 2 >= len(case.checks) > 0
            if (
                came[case.name] == 0
                and not taken
                and not vanished.explains(re.findall(r"\w{4,}", " ".join([case.name, *case.checks])))
            ):
                gone.append(case)
            continue
        if now.held > case.held == 0:
            yield WeakeningFinding(
                "tests.skip", pair.path, now.line, f"The existing test `{case.name}` is now held back."
            )
        lost = [check for check in case.checks if check not in now.checks and lines[check] == 0]
        fresh = [check for check in now.checks if check not in case.checks]
        if len(lost) > len(fresh) and not any(vanished.explains_text(check) for check in lost):
            yield WeakeningFinding(
                "tests.assertion_removed", pair.path, now.line, f"`{case.name}` no longer checks: {lost[0][:80]}"
            )
    if (
        pair.before
        and pair.after
        and len(_HELD_CLASS.findall(pair.after)) > len(_HELD_CLASS.findall(pair.before))
        and after
    ):
        line = pair.after.count("\n", 0, next(_HELD_CLASS.finditer(pair.after)).start()) + 1
        yield WeakeningFinding("tests.skip", pair.path, line, "The tests of a class are now held back.")
    if gone and pair.gone:
        yield WeakeningFinding("tests.file_deleted", pair.path, None, f"The file with {len(gone)} tests is deleted.")
    # As many new names as gone ones are renames: bodies are not compared here.
    elif len(gone) > sum(1 for name in after if name not in known):
        yield WeakeningFinding("tests.removed", pair.path, None, f"The test `{gone[0].name}` is removed.")


@lru_cache(maxsize=64)
def _cases(text: str | None) -> tuple[_TextualTest, ...]:
    """Every test with its line, the number of marks on and in it, and its checks."""
    if text is None:
        return ()
    hits = list(_TEST.finditer(text))
    found = []
    for number, hit in enumerate(hits):
        name = next(group for group in hit.groups() if group).strip("\"'` ")
        begin = _marks_before(text, hit.start())
        stop = _marks_before(text, hits[number + 1].start()) if number + 1 < len(hits) else len(text)
        body = "\n".join(
            line for line in text[begin:stop].split("\n") if not re.match(r"\s*(?://|#(?!\[)|\*|--)", line)
        )
        checks = tuple(squeeze(line) for line in body.split("\n") if _CHECK.search(line))
        # GoogleTest's prefix is a skip, so the name stays the same: https://google.github.io/googletest/advanced.html
        clean = re.sub(r"^DISABLED_", "", re.sub(r",\s*DISABLED_", ", ", name))
        found.append(_TextualTest(clean, text.count("\n", 0, hit.start()) + 1, len(_HELD.findall(body)), checks))
    return tuple(found)


def _marks_before(text: str, at: int) -> int:
    """Where the annotations above a test begin."""
    while at > 0:
        start = text.rfind("\n", 0, at - 1) + 1
        if not re.match(r"\s*(?:@\w|\[\w|#\[|@tag)", text[start:at]):
            break
        at = start
    return at
