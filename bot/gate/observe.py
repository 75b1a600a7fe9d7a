"""Reads one pull request's state again and freezes it: GitHub's state, the ledger's evidence, the config in force."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.config.load import LoadedConfig, read_config
from bot.config.model import RepoConfig
from bot.core.clock import Clock
from bot.core.escape import escape_line
from bot.core.names import (
    CONFIG_PATH,
    AppId,
    BaseSha,
    CommitSha,
    HeadSha,
    RepositoryId,
    RunId,
)
from bot.effects.kinds import EffectKind
from bot.gate.snapshot import OwnVerdict, PullState, Snapshot
from bot.git_store.mirror import Mirror
from bot.github_api.records import BranchRules, CheckState, PullReading, SuiteState
from bot.github_api.snapshots import SnapshotCalls
from bot.ledger.entries import RunEntry
from bot.ledger.ledger import Ledger
from bot.review.review_kinds import ReviewKind, Verdict

RULES_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Observation:
    """The frozen snapshot, the config of the base's tip, and what GitHub's API gave.

    `loaded` is None where the tip cannot be read.
    """

    snapshot: Snapshot
    loaded: LoadedConfig | None
    reading: PullReading

    @property
    def config(self) -> RepoConfig:
        """The config in force; the defaults where it cannot be read or used, which the snapshot says."""
        return self.loaded.config if self.loaded and self.loaded.config else RepoConfig()


class Observer:
    """Builds snapshots."""

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        app_id: AppId,
        *,
        budget: Callable[[RunId], str | None] = lambda _run: None,
    ) -> None:
        """`budget` says why a run may spend no more, or None."""
        self._ledger = ledger
        self._clock = clock
        self._app_id = app_id
        self._budget = budget
        self._rules: dict[tuple[int, str], tuple[float, BranchRules]] = {}

    def observe(
        self, run: RunEntry, calls: SnapshotCalls, mirror: Mirror, *, refresh: Callable[[], None], fresh_rules: bool
    ) -> Observation:
        """Read everything once. `refresh` fetches the mirror, and is called only when it lacks a commit that is needed.

        `fresh_rules` reads the branch's rules again; otherwise one of the last five minutes may serve, which is safe
        because GitHub enforces its rules at the merge itself.
        """
        assert run.pull is not None
        reading = calls.read(run.pull, run.issue)
        head, tip = reading.pull.head, reading.base_tip
        if not mirror.has(head) or (tip is not None and not mirror.has(tip)):
            refresh()
        readable = mirror.has(head) and tip is not None and mirror.has(tip)
        merge_base = mirror.merge_base(tip, head) if readable and tip is not None else None
        loaded = read_config(mirror.read_file(tip, CONFIG_PATH)) if readable and tip is not None else None
        rules = self.rules(run.repository_id, run.base_branch, calls, fresh=fresh_rules)
        snapshot = self._freeze(run, reading, loaded, merge_base, rules)
        return Observation(snapshot, loaded, reading)

    def rules(
        self, repository_id: RepositoryId, branch: str, calls: SnapshotCalls, *, fresh: bool = False
    ) -> BranchRules:
        """What GitHub's own rules ask of a branch; unless `fresh`, as of five minutes ago at most."""
        key = (int(repository_id), branch)
        kept = self._rules.get(key)
        if kept is not None and not fresh and self._clock.monotonic() - kept[0] < RULES_SECONDS:
            return kept[1]
        rules = calls.rules(branch)
        self._rules[key] = (self._clock.monotonic(), rules)
        return rules

    def _freeze(
        self,
        run: RunEntry,
        reading: PullReading,
        loaded: LoadedConfig | None,
        merge_base: CommitSha | None,
        rules: BranchRules,
    ) -> Snapshot:
        pull, now = reading.pull, self._clock.now()
        filed = [
            verdict
            for verdict in self._ledger.verdicts_for_issue(run.repository_id, run.issue)
            if verdict.key.attempt >= run.least_attempt(verdict.kind, verdict.key.head)
        ]
        digest = loaded.digest if loaded else None
        trigger = loaded.config.trigger.label if loaded and loaded.config else None
        return Snapshot(
            now=now,
            run_id=run.run_id,
            issue=run.issue,
            pull=pull.number,
            app_id=self._app_id,
            state=PullState.MERGED if pull.merged else PullState(pull.state),
            draft=pull.draft,
            head=pull.head,
            base_tip=reading.base_tip,
            merge_base=BaseSha(merge_base) if merge_base else None,
            base_branch=pull.base_branch,
            expected_base_branch=run.base_branch,
            mergeable=pull.mergeable,
            labels=frozenset(label.casefold() for label in (*pull.labels, *(reading.issue_labels or ()))),
            issue_open=reading.issue_open,
            issue_labelled=_labelled(reading.issue_labels, trigger),
            blueprint_approved=True,
            paused=bool(loaded and loaded.config and loaded.config.paused),
            config_digest=digest,
            config_error=str(loaded.error) if loaded and loaded.error else None,
            checks=reading.checks,
            base_checks=reading.base_checks,
            rules=rules,
            verdicts=self._own(filed, reading, merge_base, digest),
            verdict_heads=frozenset(v.key.head for v in filed),
            head_seen_at=self._ledger.see_head(run.repository_id, pull.head, now),
            last_check_seen_at=self._last_check(run, reading, now),
            review_decision=reading.review_decision,
            open_conversations=reading.open_conversations,
            queued=reading.queued,
            left_queue=not reading.queued and self._was_queued(run, pull.head),
            budget=self._budget(run.run_id) or "",
            held=escape_line(self._ledger.steering(run.repository_id, run.issue).hold_text()),
            built_on=run.base_sha if pull.head == run.head_sha else "",
            repository_methods=reading.repository_methods,
            suites=reading.suites,
        )

    def _own(
        self, filed: Sequence[Verdict], reading: PullReading, merge_base: Any, digest: Any
    ) -> tuple[OwnVerdict, ...]:
        """Of each kind the newest attempt filed under exactly this head, merge base and config."""
        newest: dict[ReviewKind, Verdict] = {}
        for verdict in filed:
            key = verdict.key
            if (key.head, key.merge_base, key.policy) != (reading.pull.head, merge_base, digest):
                continue
            if verdict.kind not in newest or key.attempt > newest[verdict.kind].key.attempt:
                newest[verdict.kind] = verdict
        return tuple(
            OwnVerdict(
                kind=kind,
                conclusion=verdict.conclusion.value,
                code=verdict.code,
                summary=verdict.summary,
                check_posted=any(self._is_receipt(check, verdict) for check in reading.checks),
            )
            for kind, verdict in newest.items()
        )

    def _is_receipt(self, check: CheckState, verdict: Verdict) -> bool:
        """The check run on GitHub that carries exactly this verdict: our App, its name, its evidence key."""
        return (
            check.app_id == self._app_id
            and check.name == verdict.kind.check_name
            and check.external_id == verdict.key.digest(verdict.kind)
            and check.conclusion == ("success" if verdict.conclusion.value == "approve" else check.conclusion)
        )

    def _was_queued(self, run: RunEntry, head: HeadSha) -> bool:
        """Whether Cadence put this head into the merge queue and has not taken it out since."""
        kinds = (EffectKind.QUEUE_ENTER, EffectKind.QUEUE_LEAVE)
        acts = [
            effect
            for effect in self._ledger.effects_of(run.run_id)
            if effect.kind in kinds and effect.outcome is not None and effect.outcome.get("head") == head
        ]
        return bool(acts) and acts[-1].kind == EffectKind.QUEUE_ENTER

    def _last_check(self, run: RunEntry, reading: PullReading, now: datetime) -> datetime | None:
        """When the newest check appeared on the head or completed, as far as we saw; None without a foreign check."""
        foreign = [check for check in reading.checks if check.app_id != self._app_id]
        if not foreign:
            return None
        ended = _ended(foreign, [one for one in reading.suites or () if one.app_id != self._app_id])
        seen = sorted({check.name for check in foreign}) + ([ended] if ended else [])
        head = reading.pull.head
        return max(self._ledger.see_check(run.repository_id, head, name, now) for name in seen)


def _ended(checks: Sequence[CheckState], suites: Sequence[SuiteState]) -> str:
    """A name for everything that has completed on a head: it changes when anything else completes, or completes again.

    The gate counts from the time at which it first saw this name, not from GitHub's `completed_at`: the two clocks may
    differ by more than the settle time.
    """
    done = sorted(
        [f"{one.name}\n{one.database_id}\n{one.conclusion}\n{one.completed_at}" for one in checks if one.conclusion]
        + [f"{one.id}\n{one.conclusion}" for one in suites if one.conclusion and one.check_runs]
    )
    # The line break keeps it apart from every check's name, which cannot hold one.
    return f"completed\n{hashlib.sha256(repr(done).encode()).hexdigest()}" if done else ""


def _labelled(labels: frozenset[str] | None, trigger: str | None) -> bool | None:
    if labels is None:
        return None
    if trigger is None:
        return True
    return trigger.casefold() in {label.casefold() for label in labels}
