"""What changes in the second between the green gate check and the merge is seen, and nothing merges."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.core.names import CHECK_GATE
from bot.core.states import RunState
from tests.journeys.world import FILES, OWNER, SETTLE, WRITER, World

S = RunState
NEVER_BEHIND = "version: 1\nmerge: {up_to_date: never}\n"


def in_the_last_second(world: World, change: Callable[[], object]) -> list[str]:
    """Make the change while Cadence waits between the green check and the merge; gives the green heads it was seen on.

    Webhooks of the change are not delivered before the merge: only a look can see it.
    """
    sleep, seen = world.clock.sleep, []

    def sleep_and_change(seconds: float) -> None:
        sleep(seconds)
        if seconds <= 0 or seen or not world.repo.pulls():
            return
        green = [run for run in world.checks(CHECK_GATE) if run.conclusion == "success"]
        if green:
            seen.append(world.pull().head_sha)
            change()

    world.clock.sleep = sleep_and_change  # type: ignore[method-assign]
    return seen


def paced(make_world: Callable[..., World], config: str = "version: 1\n") -> World:
    world = make_world(files={**FILES, ".github/cadence.yml": config}, CADENCE_WRITE_INTERVAL_MS="1000")
    world.script_all()
    return world


CHANGES: dict[str, tuple[Callable[[World, int], object], str]] = {
    "hold": (lambda w, _: w.repo.label(w.pull().number, "cadence:hold", by=OWNER), "hold"),
    "hold on the issue": (lambda w, issue: w.repo.label(issue, "cadence:hold", by=OWNER), "hold"),
    "label removed": (lambda w, issue: w.repo.unlabel(issue, "blueprint", by=OWNER), "stopped"),
    "issue closed": (lambda w, issue: w.repo.close(issue, by=OWNER), "stopped"),
    "text edited": (lambda w, issue: w.repo.edit_body(issue, "Something else.", by="oscar"), "blueprint.edited"),
    "title edited": (lambda w, issue: w.repo.rename(issue, "Another", by=OWNER), "blueprint.edited"),
    "red check": (
        lambda w, _: w.repo.create_check_run(
            w.ci_app, name="lint", head_sha=w.pull().head_sha, status="completed", conclusion="failure"
        ),
        "ci.failed",
    ),
    "check queued again": (
        lambda w, _: w.repo.create_check_run(
            w.ci_app, name="tests", head_sha=w.pull().head_sha, status="queued", conclusion=None
        ),
        "ci.pending",
    ),
    "retarget": (lambda w, _: w.repo.retarget(w.pull().number, "other", by=OWNER), "base.retargeted"),
    "new head": (
        lambda w, issue: w.repo.push_commit({"x.py": "x = 1\n"}, by=OWNER, branch=f"cadence/issue-{issue}"),
        "review.stale",
    ),
    "draft": (lambda w, _: w.repo.set_draft(w.pull().number, True, by=OWNER), "draft"),
    "paused on the base": (
        lambda w, _: w.repo.push_commit({".github/cadence.yml": NEVER_BEHIND + "paused: true\n"}, by=OWNER),
        "paused",
    ),
    "changes requested": (
        lambda w, _: w.repo.submit_review(w.pull().number, event="REQUEST_CHANGES", by=WRITER, body="No."),
        "approval.missing",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_between_the_green_check_and_the_merge_keeps_it_back(
    make_world: Callable[..., World], name: str
) -> None:
    world = paced(make_world, NEVER_BEHIND)
    world.repo.push_commit({"o.py": "o = 1\n"}, by=OWNER, branch="other")
    change, code = CHANGES[name]
    issue = world.label_blueprint()
    seen = in_the_last_second(world, lambda: change(world, issue))
    world.ci()
    world.later()
    assert seen, "the change has to happen between the check and the merge"
    assert world.pull().merged_at is None
    decisions = world.ledger.decisions_of(world.run(issue).run_id)
    place = next(place for place, one in enumerate(decisions) if one.outcome == "merge")
    assert code in [reason["code"] for reason in decisions[place + 1].reasons]
    newest = world.checks(CHECK_GATE, world.pull().head_sha)
    assert not newest or newest[-1].conclusion != "success"
    assert all(run.conclusion != "success" for run in world.checks(CHECK_GATE, seen[0])[-1:]) or name == "new head"


def test_nothing_waits_between_the_last_look_and_the_merge(make_world: Callable[..., World]) -> None:
    world = paced(make_world)
    issue = world.label_blueprint()
    looked: list[object] = []
    merged: list[object] = []

    def watch(fault: object) -> None:
        if fault.phase != "before":  # type: ignore[attr-defined]
            return
        if fault.route.endswith("/graphql") and not merged:  # type: ignore[attr-defined]
            looked.append(world.clock.now())
        if fault.method == "PUT":  # type: ignore[attr-defined]
            merged.append(world.clock.now())

    world.github.on_request(watch)
    world.ci()
    world.later()
    world.must_be_merged(issue)
    assert merged == looked[-1:]


def test_the_merge_goes_before_other_writes_that_wait(make_world: Callable[..., World]) -> None:
    world = paced(make_world)
    issue = world.label_blueprint()
    world.ci()
    seconds: list[float] = []
    began = world.clock.now()

    def watch(fault: object) -> None:
        if fault.method == "PUT" and fault.phase == "after":  # type: ignore[attr-defined]
            seconds.append((world.clock.now() - began).total_seconds())

    world.github.on_request(watch)
    for _ in range(55):
        world.ledger.reserve_write(int(world.installation.id), 1000, began)
    world.later()
    assert world.pull().merged_at is not None
    assert seconds[0] <= SETTLE + 5, "the slots reserved by others end 25 s later"
    world.must_be_merged(issue)


def test_a_look_that_fails_after_the_green_check_takes_the_check_back(make_world: Callable[..., World]) -> None:
    world = paced(make_world)
    issue = world.label_blueprint()
    failed: list[bool] = []
    armed = in_the_last_second(world, lambda: None)

    def fail(fault: object) -> tuple[int, object] | None:
        here = fault.route.endswith("/graphql") and fault.phase == "before"  # type: ignore[attr-defined]
        shown = [one for one in world.ledger.decisions_of(world.run(issue).run_id) if one.outcome == "merge"]
        if armed and here and len(shown) == 1 and world.gate_codes(issue) != ["unread.last_look"]:
            failed.append(True)
            return 502, {"message": "Server Error"}
        return None

    world.github.on_request(fail)
    world.ci()
    for _ in range(40):
        if world.gate_codes(issue) == ["unread.last_look"]:
            break
        world.later(1)
    assert failed and world.gate_codes(issue) == ["unread.last_look"]
    assert world.checks(CHECK_GATE)[-1].conclusion is None
    assert world.pull().merged_at is None
    world.sweep()
    world.later(60)
    assert world.pull().merged_at is not None, "a later look finds that everything still holds"


def test_a_run_ended_by_another_worker_in_the_last_second_does_not_merge(make_world: Callable[..., World]) -> None:
    world = paced(make_world)
    issue = world.label_blueprint()
    seen = in_the_last_second(
        world, lambda: world.ledger.move(world.run(issue).run_id, S.NEEDS_HUMAN, reason="another worker said so")
    )
    world.ci()
    world.later()
    assert seen and world.pull().merged_at is None
    assert world.checks(CHECK_GATE)[-1].conclusion == "action_required"
    assert (world.state(issue), world.run(issue).reason) == (S.NEEDS_HUMAN, "another worker said so")


def test_a_run_that_needs_a_person_shows_no_green_gate(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.ledger.move(world.run(issue).run_id, S.NEEDS_HUMAN, reason="a person has to look")
    world.later()
    world.engine.reconcile(world.repo.id, world.pull().number)
    world.settle()
    assert world.pull().merged_at is None
    assert all(run.conclusion != "success" for run in world.checks(CHECK_GATE))
    assert world.state(issue) is S.NEEDS_HUMAN


def test_a_merge_into_a_branch_nobody_judged_is_said_and_a_revert_is_offered(make_world: Callable[..., World]) -> None:
    """GitHub's merge names the head, not the base: a retarget after the last look cannot be excluded."""
    world = paced(make_world)
    world.repo.push_commit({"o.py": "o = 1\n"}, by=OWNER, branch="other")
    issue = world.label_blueprint()
    number = world.pull().number
    done: list[bool] = []

    def retarget(fault: object) -> None:
        if fault.method == "PUT" and fault.phase == "before" and not done:  # type: ignore[attr-defined]
            done.append(True)
            world.repo.retarget(number, "other", by=OWNER)

    world.github.on_request(retarget)
    world.ci()
    world.later()
    assert world.repo.pull(number).merged_at is not None and world.repo.pull(number).base_ref == "other"
    child, first = world.runs(issue)
    assert first.state is S.NEEDS_HUMAN and first.reason.startswith("base.unjudged: ")
    assert world.ledger.proof_of_run(first.run_id) is None, "what was judged is not what was merged"
    back = world.pull()
    assert (back.number != number, back.draft, back.base_ref) == (True, True, "other")
    assert back.issue.title.startswith('Revert "')
    assert world.repo.read_file("greet.py", back.head_sha) == FILES["greet.py"].encode()
    assert world.repo.issue(issue).state == "open"
    assert any("The change was not judged on `other`" in text for text in world.bot_comments(issue))
    assert child.pull == back.number
