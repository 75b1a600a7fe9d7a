"""The syntax package: one parse per text, queries that fit their grammars, outlines of every language."""

from __future__ import annotations

import pytest

from bot.syntax import trees
from bot.syntax.languages import LANGUAGES, grammar, language_of
from bot.syntax.outline import outline
from bot.syntax.queries import matches, query_text
from bot.weakening.gate import weakening_findings
from tests.fakes.dict_tree import DictTree, changes

PROGRAMS = {
    "a.py": "from os import path as p\nimport re\nclass A:\n    def m(self):\n        p.join(re.x)\ndef f(): pass\n",
    "a.js": "import {b as c} from './b.js'\nexport class A { m() { return this.n() } }\nfunction f() { return c(d) }\n",
    "a.ts": "import type {B} from './b'\ninterface A { x: B }\nconst f = (n: number): B => g(n)\n",
    "a.tsx": "import {B} from './b'\nexport function A() { return <B x={y} /> }\n",
    "a.go": 'package a\n\nimport "x/y"\n\ntype A struct{}\n\nfunc f() { y.G(h) }\n',
    "a.java": "import x.B;\nclass A { void m() { this.n(); B.f(c); } }\n",
    "a.rs": "use x::{y, z as w};\nstruct A;\nfn f() { w(y, v) }\n",
    "a.rb": "class A\n  def m\n    B.f(c)\n  end\nend\n",
    "a.sh": "f() {\n  g x\n}\n",
    "a.c": "#define N 1\nstruct A { int x; };\nint f(void) { return g(N); }\n",
    "a.cpp": "class A { int m() { return n(); } };\nint f() { return 1; }\n",
}
DEFINED = {
    "a.py": {"A", "m", "f"}, "a.js": {"A", "m", "f"}, "a.ts": {"A"}, "a.tsx": {"A"}, "a.go": {"A", "f"},
    "a.java": {"A", "m"}, "a.rs": {"A", "f"}, "a.rb": {"A", "m"}, "a.sh": {"f"}, "a.c": {"N", "A", "f"},
    "a.cpp": {"A", "m", "f"},
}  # fmt: skip
IMPORTED = {
    "a.py": {"p", "re"},
    "a.js": {"c"},
    "a.ts": {"B"},
    "a.tsx": {"B"},
    "a.go": {"y"},
    "a.java": {"B"},
    "a.rs": {"y", "w"},
}


@pytest.mark.parametrize("path", PROGRAMS)
def test_the_outline_of_a_text(path: str) -> None:
    found = outline(PROGRAMS[path], path)
    assert found is not None
    assert found.definitions == DEFINED[path]
    assert found.imported == IMPORTED.get(path, set())
    assert not found.has_wildcard


def test_names_used_and_bound() -> None:
    found = outline(PROGRAMS["a.js"], ".js")
    assert found is not None
    assert found.used == {"c": 3, "d": 3}
    assert found.own_calls == {"n": 2}
    assert found.methods == {"m"}
    assert "f" in found.top and "m" not in found.top


@pytest.mark.parametrize("path", ["a.txt", "a", ".js2"])
def test_no_outline_of_an_unknown_language(path: str) -> None:
    assert outline("x", path) is None


def test_no_outline_of_a_text_that_does_not_parse() -> None:
    assert outline("function (", "a.js") is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["tests", "tags"])
def test_every_language_has_both_queries(language: str, name: str) -> None:
    assert query_text(language, name)
    path = next(path for path in PROGRAMS if language_of(path) == language)
    root = trees.parse(PROGRAMS[path], language)
    assert root is not None and grammar(language) is grammar(language)
    matches(root, language, name)


def test_typescript_has_what_javascript_has() -> None:
    assert query_text("javascript", "tests") in query_text("typescript", "tests")


def test_a_text_is_parsed_once() -> None:
    one, two = (trees.parse("x = 1\n", "python") for _ in range(2))
    assert one is not None and two is not None and one.id == two.id


def test_a_query_that_is_not_there_matches_nothing() -> None:
    root = trees.parse("x = 1\n", "python")
    assert root is not None and matches(root, "python", "nothing") == []


def test_the_first_error_of_a_text() -> None:
    root = trees.parse("def f(:\n    pass\n", "python")
    assert root is not None and trees.first_error(root) is not None
    assert language_of("tests/A.BATS") == "bash"


def test_a_parser_that_fails_is_a_finding_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def parse(self, _text: bytes) -> None:
            raise RuntimeError("unknown language version")

    monkeypatch.setattr(trees, "_parser", lambda _language: Broken())
    before = {"tests/test_new_a.py": "def test_a():\n    assert a_thing_that_is_parsed_nowhere_else()\n"}
    after = {"tests/test_new_a.py": "def test_a():\n    a_thing_that_is_parsed_nowhere_else()\n"}
    found = weakening_findings(DictTree(before), DictTree(after), changes(before, after, {}))
    assert {one.code for one in found} == {"tests.unreadable"}


_DEEP = "try {" * 3000 + "}" * 3000


@pytest.mark.parametrize(
    ("path", "before", "after", "code"),
    [
        ("a.test.js", "it('a', () => { expect(f()).toBe(1) })\n", f"it('a', () => {{{_DEEP}}})\n", "tests.unreadable"),
        (
            ".github/workflows/ci.yml",
            "on: push\njobs: {t: {steps: [{run: pytest}]}}\n",
            "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)),
            "ci.unreadable",
        ),
        ("pom.xml", "<project/>\n", "<project>" + "<!-- " * 50_000, None),
        ("src/test/kotlin/ATest.kt", "@Test fun a() { assertEquals(1, f()) }\n", "@Test " * 50_000, "tests.removed"),
    ],
    ids=["nested", "anchors", "comments", "annotations"],
)  # fmt: skip
def test_texts_that_are_made_to_be_hard_to_read(path: str, before: str, after: str, code: str | None) -> None:
    base, head = {path: before}, {path: after}
    found = weakening_findings(DictTree(base), DictTree(head), changes(base, head, {}))
    assert code is None or code in {one.code for one in found}


def test_a_long_run_of_comments_is_read_as_blank_lines() -> None:
    """Reading them as comments takes time with the square of their number."""
    root = trees.parse("# said\n" + "# off\n" * 20_000 + "def test_a():\n    assert a  # why\n", "python")
    found = [node for node in trees.walk(root)]
    assert [trees.source(node) for node in found if node.type == "comment"] == ["# why"]
    assert [node.start_point.row for node in found if node.type == "function_definition"] == [20_001]


def test_a_short_run_of_comments_stays() -> None:
    root = trees.parse("# said\n" * 99 + "a = 1\n", "python")
    assert sum(node.type == "comment" for node in trees.walk(root)) == 99
