"""The sweep reaches everything in turn, and counts what it really spends."""

from __future__ import annotations

from typing import Any

from bot.core.states import RunState
from tests.journeys.world import BODY, OWNER, TITLE, WRITER, World

S = RunState


def swept(world: World) -> None:
    """One sweep, after the interval between two."""
    world.clock.advance(180)
    world.sweep()


def test_many_open_pull_requests_leave_labels_their_share_and_are_all_looked_at(world: World) -> None:
    world.script_all()
    issues = [world.label_blueprint(f"{TITLE} {number}") for number in range(6)]
    world.github.world.hooks.drop(lambda delivery: delivery.app.slug == "cadence")
    late = world.repo.file_issue("The seventh", BODY, by=OWNER)
    world.repo.label(late, "blueprint", by=OWNER)
    world.later(60)
    looked: set[int] = set()
    reconcile = world.engine.reconcile

    def watched(repository_id: int, pull: int, *, at: Any = None) -> None:
        if at is None:
            looked.add(pull)
        reconcile(repository_id, pull, at=at)

    world.engine.reconcile = watched  # type: ignore[method-assign]
    swept(world)
    assert world.runs(late), "the label was reached by the first sweep"
    looked.clear()
    for _ in range(8):
        swept(world)
    pulls = {int(world.run(issue).pull or 0) for issue in issues}
    assert pulls <= looked


def test_a_sweep_keeps_within_five_per_cent_of_the_limit(world: World) -> None:
    world.script_all()
    for number in range(6):
        world.label_blueprint(f"{TITLE} {number}")
    world.later(120)
    swept(world)
    before = len(world.github.world.requests)
    for _ in range(20):
        swept(world)
    sent = [r for r in world.github.world.requests[before:] if r.status != 304 and "access_tokens" not in r.route]
    mine = [r for r in sent if r.route.startswith(("/repos", "/graphql", "/api", "/installation/"))]
    assert len(mine) <= 250, "an hour of sweeps"


def test_a_command_whose_delivery_was_lost_is_taken_by_the_sweep_once(world: World) -> None:
    world.script_all()
    issue = world.repo.file_issue(TITLE, BODY, by="oscar")
    world.repo.label(issue, "blueprint", by=OWNER)
    world.repo.edit_body(issue, f"{BODY}\n\nAnd more.", by="oscar")
    world.settle()
    assert world.state(issue) is S.WAITING_APPROVAL
    world.clock.advance(5)
    world.github.world.hooks.drop(lambda delivery: delivery.app.slug == "cadence")
    world.repo.comment(issue, "/cadence go", by=WRITER)
    world.settle()
    assert world.state(issue) is S.WAITING_APPROVAL
    assert world.run(issue).approved_by == ""
    world.sweep()
    assert world.run(issue).approved_by == "", "its delivery may be at work, and both would carry the command out"
    swept(world)
    assert world.run(issue).approved_by == WRITER
    assert world.asked("change_set"), "the text was approved, so it was planned"
    swept(world)
    assert world.run(issue).approved_diff == "", "the comment approves once, and not the diff that was shown after it"
