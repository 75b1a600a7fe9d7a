"""What counts as CI, and when."""

from collections.abc import Callable

from bot.core.names import CHECK_GATE
from bot.core.states import RunState
from tests.journeys.world import FILES, SETTLE, World

S = RunState


def test_a_red_check_blocks_and_a_green_rerun_merges(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci("failure")
    world.later()
    assert world.gate_codes(issue) == ["ci.failed"]
    assert world.checks(CHECK_GATE)[-1].conclusion == "action_required"
    world.ci("success")
    world.later()
    world.must_be_merged(issue)


def test_a_job_of_the_same_name_in_another_workflow_hides_no_failure(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    head = world.pull().head_sha
    for workflow, conclusion in (("docs", "failure"), ("code", "success")):
        world.clock.advance(1)
        world.repo.create_check_run(
            world.ci_app, name="build", head_sha=head, conclusion=conclusion, workflow=(workflow, "pull_request")
        )
    world.later()
    assert world.gate_codes(issue) == ["ci.failed"]
    assert world.pull().merged_at is None
    actions = world.repo.actions(world.ci_app)
    again = actions.start(head, "docs")
    actions.job(again, "build")
    actions.end(again)
    world.later()
    assert world.end_state(issue) is S.MERGED, "another run of the same workflow takes the place of the one before"


def test_no_ci_at_all_is_never_a_pass(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.later(3600)
    assert world.gate_codes(issue) == ["ci.none"]
    assert "require_ci: false" in world.checks(CHECK_GATE)[-1].summary


def test_a_repository_may_say_that_it_has_no_ci(make_world: Callable[..., World]) -> None:
    world = make_world(files={**FILES, ".github/cadence.yml": "version: 1\nmerge: {require_ci: false}\n"})
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.GATED, "it still settles first"
    world.later()
    assert world.end_state(issue) is S.MERGED


def test_a_quick_lint_does_not_merge_before_the_slow_tests_have_registered(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci("success", "lint")
    world.clock.advance(SETTLE - 5)
    slow = world.ci(None, "tests")
    world.later(5)
    assert world.pull().merged_at is None
    world.later(600)
    assert world.gate_codes(issue) == ["ci.pending"]
    world.repo.complete_check_run(slow, "failure")
    world.later()
    assert world.gate_codes(issue) == ["ci.failed"]
    assert world.pull().merged_at is None


def test_a_check_that_runs_on_the_base_is_expected_on_the_head(world: World) -> None:
    world.repo.create_check_run(world.ci_app, name="integration", head_sha=world.repo.tip() or "")
    world.script_all()
    issue = world.label_blueprint()
    world.ci("success", "lint")
    world.later(600)
    assert world.gate_codes(issue) == ["ci.pending"]
    world.ci("success", "integration")
    world.later()
    world.must_be_merged(issue)


def test_a_commit_status_counts_too(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.repo.create_status(world.pull().head_sha, by="will", context="coverage", state="failure")
    world.later()
    assert world.gate_codes(issue) == ["ci.failed"]
    world.repo.create_status(world.pull().head_sha, by="will", context="coverage", state="success")
    world.later()
    world.must_be_merged(issue)


def test_a_skipped_check_is_no_proof_unless_it_is_listed(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.ci("skipped", "deploy")
    world.later()
    assert world.gate_codes(issue) == ["ci.skipped"]


def test_our_name_on_another_apps_check_blocks(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.ci("success", "cadence/reasoning")
    world.later()
    assert world.gate_codes(issue) == ["check.foreign_app"]


def test_a_required_check_of_a_ruleset_is_waited_for(world: World) -> None:
    wanted = {"required_status_checks": [{"context": "security"}], "strict_required_status_checks_policy": False}
    world.repo.add_ruleset([{"type": "required_status_checks", "parameters": wanted}])
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.later(600)
    assert world.gate_codes(issue) == ["ci.pending"]
    world.ci("success", "security")
    world.later()
    world.must_be_merged(issue)
