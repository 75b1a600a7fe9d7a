"""Is a test that is still written still collected? By the runners' own rules for files, classes and functions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from bot.changeset.tree import TreeReader
from bot.weakening.files import FilePair
from bot.weakening.matching import Matching
from bot.weakening.model import WeakeningFinding
from bot.weakening.runner_settings import RunnerSettings
from bot.weakening.successors import Matched
from bot.weakening.units import Unit

# https://docs.pytest.org/en/stable/explanation/goodpractices.html#test-discovery,
# https://docs.python.org/3/library/unittest.html#test-discovery
_PYTHON_FILES = ("test*.py", "*_test.py", "*_tests.py")
# https://maven.apache.org/surefire/maven-surefire-plugin/examples/inclusion-exclusion.html
# Surefire's defaults; Gradle has none and takes any class.
_SUREFIRE = re.compile(r"^(?:Test\w*|\w*(?:Test|Tests|TestCase))\.java$")
_SCRIPT_NAME = re.compile(r"\.(?:test|spec|e2e|cy)\.[cm]?[jt]sx?$|(?:^|/)__tests__/")
_RUBY_NAME = re.compile(r"(?:_spec|_test)\.rb$|^test_\w*\.rb$")
# https://pkg.go.dev/cmd/go#hdr-Build_constraints: names that end in _GOOS, _GOARCH or _GOOS_GOARCH
_GO_PLATFORM = re.compile(
    r"_(?:aix|android|darwin|dragonfly|freebsd|illumos|ios|js|linux|netbsd|openbsd|plan9|solaris|wasip1|windows"
    r"|386|amd64|arm|arm64|loong64|mips\w*|ppc64\w*|riscv64|s390x|wasm)_test\.go$"
)


def collected_findings(matching: Matching, pairs: Sequence[FilePair], head: TreeReader) -> Iterator[WeakeningFinding]:
    """Tests of the base that the head still has and no runner collects. One finding for a file and a reason."""
    settings = RunnerSettings(head)
    found: dict[tuple[str, str], list[Unit]] = defaultdict(list)
    for one in matching.same:
        if one.old.kind == one.new.kind == "test":
            reason = _reason(one, settings)
            if reason:
                found[one.new.path, reason].append(one.new)
    for (path, reason), units in found.items():
        more = f" and {len(units) - 1} more" if len(units) > 1 else ""
        message = f"No runner collects `{units[0].leaf}`{more} any more: {reason}."
        yield WeakeningFinding("tests.not_collected", path, units[0].line, message)
    for pair in pairs:
        yield from _shadowed(pair)
        yield from _unlisted(pair, head)


def _reason(one: Matched, settings: RunnerSettings) -> str:
    for rule in _RULES.get(one.new.language, ()):
        now = rule(one.new, settings)
        if now and not rule(one.old, settings):
            return now
    return ""


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]


# --- Python


def _python_file(unit: Unit, settings: RunnerSettings) -> str:
    configured = re.findall(r"python_files\s*=\s*(.+(?:\n[ \t]+.+)*)", settings.pytest(unit.path))
    patterns = [*_PYTHON_FILES, *re.findall(r"[\w*?./\[\]-]+", " ".join(configured))]
    if any(fnmatchcase(_name(unit.path), pattern.rsplit("/", 1)[-1]) for pattern in patterns):
        return ""
    return f"`{_name(unit.path)}` is not a name of a test file"


def _python_class(unit: Unit, settings: RunnerSettings) -> str:
    parent = unit.parent
    if parent is None or parent.kind != "group":
        return ""
    bases = re.search(r"\(([^)]*)\)", parent.header)
    # A class with a base may be a unittest.TestCase, whatever its name.
    if bases and bases[1].strip() not in ("", "object"):
        return ""
    if not parent.leaf.startswith("Test") and "python_classes" not in settings.pytest(unit.path):
        return f"the class `{parent.leaf}` is not named Test… and has no base"
    if _has_init(parent):
        return f"the class `{parent.leaf}` has an `__init__`, so pytest leaves it out"
    return ""


@lru_cache(maxsize=64)
def _has_init(group: Unit) -> bool:
    return re.search(r"^[ \t]+def __init__\(", group.text, re.MULTILINE) is not None


_ASYNC_MARK = re.compile(r"asyncio|anyio|trio|curio|tornado|gen_test|async|twisted|inline_callbacks", re.IGNORECASE)
_PLAIN_MARK = re.compile(
    r"^(?:pytest\.)?(?:mark\.)?(?:parametrize|skip\w*|xfail|usefixtures|slow|filterwarnings|timeout|flaky|unit|integration)\b"
)


def _python_async(unit: Unit, settings: RunnerSettings) -> str:
    if not unit.header.lstrip().startswith("async "):
        return ""
    marks = list(unit.declared_text)
    parent = unit.parent
    while parent is not None:
        marks += [*parent.declared_text, parent.header if parent.kind == "group" else ""]
        parent = parent.parent
    marks.append(_module_mark(unit.source))
    if any(_ASYNC_MARK.search(mark) or ("TestCase" in mark and not _plain_unittest(mark, unit)) for mark in marks):
        return ""
    if any(not _PLAIN_MARK.match(mark) for mark in unit.declared_text):
        return ""
    if re.search(r"asyncio[_-]mode\W{1,5}auto|(?:anyio|trio)_mode\W{1,5}(?:auto|true)", settings.pytest(unit.path)):
        return ""
    if any(_ASYNC_MARK.search(text) for text in settings.above(unit.path, "conftest.py")):
        return ""
    return "it is `async` and has no mark that runs it"


@lru_cache(maxsize=16)
def _module_mark(source: str) -> str:
    module = re.search(r"^[ \t]*pytestmark\s*=.*(?:\n[ \t]+.*|\n\])*", source, re.MULTILINE)
    return module[0] if module else ""


def _plain_unittest(header: str, unit: Unit) -> bool:
    """Whether a class is unittest's own TestCase, which does not await its tests (Django's does)."""
    return "unittest.TestCase" in header or bool(
        re.search(r"^from unittest import .*\bTestCase\b", unit.source, re.MULTILINE)
    )


def _python_generator(unit: Unit, _settings: RunnerSettings) -> str:
    """https://docs.pytest.org/en/stable/deprecations.html: tests that yield are not run since pytest 4."""
    own = re.sub(
        r"(?m)^([ \t]+)(?:async )?def [^\n]*(?:\n(?:\1[ \t]+[^\n]*|[ \t]*))*", "", unit.text.split("\n", 1)[-1]
    )
    return "it yields, and pytest does not run generators" if re.search(r"(?m)^[ \t]+(?:\w+ = )?yield\b", own) else ""


def _python_bound(unit: Unit, _settings: RunnerSettings) -> str:
    named = next((mark for mark in unit.declared_text if re.match(r"(?:\w+\.)?(?:cached_)?property$", mark)), "")
    return f"`@{named}` makes it a value" if named else ""


# https://docs.pytest.org/en/stable/example/markers.html, https://junit.org/junit5/docs/current/user-guide/#running-tests-tags
_DESELECTED = re.compile(r"-m[ =]*[\"']?not\s+(\w+)|exclude(?:Tags|dGroups|Groups)\W+(?:listOf\W+)?([\w-]+)")


def _deselected(unit: Unit, settings: RunnerSettings) -> str:
    """Its mark or tag is one that the runner's settings leave out."""
    texts = (
        [settings.pytest(unit.path)]
        if unit.language == "python"
        else [
            text for name in ("pom.xml", "build.gradle", "build.gradle.kts") for text in settings.above(unit.path, name)
        ]
    )
    names = {one or two for text in texts for one, two in _DESELECTED.findall(text)}
    marks = list(unit.declared_text)
    parent = unit.parent
    while parent is not None:
        marks += parent.declared_text
        parent = parent.parent
    left = [name for name in names if any(re.search(rf"[.\"]{re.escape(name)}\b", mark) for mark in marks)]
    return f"the settings leave out what is marked `{left[0]}`" if left else ""


# --- the others


def _go_example(unit: Unit, _settings: RunnerSettings) -> str:
    """https://pkg.go.dev/testing#hdr-Examples: without an output comment an example is compiled and not run."""
    states = re.search(r"//\s*(?:unordered\s+)?output:", unit.text, re.IGNORECASE)
    return "an example without `// Output:` is not run" if unit.leaf.startswith("Example") and not states else ""


def _bash_file(unit: Unit, _settings: RunnerSettings) -> str:
    """https://bats-core.readthedocs.io/en/stable/usage.html: a folder is searched for `*.bats`."""
    return (
        f"`{_name(unit.path)}` is not a name of a test file"
        if unit.leaf.startswith("bats_") and not unit.path.endswith(".bats")
        else ""
    )


def _go_platform(unit: Unit, _settings: RunnerSettings) -> str:
    name = _name(unit.path)
    if name.startswith(("_", ".")):
        return f"Go ignores files whose name begins with `{name[0]}`"
    hit = _GO_PLATFORM.search(name)
    return f"`{name}` is built on `{hit[0][1:-8]}` only" if hit else ""


def _go_signature(unit: Unit, _settings: RunnerSettings) -> str:
    if not re.match(r"func Test", unit.header) or "testing." in unit.header or "(t " in unit.header:
        return ""
    return "a Go test takes `*testing.T`" if re.match(r"func Test\w*\(\s*\)", unit.header) else ""


def _script_file(unit: Unit, settings: RunnerSettings) -> str:
    # Tests that a file exports are declared by the files that import it.
    if _SCRIPT_NAME.search(unit.path) or re.search(r"(?m)^export\b|\bmodule\.exports\b", unit.source):
        return ""
    package = "\n".join(settings.above(unit.path, "package.json"))
    if re.search(
        r"mocha|\bava\b|\btap\b|node --test|testMatch|testRegex|jasmine|\btape\b|qunit|\buvu\b|\"include\"", package
    ):
        return (
            ""
            if re.search(r"(?:^|/)(?:tests?|specs?|__tests__)/", unit.path)
            else f"`{_name(unit.path)}` is not a name of a test file"
        )
    return f"`{_name(unit.path)}` is not a name of a test file"


def _java_file(unit: Unit, settings: RunnerSettings) -> str:
    if _SUREFIRE.match(_name(unit.path)):
        return ""
    poms = "".join(settings.above(unit.path, "pom.xml"))
    return "" if not poms or "<include>" in poms else f"surefire does not look into `{_name(unit.path)}`"


def _java_class(unit: Unit, _settings: RunnerSettings) -> str:
    parent = unit.parent
    if parent is not None and re.match(r"(?:@[^\n]*\s+)?(?:public\s+)?abstract\s", parent.text.lstrip()):
        return f"the class `{parent.leaf}` is abstract"
    head = unit.text.split("{", 1)[0]
    # https://junit.org/junit5/docs/current/user-guide/#writing-tests-classes-and-methods
    for word in ("private", "static"):
        if re.search(rf"(?m)^\s*(?:@[^\n]*\s)?(?:\w+\s+)?{word}\s[^(\n]*\(", head):
            return f"it is {word}"
    if parent is None or parent.parent is None or parent.parent.kind != "group":
        return ""
    declared = parent.text.split("{", 1)[0] + " ".join(parent.declared_text)
    if not re.search(r"@Nested|@RunWith|\bstatic\b", declared):
        return f"the inner class `{parent.leaf}` is not `@Nested`"
    return ""


def _ruby_file(unit: Unit, settings: RunnerSettings) -> str:
    if _RUBY_NAME.search(_name(unit.path)) or re.search(
        r"pattern", settings.text("Rakefile") + settings.text(".rspec")
    ):
        return ""
    return f"`{_name(unit.path)}` is not a name of a test file"


def _ruby_class(unit: Unit, _settings: RunnerSettings) -> str:
    parent = unit.parent
    if parent is None or not unit.leaf.startswith("test_") or parent.kind != "group":
        return ""
    if not re.search(r"^\s*class\s[^\n<]*<", parent.text):
        return f"the class `{parent.leaf}` has no base"
    before = parent.text.split(f"def {unit.leaf}", 1)[0]
    return "it is private" if re.search(r"(?m)^\s*(?:private|protected)\s*$", before) else ""


_RULES: dict[str, tuple[Callable[[Unit, RunnerSettings], str], ...]] = {
    "python": (_python_file, _python_class, _python_async, _python_generator, _python_bound, _deselected),
    "go": (_go_platform, _go_signature, _go_example),
    "javascript": (_script_file,),
    "typescript": (_script_file,),
    "tsx": (_script_file,),
    "java": (_java_file, _java_class, _deselected),
    "ruby": (_ruby_file, _ruby_class),
    "bash": (_bash_file,),
}
"""By language: what a runner demands of a test. Each says why it leaves the test out, or nothing."""

# Go, Rust and Java refuse a second definition, so it cannot pass CI.
_LAST_WINS = frozenset({"python", "ruby", "bash"})
"""Languages in which a second definition of a name silently replaces the first."""


def _shadowed(pair: FilePair) -> Iterator[WeakeningFinding]:
    """Tests that ran before and are now replaced by another definition of their name."""
    if not pair.new_units or pair.new_units[0].language not in _LAST_WINS:
        return
    known = {unit.names for unit in pair.old_units if unit.kind in ("test", "group")}
    doubled = _doubled(pair.old_units)
    for names, unit in _doubled(pair.new_units).items():
        if names in known and names not in doubled:
            message = f"A second definition of `{unit.leaf}` replaces the test, which no longer runs."
            yield WeakeningFinding("tests.shadowed", pair.path, unit.line, message)
    if pair.new_units[0].language != "python":
        return
    bound = _bound_otherwise(pair.after or "") - _bound_otherwise(pair.before or "")
    for unit in pair.new_units:
        if unit.kind in ("test", "group") and unit.leaf in bound and unit.names in known and len(unit.names) == 1:
            message = f"The name `{unit.leaf}` is bound to something else, so the test no longer runs."
            yield WeakeningFinding("tests.shadowed", pair.path, unit.line, message)


def _bound_otherwise(text: str) -> set[str]:
    """Names that a file deletes or assigns at its top level."""
    return {one or two for one, two in re.findall(r"(?m)^(?:del\s+(\w+)|(\w+)\s*=[^=])", text)}


def _doubled(units: Sequence[Unit]) -> dict[tuple[str, ...], Unit]:
    """The last unit of every name that is defined twice in the same place, branches left out."""
    seen: set[tuple[int, tuple[str, ...]]] = set()
    found: dict[tuple[str, ...], Unit] = {}
    for unit in units:
        defined = (
            unit.kind in ("test", "group") and unit.plain and (unit.kind == "test" or unit.leaf.startswith("Test"))
        )
        if not defined or not unit.leaf.isidentifier():
            continue
        key = (id(unit.parent), unit.names)
        if key in seen:
            found[unit.names] = unit
        seen.add(key)
    return found


def _unlisted(pair: FilePair, head: TreeReader) -> Iterator[WeakeningFinding]:
    """Rust: a file of tests is only built while a `mod` names it."""
    if not pair.path.endswith(".rs") or pair.before is None or pair.after is None:
        return
    module = re.compile(r"(?m)^[ \t]*(?:pub(?:\([^)]*\))?[ \t]+)?mod[ \t]+(\w+)[ \t]*;")
    folder = pair.path.rpartition("/")[0]
    stem = _name(pair.path).removesuffix(".rs")
    # https://doc.rust-lang.org/reference/items/modules.html#module-source-filenames
    homes = [folder, f"{folder}/{stem}"] if stem not in ("lib", "main", "mod") else [folder]
    for name in sorted(set(module.findall(pair.before)) - set(module.findall(pair.after))):
        for home in homes:
            for path in (f"{home}/{name}.rs".lstrip("/"), f"{home}/{name}/mod.rs".lstrip("/")):
                if head.entry(path) is not None and b"#[test]" in head.read(path):
                    message = f"`mod {name};` is gone, so the tests of {path} are no longer built."
                    yield WeakeningFinding("tests.not_collected", pair.path, None, message)
