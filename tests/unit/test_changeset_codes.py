# ruff: noqa: E501  (one case a line)
"""Every code has a ChangeSet that is refused, or marked, with exactly it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.model import ChangeSet
from bot.changeset.normalise import normalise
from bot.changeset.rejected import ChangeSetRejected
from bot.changeset.tree import MODE_SUBMODULE, MODE_SYMLINK
from bot.config.model import RepoConfig
from bot.core.codes.lookup import CHANGESET_CODES
from bot.core.findings import Severity
from tests.fakes.dict_tree import DictTree

NUMBERS = '''"""Sums."""

import math


class Counter:
    """Counts."""

    def __init__(self, start: int) -> None:
        self.total = start

    def add(self, number: int) -> int:
        if number < 0:
            raise ValueError(number)
        self.total += self._rounded(number)
        return self.total

    def _rounded(self, number: int) -> int:
        value = math.floor(number)
        limit = 10
        return min(value, limit)


def area(radius: float) -> float:
    square = radius * radius
    scaled = math.pi * square
    rounded = round(scaled, 3)
    return rounded


def ring(outer: float, inner: float) -> float:
    return area(outer) - area(inner)
'''
READER = "from pkg.numbers import Counter, area\n\nprint(area(2), Counter(1).add(2))\n"
GUIDE = """# Guide

How to use the thing.

## Install

Run the installer and wait.
It takes a minute.

## Use

Start it with a file name.

| flag | meaning |
|------|---------|
| -a   | all     |
| -b   | brief   |
| -c   | count   |
| -d   | deep    |

## Help

Ask in the forum.
Be kind.
"""
SCRIPT = """import { join } from 'node:path'
import { other } from './other.js'

export function place (name) {
  const base = other()
  return join(base, name)
}

export function both (a, b) {
  return [place(a), place(b)]
}
"""
OTHER = "import { place } from './script.js'\n\nexport function other () {\n  return place ? '/tmp' : ''\n}\n"
COLOURS = "\n\n".join(f"def {name}() -> int:\n    value = {n}\n    return value\n" for n, name in enumerate("abcd"))
FILES: dict[str, bytes | str] = {
    "pkg/__init__.py": "",
    "pkg/numbers.py": NUMBERS,
    "pkg/reader.py": READER,
    "pkg/colours.py": COLOURS,
    "web/script.js": SCRIPT,
    "web/other.js": OTHER,
    "web/shape.ts": "export interface Shape { sides: number }\nexport const square: Shape = { sides: 4 }\n",
    "go/main.go": 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("hello")\n}\n',
    "java/Main.java": "class Main {\n  int twice(int n) {\n    return n * 2;\n  }\n}\n",
    "rust/lib.rs": "pub fn twice(n: u8) -> u8 {\n    n * 2\n}\n",
    "ruby/main.rb": "def twice(n)\n  n * 2\nend\n",
    "bin/run.sh": "#!/bin/sh\nif true; then\n  echo yes\nfi\n",
    "docs/guide.md": GUIDE,
    "data.json": '{"a": 1}\n',
    "conf.toml": "a = 1\nb = 2\n",
    "conf.yaml": "a: 1\nb: 2\n",
    "requirements.txt": "flask\nrequests\nrich\nattrs\nnumpy\n",
    "text.txt": "one\ntwo\nthree\nfour\nfive\nsix\n",
    "picture.png": b"\x89PNG\x00\x01",
    "win/.gitattributes": "*.cmd text eol=crlf\n*.dat filter=lfs\n",
    "latin.txt": "caf\u00e9\n".encode("latin-1"),
    "link": "text.txt",
    "module": "",
    "package-lock.json": "{}\n",
    "CODEOWNERS": "* @a\n",
    "private/notes.txt": "x\n",
    ".github/workflows/ci.yml": "on: push\n",
    ".github/cadence.yml": "version: 1\n",
}
TREE = DictTree(FILES, {"link": MODE_SYMLINK, "module": MODE_SUBMODULE})
PROTECTED = RepoConfig().plan.protected
CONFIG = GuardConfig(
    protected=(*PROTECTED, "private/**", "**/package-lock.json"),
    max_files=40,
    max_file_bytes=20_000,
    max_total_bytes=60_000,
)
Json = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """What is handed in (edits, a whole object, or a text), and the one code it is refused or marked with."""

    code: str
    edits: list[Json] = field(default_factory=list)
    whole: Json | str | None = None
    message: str = "Change things"
    mentioned: str = ""
    severity: Severity = Severity.ERROR
    name: str = ""


def add(path: str, after: str = "new\n", **more: Any) -> list[Json]:
    return [{"path": path, "mode": "add", "after": after, **more}]


def modify(path: str, after: str, **more: Any) -> list[Json]:
    return [{"path": path, "mode": "modify", "after": after, **more}]


def swap(path: str, old: str, new: str, **more: Any) -> list[Json]:
    return [{"path": path, "mode": "modify", "replace": [{"old": old, "new": new, **more}]}]


def without(text: str, start: str, end: str) -> str:
    """The text without what stands from `start` up to `end`."""
    a = text.index(start)
    return text[:a] + text[text.index(end, a) :]


def warned(code: str, **more: Any) -> Case:
    return Case(code, severity=Severity.WARNING, **more)


KEY = "-----BEGIN RSA " + "PRIVATE KEY-----"
TOKEN = "ghp_" + "Zq7Lw2Rk9Xv4Tn8Bm3Yc6Hd1Jf5Gs0PaQeWi"
JWT = "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiJhbm5hIn0." + "dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk"
LITERAL = "9fK2xQ7vLp0" + "Zt4Rw8Yc3Mb6N"
URL = "postgres://admin:" + "s3cr7tQx9zK" + "@db.internal/app"

STUBBED = NUMBERS.replace(NUMBERS[NUMBERS.index("    square") : NUMBERS.index("\n\ndef ring")], "    pass\n")

CASES = [
    Case("contract.not_json", whole="I have changed the file."),
    Case("contract.ambiguous", whole='{"message": "a", "edits": []}\n{"message": "b", "edits": []}'),
    Case("contract.duplicate_key", whole='{"message": "a", "message": "b", "edits": []}'),
    Case("contract.not_a_change_set", whole={"tasks": []}),
    Case("contract.error_reply", whole={"error": "Input exceeds token limit"}),
    Case("contract.unknown_key", edits=add("a.txt", colour="red")),
    Case("contract.missing_key", edits=[{"mode": "add", "after": "x\n"}]),
    Case("contract.missing_mode", edits=[{"path": "a.txt", "after": "x\n"}]),
    Case("contract.invalid", edits=[{"path": "a.txt", "mode": "add", "after": 3}]),
    Case("contract.empty", whole={"message": "m", "edits": []}),
    Case("contract.missing_after", edits=[{"path": "text.txt", "mode": "modify", "after": None}]),
    Case("contract.blank_after", edits=modify("text.txt", "  \n")),
    Case("contract.conflicting_content", edits=add("a.txt", after_base64="YQ==")),
    Case("contract.base64", edits=[{"path": "a.txt", "mode": "add", "after_base64": "*"}]),
    Case("contract.modify_missing_path", edits=modify("pkg/number.py", "x = 1\n")),
    Case("contract.delete_missing_path", edits=[{"path": "nope.txt", "mode": "delete"}]),
    Case("contract.rename_missing_path", edits=[{"path": "b.txt", "mode": "modify", "rename_from": "nope.txt"}]),
    Case("contract.add_existing_path", edits=add("text.txt")),
    Case("contract.duplicate_path", edits=add("a.txt") + add("a.txt")),
    Case("contract.no_op", edits=modify("text.txt", "one\ntwo\nthree\nfour\nfive\nsix\n")),
    Case("contract.case_collision", edits=add("Docs/new.md")),
    Case("contract.before_sha", edits=add("a.txt", before_sha="1" * 40)),
    Case("contract.encoding", edits=swap("latin.txt", "caf", "\u4e2d")),
    Case("contract.replace_missing", edits=swap("text.txt", "seven", "7")),
    Case("contract.replace_ambiguous", edits=swap("text.txt", "o", "0")),
    Case(
        "contract.replace_overlap",
        edits=[
            {
                "path": "text.txt",
                "mode": "modify",
                "replace": [{"old": "one\ntwo", "new": "1"}, {"old": "two\nthree", "new": "2"}],
            }
        ],
    ),
    Case("contract.replace_empty", edits=swap("text.txt", "", "x")),
    Case("contract.replace_binary", edits=swap("picture.png", "P", "Q")),
    Case("stale", edits=modify("text.txt", "one\ntwo\nthree\nfour\nfive\nsix\n7\n", before_sha="1" * 40)),
    Case("path.empty", edits=add("a//b.txt")),
    Case("path.absolute", edits=add("/etc/motd")),
    Case("path.traversal", edits=add("a/../b.txt")),
    Case("path.git", edits=add(".GIT./config")),
    Case("path.git", edits=add("git~1/config"), name="the short name"),
    Case("path.git", edits=add(".g\u200cit/config"), name="ignorable code points"),
    Case("path.control", edits=add("a\tb.txt")),
    Case("path.backslash", edits=add("a\\b.txt")),
    Case("path.trailing", edits=add("a./b.txt")),
    Case("path.windows", edits=add("docs/aux.md")),
    Case("path.filter", edits=add("win/table.dat")),
    Case("contract.nul", edits=add("new.txt", "a\0b\n")),
    Case("contract.replacement_character", edits=add("new.txt", "caf\ufffd\n")),
    Case("contract.converted", edits=add("win/run.cmd", "echo one\r\n"), severity=Severity.NOTE),
    Case("path.invisible", edits=add("a\u200bb.txt")),
    Case("path.unicode", edits=add("cafe\u0301.txt")),
    Case("path.too_long", edits=add("a" * 256)),
    Case("path.directory", edits=[{"path": "pkg", "mode": "delete"}]),
    Case("path.parent", edits=add("text.txt/new.txt")),
    Case("path.symlink", edits=modify("link", "data.json")),
    Case("path.submodule", edits=[{"path": "module", "mode": "delete"}]),
    Case("path.placeholder", edits=add("path/to/file.py", "x = 1\n")),
    Case("protected.workflow", edits=add(".github/workflows/new.yml", "on: push\n")),
    Case("protected.config", edits=modify(".github/cadence.yml", "version: 1\npaused: true\n")),
    Case("protected.codeowners", edits=modify("CODEOWNERS", "* @b\n")),
    Case("protected.lockfile", edits=modify("package-lock.json", '{"a": 1}\n')),
    Case("protected.path", edits=modify("private/notes.txt", "y\n")),
    Case("size", edits=add("big.txt", "x" * 20_001)),
    Case("secret.private_key", edits=add("key.txt", f"{KEY}\n")),
    Case("secret.token", edits=add("conf.cfg", f"token = {TOKEN}\n")),
    Case("secret.jwt", edits=add("conf.cfg", f"token = {JWT}\n")),
    Case("secret.literal", edits=add("conf.py", f'API_KEY = "{LITERAL}"\n')),
    Case("secret.password", edits=add("conf.cfg", f"url = {URL}\n")),
    Case("message.blank", edits=add("a.txt"), message=" \n"),
    warned("message.long_subject", edits=add("a.txt"), message="x " * 50),
    warned("message.skip", edits=add("a.txt"), message="Add a [skip ci]"),
    warned("message.closing", edits=add("a.txt"), message="Add a, fixes #3"),
    warned("message.mention", edits=add("a.txt"), message="Add a for @anna"),
    warned("message.trailer", edits=add("a.txt"), message="Add a\n\nCadence-Run: 1"),
    warned("message.control", edits=add("a.txt"), message="Add\x07 a"),
    Case("loss.elision", edits=modify("text.txt", "one\n# ... rest unchanged ...\n")),
    Case("loss.elision", edits=swap("docs/guide.md", "Run the installer and wait.\nIt takes a minute.", "[unchanged]"), name="prose"),
    Case("loss.placeholder", edits=modify("text.txt", "# full content of the file\n")),
    Case("loss.fragment", edits=modify("pkg/colours.py", "def yellow() -> int:\n    mixed = 3\n    return mixed\n")),
    Case("loss.truncated", edits=modify("text.txt", "one\ntwo\nth")),
    Case("loss.reference", edits=modify("pkg/numbers.py", without(NUMBERS, "def area", "def ring"))),
    Case("loss.reference", edits=modify("pkg/numbers.py", NUMBERS.replace("import math\n", "# math\n")), name="an import"),
    Case("loss.reference", edits=[{"path": "pkg/numbers.py", "mode": "delete"}], name="a module"),
    Case("loss.reference", edits=modify("web/script.js", SCRIPT.replace("import { join } from 'node:path'\n", "")), name="js import"),
    Case("loss.reference", edits=[{"path": "web/script.js", "mode": "delete"}], name="js module"),
    Case("loss.reference", edits=swap("go/main.go", 'import "fmt"\n', "// nothing\n"), name="go import"),
    Case("loss.body", edits=modify("pkg/numbers.py", STUBBED)),
    Case("loss.headings", edits=modify("docs/guide.md", "## News\n\nThere is a lot of news.\nAll of it is good.\n")),
    Case("loss.table", edits=modify("docs/guide.md", without(GUIDE, "| flag", "## Help"))),
    Case("loss.entries", edits=modify("requirements.txt", "flask\nrich\n")),
    Case("loss.code_fence", edits=modify("text.txt", "```\none\ntwo\nthree\nfour\nfive\nsix\n```\n")),
    Case("loss.escaped_newlines", edits=add("conf.cfg", "a = 1\\nb = 2\\n")),
    Case("loss.diff", edits=modify("text.txt", "--- a/text.txt\n+++ b/text.txt\n@@ -1,2 +1,2 @@\n-one\n+1\n two\n")),
    Case("loss.conflict", edits=modify("text.txt", "one\n<<<<<<< HEAD\ntwo\n=======\n2\n>>>>>>> b\nthree\nfour\nfive\nsix\n")),
    Case("loss.stub", edits=add("pkg/later.py", "def work(n: int) -> int:\n    # TODO: implement\n    pass\n")),
    warned("loss.declared", edits=[{**swap("text.txt", "six", "6")[0], "removes": ["six"]}], mentioned="six goes"),
    warned("loss.undeclared_removal", edits=[{**swap("text.txt", "six", "6")[0], "removes": ["six"]}]),
    warned("loss.line_endings", edits=modify("text.txt", "one\r\ntwo\r\nthree\r\nfour\r\nfive\r\nsix\r\nseven\r\n")),
    Case("syntax.python", edits=add("pkg/bad.py", "def f(:\n    pass\n")),
    Case("syntax.json", edits=modify("data.json", '{"a": 1,}\n')),
    Case("syntax.toml", edits=modify("conf.toml", "a = 1\nb = [\n")),
    Case("syntax.yaml", edits=modify("conf.yaml", "a: 1\nb: [2\n")),
    Case("syntax.javascript", edits=modify("web/other.js", OTHER.replace("() {", "( {"))),
    Case("syntax.typescript", edits=swap("web/shape.ts", "number }", "number")),
    Case("syntax.go", edits=swap("go/main.go", "main() {", "main( {")),
    Case("syntax.java", edits=swap("java/Main.java", "n * 2;", "n *;")),
    Case("syntax.rust", edits=swap("rust/lib.rs", "u8) -> u8 {", "u8 -> u8 {")),
    Case("syntax.ruby", edits=swap("ruby/main.rb", "twice(n)", "twice(n")),
    Case("syntax.shell", edits=swap("bin/run.sh", "\nfi\n", "\n")),
    Case("imports.unknown", edits=add("pkg/more.py", "import nowhere_at_all\n")),
    Case("imports.name", edits=add("pkg/more.py", "from pkg.numbers import volume\n")),
]  # fmt: skip


def codes_of(case: Case) -> dict[str, Severity]:
    """Every code of a case's findings, with its gravest severity."""
    raw = case.whole if case.whole is not None else {"message": case.message, "edits": case.edits}
    try:
        change_set = normalise(raw).change_set
    except ChangeSetRejected as rejected:
        return {f.code: f.severity for f in rejected.findings}
    checked = check(change_set, TREE, CONFIG, case.mentioned)
    assert checked.accepted == (not any(f.severity is Severity.ERROR for f in checked.findings))
    return {f.code: min(g.severity for g in checked.findings if g.code == f.code) for f in checked.findings}


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.code} {c.name}".strip())
def test_the_code_and_no_other(case: Case) -> None:
    assert codes_of(case) == {case.code: case.severity}


def test_every_code_has_a_case() -> None:
    # Only the planner knows which text a model was shown, and only its answers have blocks and symbols:
    # test_plan_planner.py and test_plan_answer.py have their cases.
    of_answers = {"contract.not_shown", "contract.operation", "contract.write_large"}
    of_answers |= {code for code in CHANGESET_CODES if code.startswith(("contract.block_", "contract.symbol_"))}
    assert {case.code for case in CASES} == set(CHANGESET_CODES) - of_answers


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.code} {c.name}".strip())
def test_findings_can_be_acted_on(case: Case) -> None:
    raw = case.whole if case.whole is not None else {"message": case.message, "edits": case.edits}
    try:
        findings = check(normalise(raw).change_set, TREE, CONFIG, case.mentioned).findings
    except ChangeSetRejected as rejected:
        findings = rejected.findings
    for finding in findings:
        assert finding.message and finding.instruction
        assert not any(secret in finding.message for secret in (TOKEN, JWT, URL, LITERAL))


NEAR_MISSES: list[tuple[str, list[Json]]] = [
    ("a whole new text", modify("text.txt", "1\n2\n3\n4\n5\n6\n")),
    ("a Python body of dots", add("pkg/typed.py", "def f(n: int) -> int: ...\n\n\nclass P:\n    x: int = ...\n")),
    ("a comment about existing code", swap("pkg/numbers.py", "    square", "    # existing callers pass metres\n    square")),
    ("a new definition by replacement", swap("pkg/numbers.py", "def ring", "def edge() -> int:\n    return 1\n\n\ndef ring")),
    ("a definition moved to another file", modify("pkg/numbers.py", NUMBERS.replace("def ring", "def torus"))),
    ("a script that takes a global", modify("web/other.js", "export function other () {\n  return URL ? '/tmp' : ''\n}\n")),
    ("a document that grows", modify("docs/guide.md", GUIDE + "\n## More\n\nText.\n")),
    ("one row less", swap("docs/guide.md", "| -d   | deep    |\n", "")),
    ("one requirement less", swap("requirements.txt", "rich\n", "")),
    ("a fenced block in a document", swap("docs/guide.md", "Be kind.", "```\nask --kindly\n```")),
    ("an empty package file", add("more/__init__.py", "")),
    ("dots in a string", add("pkg/wait.py", 'TEXT = "... rest unchanged ..."\n')),
    ("a conflict shown in a string", add("pkg/shown.py", 'TEXT = """\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> c\n"""\n')),
    ("an import that may fail", add("pkg/maybe.py", "try:\n    import nowhere_at_all\nexcept ImportError:\n    pass\n")),
    ("an abstract method", add("pkg/base.py", "import abc\n\n\nclass B(abc.ABC):\n    @abc.abstractmethod\n    def f(self) -> int:\n        raise NotImplementedError\n")),
    ("a token of an example in a document", add("docs/token.md", "Use `ghp_" + "x" * 36 + "`.\n")),
    ("a file and its directory swapped", [{"path": "text.txt", "mode": "delete"}, *add("text.txt/inner.txt")]),
    ("two files that change names", [{"path": "a1.txt", "mode": "modify", "rename_from": "text.txt"}, {"path": "text.txt", "mode": "modify", "rename_from": "latin.txt"}]),
    ("another spelling of an old name, renamed", [{"path": "Text.txt", "mode": "modify", "rename_from": "text.txt"}]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "edits"), NEAR_MISSES, ids=[name for name, _ in NEAR_MISSES])
def test_near_misses_pass(name: str, edits: list[Json]) -> None:
    change_set = ChangeSet.model_validate({"version": 2, "message": "m", "edits": edits})
    checked = check(change_set, TREE, CONFIG)
    assert checked.accepted, checked.findings
    assert not [f for f in checked.findings if f.severity is Severity.WARNING]
