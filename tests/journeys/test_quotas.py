"""Quotas of a run: what is over one is not made, the run ends and says so, and goes on after the quota was raised."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.core.states import RunState
from bot.effects.kinds import EffectKind
from tests.fakes.inline_engine import Crash
from tests.journeys.world import FILES, OWNER, WRITER, World, edit, plan

S = RunState


def config(quota: str) -> str:
    return f"version: 1\nquota: {{{quota}}}\n"


def with_quota(quota: str) -> dict[str, str]:
    return {**FILES, ".github/cadence.yml": config(quota)}


def set_quota(world: World, quota: str) -> None:
    world.repo.push_commit({".github/cadence.yml": config(quota)}, by=WRITER)
    world.settle()


def move_the_base(world: World, number: int = 1) -> None:
    world.repo.push_commit({f"other_{number}.py": f"x = {number}\n"}, by=WRITER)
    world.settle()
    world.sweep()


def made(world: World, issue: int, *kinds: EffectKind) -> int:
    return world.ledger.count_made(world.run(issue).run_id, frozenset(kinds))


def test_a_run_within_the_default_quotas_merges(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.later()
    world.must_be_merged(issue)
    comments = made(world, issue, EffectKind.COMMENT_CREATE, EffectKind.REVIEW_POST, EffectKind.REVIEW_DECIDE)
    assert (comments, made(world, issue, EffectKind.BRANCH_PUSH), made(world, issue, EffectKind.PULL_OPEN)) == (3, 1, 1)


@pytest.mark.parametrize(("quota", "code"), [("files: 1", "quota.files"), ("kilobytes: 0", "quota.kilobytes")])
def test_a_change_that_is_too_large_is_not_reviewed_and_not_pushed(
    make_world: Callable[..., World], quota: str, code: str
) -> None:
    world = make_world(files=with_quota(quota))
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET and world.run(issue).reason.startswith(f"{code}:")
    assert not world.repo.pulls() and world.repo.tip(f"cadence/issue-{issue}") is None
    assert not world.asked("reasoning"), "nothing is paid for a change that cannot be pushed"
    name, _, amount = quota.partition(": ")
    status = world.status(issue)
    assert f"`quota.{name}` allows {amount}" in status and "/cadence resume" in status and "/cadence replan" in status
    world.comment(issue, "/cadence resume")
    assert world.state(issue) is S.STOPPED_BUDGET and f"`quota.{name}` allows {amount}" in world.status(issue)
    set_quota(world, f"{name}: 10")
    world.comment(issue, "/cadence resume")
    assert world.state(issue) is S.GATED and len(world.asked("change_set")) == 1
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_a_run_that_may_not_push_pushes_nothing_until_the_quota_is_raised(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_quota("pushes: 0"))
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET and world.repo.tip(f"cadence/issue-{issue}") is None
    assert world.run(issue).reason.startswith("quota.pushes:") and "`quota.pushes` allows 0" in world.status(issue)
    world.comment(issue, "/cadence resume")
    answer = world.bot_comments(issue)[-1]
    assert "The run stays **stopped: budget**" in answer and "Raise `quota.pushes`" in answer
    set_quota(world, "pushes: 2")
    world.comment(issue, "/cadence resume")
    assert world.state(issue) is S.GATED and len(world.asked("change_set")) == 1


def test_each_new_head_is_a_push_and_the_pull_request_is_opened_once(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_quota("pushes: 2, pulls: 1"))
    world.script_all()
    issue = world.label_blueprint()
    world.ci("failure")
    first = world.run(issue).head_sha
    move_the_base(world, 1)
    second = world.run(issue).head_sha
    assert world.state(issue) is S.GATED and second != first and world.pull().head_sha == second
    assert made(world, issue, EffectKind.PULL_OPEN) == 1
    world.ci("failure")
    move_the_base(world, 2)
    run = world.run(issue)
    assert run.state is S.STOPPED_BUDGET and run.reason.startswith("quota.pushes:")
    assert world.pull().head_sha == second and len(world.repo.pulls()) == 1
    assert "the run has made 2 pushes" in world.status(issue)
    world.sweep()
    assert world.pull().head_sha == second
    set_quota(world, "pushes: 3, pulls: 1")
    world.comment(issue, "/cadence resume")
    assert world.state(issue) is S.GATED and world.pull().head_sha not in (first, second)
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_a_run_without_a_pull_request_in_its_quota_opens_none(make_world: Callable[..., World]) -> None:
    world = make_world(CADENCE_QUOTA_PULLS="0")
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET and not world.repo.pulls()
    assert world.run(issue).reason.startswith("quota.pulls:")
    assert "CADENCE_QUOTA_PULLS allows 0" in world.status(issue)
    assert "The operator raises CADENCE_QUOTA_PULLS" in world.status(issue)


def test_the_status_comment_is_written_at_the_quota_and_reviews_are_not(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_quota("comments: 2"))
    world.script_all()
    issue = world.label_blueprint()
    # The status comment and one review are posted; the second review is not.
    assert world.state(issue) is S.STOPPED_BUDGET and len(world.pull().reviews) == 1
    status = world.status(issue)
    assert world.run(issue).reason.startswith("quota.comments:")
    assert "the run has made 2 comments and reviews" in status and "`quota.comments` allows 2" in status
    set_quota(world, "comments: 20")
    world.comment(issue, "/cadence resume")
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_with_no_comment_allowed_the_reason_is_still_said(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_quota("comments: 0"))
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET and not world.pull().reviews
    assert "`quota.comments` allows 0" in world.status(issue)


def test_a_person_may_merge_what_a_quota_stopped(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_quota("comments: 1"))
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET
    world.repo.merge_pull(world.pull().number, by=OWNER)
    world.settle()
    assert world.end_state(issue) is S.MERGED


def test_a_repository_cannot_raise_the_operators_quota(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_quota("files: 500"), CADENCE_QUOTA_FILES="1")
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.STOPPED_BUDGET and "CADENCE_QUOTA_FILES allows 1" in world.status(issue)


def test_a_process_that_ends_after_the_push_does_not_count_it_twice(make_world: Callable[..., World]) -> None:
    world = make_world(files=with_quota("pushes: 1, pulls: 1, comments: 3"))
    world.script_all()
    settle = world.ledger.settle
    wanted = (EffectKind.BRANCH_PUSH, EffectKind.PULL_OPEN, EffectKind.REVIEW_POST)
    lost: list[str] = []

    def die_once(effect_id: int, state: str, **told: object) -> None:
        kind = next(one.kind for one in world.ledger.effects_of(world.run(1).run_id) if one.id == effect_id)
        if kind in wanted and kind not in lost:
            lost.append(kind)
            raise Crash
        settle(effect_id, state, **told)  # type: ignore[arg-type]

    world.ledger.settle = die_once  # type: ignore[method-assign]
    issue = world.label_blueprint()
    world.later()
    assert set(lost) == set(wanted)
    assert world.state(issue) is S.GATED and len(world.pull().reviews) == 2 and len(world.repo.pulls()) == 1
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_a_rename_is_one_file_without_new_content(make_world: Callable[..., World]) -> None:
    moved = plan(edit("hello/README.md", "add", rename_from="README.md"), summary="Move the page")
    world = make_world(files=with_quota("files: 1, kilobytes: 0"))
    world.script_all(moved)
    issue = world.label_blueprint()
    assert world.state(issue) is S.GATED, world.run(issue).reason
