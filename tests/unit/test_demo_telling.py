"""The teller follows a run on the real sandbox; a puppet plays Cadence, one act at every look at the clock."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from bot.core.names import OWN_CHECKS
from bot.sandbox.demo.progress import Lines
from bot.sandbox.demo.repository_view import RepositoryView
from bot.sandbox.demo.serve_process import ServeFailed
from bot.sandbox.demo.story_parts import Story
from bot.sandbox.demo.story_runner import StoryFailed, StoryRunner
from bot.sandbox.github.acts_pulls import MergeOrder, merge
from bot.sandbox.github.apps import SandboxApp
from bot.sandbox.github.people import SandboxRepository
from bot.sandbox.github.server import SandboxGitHub

BOT = "cadence[bot]"
Act = Callable[[], None]


class ActingClock:
    """Every `sleep` lets the puppet act once; when it has no act left, time passes quickly."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.acts: Iterator[Act] = iter(())

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        act = next(self.acts, None)
        self.seconds += seconds if act else 5.0
        if act:
            act()


class Puppet:
    """Does to the sandbox what Cadence and CI would do to issue 1 and pull request 2."""

    def __init__(self, github: SandboxGitHub, repository: SandboxRepository) -> None:
        self.repository = repository
        self.own = github.create_app("cadence", {"checks": "write"}, [])
        self.ci = github.create_app("sandbox-ci", {"checks": "write"}, [])
        self.head = ""
        self.status: Any = None

    def say(self, state: str, why: str = "") -> None:
        body = f"<!-- cadence:status issue=1 -->\n**Why:** {why}\n<!-- cadence:run run=r cause=c state={state} -->"
        if self.status is None:
            self.status = self.repository.comment(1, body, by=BOT)
        else:
            self.repository.edit_comment(self.status, body, by=BOT)

    def push(self, text: str) -> None:
        self.head = self.repository.push_commit({"a.py": text}, by="sam", branch="cadence/issue-1", message="m")

    def open(self) -> None:
        self.repository.open_pull(by=BOT, title="Wish", head="cadence/issue-1", body="Closes #1")

    def check(self, name: str, conclusion: str, summary: str = "") -> None:
        app: SandboxApp = self.own if name in OWN_CHECKS else self.ci
        self.repository.create_check_run(
            app, name=name, head_sha=self.head, conclusion=conclusion, summary=summary or name
        )

    def judge(self, efficiency: str) -> None:
        for _ in range(2):
            self.repository.submit_review(2, by=BOT, event="COMMENT", body="verdict")
        self.check("cadence/reasoning", "success")
        self.check("cadence/efficiency", efficiency)

    def merge(self) -> None:
        trailers = "Cadence-Run: r\nCadence-ChangeSet: c\nCadence-Issue: 1\nCadence-Proof: sha256:p"
        order = MergeOrder(method="squash", title="[Cadence] Wish (#1)", message=trailers)
        world = self.repository.world
        with world.lock:
            merge(world, self.repository.pull(2), order, by=world.account("sam"))
        self.repository.delete_branch("cadence/issue-1", by="sam")

    def to_the_gate(self, text: str, *, efficiency: str, gate: str, state: str = "gated") -> Iterator[Act]:
        """One generation: planned, pushed, judged, tested, decided."""
        yield lambda: self.say("planning")
        yield lambda: self.push(text)
        if not self.repository.state.pulls():
            yield self.open
        yield lambda: self.judge(efficiency)
        yield lambda: self.check("tests", "success")
        why = "all passed" if gate == "success" else "review.rejected: efficiency"
        yield lambda: self.say(state, why)
        yield lambda: self.check("cadence/gate", gate, why)


@pytest.fixture
def scene(tmp_path: Path) -> SimpleNamespace:
    github = SandboxGitHub(tmp_path)
    github.create_user("sam")
    repository = github.create_repository("sam", "tally", files={"a.py": "one\n"})
    puppet = Puppet(github, repository)
    clock = ActingClock()
    out = Console(file=io.StringIO(), width=200)
    stage = SimpleNamespace(
        url="http://127.0.0.1:1",
        repository=repository,
        cadence=puppet.own,
        view=RepositoryView(repository.state, github.world.lock, bot_login=BOT),
        serve=SimpleNamespace(must_run=lambda: None),
        calls=lambda: (0, 0, 0),
    )
    teller = StoryRunner(cast(Any, stage), Lines(out, clock), clock, timeout=60)
    return SimpleNamespace(
        puppet=puppet, clock=clock, teller=teller, stage=stage, repository=repository, out=lambda: out.file.getvalue()
    )


def story(guidance: str | None = None) -> Story:
    return Story(name="merges", headline="", title="Wish", body="please", guidance=guidance)


def test_a_merged_blueprint_is_told_with_every_claim_held(scene: SimpleNamespace) -> None:
    puppet = scene.puppet
    scene.clock.acts = iter(
        [*puppet.to_the_gate("two\n", efficiency="success", gate="success"), puppet.merge, lambda: puppet.say("merged")]
    )
    told = scene.teller.run(story())
    assert [proof.claim for proof in told.claims if not proof.holds] == []
    assert told.as_expected
    assert told.rejection is None
    out = scene.out()
    for line in ("sam labels it `blueprint`", "pull request #2 is open", "tests: success (by sandbox-ci", "planning"):
        assert line in out


def test_a_rejected_one_is_answered_once_by_the_maintainer_and_then_merged(scene: SimpleNamespace) -> None:
    puppet = scene.puppet

    def answered() -> None:
        comments = [comment.body for comment in scene.repository.issue(1).comments if comment.user.login == "sam"]
        assert comments == ["/cadence replan Count once."]

    def acts() -> Iterator[Act]:
        yield from puppet.to_the_gate("slow\n", efficiency="failure", gate="failure", state="needs-human")
        yield answered
        yield from puppet.to_the_gate("quick\n", efficiency="success", gate="success")
        yield puppet.merge
        yield lambda: puppet.say("merged")

    scene.clock.acts = acts()
    told = scene.teller.run(story("Count once."))
    assert told.rejection is not None
    assert told.rejection.stayed_open
    assert told.rejection.head != told.seen.pull.head
    assert [proof.claim for proof in told.claims if not proof.holds] == ["with a comment at the line in question"]
    assert "not merged. cadence/gate" in scene.out()
    assert "review.rejected: efficiency" in scene.out()


def test_a_refused_run_ends_the_story_with_its_reason(scene: SimpleNamespace) -> None:
    scene.clock.acts = iter([lambda: scene.puppet.say("refused", "model.absent: no model is configured")])
    told = scene.teller.run(story())
    assert not told.as_expected
    assert "refused: model.absent: no model is configured" in scene.out()


def test_a_story_that_stands_still_says_where(scene: SimpleNamespace) -> None:
    scene.clock.acts = iter([lambda: scene.puppet.say("planning", "thinking")])
    with pytest.raises(StoryFailed, match=r"not finished after 60 s; the run is 'planning' \(thinking\)"):
        scene.teller.run(story())


def test_a_rejection_without_guidance_is_left_to_cadence(scene: SimpleNamespace) -> None:
    puppet = scene.puppet
    acts = [
        *puppet.to_the_gate("slow\n", efficiency="failure", gate="failure"),
        lambda: puppet.say("needs-human", "repair.spent"),
    ]
    scene.clock.acts = iter(acts)
    told = scene.teller.run(story())
    assert told.rejection is None
    assert told.seen.state == "needs-human"
    assert not told.as_expected


def test_the_end_of_the_service_ends_the_story(scene: SimpleNamespace) -> None:
    def gone() -> None:
        raise ServeFailed("`cadence serve` ended with code 3")

    scene.stage.serve.must_run = gone
    with pytest.raises(ServeFailed, match="code 3"):
        scene.teller.run(story())
