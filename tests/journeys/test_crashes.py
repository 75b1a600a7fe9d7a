"""The process dies between an effect and its record: one of each at the end, whatever was repeated."""

import pytest

from bot.core.names import CHECK_EFFICIENCY, CHECK_GATE, CHECK_REASONING
from tests.fakes.inline_engine import Crash
from tests.journeys.world import World

EFFECTS = [
    ("POST", "/git-receive-pack"),
    ("POST", "/pulls"),
    ("POST", "/reviews"),
    ("POST", "/check-runs"),
    ("POST", "/comments"),
    ("PATCH", "/issues/comments/{comment_id}"),
    ("PUT", "/merge"),
    ("DELETE", "/git/refs/{ref}"),
]


def crash_once(world: World, method: str, route: str, phase: str) -> list[bool]:
    """Die at the first settling or sending of that request: raised from the ledger's own write, or before it."""
    fired: list[bool] = []
    seen: list[bool] = []

    def watch(fault: object) -> None:
        if fault.method == method and fault.route.endswith(route) and fault.phase == phase:  # type: ignore[attr-defined]
            seen.append(True)

    world.github.on_request(watch)
    settle = world.ledger.settle
    intend = world.ledger.intend

    def dying_settle(*args: object, **kwargs: object) -> None:
        if seen and not fired and phase == "after":
            fired.append(True)
            raise Crash
        settle(*args, **kwargs)  # type: ignore[arg-type]

    world.ledger.settle = dying_settle  # type: ignore[method-assign]
    world.ledger.intend = intend  # type: ignore[method-assign]
    return fired


@pytest.mark.parametrize(("method", "route"), EFFECTS, ids=[f"{m} {r}" for m, r in EFFECTS])
def test_a_crash_right_after_an_effect_leaves_one_of_each(world: World, method: str, route: str) -> None:
    world.script_all()
    fired = crash_once(world, method, route, "after")
    issue = world.label_blueprint()
    world.ci()
    world.later()
    world.sweep()
    world.later()
    assert fired, "the story must reach the effect"
    world.must_be_merged(issue)
    (pull,) = world.repo.pulls()
    for name in (CHECK_REASONING, CHECK_EFFICIENCY):
        assert len(world.checks(name, pull.head_sha)) == 1
    assert len({run.external_id for run in world.checks(CHECK_GATE, pull.head_sha)}) == len(
        world.checks(CHECK_GATE, pull.head_sha)
    )
    assert len(pull.reviews) == 2


def test_a_restart_with_an_empty_engine_goes_on_where_the_ledger_stands(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.start_cadence()
    world.ci()
    world.sweep()
    world.later()
    world.must_be_merged(issue)


def test_a_merge_whose_answer_was_lost_is_read_again_not_repeated(world: World) -> None:
    world.script_all()
    lost: list[bool] = []

    def lose(fault: object) -> tuple[int, object] | None:
        here = fault.method == "PUT" and fault.route.endswith("/merge") and fault.phase == "after"  # type: ignore[attr-defined]
        if here and not lost:
            lost.append(True)
            return 502, {"message": "Server Error"}
        return None

    world.github.on_request(lose)
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert lost
    world.must_be_merged(issue)
    merges = [r for r in world.github.world.requests if r.method == "PUT"]
    assert len(merges) == 1


def test_github_saying_base_was_modified_is_tried_again_later(world: World) -> None:
    world.script_all()
    said: list[bool] = []

    def refuse(fault: object) -> tuple[int, object] | None:
        here = fault.method == "PUT" and fault.phase == "before"  # type: ignore[attr-defined]
        if here and not said:
            said.append(True)
            return 405, {"message": "Base branch was modified. Review and try the merge again."}
        return None

    world.github.on_request(refuse)
    issue = world.label_blueprint()
    world.ci()
    world.later()
    world.later()
    assert said
    world.must_be_merged(issue)
