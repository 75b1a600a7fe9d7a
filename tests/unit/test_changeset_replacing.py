"""Exact replacement and the bytes around it: what is not named stays as it was, to the byte."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.changeset.edits import resolve
from bot.changeset.model import ChangeSet, Edit, Replacement
from bot.changeset.replacing import ReplaceProblem, replaced
from bot.core.text_content import decoded
from tests.fakes.dict_tree import DictTree, blob_sha

WORDS = st.text(st.sampled_from("ab é\u4e2d\t"), max_size=6)
TEXTS = st.lists(st.tuples(WORDS, st.sampled_from(["\n", "\r\n", ""])), max_size=8).map(
    lambda lines: "".join(word + end for word, end in lines)
)
ENCODINGS = st.sampled_from(
    [("utf-8", b""), ("utf-8", codecs.BOM_UTF8), ("utf-16-le", codecs.BOM_UTF16_LE), ("utf-16-be", codecs.BOM_UTF16_BE)]
)


@given(TEXTS, ENCODINGS)
def test_every_text_decodes_to_what_encodes_back(text: str, form: tuple[str, bytes]) -> None:
    encoding, mark = form
    raw = mark + text.encode(encoding)
    read = decoded(raw)
    assert read is not None
    assert read.encoded(read.text) == raw


@given(st.binary(max_size=40))
def test_bytes_either_round_trip_or_are_binary(raw: bytes) -> None:
    read = decoded(raw)
    assert read is None or read.encoded(read.text) == raw


@given(TEXTS, TEXTS, WORDS, ENCODINGS)
def test_a_replacement_changes_its_place_and_nothing_else(
    head: str, tail: str, new: str, form: tuple[str, bytes]
) -> None:
    encoding, mark = form
    before = mark + f"{head}<MARK>{tail}".encode(encoding)
    edit = Edit(path="f", mode="modify", replace=(Replacement(old="<MARK>", new=f"<{new}>"),))
    resolution = resolve(ChangeSet(version=2, message="m", edits=(edit,)), DictTree({"f": before}))
    assert [change.content for change in resolution.changes] == [mark + f"{head}<{new}>{tail}".encode(encoding)]


@given(st.lists(WORDS, min_size=2, max_size=6), st.booleans())
def test_line_ends_of_a_crlf_file_are_kept(words: list[str], ended: bool) -> None:
    crlf = "\r\n".join(["first", *words, "last"]) + ("\r\n" if ended else "")
    new = replaced(crlf, (Replacement(old=f"first\n{words[0]}", new=f"first\nsecond\n{words[0]}"),))
    assert isinstance(new, str)
    assert "\n" not in new.replace("\r\n", "")
    assert new.replace("second\r\n", "", 1) == crlf


@given(TEXTS, TEXTS)
def test_whole_contents_are_written_as_given(before: str, after: str) -> None:
    tree = DictTree({"f": before})
    edit = Edit(path="f", mode="modify", after=after, before_sha=blob_sha(before.encode()))
    resolution = resolve(ChangeSet(message="m", edits=(edit,)), tree)
    if resolution.changes:
        assert resolution.changes[0].content == after.encode()
    else:
        assert before == after or not after.strip()


@given(TEXTS, st.integers(1, 3))
def test_a_count_must_be_the_exact_number(text: str, wanted: int) -> None:
    there = text.count("a")
    outcome = replaced(text, (Replacement(old="a", new="b", count=wanted),))
    if there == wanted:
        assert outcome == text.replace("a", "b")
    else:
        assert isinstance(outcome, ReplaceProblem)
        assert outcome.code == ("contract.replace_ambiguous" if there else "contract.replace_missing")


def test_a_miss_shows_the_nearest_lines() -> None:
    text = "def area(radius):\n    return math.pi * radius ** 2\n\n\ndef ring(a, b):\n    return area(a) - area(b)\n"
    problem = replaced(text, (Replacement(old="def ring(a, b):\n    return area(b) - area(a)\n", new=""),))
    assert isinstance(problem, ReplaceProblem)
    assert problem.line == 5
    assert "6:     return area(a) - area(b)" in problem.message


@pytest.mark.parametrize("old", ["return limit(9_999)\n", "return  limit(8_998 + 1)\n"])
def test_the_nearest_lines_are_searched_in_the_whole_file(old: str) -> None:
    text = "".join(f"value_{number} = {number}\n" for number in range(20_000)) + "return limit(8_999)\n"
    problem = replaced(text, (Replacement(old=old, new=""),))
    assert isinstance(problem, ReplaceProblem)
    assert problem.line == 20_001
    assert "20001: return limit(8_999)" in problem.message


def test_one_wrong_edit_leaves_nothing_to_apply() -> None:
    tree = DictTree({"a": "one\n", "b": "two\n"})
    edits = (
        Edit(path="a", mode="modify", after="1\n"),
        Edit(path="b", mode="modify", after="2\n", before_sha="0" * 40),
    )
    resolution = resolve(ChangeSet(message="m", edits=edits), tree)
    assert resolution.changes == ()
    assert [f.code for f in resolution.findings] == ["stale"]


def test_a_pair_with_crlf_on_a_file_with_lf_is_told_so() -> None:
    problem = replaced("a\nb\nc\n", [Replacement(old="b\r\nc", new="x\r\ny")])
    assert isinstance(problem, ReplaceProblem)
    assert (problem.code, problem.line) == ("contract.replace_missing", 2)
    assert "written with CRLF, and the lines of the file end in LF" in problem.message
