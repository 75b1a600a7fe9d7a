"""The planner's answer format: blocks, envelope, exact places, and what is asked for again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.normalise import normalise
from bot.changeset.rejected import ChangeSetRejected
from bot.core.errors import ModelUnusable
from bot.llm.model import Completion
from bot.plan.answer.assemble import Assembled, Definition, assemble
from bot.plan.answer.blocks import block_example, mark_for, read_blocks
from bot.plan.answer.envelope import Envelope, Operation
from bot.plan.answer.locate import FileText, Miss, pairs_of
from bot.plan.answer.reading import JsonAnswer, failed_numbers, joined, read_answer
from tests.fakes.memory_tree import MemoryTree

MARK = "0a1b2c3d"
SHAPES = """class Square:
    def area(self):
        return self.side ** 2

    def name(self):
        return "square"


class Circle:
    def area(self):
        return 3.14 * self.radius ** 2
"""
FILES: dict[str, str | bytes] = {"shapes.py": SHAPES, "README.md": "# shapes\n"}
DEFINED = [Definition("Square", 1, 6), Definition("Square.area", 2, 3), Definition("Square.name", 5, 6),
           Definition("Circle", 9, 11), Definition("Circle.area", 10, 11)]  # fmt: skip


def completion(text: str, finish: str = "stop") -> Completion:
    return Completion(text, "m", 1, 1, finish, 1)


def reply(*edits: dict[str, Any], blocks: dict[int, str] | None = None, **rest: Any) -> str:
    parts = [block_example(number, MARK, text.split("\n") if text else []) for number, text in (blocks or {}).items()]
    envelope = json.dumps({"summary": "Do it", "plan": "p", "message": "m", "edits": list(edits), **rest})
    return "\n".join([*parts, "```json", envelope, "```"])


def read(text: str) -> Envelope:
    answer = read_answer(completion(text), MARK)
    assert isinstance(answer, Envelope)
    return answer


def defined(path: str, _text: str) -> list[Definition]:
    return DEFINED if path == "shapes.py" else []


def assembled(*operations: Operation, shown: dict[str, list[tuple[int, int]]] | None = None) -> Assembled:
    return assemble(
        operations,
        MemoryTree(FILES),
        shown={"shapes.py": [(1, 11)], "README.md": [(1, 1)]} if shown is None else shown,
        definitions=defined,
    )


def result(made: Assembled) -> dict[str, str | None]:
    """What the assembled ChangeSet makes of the files, through the real checks."""
    assert not made.findings
    checked = check(normalise({"message": "m", "edits": list(made.edits)}).change_set, MemoryTree(FILES), GuardConfig())
    assert checked.accepted, checked.findings
    return {change.path: None if change.content is None else change.content.decode() for change in checked.changes}


def test_a_whole_answer_is_read() -> None:
    blocks = {1: '        return "square"', 2: '        return "Square"', 3: "def test():\n    assert True\n"}
    text = "I will rename it.\n" + reply(
        {"path": "shapes.py", "operation": "replace", "old": 1, "new": 2},
        {"path": "tests/test_shapes.py", "operation": "write", "new": 3},
        blocks=blocks,
    )
    envelope = read(text)
    assert envelope.summary == "Do it"
    made = result(assembled(*envelope.operations))
    assert made["shapes.py"] == SHAPES.replace('"square"', '"Square"')
    assert made["tests/test_shapes.py"] == "def test():\n    assert True\n\n"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("BEGIN", "**BEGIN").replace(f"{MARK}\n", f"{MARK}**  \n"),
        lambda text: text.replace("```json\n", "").replace("```", ""),
        lambda text: text.replace(f"END 1 {MARK}\n", ""),
        lambda text: text.replace('"operation": "replace"', '"op": "edit"').replace('"path"', '"file"'),
        lambda text: text.replace(f"BEGIN 1 {MARK}\n", f"BEGIN 1 {MARK}\n```python\n").replace(
            f"\nEND 1 {MARK}", f"\n```\nEND 1 {MARK}"
        ),
    ],
)
def test_what_models_do_around_the_format_is_read(change: Any) -> None:
    blocks = {1: '        return "square"', 2: '        return "Square"'}
    text = change(reply({"path": "shapes.py", "operation": "replace", "old": 1, "new": 2}, blocks=blocks))
    assert result(assembled(*read(text).operations)) == {"shapes.py": SHAPES.replace('"square"', '"Square"')}


def test_texts_may_stand_in_the_envelope() -> None:
    edit = {"path": "shapes.py", "operation": "replace", "old": '"square"', "new": '"Square"'}
    assert result(assembled(*read(reply(edit)).operations)) == {"shapes.py": SHAPES.replace('"square"', '"Square"')}


def test_a_change_set_as_json_is_passed_on() -> None:
    raw = {"message": "m", "edits": [{"path": "a", "mode": "add", "after": "x\n"}]}
    assert read_answer(completion(json.dumps(raw)), MARK) == JsonAnswer(raw)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"BEGIN 1 {MARK}\nx = 1", "model.truncated"),
        (f"BEGIN 1 {MARK}\nx = 1\nEND 1 {MARK}", "model.prose"),
        ("I cannot do this.", "model.prose"),
        ("", "model.empty"),
    ],
)
def test_an_answer_that_cannot_be_read(text: str, code: str) -> None:
    with pytest.raises(ModelUnusable) as caught:
        read_answer(completion(text), MARK)
    assert caught.value.code == code


def test_a_cut_off_answer_is_never_parsed() -> None:
    with pytest.raises(ModelUnusable) as caught:
        read_answer(completion(reply(), finish="length"), MARK)
    assert caught.value.code == "model.truncated"


@pytest.mark.parametrize(
    ("edit", "blocks", "code"),
    [
        ({"path": "a", "operation": "write", "new": 7}, {1: "x"}, "contract.block_missing"),
        ({"path": "a", "operation": "write", "new": 1}, {1: "x", 2: "y"}, "contract.block_unused"),
        ({"path": "a", "operation": "patch", "new": 1}, {1: "x"}, "contract.operation"),
        ({"path": "a", "operation": "replace", "new": 1}, {1: "x"}, "contract.missing_key"),
        ({"path": "a", "operation": "write", "new": 1, "diff": "@@"}, {1: "x"}, "contract.unknown_key"),
        ({"path": "a", "operation": "write", "new": [1]}, {}, "contract.invalid"),
    ],
)
def test_an_envelope_that_does_not_fit(edit: dict[str, Any], blocks: dict[int, str], code: str) -> None:
    with pytest.raises(ChangeSetRejected) as caught:
        read(reply(edit, blocks=blocks))
    assert [finding.code for finding in caught.value.findings] == [code]


def test_a_block_number_used_twice_is_refused() -> None:
    text = f"BEGIN 1 {MARK}\nx\nEND 1 {MARK}\n" + reply({"path": "a", "operation": "write", "new": 1}, blocks={1: "y"})
    with pytest.raises(ChangeSetRejected) as caught:
        read(text)
    assert caught.value.findings[0].code == "contract.block_twice"


def replace_op(old: str, new: str, number: int = 1, **rest: Any) -> Operation:
    lines = tuple(new.split("\n")) if new else ()
    return Operation(number, "replace", rest.pop("path", "shapes.py"), tuple(old.split("\n")), lines, **rest)


def symbol_op(symbol: str, new: str) -> Operation:
    return Operation(1, "replace_symbol", "shapes.py", new=tuple(new.split("\n")), symbol=symbol)


def test_lines_that_occur_twice_are_told_apart_by_their_definition() -> None:
    made = result(assembled(symbol_op("Circle.area", "    def area(self):\n        return 0")))
    assert made["shapes.py"] == SHAPES.replace("3.14 * self.radius ** 2", "0")


def test_the_second_of_two_equal_definitions_is_replaced() -> None:
    twice = "class A:\n    def f(self):\n        return 1\n\n\nclass B:\n    def f(self):\n        return 1\n"
    file = FileText(twice)
    pairs = pairs_of(file, [file.of_lines(7, 8, ("    def f(self):", "        return 2"))])
    assert not isinstance(pairs, Miss)
    (pair,) = pairs
    assert twice.count(pair.old) == 1
    assert twice.replace(pair.old, pair.new) == twice[: twice.rindex("1")] + "2\n"


@pytest.mark.parametrize(
    ("operation", "code", "words"),
    [
        (replace_op("return 1", "return 2"), "contract.replace_missing", "not in the file"),
        (replace_op("def area(self):\n    return self.side ** 2", "x"), "contract.replace_missing", "white space"),
        (replace_op("    def area(self):", "x"), "contract.replace_ambiguous", "2 times (lines 2, 10)"),
        (symbol_op("Circle.volume", "x"), "contract.symbol_missing", "`Circle.area`"),
        (symbol_op("area", "    def area(self): ..."), "contract.symbol_ambiguous", "lines 2, 10"),
        (symbol_op("Circle.area", "def area(self):\n    return 0"), "contract.symbol_indentation", "by 4 characters"),
    ],
)
def test_a_place_that_cannot_be_found_is_said(operation: Operation, code: str, words: str) -> None:
    made = assembled(operation)
    assert [finding.code for finding in made.findings] == [code]
    assert words in made.findings[0].message
    assert made.failed == {1}
    assert not made.edits


def test_a_line_inside_a_longer_line_is_not_a_second_place() -> None:
    file = FileText("ab\nb\n")
    found = file.spans(("b",), ("c",), 1)
    assert not isinstance(found, Miss)
    pairs = pairs_of(file, found)
    assert not isinstance(pairs, Miss)
    (pair,) = pairs
    assert "ab\nb\n".count(pair.old) == 1
    assert "ab\nb\n".replace(pair.old, pair.new) == "ab\nc\n"


def test_deleting_lines_leaves_no_empty_line() -> None:
    made = result(assembled(replace_op('    def name(self):\n        return "square"\n', "")))
    assert "name" not in (made["shapes.py"] or "")
    assert made["shapes.py"] == SHAPES.replace('    def name(self):\n        return "square"\n\n', "")


def test_an_edit_of_lines_that_were_not_shown_is_refused() -> None:
    made = assembled(replace_op('return "square"', 'return "x"'), shown={"shapes.py": [(1, 3)]})
    assert [(f.code, f.line) for f in made.findings] == [("contract.not_shown", 6)]
    assert not assembled(replace_op('return "square"', 'return "x"'), shown={"shapes.py": [(1, 3), (4, 6)]}).findings


def test_a_long_file_is_not_written_whole() -> None:
    tree = MemoryTree({"long.py": "x = 1\n" * 500})
    operation = Operation(1, "write", "long.py", new=("x = 2",))
    made = assemble([operation], tree, shown={"long.py": [(1, 500)]}, definitions=defined)
    assert [finding.code for finding in made.findings] == ["contract.write_large"]


def test_a_rename_with_an_edit() -> None:
    rename = Operation(1, "rename", "forms.py", source="shapes.py")
    made = result(assembled(rename, replace_op('"square"', '"Square"', 2, path="forms.py")))
    assert made == {"shapes.py": None, "forms.py": SHAPES.replace('"square"', '"Square"')}


def test_only_the_failed_edits_are_asked_for_again() -> None:
    first = (replace_op("a", "b", 1), replace_op("c", "d", 2), Operation(3, "write", "new.py", new=("x",)))
    again = joined([first[0], first[2]], [replace_op("cc", "d", 1)])
    assert [(o.number, o.old) for o in again] == [(1, ("a",)), (2, None), (3, ("cc",))]
    # A model that repeats what was kept does not make it twice.
    repeated = joined([first[0], first[2]], [replace_op("a", "B", 1), Operation(2, "write", "new.py", new=("y",))])
    assert [(o.number, o.new) for o in repeated] == [(1, ("B",)), (2, ("y",))]


def test_a_finding_without_an_edit_concerns_every_operation() -> None:
    operations = (replace_op("a", "b", 1), replace_op("c", "d", 2, path="b.py"))
    made = assembled(replace_op("nowhere", "b", 1))
    assert failed_numbers(operations, [], [(1,), (2,)], made.failed) == {1}
    (finding,) = made.findings
    assert failed_numbers(operations, [finding], [(2,), (1,)]) == {2}


def test_a_mark_is_in_none_of_the_texts() -> None:
    first = mark_for(["a", "b"])
    assert mark_for(["a", "b"]) == first
    assert mark_for([first]) not in first


LINES = st.lists(st.text(alphabet="ab ", max_size=3), min_size=1, max_size=12)


@given(LINES, st.data())
def test_any_lines_can_be_replaced_exactly(lines: list[str], data: st.DataObject) -> None:
    """Whatever repeats in a file, a span of it becomes replacements that change that span and nothing else."""
    end = data.draw(st.sampled_from(["\n", "\r\n"]))
    final = data.draw(st.booleans())
    text = end.join(lines) + (end if final else "")
    file = FileText(text)
    if not file.lines:
        return
    first = data.draw(st.integers(1, len(file.lines)))
    last = data.draw(st.integers(first, len(file.lines)))
    new = data.draw(st.lists(st.text(alphabet="xy", max_size=2), max_size=3))
    pairs = pairs_of(file, [file.of_lines(first, last, new)])
    assert not isinstance(pairs, Miss)
    (pair,) = pairs
    assert text.count(pair.old) >= 1
    left = [*file.lines[: first - 1], *new, *file.lines[last:]]
    # A file of one line without an end does not say which its ends are.
    end = file.end_of_line
    final_end = end if text.endswith("\n") and left else ""
    assert text.replace(pair.old, pair.new, 1) == end.join(left) + final_end


@given(st.lists(st.text(alphabet="aBEGIN END0123 \n", max_size=20), max_size=4))
def test_blocks_come_back_as_they_were_written(texts: list[str]) -> None:
    written = "\n".join(block_example(n, MARK, text.split("\n")) for n, text in enumerate(texts, 1))
    assert list(read_blocks(written, MARK).lines.values()) == [tuple(text.split("\n")) for text in texts]
