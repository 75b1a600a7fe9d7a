"""The gate with its eyes: evidence in the ledger and checks on GitHub go in, and one cell of each table merges."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from bot.config.load import read_config
from bot.core.names import (
    BaseSha,
    CommitSha,
    Digest,
    InstallationId,
    IssueNumber,
    PullNumber,
    RepositoryId,
    RunId,
)
from bot.core.states import RunState
from bot.effects.kinds import EffectKind
from bot.gate.decide import Decision, Done, Merge, decide
from bot.gate.observe import Observer
from bot.gate.snapshot import PullState
from bot.github_api.records import BranchRules, CheckState, PullReading, PullRecord, RequiredCheck, SuiteState
from bot.ledger.entries import EffectEntry, RunEntry, SteeringEntry
from bot.review.review_kinds import Conclusion, EvidenceKey, Receipt, ReviewKind, Verdict
from tests.fakes.fake_clock import FakeClock
from tests.unit.test_gate_decide import (
    ACTIONS,
    ELSEWHERE,
    HEAD,
    NOW,
    OLD,
    OLDER,
    OTHER,
    TIP,
    US,
    WORDS,
    check,
    codes,
    suite,
)

POLICY = read_config(None).digest
KEY = EvidenceKey(HEAD, TIP, POLICY)
RULES = BranchRules(required_checks=(RequiredCheck("tests", ACTIONS),))
RECEIPT = Receipt("m", "m", "", "", (), (), 1, 1, 1)
CODES = {
    "approve": "review.approved",
    "reject": "review.rejected",
    "unreadable": "review.unreadable",
    "absent": "model.absent",
}
RUN = RunEntry(
    RunId("r"), RepositoryId(1), "olive/greet", InstallationId(1), IssueNumber(3), "label:1", "olive",  # type: ignore[arg-type]
    RunState.GATED, "", NOW, NOW, base_branch="main", head_sha=HEAD, pull=PullNumber(4),
)  # fmt: skip
PULL = PullRecord(
    PullNumber(4), "open", False, False, "cadence/issue-3", HEAD, "main", TIP,
    "cadence[bot]", "", "", "", None, True,
)  # fmt: skip


def filed(kind: ReviewKind, key: EvidenceKey = KEY, conclusion: Conclusion = Conclusion.APPROVE) -> Verdict:
    """A verdict as the ledger keeps it."""
    return Verdict(kind, key, conclusion, CODES[conclusion.value], "so it is", RECEIPT)


def posted(verdict: Verdict, **changes: Any) -> CheckState:
    """The check run by which a verdict is on GitHub."""
    word = "success" if verdict.conclusion is Conclusion.APPROVE else "action_required"
    run = CheckState(verdict.kind.check_name, US, "cadence", word, external_id=verdict.key.digest(verdict.kind))
    return replace(run, **changes)


@dataclass
class World:
    """What GitHub, the ledger and the mirror tell the observer: as good as it can be, but for what a test changes."""

    verdicts: Sequence[Verdict] = ()
    checks: tuple[CheckState, ...] = ()
    pull: PullRecord = PULL
    effects: Sequence[EffectEntry] = field(default=())
    labels: frozenset[str] | None = frozenset({"blueprint"})
    tip: BaseSha | None = TIP
    file: bytes | None = None
    here: set[str] = field(default_factory=lambda: {HEAD, TIP})
    fetched: int = 0
    branch: BranchRules = RULES
    queued: bool = False
    suites: tuple[SuiteState, ...] = ()
    seen_checks: list[str] = field(default_factory=list)
    asked_rules: int = 0

    def read(self, pull: PullNumber, issue: IssueNumber) -> PullReading:
        methods = frozenset({"squash"})
        return PullReading(
            self.pull,
            None,
            self.checks,
            self.tip,
            (check(),),
            True,
            self.labels,
            methods,
            False,
            0,
            self.queued,
            self.suites,
        )

    def rules(self, branch: str) -> BranchRules:
        self.asked_rules += 1
        return self.branch

    def steering(self, repository_id: RepositoryId, issue: IssueNumber) -> SteeringEntry:
        return SteeringEntry(repository_id, issue, ())

    def verdicts_for_issue(self, repository_id: RepositoryId, issue: IssueNumber) -> Sequence[Verdict]:
        return self.verdicts

    def effects_of(self, run_id: RunId) -> Sequence[EffectEntry]:
        return self.effects

    def see_head(self, repository_id: RepositoryId, head: str, now: Any) -> Any:
        return OLD

    def see_check(self, repository_id: RepositoryId, head: str, name: str, now: Any) -> Any:
        self.seen_checks.append(name)
        return OLD

    def has(self, commit: str) -> bool:
        return commit in self.here

    def merge_base(self, a: CommitSha, b: CommitSha) -> CommitSha:
        assert {a, b} <= self.here, "git fails on a commit that is not there"
        return TIP

    def read_file(self, commit: CommitSha, path: str) -> bytes | None:
        assert commit in self.here
        return self.file

    def fetch(self) -> None:
        self.fetched += 1


def gate(world: World, budget: str | None = None) -> Decision:
    observer = Observer(world, FakeClock(), US, budget=lambda _run: budget)  # type: ignore[arg-type]
    seen = observer.observe(RUN, world, world, refresh=world.fetch, fresh_rules=True)  # type: ignore[arg-type]
    now = replace(seen.snapshot, now=NOW, pushed=())
    return decide(now, seen.config, settle_seconds=60)


def evidence(key: EvidenceKey) -> tuple[list[Verdict], tuple[CheckState, ...]]:
    """Both verdicts on a key, and their check runs."""
    verdicts = [filed(kind, key) for kind in ReviewKind]
    return verdicts, tuple(posted(one) for one in verdicts)


KEYS = [
    EvidenceKey(head, base, policy)
    for head, base, policy in itertools.product((HEAD, ELSEWHERE), (TIP, OLDER), (POLICY, Digest("of another policy")))
]
STATES = {PullState.OPEN: ("open", False), PullState.CLOSED: ("closed", False), PullState.MERGED: ("closed", True)}


def test_one_cell_of_the_matrix_merges() -> None:
    """Conclusion x App x name of the check, SHAs and policy of the evidence, mergeable, state, draft."""
    merged, seen = [], 0
    for key in KEYS:
        verdicts, receipts = evidence(key)
        for name, word, app in itertools.product(("tests", "cadence/reasoning"), WORDS, [US, ACTIONS, OTHER, None]):
            world = World(verdicts, (*receipts, check(name, word, app)))
            for mergeable, state, draft in itertools.product([True, False, None], PullState, [True, False]):
                told, done = STATES[state]
                world.pull = replace(PULL, mergeable=mergeable, state=told, merged=done, draft=draft)
                decision = gate(world)
                seen += 1
                assert isinstance(decision, Done) == (state is not PullState.OPEN)
                if isinstance(decision, Merge):
                    merged.append((key, name, word, app, mergeable, state, draft))
    assert merged == [(KEY, "tests", "success", ACTIONS, True, PullState.OPEN, False)]
    assert seen == len(KEYS) * 2 * len(WORDS) * 4 * 3 * 3 * 2 == 14_976


def test_one_receipt_of_all_counts() -> None:
    """A verdict counts with its check run only: our App, its own name, its evidence key, its attempt, its word."""
    merged, seen = [], 0
    other_attempt = replace(KEY, attempt=2)
    for kind, conclusion in itertools.product(ReviewKind, Conclusion):
        other = next(one for one in ReviewKind if one is not kind)
        mine = filed(kind, KEY, conclusion)
        ids = [KEY.digest(kind), KEY.digest(other), other_attempt.digest(kind), ""]
        names = [kind.check_name, other.check_name, "cadence/gate", "receipt"]
        for app, name, given, word in itertools.product([US, OTHER, None], names, ids, WORDS):
            receipt = posted(mine, app_id=app, name=name, external_id=given, conclusion=word)
            decision = gate(World([mine, filed(other)], (check(), posted(filed(other)), receipt)))
            seen += 1
            if isinstance(decision, Merge):
                merged.append((kind, conclusion, app, name, given, word))
            stands = (app, name, given) == (US, kind.check_name, KEY.digest(kind)) and (
                word == "success" or conclusion is not Conclusion.APPROVE
            )
            assert ("review.unposted" in codes(decision)) is not stands
    assert merged == [
        (kind, Conclusion.APPROVE, US, kind.check_name, KEY.digest(kind), "success") for kind in ReviewKind
    ]
    assert seen == 2 * 4 * 3 * 4 * 4 * len(WORDS) == 4_992


def test_only_the_newest_attempt_of_each_review_counts() -> None:
    """In whatever order they were filed, and whatever stands on GitHub of the older ones."""
    merged = []
    for kind, first, second, third in itertools.product(ReviewKind, Conclusion, Conclusion, (None, *Conclusion)):
        other = next(one for one in ReviewKind if one is not kind)
        attempts = [
            filed(kind, replace(KEY, attempt=number), conclusion)
            for number, conclusion in enumerate((first, second, third), 1)
            if conclusion is not None
        ]
        checks = (check(), posted(filed(other)), *(posted(one) for one in attempts))
        for order in itertools.permutations(attempts):
            decision = gate(World([filed(other), *order], checks))
            newest = attempts[-1].conclusion
            assert isinstance(decision, Merge) == (newest is Conclusion.APPROVE), (order, decision)
            merged.append(isinstance(decision, Merge))
    assert any(merged) and not all(merged)


def good(**changes: Any) -> World:
    """A world whose pull request merges."""
    verdicts, receipts = evidence(KEY)
    return World(verdicts, (check(), *receipts), **changes)


@pytest.mark.parametrize("missing", [{HEAD}, {TIP}, {HEAD, TIP}], ids=["head", "tip", "both"])
def test_a_mirror_that_lacks_a_commit_is_brought_up_to_date_and_never_guessed_from(missing: set[str]) -> None:
    world = good()
    assert isinstance(gate(world), Merge) and world.fetched == 0
    world = good(here={HEAD, TIP} - missing)
    said = codes(gate(world))
    assert world.fetched == 1 and {"unread.merge_base", "unread.policy"} <= set(said)


def test_a_base_that_is_gone_is_unread_without_a_fetch() -> None:
    world = good(tip=None)
    assert {"unread.base_tip", "unread.merge_base", "unread.policy"} <= set(codes(gate(world)))
    assert world.fetched == 0


def test_whether_the_issue_is_labelled_is_seen_by_the_policys_label_in_any_case() -> None:
    assert isinstance(gate(good(labels=frozenset({"Blueprint", "bug"}))), Merge)
    assert codes(gate(good(labels=frozenset({"bug"})))) == ["stopped"]
    assert codes(gate(good(labels=None))) == ["unread.issue_labelled"]
    other = b"version: 1\ntrigger: {label: build it}\n"
    assert "stopped" in codes(gate(good(file=other)))
    assert "stopped" not in codes(gate(good(file=other, labels=frozenset({"build it"}))))
    broken = gate(good(file=b"version: 2\n", labels=frozenset()))
    assert "config.invalid" in codes(broken) and "stopped" not in codes(broken), "which label is meant is not known"


def put(kind: EffectKind, head: str, number: int, *, done: bool = True) -> EffectEntry:
    """What Cadence did with a head and the merge queue."""
    outcome = {"head": head} if done else None
    state = "done" if done else "intended"
    return EffectEntry(number, RUN.run_id, RUN.run_id, kind, f"q:{number}", state, 1, NOW, NOW, outcome, None)


IN, OUT = EffectKind.QUEUE_ENTER, EffectKind.QUEUE_LEAVE


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        ([], []),
        ([put(IN, HEAD, 1)], ["queue.left"]),
        ([put(IN, HEAD, 1, done=False)], []),
        ([put(IN, ELSEWHERE, 1)], []),
        ([put(IN, HEAD, 1), put(OUT, HEAD, 2)], []),
        ([put(IN, HEAD, 1), put(OUT, HEAD, 2), put(IN, HEAD, 3)], ["queue.left"]),
        ([put(IN, HEAD, 1), put(EffectKind.CHECK_PUT, HEAD, 2)], ["queue.left"]),
    ],
)
def test_a_head_that_left_the_queue_by_another_hand_is_not_put_back(
    acts: list[EffectEntry], expected: list[str]
) -> None:
    assert codes(gate(good(effects=acts, branch=BranchRules(merge_queue=True)))) == expected


def test_rules_are_read_again_after_five_minutes_and_before_a_merge() -> None:
    world, clock = good(), FakeClock()
    observer = Observer(world, clock, US)  # type: ignore[arg-type]
    for seconds, fresh, reads in [(0, False, 1), (299, False, 1), (2, False, 2), (0, True, 3), (1, False, 3)]:
        clock.advance(seconds)
        assert observer.rules(RUN.repository_id, "main", world, fresh=fresh) == RULES
        assert world.asked_rules == reads
    observer.rules(RUN.repository_id, "other", world)
    assert world.asked_rules == 4


def test_what_becomes_of_each_fact_on_its_way_to_the_decision() -> None:
    queue = BranchRules(merge_queue=True)
    assert codes(gate(good(effects=[put(IN, HEAD, 1)], branch=queue, queued=True))) == ["rule.merge_queue"]
    assert gate(good(pull=replace(PULL, state="closed", merged=True))) == Done("merged")
    assert gate(good(pull=replace(PULL, state="closed"))) == Done("closed")
    assert codes(gate(good(labels=frozenset({"blueprint", "Cadence:Hold"})))) == ["hold"]
    assert codes(gate(good(pull=replace(PULL, labels=("cadence:hold",))))) == ["hold"]
    assert codes(gate(World([], (check(),)), "the run spent 2 of 1"))[0] == "budget"
    assert "budget" not in codes(gate(World([], (check(),))))
    world = good()
    gate(world)
    assert [name for name in world.seen_checks if not name.startswith("completed")] == ["tests"], (
        "our own checks do not make anybody wait for more"
    )


def test_the_settle_time_starts_again_with_everything_that_completes() -> None:
    """Each state of what is completed is a sighting of its own, and the same state is the same sighting."""

    def sightings(*checks: CheckState, suites: tuple[SuiteState, ...] = ()) -> list[str]:
        world = good()
        world.checks, world.suites = (*checks, posted(filed(ReviewKind.REASONING))), suites
        gate(world)
        return world.seen_checks

    running, done = check(conclusion=None), check()
    assert sightings(running) == ["tests"]
    (name, first), (_, second) = sightings(done), sightings(replace(done, completed_at=NOW))
    assert name == "tests" and first.startswith("completed\n") and first != second
    assert sightings(done, suites=(suite(status="in_progress"),)) == [name, first]
    assert sightings(done, suites=(suite(app_id=US),)) == [name, first], "ours starts nothing again"
    assert sightings(done, suites=(suite(),))[1] not in (first, second)
    assert sightings(done) == [name, first]
