"""The tests in `.github/cadence.yml`: each describes a pull request, and the gate decides it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.config.load import read_config
from bot.config.model import RepoConfig
from bot.config.semantics import keys_without_effect
from bot.config.tests import ConfigTest, Given, GivenRules
from bot.config.yaml_text import Places, YamlMistake, place_of, read_yaml
from bot.core.names import AppId, BaseSha, CommitSha, Digest, HeadSha, IssueNumber, PullNumber, RunId
from bot.gate.decide import Decision, Merge, Wait, decide
from bot.gate.snapshot import OwnVerdict, PullState, Snapshot
from bot.github_api.records import BranchRules, CheckState, RequiredCheck
from bot.review.review_kinds import Conclusion, ReviewKind

_US, _OTHER = AppId(1), AppId(2)
_HEAD = HeadSha(CommitSha("a" * 40))
_TIP, _OLDER = BaseSha(CommitSha("b" * 40)), BaseSha(CommitSha("c" * 40))
_EARLIER_HEAD = HeadSha(CommitSha("d" * 40))
_NOW = datetime(2000, 1, 1, 12, tzinfo=UTC)
_LONG_AGO = _NOW - timedelta(days=365)
_SETTLE_SECONDS = 60
_SOME_CHECK = "ci"
_NO_VERDICT = ("missing", "stale")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one policy test. `decided` is what the gate says, in the words of `expected`."""

    number: int
    name: str
    line: int
    column: int
    expected: str
    decided: str
    passed: bool

    @property
    def title(self) -> str:
        """How people find it: its name, or its number from 1."""
        return f"`{self.name}`" if self.name else f"number {self.number}"

    def mistake(self) -> YamlMistake:
        """The failed test as a fault of the file."""
        text = f"the policy test {self.title} expects `{self.expected}`; the gate decides `{self.decided}`"
        return YamlMistake(self.line, self.column, text)


@dataclass(frozen=True, slots=True)
class ConfigReport:
    """What is to be said of one version of the file: absent, unreadable, invalid, or valid and tested."""

    present: bool
    mistakes: tuple[YamlMistake, ...]
    outcomes: tuple[Outcome, ...] = ()
    notes: tuple[YamlMistake, ...] = ()
    """What the file says to no effect; neither a mistake nor a fault."""

    @property
    def valid(self) -> bool:
        """Whether the file can be used."""
        return not self.mistakes

    @property
    def faults(self) -> tuple[YamlMistake, ...]:
        """Every mistake, and every policy test that fails, as faults of the file."""
        return (*self.mistakes, *(outcome.mistake() for outcome in self.outcomes if not outcome.passed))

    @property
    def summary(self) -> str:
        """One line: valid or not, and how many policy tests hold."""
        if not self.present:
            return "absent: the defaults hold"
        if self.mistakes:
            return f"invalid: {_counted(len(self.mistakes), 'mistake')}"
        if not self.outcomes:
            return "valid; it has no policy tests"
        failed = sum(not outcome.passed for outcome in self.outcomes)
        failures = f"{failed} of {_counted(len(self.outcomes), 'policy test')} failed"
        return f"valid; {failures if failed else _counted(len(self.outcomes), 'policy test') + ' passed'}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def report_on(content: bytes | None) -> ConfigReport:
    """Read the file and run its policy tests; None means that there is no such file, and so the defaults apply."""
    loaded = read_config(content)
    if loaded.error is not None:
        spelled = loaded.error.details or (loaded.error.summary,)
        mistakes = (YamlMistake.read(one) for one in spelled)
        return ConfigReport(True, tuple(sorted(mistakes, key=lambda one: (one.line, one.column))))
    if content is None:
        return ConfigReport(False, ())
    config, text = loaded.require_config(), content.decode("utf-8")
    _, places = read_yaml(text)
    return ConfigReport(True, (), run_config_tests(config, places), tuple(keys_without_effect(config, places)))


def run_config_tests(config: RepoConfig, places: Places) -> tuple[Outcome, ...]:
    """What the gate decides in every test, under the config that holds it. `places` says where each is."""
    found = []
    for number, test in enumerate(config.tests, 1):
        line, column = place_of(places, ("tests", number - 1))
        decision = decide(snapshot_of(test.given, config), config, settle_seconds=_SETTLE_SECONDS)
        passed = _holds(test, decision)
        found.append(Outcome(number, test.name, line, column, test.expect, _in_words(decision), passed))
    return tuple(found)


def _holds(test: ConfigTest, decision: Decision) -> bool:
    word, *codes = test.expect.split()
    return word == _word(decision) and set(codes) <= {reason.code for reason in decision.reasons}


def _word(decision: Decision) -> str:
    if isinstance(decision, Merge):
        return "merge"
    return "wait" if isinstance(decision, Wait) else "block"


def _in_words(decision: Decision) -> str:
    return " ".join([_word(decision), *dict.fromkeys(reason.code for reason in decision.reasons)])


def snapshot_of(given: Given, config: RepoConfig) -> Snapshot:
    """The snapshot that the words mean, under a config that names the least checks there are."""
    seen_at = _LONG_AGO if given.settled else _NOW
    checks = tuple(_checks(given, config))
    verdicts = tuple(_verdicts(given))
    return Snapshot(
        now=_NOW,
        run_id=RunId("policy-test"),
        issue=IssueNumber(1),
        pull=PullNumber(2),
        app_id=_US,
        state=PullState.OPEN,
        draft=given.draft,
        head=_HEAD,
        base_tip=None if given.base == "gone" else _TIP,
        merge_base={"gone": None, "behind": _OLDER}.get(given.base, _TIP),
        base_branch="elsewhere" if given.base == "retargeted" else "main",
        expected_base_branch="main",
        mergeable=None if given.mergeable == "unknown" else given.mergeable,
        labels=frozenset(label.casefold() for label in given.labels),
        issue_open=given.issue != "closed",
        issue_labelled=given.issue != "unlabelled",
        blueprint_approved=given.blueprint == "approved",
        paused=config.paused,
        config_digest=Digest("policy"),
        config_error=None,
        checks=checks,
        base_checks=tuple(_check(name, "success") for name in given.base_checks),
        rules=_rules(given.rules),
        verdicts=verdicts,
        verdict_heads=_judged_heads(given, verdicts),
        head_seen_at=seen_at,
        last_check_seen_at=seen_at,
        review_decision=_DECISIONS.get(given.approvals),
        open_conversations=0,
        pushed=(),
        plan_approved=True,
    )


_DECISIONS: Mapping[str, str] = {
    "given": "approved",
    "missing": "review_required",
    "changes_requested": "changes_requested",
}


def _checks(given: Given, config: RepoConfig) -> Iterable[CheckState]:
    """Every check that is expected, as `ci` says, then as `checks` says by name."""
    if given.ci == "none":
        words: dict[str, str] = {}
    else:
        names = {*config.ci.expect, *given.base_checks, *given.rules.checks}
        names = names or ({_SOME_CHECK} if given.ci or not given.checks else set())
        words = dict.fromkeys(sorted(names), given.ci or "success")
    words |= given.checks
    return [_check(name, word) for name, word in words.items() if word != "missing"]


def _check(name: str, word: str) -> CheckState:
    return CheckState(name, _OTHER, "ci", None if word == "pending" else word, started_at=_LONG_AGO)


def _rules(rules: GivenRules) -> BranchRules | None:
    if rules.unreadable:
        return None
    return BranchRules(
        required_checks=tuple(RequiredCheck(name, _OTHER) for name in rules.checks),
        required_approvals=rules.approvals,
        strict=rules.up_to_date,
        allowed_methods=frozenset(rules.methods),
        merge_queue=rules.merge_queue,
        linear_history=rules.linear_history,
    )


def _reviews(given: Given) -> Mapping[ReviewKind, str]:
    return {ReviewKind.REASONING: given.reviews.reasoning, ReviewKind.EFFICIENCY: given.reviews.efficiency}


def _judged_heads(given: Given, verdicts: Sequence[OwnVerdict]) -> frozenset[HeadSha]:
    return frozenset(([_HEAD] if verdicts else []) + ([_EARLIER_HEAD] if "stale" in _reviews(given).values() else []))


def _verdicts(given: Given) -> Iterable[OwnVerdict]:
    for kind, word in _reviews(given).items():
        if word in _NO_VERDICT:
            continue
        conclusion, code = _VERDICTS.get(word, (Conclusion.UNREADABLE, f"review.{word}"))
        yield OwnVerdict(kind, conclusion.value, code, "as the test says", word != "unposted")


_VERDICTS: Mapping[str, tuple[Conclusion, str]] = {
    "approve": (Conclusion.APPROVE, "review.approved"),
    "unposted": (Conclusion.APPROVE, "review.approved"),
    "reject": (Conclusion.REJECT, "review.rejected"),
    "absent": (Conclusion.ABSENT, "model.absent"),
}
