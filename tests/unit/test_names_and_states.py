"""Public names and markers, the table of states, and the errors' common shape."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import errors
from bot.core.errors import Audience, CadenceError
from bot.core.names import (
    Cause,
    CommentId,
    IssueNumber,
    RepoName,
    RepositoryId,
    branch_for,
    comment_cause,
    has_marker,
    label_cause,
    marker,
    markers,
    run_id,
    sha256,
)
from bot.core.states import (
    AT_THE_GATE,
    BUILDING,
    ENDINGS,
    FINAL,
    NOT_ENTERED,
    TERMINAL,
    WAITING,
    RunState,
    may_move,
    moves,
)

S = RunState


# -- names ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["", "o", "o/", "/r", "o/r/x", "/", "//"])
def test_a_repository_is_owner_and_name(text: str) -> None:
    assert str(RepoName.parse("octo/shop")) == "octo/shop"
    with pytest.raises(ValueError, match="OWNER/REPO"):
        RepoName.parse(text)


def test_no_code_moves_a_run_into_a_state_that_is_not_entered_yet() -> None:
    flow = "".join(
        path.read_text("utf-8") for path in sorted((Path(errors.__file__).parents[1] / "flow").rglob("*.py"))
    )
    assert [state for state in NOT_ENTERED if f"S.{state.name}" in flow or f"RunState.{state.name}" in flow] == []


def test_names_that_others_depend_on() -> None:
    assert branch_for(IssueNumber(7)) == "cadence/issue-7"
    assert label_cause("LE_1") == "label:LE_1"
    assert comment_cause(CommentId(5)) == "comment:5"
    assert sha256("ö") == sha256("ö".encode()) and len(sha256("")) == 64


def test_a_runs_name_follows_from_its_three_parts_and_from_nothing_else() -> None:
    one = run_id(RepositoryId(1), IssueNumber(2), Cause("label:x"))
    assert one == "1-2-" + sha256("label:x")[:10] == run_id(RepositoryId(1), IssueNumber(2), Cause("label:x"))
    others = {
        run_id(RepositoryId(12), IssueNumber(2), Cause("label:x")),
        run_id(RepositoryId(1), IssueNumber(3), Cause("label:x")),
        run_id(RepositoryId(1), IssueNumber(2), Cause("label:y")),
    }
    assert len(others | {one}) == 4


VALUES = st.text(min_size=1, max_size=20).filter(lambda text: not any(c.isspace() or c in "=>" for c in text))


@given(st.from_regex("[a-z-]+", fullmatch=True), st.dictionaries(st.from_regex("[a-z_]+", fullmatch=True), VALUES))
def test_a_marker_is_read_back_as_it_was_made(kind: str, fields: dict[str, str]) -> None:
    made = marker(kind, **fields) if "kind" not in fields else None
    if made is None:
        return
    (read,) = markers(f"before {made} after")
    assert read == made
    assert has_marker(f"x{made}", made)


@pytest.mark.parametrize("value", ["", "a b", "a=b", "a>b", "a\nb", "-->", "a\u2028b"])
def test_a_value_that_could_not_be_read_back_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="marker"):
        marker("run", key=value)


def test_markers_are_found_by_kind_and_fields() -> None:
    text = f"Hello {marker('run', id='a', n=1)} and {marker('status', state='merged')}"
    assert [one.kind for one in markers(text)] == ["run", "status"]
    assert next(markers(text)).get("n") == "1" and next(markers(text)).get("none") is None
    assert has_marker(text, marker("run", id="a"))
    assert not has_marker(text, marker("run", id="b"))
    assert not has_marker(text, marker("status", id="a"))
    assert not has_marker(None, marker("run")) and list(markers(None)) == []


@pytest.mark.parametrize(
    "text",
    ["<!--cadence:run id=a -->", "<!-- cadence:run id=a-->", "<!-- cadence:run  id=a -->", "<!-- Cadence:run id=a -->",
     "<!-- cadence:run id -->", "&lt;!-- cadence:run id=a --&gt;", "<!-- cadence:run id=a"],
)  # fmt: skip
def test_what_is_no_marker_of_ours(text: str) -> None:
    assert list(markers(text)) == []


# -- states ---------------------------------------------------------------------------------------------------------
def test_every_state_can_be_reached_and_left_for_an_end() -> None:
    reached, todo = {S.RECEIVED}, [S.RECEIVED]
    while todo:
        for to in moves(todo.pop()):
            if to not in reached:
                reached.add(to)
                todo.append(to)
    not_yet_used = {S.REVERTED} - reached
    assert reached | not_yet_used == set(RunState)
    for state in RunState:
        ends, seen, todo = set(), {state}, [state]
        while todo:
            current = todo.pop()
            ends |= {current} & TERMINAL
            todo += [to for to in moves(current) if to not in seen]
            seen |= moves(current)
        assert ends, f"{state} never ends"


def test_the_sets_of_states_fit_together() -> None:
    assert FINAL <= TERMINAL and ENDINGS <= TERMINAL
    parts = [TERMINAL, WAITING - BUILDING, BUILDING, AT_THE_GATE]
    assert sum(map(len, parts)) == len(RunState) and frozenset().union(*parts) == set(RunState)


@pytest.mark.parametrize("state", list(RunState))
def test_an_unfinished_run_may_come_to_any_end_and_a_final_one_is_not_woken(state: RunState) -> None:
    if state not in TERMINAL:
        assert moves(state) >= ENDINGS
        assert not may_move(state, state)
    if state in FINAL:
        assert moves(state) <= {S.REVERTED}
    if state in TERMINAL - FINAL:
        assert moves(state) <= {S.RECEIVED, S.GATED, S.SUPERSEDED, S.STOPPED, S.MERGED}


def test_nothing_is_pushed_or_merged_without_being_judged() -> None:
    into_publishing = {state for state in RunState if may_move(state, S.PUBLISHING)}
    assert into_publishing == {S.JUDGING, S.WAITING_APPROVAL, S.WAITING_LIMIT}
    assert {state for state in RunState if may_move(state, S.MERGING)} == {S.REVIEWING, S.GATED}


# -- errors ---------------------------------------------------------------------------------------------------------
GIVEN_THEIR_CODE = {
    errors.PushRefused: "rule.push",
    errors.ModelUnusable: "model.prose",
    errors.QuotaReached: "quota.pushes",
}
"""Kinds that stand for many things: without a code they cannot be made."""
KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, CadenceError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_has_the_same_shape(kind: type[CadenceError]) -> None:
    needed = {"code": GIVEN_THEIR_CODE[kind]} if kind in GIVEN_THEIR_CODE else {}
    plain = kind("what happened", **needed)
    assert plain.summary == "what happened" and plain.details == () and plain.after is None
    assert isinstance(plain.audience, Audience) and isinstance(plain.retry, bool)
    told = kind("s", code="x.y", remedy="Do it.", audience=Audience.AUTHOR, retry=True, after=3.0, details=["a"])
    assert (told.code, told.retry, told.after, told.details) == ("x.y", True, 3.0, ("a",))
    assert str(told) == "x.y: s. Do it."
    assert kind("s", **needed).code != "x.y", "one error's code is not the next one's"


@pytest.mark.parametrize("kind", GIVEN_THEIR_CODE)
def test_an_error_that_stands_for_many_things_says_which(kind: type[CadenceError]) -> None:
    with pytest.raises(TypeError, match="code"):
        kind("what happened")


def test_codes_are_one_per_kind() -> None:
    codes = [kind.code for kind in KINDS]
    shared = {code for code in codes if codes.count(code) > 1}
    assert shared == {"internal"}, "only the base, and those that are always given their own"
