"""What `CI passes` means: which checks are expected, which results count, and when the list is long enough watched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.config.model import RepoConfig
from bot.core.names import AppId
from bot.gate.counted import foreign, is_own_name, similar_names
from bot.gate.reasons import Findings
from bot.gate.snapshot import Snapshot
from bot.gate.workflow_runs import judge_suites
from bot.github_api.records import BranchRules, CheckState, RequiredCheck

PASSES = "success"
PASSES_WHERE_LISTED = frozenset({"skipped", "neutral"})
# Conclusions that say that something is broken; `error` is a state of commit statuses.
# https://docs.github.com/en/rest/checks/runs and https://docs.github.com/en/rest/commits/statuses
RED = frozenset({"failure", "timed_out", "startup_failure", "error"})
"""GitHub itself lets a required check pass that ends so; a change that makes a check skip itself must not pass."""

__all__ = ["ci_findings", "foreign", "is_own_name", "own_required"]


def own_required(rules: BranchRules, app_id: AppId) -> list[str]:
    """Our checks that a rule requires, from this App or from any; names as the rule spells them."""
    return sorted({one.name for one in rules.required_checks if is_own_name(one.name) and one.app_id in (None, app_id)})


def ci_findings(found: Findings, snapshot: Snapshot, rules: RepoConfig, *, settle_seconds: int) -> None:
    """Add everything about CI. The caller reports checks or rules that could not be read."""
    if snapshot.checks is None:
        return
    _foreign_app_checks(found, snapshot.checks, snapshot.app_id)
    checks = foreign(snapshot.checks, snapshot.app_id, snapshot.suites)
    branch_rules = snapshot.rules or BranchRules()
    required = [check for check in branch_rules.required_checks if not is_own_name(check.name)]
    before = len(found.blocks) + len(found.waits)
    _results(found, checks, frozenset(rules.ci.allow_skipped), _red_on_base(snapshot))
    judge_suites(found, snapshot, checks)
    _required(found, checks, required)
    _expected(found, snapshot, checks, rules, frozenset(check.name for check in required))
    _own_required(found, branch_rules.required_checks, snapshot.app_id)
    open_reasons = len(found.blocks) + len(found.waits) > before
    settled = _settle(found, snapshot, bool(checks), settle_seconds)
    succeeded = any(check.conclusion == PASSES for check in checks)
    if rules.merge.require_ci and settled and not succeeded and not open_reasons:
        found.block(
            "ci.none",
            "No check of any CI succeeded on this head.",
            short="no CI ran",
        )
    if settled and not open_reasons and succeeded:
        names = sorted({check.name for check in checks})
        found.passed.append(f"CI: {', '.join(f'`{name}`' for name in names)}")


def _foreign_app_checks(found: Findings, checks: Sequence[CheckState], app_id: AppId) -> None:
    for check in checks:
        if is_own_name(check.name) and check.app_id != app_id:
            found.block(
                "check.foreign_app",
                f"The check `{check.name}` was posted by `{check.app_slug or 'a commit status'}`, not by Cadence.",
                short=f"{check.name} comes from another App",
                when=f"only Cadence posts `{check.name}`",
                links=(check.url,),
            )


def _red_on_base(snapshot: Snapshot) -> frozenset[tuple[str, AppId | None]]:
    """(name, App id) of the checks that fail on the tip of the base as well. Empty where the base was not read."""
    checks = foreign(snapshot.base_checks or (), snapshot.app_id)
    # A check that ended `cancelled` or `stale` on the base says nothing about the base.
    return frozenset((one.name, one.app_id) for one in checks if one.conclusion in RED)


def _results(
    found: Findings,
    checks: Sequence[CheckState],
    may_skip: frozenset[str],
    red_on_base: frozenset[tuple[str, AppId | None]],
) -> None:
    for check in sorted(checks, key=lambda c: (c.name, c.app_id or 0, c.database_id)):
        if check.conclusion is None:
            _pending(found, check.name, f"The check `{check.name}` has not finished.", link=check.url)
        elif check.conclusion in PASSES_WHERE_LISTED:
            if check.name not in may_skip:
                _skipped(found, check)
        elif check.conclusion != PASSES:
            _failed(found, check, on_base=(check.name, check.app_id) in red_on_base)


def _skipped(found: Findings, check: CheckState) -> None:
    found.block(
        "ci.skipped",
        f"The check `{check.name}` ended `{check.conclusion}`, which proves nothing. It passes only where "
        "`ci.allow_skipped` lists it, whether a rule requires it or not.",
        then=f"Let `{check.name}` run, or list it in `ci.allow_skipped` of .github/cadence.yml on the base branch.",
        short=f"{check.name} was skipped",
        when=f"`{check.name}` succeeds",
        links=(check.url,),
    )


def _failed(found: Findings, check: CheckState, *, on_base: bool) -> None:
    text, then = f"The check `{check.name}` ended `{check.conclusion}`.", ""
    if on_base:
        text += " It fails on the base branch too, so this change may not be the cause."
        then = f"A person repairs `{check.name}` on the base branch first."
    if check.conclusion == "action_required":
        text = f"The check `{check.name}` ended `action_required`: it waits for a person."
        then = (
            "A person with write access opens the workflow run and approves it (`Approve and run`)."
            if check.workflow
            else f"A person with write access opens the check and does what {_app(check)} asks there. If a workflow "
            "run of GitHub Actions waits for approval, they approve it (`Approve and run`)."
        )
    found.block(
        "ci.failed",
        text,
        then=then,
        short=_short(check, on_base=on_base),
        when=f"`{check.name}` passes",
        links=(check.url,),
    )


def _short(check: CheckState, *, on_base: bool) -> str:
    if check.conclusion == "action_required":
        return f"{check.name} waits for a person"
    return f"{check.name} failed, on the base too" if on_base else f"{check.name} failed"


def _app(check: CheckState) -> str:
    return f"`{check.app_slug}`" if check.app_slug else "its App"


def _pending(found: Findings, name: str, text: str, *, link: str = "", then: str = "") -> None:
    found.wait("ci.pending", text, then=then, short=f"for CI: {name} pending", when=f"`{name}` passes", links=(link,))


def _absent(found: Findings, name: str, text: str, checks: Sequence[CheckState], correct: str) -> None:
    """An expected name that was not reported; a similar name that was reported is often the one that is meant."""
    near = similar_names(name, {check.name for check in checks})
    if not near:
        return _pending(found, name, text)
    text = f"{text} Similar names did report: {', '.join(f'`{one}`' for one in near)}."
    return _pending(found, name, text, then=f"Cadence looks again when the check reports. {correct}")


def _required(found: Findings, checks: Sequence[CheckState], required: Sequence[RequiredCheck]) -> None:
    for rule in sorted(set(required), key=lambda r: (r.name, r.app_id or 0)):
        reported = [check for check in checks if check.name == rule.name]
        if any(rule.app_id in (None, check.app_id) for check in reported):
            continue
        if reported:
            who = "another App" if any(check.app_id is not None for check in reported) else "a commit status"
            told = "" if who == "another App" else ", which does not tell its App"
            found.wait(
                "rule.required_check",
                f"A rule requires `{rule.name}` from App {rule.app_id}; only {who} has reported it{told}.",
                short=f"for CI: {rule.name} from the expected App",
                when=f"App {rule.app_id} reports `{rule.name}`",
            )
        else:
            text = f"The check `{rule.name}`, which a rule requires, has not reported."
            _absent(found, rule.name, text, checks, "If the rule means one of them, correct the name in the rule.")


def _expected(
    found: Findings, snapshot: Snapshot, checks: Sequence[CheckState], rules: RepoConfig, required: frozenset[str]
) -> None:
    reported = {check.name for check in checks}
    configured = frozenset(name for name in rules.ci.expect if not is_own_name(name)) - required
    for name in sorted(configured - reported):
        text = f"The check `{name}`, which `ci.expect` names, has not reported."
        _absent(found, name, text, checks, "If `ci.expect` means one of them, correct the name there.")
    on_base = {check.name for check in foreign(snapshot.base_checks or (), snapshot.app_id)}
    for name in sorted(on_base - reported - configured - required - frozenset(rules.ci.allow_skipped)):
        _pending(
            found,
            name,
            f"The check `{name}` runs on the base branch and has not reported here.",
            then="Cadence looks again when it reports. If it never runs on pull requests, list it in "
            "`ci.allow_skipped` of .github/cadence.yml.",
        )


def _own_required(found: Findings, required: Sequence[RequiredCheck], app_id: AppId) -> None:
    """A rule may require our checks; `cadence/gate` is not input, the others count through our own verdicts only."""
    for rule in required:
        if is_own_name(rule.name) and rule.app_id not in (None, app_id):
            found.block(
                "rule.required_check",
                f"A rule requires `{rule.name}` from App {rule.app_id}, which is not this Cadence ({app_id}).",
                then="Choose this App as the check's source in the rule.",
                short=f"a rule wants {rule.name} from another App",
                when=f"the rule takes `{rule.name}` from this App",
            )


def _settle(found: Findings, snapshot: Snapshot, any_foreign: bool, settle_seconds: int) -> bool:
    """Whether checks have had time to appear: counted from the head's push and the newest check's start or end."""
    times = [snapshot.head_seen_at]
    if any_foreign:
        times.append(snapshot.last_check_seen_at)
    known = [time for time in times if time is not None]
    if len(known) < len(times):
        return False
    until = max(known) + timedelta(seconds=settle_seconds)
    if snapshot.now >= until:
        return True
    found.look_at(until)
    found.wait(
        "ci.settling",
        f"Further checks may still appear. CI counts as complete when no check has appeared or finished for "
        f"{settle_seconds} s.",
        short="for CI: further checks may appear",
    )
    return False
