"""A second App approves for real, where the repository allows it."""

from collections.abc import Callable

from bot.core.states import RunState
from tests.journeys.world import FILES, GOOD, WRITER, World, verdict

S = RunState
APPROVE = {**FILES, ".github/cadence.yml": "version: 1\nreview: {approve: true}\n"}
RULE = {"type": "pull_request", "parameters": {"required_approving_review_count": 1}}


def decisions(world: World) -> list[tuple[str, str]]:
    own = world.app.bot_login
    return [(r.user.login, r.state) for r in world.pull().reviews if r.user.login != own]


def test_its_approval_satisfies_a_rule_that_asks_for_one(make_world: Callable[..., World]) -> None:
    world = make_world(files=APPROVE, second=True)
    world.repo.add_ruleset([RULE])
    world.script_all()
    issue = world.label_blueprint()
    assert decisions(world) == [("cadence-reviewer[bot]", "APPROVED")]
    world.ci()
    world.later()
    assert world.end_state(issue) is S.MERGED


def test_it_requests_changes_and_approves_once_they_are_made(make_world: Callable[..., World]) -> None:
    world = make_world(files=APPROVE, second=True)
    world.repo.add_ruleset([RULE])
    world.script("change_set", GOOD)
    world.script("reasoning", verdict("reject", "Too loud."), times=1)
    world.script("reasoning", verdict())
    world.script("efficiency", verdict())
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert decisions(world) == [("cadence-reviewer[bot]", "CHANGES_REQUESTED")]
    assert {"review.rejected", "approval.missing"} <= set(world.gate_codes(issue))
    world.comment(issue, "/cadence review")
    world.later()
    assert decisions(world)[-1] == ("cadence-reviewer[bot]", "APPROVED")
    assert world.end_state(issue) is S.MERGED


def test_what_it_may_not_do_does_not_end_the_run(make_world: Callable[..., World]) -> None:
    world = make_world(files=APPROVE, second=True)
    world.repo.add_ruleset([RULE])
    world.github.install(world.reviewer, world.repo, {"contents": "read"})
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert decisions(world) == []
    assert (world.state(issue), world.gate_codes(issue)) == (S.GATED, ["approval.missing"])
    world.repo.submit_review(world.pull().number, by=WRITER, event="APPROVE")
    world.later()
    assert world.end_state(issue) is S.MERGED


def test_without_the_repositorys_leave_it_says_nothing(make_world: Callable[..., World]) -> None:
    world = make_world(second=True)
    world.repo.add_ruleset([RULE])
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.later()
    assert decisions(world) == []
    assert world.gate_codes(issue) == ["approval.missing"]
