"""The label that starts runs, where the repository's policy names another than the default one."""

from collections.abc import Callable

import pytest

from bot.core.states import RunState
from tests.journeys.world import BODY, FILES, OWNER, TITLE, WRITER, World

S = RunState
CONFIG = ".github/cadence.yml"
AGENT = "version: 1\ntrigger: {label: agent}\n"
MakeWorld = Callable[..., World]


def world_of(make_world: MakeWorld, policy: str, **more: str) -> World:
    world = make_world(files={**FILES, CONFIG: policy, **more})
    world.script_all()
    return world


def labelled(world: World, *labels: str) -> int:
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
    for label in labels:
        world.repo.label(issue, label, by=OWNER)
    world.settle()
    return issue


def lose_deliveries(world: World) -> None:
    world.github.world.hooks.drop(lambda delivery: delivery.app.slug == "cadence")


def test_a_label_of_the_repositorys_own_starts_its_first_run(make_world: MakeWorld) -> None:
    world = world_of(make_world, AGENT)
    issue = labelled(world, "Agent")
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_the_default_label_starts_nothing_where_another_is_named(make_world: MakeWorld) -> None:
    world = world_of(make_world, AGENT)
    issue = labelled(world, "blueprint")
    world.sweep()
    assert not world.runs(issue) and not world.bot_comments(issue)
    assert ("ignored", "the label 'blueprint' is not 'agent'") in world.deliveries()
    world.must_be_quiet()


def test_the_default_label_ends_no_run_of_the_repositorys_own(make_world: MakeWorld) -> None:
    world = world_of(make_world, AGENT)
    issue = labelled(world, "agent", "blueprint")
    world.repo.unlabel(issue, "blueprint", by=OWNER)
    world.settle()
    assert [run.state for run in world.runs(issue)] == [S.GATED]


def test_taking_the_repositorys_own_label_off_stops_the_first_run(make_world: MakeWorld) -> None:
    world = world_of(make_world, f"{AGENT}plan: {{approval: required}}\n")
    issue = labelled(world, "agent")
    assert world.state(issue) is S.WAITING_APPROVAL
    world.repo.unlabel(issue, "agent", by=WRITER)
    world.settle()
    assert world.state(issue) is S.STOPPED
    assert "`agent` was removed" in world.status(issue)


def test_the_sweep_finds_what_a_lost_delivery_left(make_world: MakeWorld) -> None:
    world = world_of(make_world, AGENT)
    lose_deliveries(world)
    issue = labelled(world, "agent")
    assert not world.runs(issue)
    world.sweep()
    assert world.state(issue) is S.GATED


def test_another_label_counts_from_the_moment_the_policy_says_so(make_world: MakeWorld) -> None:
    world = world_of(make_world, FILES[CONFIG])
    first = labelled(world, "blueprint")
    world.repo.push_commit({CONFIG: AGENT}, by=WRITER)
    world.settle()
    other, second = labelled(world, "blueprint"), labelled(world, "agent")
    assert world.runs(first) and world.runs(second) and not world.runs(other)


def test_the_policy_of_the_base_that_runs_change_decides(make_world: MakeWorld) -> None:
    world = world_of(make_world, "version: 1\nplan: {base: dev}\ntrigger: {label: agent}\n")
    world.repo.push_commit({CONFIG: "version: 1\ntrigger: {label: robot}\n"}, by=WRITER, branch="dev")
    assert not world.runs(labelled(world, "agent"))
    issue = labelled(world, "robot")
    assert world.state(issue) is S.GATED and world.pull().base_ref == "dev"


def test_a_base_that_is_not_there_is_told_under_the_label_that_is_known(make_world: MakeWorld) -> None:
    world = world_of(make_world, "version: 1\nplan: {base: dev}\ntrigger: {label: agent}\n")
    issue = labelled(world, "agent")
    assert world.state(issue) is S.REFUSED
    assert "base.missing" in world.status(issue)


UNUSABLE = [
    pytest.param(f"{AGENT}pausd: true\n", "unknown key", id="invalid"),
    pytest.param('trigger:\n  "label": "agent"  # ours\nci: {expect: [\n', "line 4", id="no YAML"),
    pytest.param(f"{AGENT}# {'x' * 100_001}\n", "longer than", id="too long"),
]


@pytest.mark.parametrize("lost", [False, True], ids=["delivered", "swept"])
@pytest.mark.parametrize(("policy", "told"), UNUSABLE)
def test_a_policy_that_cannot_be_used_is_told_on_the_issue_and_starts_nothing(
    make_world: MakeWorld, policy: str, told: str, lost: bool
) -> None:
    world = world_of(make_world, policy)
    if lost:
        lose_deliveries(world)
    issue, other = labelled(world, "agent"), labelled(world, "bug")
    for _ in range(2 if lost else 1):
        world.sweep()
    assert world.state(issue) is S.REFUSED and len(world.runs(issue)) == 1
    assert "config.invalid" in world.status(issue) and told in world.status(issue)
    assert not world.runs(other) and not world.bot_comments(other)
    assert not world.model.requests and not world.repo.pulls()


@pytest.mark.parametrize("label", ["blueprint", "bug"])
def test_a_file_that_is_no_text_leaves_only_the_default_label_to_say_so(make_world: MakeWorld, label: str) -> None:
    world = world_of(make_world, f"{AGENT}\0")
    issue = labelled(world, label)
    if label == "bug":
        assert not world.runs(issue)
        assert any(reason.startswith("config.invalid") for _, reason in world.deliveries())
    else:
        assert world.state(issue) is S.REFUSED
        assert "config.invalid" in world.status(issue)
    assert not world.model.requests


def test_a_repository_that_cannot_be_read_keeps_no_other_from_being_swept(make_world: MakeWorld) -> None:
    world = world_of(make_world, AGENT)
    lose_deliveries(world)
    hidden = world.github.create_repository(OWNER, "hidden", files=FILES)
    world.github.install(world.app, hidden)
    issue = labelled(world, "agent")
    real = world.services.github.at

    def at(ref: object) -> object:
        calls = real(ref)  # type: ignore[arg-type]
        if getattr(ref, "name").name == "hidden":  # noqa: B009
            calls._link.ref = type(ref)(ref.repository_id, type(ref.name)(OWNER, "gone"), ref.installation_id)  # type: ignore[attr-defined]
        return calls

    world.services.github.at = at  # type: ignore[method-assign]
    world.sweep()
    assert world.state(issue) is S.GATED
