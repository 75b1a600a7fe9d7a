"""The look around before a plan: what each tool answers, the bounds of rounds and calls, and the citations."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from bot.core.errors import ModelAbsent, ModelUnavailable, ModelUnusable
from bot.llm.model import Completion, Message, Prompt, ToolCall
from bot.plan.answer.assemble import Definition
from bot.plan.explore.citations import Citation, fitting, read_citations
from bot.plan.explore.cited import widened
from bot.plan.explore.explorer import Explored, explore
from bot.plan.explore.looking import RepositoryLook
from bot.plan.explore.values import Limits
from tests.fakes.memory_tree import MemoryTree

FILES: dict[str, str | bytes] = {
    "src/parse.py": "def parse(text):\n    return int(text)\n\n\ndef use():\n    return parse('1')\n",
    "src/deep/other.py": "from src.parse import parse\n",
    "README.md": "# parse\n",
    ".env": "TOKEN=parse-secret\n",
    "logo.png": b"\x89PNG\0parse",
    "long.txt": "parse me\n" * 2_000,
}
START = (Message("system", "s"), Message("user", "u"))


@dataclass(frozen=True)
class Hit:
    path: str
    line: int
    text: str


@dataclass(frozen=True)
class Commit:
    sha: str
    date: str
    subject: str
    paths: tuple[str, ...]


class Search:
    """Searches the files above without git."""

    def lines(
        self, text: str, *, regex: bool = False, word: bool = False, globs: Sequence[str] = (), per_file: int = 20
    ) -> Sequence[Hit] | str:
        if regex and "(" in text:
            return "Unmatched ( or \\("
        return [
            Hit(path, number, line)
            for path, content in FILES.items()
            if isinstance(content, str) and (not globs or path.startswith(globs[0].removesuffix("**")))
            for number, line in enumerate(content.split("\n"), 1)
            if text in line
        ]

    def history(self, path: str = "", *, limit: int = 10) -> Sequence[Commit]:
        return [Commit("abc1234", "2026-11-30", "Parse numbers", ("src/parse.py", ".env"))] if path == "src" else []


def defined(path: str, _text: str) -> list[Definition]:
    return [Definition("parse", 1, 2), Definition("use", 5, 6)] if path == "src/parse.py" else []


def look(cap: int = 2_000) -> RepositoryLook:
    return RepositoryLook(
        MemoryTree(FILES),
        Search(),
        may_show=lambda path: path != ".env",
        definitions=defined,
        count_tokens=lambda text: len(text) // 4,
        cap=cap,
    )


@pytest.mark.parametrize(
    ("tool", "values", "words"),
    [
        ("search", {"text": "int("}, "src/parse.py:2:     return int(text)"),
        ("search", {"text": "parse", "paths": "src/deep/**"}, "src/deep/other.py:1: from src.parse"),
        ("search", {"text": "nowhere"}, "'nowhere' is in no text file."),
        ("search", {"text": "(", "regex": True}, "The search failed: Unmatched"),
        ("search", {}, "Give the `text`"),
        ("read", {"path": "src/parse.py", "first": 2, "last": 2}, "lines 2-2 of 6:\n2:     return int(text)"),
        ("read", {"path": "src/parse.py", "first": 90}, "src/parse.py has 6 lines."),
        ("read", {"path": "lib/parse.py"}, "There is no text file at 'lib/parse.py'. There is `src/parse.py`."),
        ("read", {"path": ".env"}, "There is no text file"),
        ("read", {"path": "logo.png"}, "There is no text file"),
        ("read", {"path": 7}, "There is no text file"),
        ("outline", {"path": "src/parse.py"}, "1-2: parse: def parse(text):\n5-6: use: def use():"),
        ("outline", {"path": "README.md"}, "README.md has 1 lines, and no definitions."),
        ("find_references", {"name": "parse"}, "src/parse.py:1: (definition) def parse(text):\n"),
        ("list", {"folder": ""}, "src/ (2 files)\nREADME.md\n"),
        ("list", {"folder": "src"}, "src/deep/ (1 file)\nsrc/parse.py"),
        ("list", {"folder": "lib"}, "There is no text file"),
        ("history", {"path": "src"}, "abc1234 2026-11-30 Parse numbers\n  src/parse.py"),
        ("history", {}, "No commit changed anything."),
        ("write", {"path": "x"}, "There is no tool 'write'."),
    ],
)
def test_each_tool_answers(tool: str, values: dict[str, Any], words: str) -> None:
    answer = look().answer(tool, values).text
    assert words in answer
    assert "parse-secret" not in answer
    assert ".env" not in answer.replace("'.env'", "")


@pytest.mark.parametrize(
    ("tool", "values"), [("search", {"text": "parse me"}), ("read", {"path": "long.txt"}), ("list", {"folder": ""})]
)
def test_a_long_answer_says_that_it_was_cut(tool: str, values: dict[str, Any]) -> None:
    tight = look(cap=30)
    looked = tight.answer(tool, values)
    if tool != "list":
        assert looked.cut
        assert "not shown" in looked.text
        assert len(looked.text) // 4 <= 60
    for _, first, last in looked.shown:
        shown = [line for line in looked.text.split("\n") if line.split(":")[0].isdigit()]
        assert last - first + 1 == len(shown)


def test_a_read_that_was_cut_says_which_lines_are_missing() -> None:
    looked = look(cap=60).answer("read", {"path": "long.txt", "first": 1, "last": 20})
    ((_, _, last),) = looked.shown
    assert 1 <= last < 20
    assert looked.text.endswith(f"[cut: lines {last + 1}-20 are not shown. Read them separately.]")


def calls(*asked: tuple[str, dict[str, Any]]) -> Completion:
    made = tuple(ToolCall(str(n), name, json.dumps(values), values) for n, (name, values) in enumerate(asked))
    return Completion("", "m", 1, 1, "stop", 1, calls=made)


def says(text: str, finish: str = "stop") -> Completion:
    return Completion(text, "m", 1, 1, finish, 1)


class Model:
    """Answers in turn; keeps the prompts."""

    def __init__(self, *answers: Completion | Exception) -> None:
        self.answers = list(answers)
        self.prompts: list[Prompt] = []

    def __call__(self, prompt: Prompt) -> Completion:
        self.prompts.append(prompt)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def explored(model: Model, limits: Limits | None = None) -> Explored:
    return explore(START, look(), model, limits or Limits())


def test_several_calls_at_once_and_then_citations() -> None:
    model = Model(
        calls(("search", {"text": "int("}), ("outline", {"path": "src/parse.py"})),
        says("src/parse.py:1-2 parse has to accept hex\nREADME.md:1 names it"),
    )
    found = explored(model)
    assert found.citations == (
        Citation("src/parse.py", 1, 2, "parse has to accept hex"),
        Citation("README.md", 1, 1, "names it"),
    )
    assert [(one.round, one.tool) for one in found.looks] == [(1, "search"), (1, "outline")]
    answered = [message for message in model.prompts[1].messages if message.role == "tool"]
    assert [message.answers for message in answered] == ["0", "1"]
    assert "[Calls left: 13. Answers with calls left: 2. Then cite.]" in answered[-1].content


def test_no_more_calls_than_the_limit_are_answered() -> None:
    read = ("read", {"path": "src/parse.py"})
    model = Model(calls(read, read, read), calls(read, read), says("src/parse.py:1-2"))
    found = explored(model, Limits(calls=4, rounds=3))
    assert len(found.looks) == 4
    assert model.prompts[-1].messages[-2].content == "Not answered: no calls are left."
    assert model.prompts[-1].messages[-1].content.startswith("No calls are left.")


def test_no_more_rounds_than_the_limit_are_asked() -> None:
    read = ("read", {"path": "src/parse.py", "first": 1, "last": 2})
    model = Model(calls(read), calls(read), calls(read))
    found = explored(model, Limits(calls=15, rounds=2))
    assert not model.answers
    # A model that never cites has still read something.
    assert found.citations == (Citation("src/parse.py", 1, 2, "read while looking around"),)


def test_a_call_that_cannot_be_used_is_answered_in_words() -> None:
    broken = ToolCall("9", "read", "{", {}, problem="the arguments are not JSON")
    model = Model(Completion("", "m", 1, 1, "stop", 1, calls=(broken,)), says("src/parse.py:1-2"))
    explored(model)
    assert "the arguments are not JSON" in model.prompts[1].messages[-1].content


@pytest.mark.parametrize(
    "answer",
    [
        ModelUnusable("neither the model nor its server can call tools", code="model.no_tools"),
        ModelAbsent("no key"),
        ModelUnavailable("down", code="model.unreachable"),
        says("src/parse.py:1-2", finish="length"),
    ],
)
def test_without_a_usable_answer_the_plan_is_made_without_a_look(answer: Completion | Exception) -> None:
    found = explored(Model(answer))
    assert found.citations == ()
    assert found.looks == ()


def test_nothing_is_asked_where_nothing_may_be_looked_up() -> None:
    assert explored(Model(), Limits(calls=0)) == Explored()


def test_a_plan_in_place_of_a_look_around_is_kept_for_the_planner() -> None:
    answer = says('{"summary": "s", "edits": []}')
    assert explored(Model(answer)).answered is answer


@pytest.mark.parametrize(
    "text",
    [
        "src/a.py:3-9 why it matters",
        "- `src/a.py:3-9` why it matters",
        "1. src/a.py:3\u20139: why it matters",
        json.dumps({"citations": [{"path": "src/a.py", "first": 3, "last": 9, "why": "why it matters"}]}),
        '```json\n{"citations": ["src/a.py:3-9 why it matters"]}\n```',
    ],
)
def test_citations_are_read_in_the_forms_that_models_use(text: str) -> None:
    assert read_citations(text) == (Citation("src/a.py", 3, 9, "why it matters"),)


def test_citations_outside_the_tree_are_noted_and_others_joined() -> None:
    given = [
        Citation("src/parse.py", 1, 2, "a"),
        Citation("src/parse.py", 2, 400, "b"),
        Citation("src/parse.py", 700, 701),
        Citation(".env", 1, 1),
        Citation("nowhere.py", 1, 1),
    ]
    kept, notes = fitting(given, look().text_of)
    assert kept == (Citation("src/parse.py", 1, 6, "a; b"),)
    assert notes == (
        "src/parse.py has 6 lines, and line 700 was cited",
        ".env is not a text file of the repository",
        "nowhere.py is not a text file of the repository",
    )


def test_a_citation_that_cuts_a_definition_is_widened_to_it() -> None:
    given = [Citation("src/parse.py", 2, 2, "a"), Citation("src/parse.py", 4, 5, "b"), Citation("README.md", 1, 1)]
    assert widened(given, text_of=look().text_of, definitions=defined) == (
        Citation("src/parse.py", 1, 2, "a"),
        Citation("src/parse.py", 4, 6, "b"),
        Citation("README.md", 1, 1),
    )
    long = [Definition("big", 1, 400)]
    kept = widened([Citation("long.txt", 3, 5)], text_of=look().text_of, definitions=lambda _path, _text: long)
    assert kept == (Citation("long.txt", 3, 5),)
