"""Answers to commands: few, put together, and never in the way of what has to be written."""

from __future__ import annotations

from bot.effects.kinds import EffectKind
from tests.journeys.world import BODY, OUTSIDER, OWNER, TITLE, WRITER, World


def reserved_ahead(world: World) -> float:
    """Seconds by which the installation's next write would have to wait."""
    wait = world.ledger.reserve_write(int(world.services.github.installations()[0]), 1000, world.clock.now())
    return wait


def test_an_outsiders_flood_of_commands_delays_no_write_and_gets_few_answers(make_world) -> None:  # type: ignore[no-untyped-def]
    world: World = make_world(CADENCE_WRITE_INTERVAL_MS="1000")
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
    world.settle()
    before = world.clock.now()
    for _ in range(40):
        world.repo.comment(issue, "/cadence help", by=OUTSIDER)
    world.github.flush()
    while world.drainer.hand_over():
        pass
    assert world.clock.now() == before, "no worker that takes events slept"
    assert reserved_ahead(world) <= 1.0, "no slot is taken before its turn"
    world.settle()
    answers = [body for body in world.bot_comments(issue) if "cadence:answer" in body]
    assert len(answers) == 1, "forty times the same question has one answer"
    assert not any(comment.reactions for comment in world.repo.issue(issue).comments)
    for _ in range(10):
        world.comment(issue, "/cadence help", by=OUTSIDER)
    world.later(1800)
    answers = [body for body in world.bot_comments(issue) if "cadence:answer" in body]
    assert len(answers) == 4, "four comments an hour"
    world.later(3600)
    answers = [body for body in world.bot_comments(issue) if "cadence:answer" in body]
    assert len(answers) == 5, "what was asked meanwhile is answered by one comment"


def test_an_outsider_cannot_go_from_issue_to_issue(world: World) -> None:
    for number in range(14):
        issue = world.repo.file_issue(f"{TITLE} {number}", BODY, by=OUTSIDER)
        world.comment(issue, "/cadence help", by=OUTSIDER)
    made = [r for r in world.github.world.requests if r.method == "POST" and r.route.endswith("/comments")]
    assert len(made) == 10


def test_a_writers_command_has_its_receipt_and_its_answer(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.comment(issue, "/cadence status", by=WRITER)
    theirs = [c for c in world.repo.issue(issue).comments if c.body == "/cadence status"]
    assert {content for _, content in theirs[0].reactions} == {"eyes", "rocket"}
    assert "Run `" in world.bot_comments(issue)[-1]
    kept = world.ledger.command(world.repo.id, theirs[0].id)  # type: ignore[arg-type]
    assert kept is not None and kept.state == "done" and kept.may_write
    assert world.ledger.effect(f"repo:{world.repo.id}", EffectKind.REACTION, f"eyes:comment:{theirs[0].id}")
