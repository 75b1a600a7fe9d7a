"""The main job, from a labelled issue to a merge that can be checked."""

from bot.core.names import CHECK_GATE, CHECK_REASONING
from bot.core.states import RunState
from tests.journeys.world import GOOD, World

S = RunState


def test_a_blueprint_is_planned_judged_published_reviewed_and_merged(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()

    pull = world.pull()
    assert (pull.base_ref, pull.head_ref) == ("main", f"cadence/issue-{issue}")
    assert f"Closes #{issue}" in (pull.issue.body or "")
    assert world.checks(CHECK_REASONING)[0].conclusion == "success"
    world.later(3)
    assert world.checks(CHECK_GATE)[-1].status == "in_progress"
    assert world.state(issue) is S.GATED

    world.ci("success")
    assert world.state(issue) is S.GATED, "a green check has to settle first"
    world.later()

    world.must_be_merged(issue)
    merged = world.repo.read_file("greet.py")
    assert merged is not None and b'f"Hello {name}!"' in merged


def test_the_model_is_shown_the_files_it_is_asked_to_change(world: World) -> None:
    world.script_all()
    world.label_blueprint()
    (prompt,) = world.asked("change_set")
    assert 'return "Hello " + name' in prompt
    for kind in ("reasoning", "efficiency"):
        (review,) = world.asked(kind)
        assert '+    return f"Hello {name}!"' in review


def test_calls_stay_within_the_budget(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    run = world.ci(None)
    world.repo.complete_check_run(run, "success")
    world.later()
    world.must_be_merged(issue)
    counts = world.ledger.counts(world.run(issue).run_id)
    assert counts.model_calls == 4
    assert counts.content_creating <= 20
    assert counts.github_calls <= 48


def test_a_plan_of_the_models_choice_of_words_is_accepted(world: World) -> None:
    world.script_all(GOOD)
    issue = world.label_blueprint(title="[cadence] Greet", body="Please greet politely. Change greet.py.")
    world.ci()
    world.later()
    world.must_be_merged(issue)
