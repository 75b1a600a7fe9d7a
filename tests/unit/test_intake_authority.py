"""Who may: the labeller, the author and everybody who touched the text, from the issue's own history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.core.names import IssueNumber
from bot.github_api.issue_records import IssueBodyEdit, IssueEvent, IssueHistory
from bot.intake.authority import (
    Cancelled,
    Go,
    NeedsApproval,
    approved_by_go,
    blueprint_digest,
    label_in_force,
    settle,
    who_must_be_known,
)

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
OLIVE, WILL, OSCAR, ADA = "olive", "will", "oscar", "ada"
MAY = {OLIVE: "admin", WILL: "write", ADA: "read", OSCAR: "none"}
LABEL = "blueprint"


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def labelled(
    by: str | None = WILL, minutes: float = 0, *, name: str = LABEL, kind: str = "labeled", bot: bool = False
) -> IssueEvent:
    return IssueEvent(f"{kind}-{minutes}", kind, by, bot, at(minutes), label=name)


def renamed(by: str | None, minutes: float) -> IssueEvent:
    return IssueEvent(f"renamed-{minutes}", "renamed", by, False, at(minutes))


def edited(by: str | None, minutes: float) -> IssueBodyEdit:
    return IssueBodyEdit(by, at(minutes))


def history(*events: IssueEvent, edits: tuple[IssueBodyEdit, ...] = (), **changes: Any) -> IssueHistory:
    whole = IssueHistory(
        number=IssueNumber(3), node_id="I_3", title="Do it", body="All of it.", state="open", author=OLIVE,
        created_at=at(-60), labels=(LABEL,), events=events or (labelled(),), edits=edits,
        complete=True, html_url="https://github.com/o/r/issues/3",
    )  # fmt: skip
    return replace(whole, **changes)


def judge(told: IssueHistory, needed: str = "write") -> Go | NeedsApproval | Cancelled:
    return settle(told, MAY, label=LABEL, needed=needed)


GOES: list[tuple[str, IssueHistory, str, bool]] = [
    ("a writer labels the owner's text", history(), "labeled-0", True),
    ("the label's spelling", history(labelled(name="BluePrint"), labels=("BLUEPRINT",)), "labeled-0", True),
    ("a writer labels an outsider's text", history(author=OSCAR), "labeled-0", False),
    ("a reader's text", history(author=ADA), "labeled-0", False),
    ("the author's account is gone", history(author=None), "labeled-0", False),
    ("an outsider edited before the label", history(edits=(edited(OSCAR, -1),)), "labeled-0", False),
    ("an outsider renamed before the label", history(renamed(OSCAR, -1), labelled()), "labeled-0", False),
    ("a writer edited after it", history(edits=(edited(WILL, 5),)), "labeled-0", True),
    ("a writer renamed after it", history(labelled(), renamed(WILL, 5)), "labeled-0", True),
    ("taken off and put on again",
     history(labelled(OSCAR), labelled(OSCAR, 1, kind="unlabeled"), labelled(WILL, 2)), "labeled-2", True),
    ("an edit between two labels is before the newer",
     history(labelled(), labelled(WILL, 1, kind="unlabeled"), labelled(WILL, 9), edits=(edited(OSCAR, 5),)),
     "labeled-9", False),
    ("another label comes and goes",
     history(labelled(), labelled(OSCAR, 1, name="bug"), labelled(OSCAR, 2, name="bug", kind="unlabeled")),
     "labeled-0", True),
]  # fmt: skip


@pytest.mark.parametrize(("told", "cause", "trusted"), [row[1:] for row in GOES], ids=[row[0] for row in GOES])
def test_it_goes(told: IssueHistory, cause: str, trusted: bool) -> None:
    result = judge(told)
    assert isinstance(result, Go), result
    assert (result.cause_event_id, result.labeller, result.text_trusted) == (cause, WILL, trusted)


WAITS: list[tuple[str, IssueHistory, list[str]]] = [
    ("an outsider labels", history(labelled(OSCAR)), ["approval.labeller: @oscar"]),
    ("a reader labels", history(labelled(ADA)), ["approval.labeller: @ada"]),
    ("somebody GitHub does not know", history(labelled("zoe")), ["approval.labeller: @zoe"]),
    ("the labeller is gone", history(labelled(None)), ["approval.labeller: a deleted account"]),
    ("a bot labels", history(labelled(OLIVE, bot=True)), ["approval.labeller: @olive"]),
    ("an outsider edits after the label", history(edits=(edited(OSCAR, 1),)), ["blueprint.edited: @oscar"]),
    ("in the same second", history(edits=(edited(OSCAR, 0),)), ["blueprint.edited: @oscar"]),
    ("an editor whose account is gone", history(edits=(edited(None, 1),)), ["blueprint.edited: a deleted account"]),
    ("an outsider renames after the label", history(labelled(), renamed(OSCAR, 1)), ["blueprint.edited: @oscar"]),
    ("a writer edits again after that", history(edits=(edited(OSCAR, 1), edited(WILL, 2))),
     ["blueprint.edited: @oscar"]),
    ("several touches of one kind are one reason", history(edits=(edited(OSCAR, 1), edited(OSCAR, 2))),
     ["blueprint.edited: @oscar"]),
    ("several reasons", history(labelled(OSCAR), renamed(ADA, 1), edits=(edited(OSCAR, 1),)),
     ["approval.labeller: @oscar", "blueprint.edited: @oscar", "blueprint.edited: @ada"]),
    ("the history could not be read to its end", history(complete=False), ["blueprint.unreadable:"]),
]  # fmt: skip


@pytest.mark.parametrize(("told", "reasons"), [row[1:] for row in WAITS], ids=[row[0] for row in WAITS])
def test_it_waits_for_approval(told: IssueHistory, reasons: list[str]) -> None:
    result = judge(told)
    assert isinstance(result, NeedsApproval), result
    assert len(result.reasons) == len(reasons)
    assert all(have.startswith(want) for have, want in zip(result.reasons, reasons, strict=True)), result.reasons
    assert result.blueprint_digest == blueprint_digest(told.title, told.body)


def test_text_of_an_unread_history_is_not_trusted() -> None:
    result = judge(history(complete=False))
    assert isinstance(result, NeedsApproval) and not result.text_trusted
    writer_only = judge(history(labelled(OSCAR)))
    assert isinstance(writer_only, NeedsApproval) and writer_only.text_trusted


def test_the_repository_may_ask_for_more() -> None:
    assert isinstance(judge(history(labelled(WILL)), "admin"), NeedsApproval)
    assert isinstance(judge(history(labelled(OLIVE)), "admin"), Go)
    assert isinstance(judge(history(labelled(OLIVE), edits=(edited(WILL, 1),)), "admin"), NeedsApproval)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (history(state="closed"), "closed"),
        (history(labels=()), "not on the issue"),
        (history(labels=("bug",)), "not on the issue"),
        (history(labelled(name="bug"), labels=(LABEL,)), "does not show who"),
        (history(labelled(kind="unlabeled"), labels=(LABEL,)), "does not show who"),
    ],
)
def test_there_is_nothing_to_do(told: IssueHistory, why: str) -> None:
    result = judge(told)
    assert isinstance(result, Cancelled)
    assert why in result.reason
    assert label_in_force(told, LABEL) is None


def test_everybody_whose_permission_decides_is_asked_for() -> None:
    told = history(labelled(WILL), renamed(ADA, -5), author=OSCAR, edits=(edited("eve", -9), edited(None, 1)))
    assert who_must_be_known(told, LABEL) == {WILL, ADA, OSCAR, "eve"}
    assert who_must_be_known(history(author=None, labels=()), LABEL) == frozenset()


@pytest.mark.parametrize(
    ("told", "covers"),
    [
        (history(), True),
        (history(edits=(edited(OSCAR, 1),)), True),
        (history(edits=(edited(OSCAR, 10),)), False),
        (history(edits=(edited(OSCAR, 11),)), False),
        (history(edits=(edited(WILL, 11),)), True),
        (history(edits=(edited(None, 11),)), False),
        (history(labelled(), renamed(OSCAR, 11)), False),
        (history(complete=False), False),
    ],
)
def test_an_approval_covers_the_text_as_it_stood(told: IssueHistory, covers: bool) -> None:
    assert approved_by_go(told, MAY, at(10)) is covers


def test_the_digest_names_what_people_see() -> None:
    assert blueprint_digest("T", "a\r\nb\n") == blueprint_digest(" T ", "a\nb")
    assert blueprint_digest("T", "a b") != blueprint_digest("T a", "b")
    assert blueprint_digest("T", "a\n\nb") != blueprint_digest("T", "a\nb")
