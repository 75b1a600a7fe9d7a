"""Workflow runs and check suites: jobs that do not exist yet, jobs of one name, re-runs, runs that never begin."""

from datetime import timedelta

import pytest

from bot.core.names import CHECK_GATE
from bot.core.states import RunState
from bot.sandbox.github.actions import SandboxActions
from tests.journeys.world import SETTLE, World

S = RunState


def ready(world: World) -> tuple[int, str, SandboxActions]:
    """A pull request that waits for CI alone: (issue, head, GitHub Actions on it)."""
    world.script_all()
    issue = world.label_blueprint()
    return issue, world.pull().head_sha, world.repo.actions(world.ci_app)


def said(world: World) -> str:
    return str(world.checks(CHECK_GATE)[-1].summary)


# -- jobs of one name -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("first", ["failure", None])
def test_a_leg_of_the_same_name_hides_no_other(world: World, first: str | None) -> None:
    world.script_all()
    issue = world.label_blueprint()
    head, run = world.pull().head_sha, ("ci", "pull_request")
    status = "completed" if first else "in_progress"
    world.repo.create_check_run(
        world.ci_app, name="test (ubuntu)", head_sha=head, status=status, conclusion=first, workflow=run
    )
    world.clock.advance(1)
    world.repo.create_check_run(world.ci_app, name="test (ubuntu)", head_sha=head, conclusion="success", workflow=run)
    world.later()
    assert world.pull().merged_at is None
    assert world.gate_codes(issue) == ["ci.failed" if first else "ci.pending"]


def test_a_skipped_leg_of_the_same_name_is_seen_too(world: World) -> None:
    issue, head, actions = ready(world)
    run = actions.start(head)
    for conclusion in ("skipped", "success"):
        actions.job(run, "test", conclusion)
    actions.end(run)
    world.later()
    assert world.gate_codes(issue) == ["ci.skipped"]


@pytest.mark.parametrize("first", ["failure", None])
def test_runs_of_another_app_that_overlap_all_count(world: World, first: str | None) -> None:
    world.script_all()
    issue = world.label_blueprint()
    slow = world.ci(None, "build")
    world.clock.advance(1)
    world.ci("success", "build")
    if first:
        world.repo.complete_check_run(slow, first)
    world.later()
    assert world.gate_codes(issue) == ["ci.failed" if first else "ci.pending"]
    assert world.pull().merged_at is None
    if first:
        world.ci("success", "build")
        world.later()
        world.must_be_merged(issue)


def test_a_check_that_is_queued_again_after_it_was_green_is_waited_for(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.clock.advance(SETTLE - 10)
    again = world.ci(None)
    world.later(600)
    assert world.gate_codes(issue) == ["ci.pending"]
    world.repo.complete_check_run(again, "success")
    world.later()
    world.must_be_merged(issue)


# -- jobs that need others ------------------------------------------------------------------------------------------
def test_a_job_that_needs_another_is_waited_for_before_its_check_exists(world: World) -> None:
    issue, head, actions = ready(world)
    run = actions.start(head)
    actions.job(run, "build")
    world.later(600)
    assert world.pull().merged_at is None
    assert world.gate_codes(issue) == ["ci.pending"]
    assert "The workflow `ci` (event `pull_request`) is not completed" in said(world)
    actions.job(run, "test", "failure")
    actions.end(run)
    world.later()
    assert world.gate_codes(issue) == ["ci.failed"]
    assert world.pull().merged_at is None


def test_all_jobs_done_and_the_workflow_run_completed_merges(world: World) -> None:
    issue, head, actions = ready(world)
    run = actions.start(head)
    actions.job(run, "build")
    world.later()
    actions.job(run, "test")
    actions.end(run)
    world.later()
    world.must_be_merged(issue)


def test_the_settle_time_counts_from_the_newest_completion_too(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    check = world.ci(None)
    world.later(600)
    world.repo.complete_check_run(check, "success")
    world.settle()
    assert world.gate_codes(issue) == ["ci.settling"]
    world.clock.advance(SETTLE - 5)
    late = world.ci(None, "deploy")
    world.later()
    assert world.gate_codes(issue) == ["ci.pending"]
    world.repo.complete_check_run(late, "success")
    world.later()
    world.must_be_merged(issue)


def test_tests_that_are_skipped_because_a_job_they_need_failed_are_no_proof(world: World) -> None:
    issue, head, actions = ready(world)
    run = actions.start(head)
    actions.job(run, "build", "failure")
    actions.job(run, "test", "skipped")
    actions.end(run)
    world.ci("success", "lint")
    world.later()
    assert world.gate_codes(issue) == ["ci.failed", "ci.skipped"]
    assert world.pull().merged_at is None


# -- runs without jobs ----------------------------------------------------------------------------------------------
def test_a_workflow_run_that_never_begins_is_named_after_half_an_hour(world: World) -> None:
    issue, head, actions = ready(world)
    run = actions.start(head, "nightly", status="pending")
    world.ci()
    world.later()
    assert world.gate_codes(issue) == ["ci.pending"]
    world.later((run.created_at + timedelta(minutes=30, seconds=1) - world.clock.now()).total_seconds())
    assert world.gate_codes(issue) == ["ci.stuck"]
    assert "The workflow `nightly`" in said(world) and "re-run or cancel it" in said(world)
    assert f"/actions/runs/{run.run_id}" in said(world)
    actions.job(run, "slow")
    actions.end(run)
    world.later()
    world.must_be_merged(issue)


@pytest.mark.parametrize(
    ("conclusion", "code", "words"),
    [
        ("startup_failure", "ci.failed", "ended `startup_failure`"),
        ("action_required", "ci.approval", "before a person with write access approves it"),
    ],
)
def test_a_workflow_run_that_ends_without_a_job_blocks(world: World, conclusion: str, code: str, words: str) -> None:
    issue, head, actions = ready(world)
    actions.end(actions.start(head), conclusion)
    world.ci()
    world.later()
    assert world.gate_codes(issue) == [code]
    assert words in said(world)


def test_a_deployment_that_waits_for_approval_says_who_gives_it(world: World) -> None:
    issue, head, actions = ready(world)
    run = actions.start(head)
    actions.job(run, "build")
    run.status = "waiting"
    world.later()
    assert world.gate_codes(issue) == ["ci.pending"]
    assert "A reviewer of the deployment environment" in said(world)


def test_a_suite_of_another_app_that_holds_nothing_is_not_waited_for(world: World) -> None:
    idle = world.github.create_app("coverage", {"checks": "write"}, [])
    world.github.install(idle, world.repo)
    world.script_all()
    issue = world.label_blueprint()
    suites = [one for one in world.repo.state.suites.values() if one.head_sha == world.pull().head_sha]
    assert {one.app.slug for one in suites} == {"coverage", "sandbox-ci", "cadence"}
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_a_suite_of_another_app_that_holds_a_check_is_waited_for(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    held = world.repo.state.suites[world.ci().suite_id]
    held.status = "queued"
    world.later()
    assert world.gate_codes(issue) == ["ci.pending"]
    assert "The check suite of `sandbox-ci` is not completed." in said(world)


# -- re-runs and cancellations --------------------------------------------------------------------------------------
@pytest.mark.parametrize("new_suite", [False, True])
def test_rerun_failed_jobs_counts_the_jobs_that_had_passed(world: World, new_suite: bool) -> None:
    issue, head, actions = ready(world)
    run = actions.start(head)
    actions.job(run, "lint")
    actions.job(run, "test", "failure")
    actions.end(run)
    world.later()
    assert world.gate_codes(issue) == ["ci.failed"]
    run = actions.again(run, new_suite=new_suite)
    world.sweep()
    assert "ci.pending" in world.gate_codes(issue)
    assert world.pull().merged_at is None
    actions.job(run, "test")
    actions.end(run)
    world.later()
    world.must_be_merged(issue)


@pytest.mark.parametrize("new_suite", [False, True])
def test_a_job_that_was_not_run_again_still_counts_as_it_ended(world: World, new_suite: bool) -> None:
    issue, head, actions = ready(world)
    run = actions.start(head)
    for name in ("lint", "test"):
        actions.job(run, name, "failure")
    actions.end(run)
    run = actions.again(run, new_suite=new_suite)
    actions.job(run, "test")
    # What GitHub says of the run as a whole is not relied upon.
    actions.end(run, "success")
    world.later()
    assert world.gate_codes(issue) == ["ci.failed"]
    assert "The check `lint` ended `failure`" in said(world)


def test_a_run_whose_jobs_github_does_not_list_is_pending(world: World) -> None:
    issue, head, actions = ready(world)
    run = actions.start(head)
    actions.job(run, "test")
    actions.end(run)
    # An attempt has just been queued, and the suite still has the status of the attempt before.
    run.attempt = 2
    run.conclusion = "failure"
    world.later()
    assert world.gate_codes(issue) == ["ci.pending"]


def test_a_check_that_a_step_makes_is_not_lost_among_the_jobs(world: World) -> None:
    issue, head, actions = ready(world)
    run = actions.start(head)
    actions.job(run, "test", "failure")
    actions.report(run, "report of the tests", "failure")
    run = actions.again(run)
    actions.job(run, "test")
    actions.end(run, "success")
    world.later()
    assert world.gate_codes(issue) == ["ci.failed"]
    assert "The check `report of the tests` ended `failure`" in said(world)


def test_a_run_that_a_newer_one_cancelled_does_not_count(world: World) -> None:
    issue, head, actions = ready(world)
    older = actions.start(head)
    actions.job(older, "test", "cancelled")
    actions.end(older)
    newer = actions.start(head)
    actions.job(newer, "test")
    actions.end(newer)
    world.later()
    world.must_be_merged(issue)


def test_the_newest_run_being_cancelled_blocks(world: World) -> None:
    issue, head, actions = ready(world)
    for conclusion in ("success", "cancelled"):
        run = actions.start(head)
        actions.job(run, "test", conclusion)
        actions.end(run)
    world.later()
    assert world.gate_codes(issue) == ["ci.failed"]


def test_runs_of_one_workflow_for_two_events_both_count(world: World) -> None:
    issue, head, actions = ready(world)
    for event, conclusion in (("pull_request", "failure"), ("push", "success")):
        run = actions.start(head, event=event)
        actions.job(run, "test", conclusion)
        actions.end(run)
    world.later()
    assert world.gate_codes(issue) == ["ci.failed"]


def test_more_checks_and_suites_than_one_page_holds_are_read_to_the_last(world: World) -> None:
    issue, head, actions = ready(world)
    world.github.world.hooks.drop(lambda one: one.event in ("check_run", "check_suite"))
    for number in range(55):
        run = actions.start(head, f"workflow {number}")
        for name in ("build", "test"):
            actions.job(run, f"{name} {number}")
        actions.end(run)
    world.github.world.hooks.drop(None)
    last = actions.start(head, "the last one")
    world.sweep()
    world.later()
    assert world.gate_codes(issue) == ["ci.pending"]
    assert "The workflow `the last one`" in said(world)
    actions.job(last, "late")
    actions.end(last)
    world.later()
    assert world.end_state(issue) is S.MERGED
