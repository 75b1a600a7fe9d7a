"""What the check suites of a head say that its check runs do not: jobs that do not exist yet, runs that never began.

GitHub makes the check run of a job with `needs:` only when the jobs that it needs are done. Until then nothing but the
status of the workflow run, which GitHub shows as a check suite, says that it will come.
https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idneeds
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.gate.reasons import Findings
from bot.gate.snapshot import Snapshot
from bot.github_api.records import CheckState, SuiteState

STUCK_AFTER = timedelta(minutes=30)
"""A workflow run that has no check run after this time is reported as stuck."""
PASSES = frozenset({"success", "skipped", "neutral"})
"""A run that ends so says nothing against the merge; its jobs are judged one by one."""

_APPROVE_DEPLOYMENT = (
    "A reviewer of the deployment environment opens the workflow run, and approves or rejects the deployment."
)


def judge_suites(found: Findings, snapshot: Snapshot, checks: Sequence[CheckState]) -> None:
    """Add a reason for every suite that keeps the pull request from merging, unless one of `checks` in it already does.

    Our own suites are left out: they hold `cadence/gate`, which is completed by this decision. So are suites of
    other Apps without a check run: GitHub makes one for each App on every push, and they may stay queued for ever.
    https://docs.github.com/rest/guides/using-the-rest-api-to-interact-with-checks#about-check-suites
    """
    suites = [one for one in snapshot.suites or () if one.app_id != snapshot.app_id]
    newest = {one.workflow: one.age_key for one in sorted(suites, key=lambda one: one.age_key) if one.workflow}
    for suite in sorted(suites, key=lambda one: (one.name, one.event, one.id)):
        held = [check for check in checks if suite.id and check.suite == suite.id]
        if suite.conclusion is None:
            _unfinished(found, snapshot, suite, held)
        elif suite.age_key == newest.get(suite.workflow):
            _finished(found, suite, held)


def _unfinished(found: Findings, snapshot: Snapshot, suite: SuiteState, held: Sequence[CheckState]) -> None:
    if any(check.conclusion is None for check in held):
        return  # The check itself is reported as pending.
    if not suite.workflow:
        if suite.check_runs:
            who = f"`{suite.app_slug}`" if suite.app_slug else "an App that GitHub does not name"
            _pending(found, suite, f"The check suite of {who} is not completed.", who)
        return
    if not suite.check_runs:
        _without_checks(found, snapshot, suite)
    elif suite.status == "waiting":
        _pending(found, suite, f"{_title(suite)} waits for the approval of a deployment.", then=_APPROVE_DEPLOYMENT)
    else:
        text = f"{_title(suite)} is not completed: it may still start jobs that have no check yet."
        _pending(found, suite, text)


def _without_checks(found: Findings, snapshot: Snapshot, suite: SuiteState) -> None:
    """A workflow run that has no check run: it is about to begin, waits in a `concurrency` group, or never begins."""
    until = suite.created_at + STUCK_AFTER if suite.created_at else None
    if until is not None and snapshot.now >= until:
        minutes = int((snapshot.now - (suite.created_at or snapshot.now)).total_seconds() // 60)
        found.block(
            "ci.stuck",
            f"{_title(suite)} is `{suite.status}` and has no check after {minutes} minutes.",
            short=f"the workflow {suite.name} does not start",
            when=f"the workflow `{suite.name}` runs and passes",
            links=(suite.url,),
        )
        return
    if until is not None:
        found.look_at(until)
    _pending(found, suite, f"{_title(suite)} is `{suite.status}` and has no check yet.")


def _finished(found: Findings, suite: SuiteState, held: Sequence[CheckState]) -> None:
    """The newest run of its workflow: a bad end that none of its jobs explains counts on its own."""
    if suite.conclusion == "action_required":
        found.block(
            "ci.approval",
            f"{_title(suite)} does not start before a person with write access approves it.",
            short=f"the workflow {suite.name} waits for an approval",
            when=f"the workflow `{suite.name}` is approved and passes",
            links=(suite.url,),
        )
    elif suite.conclusion in PASSES:
        if not held:
            _pending(found, suite, f"{_title(suite)} is completed, and GitHub shows no check of it.")
    elif all(check.conclusion in PASSES for check in held):
        found.block(
            "ci.failed",
            f"{_title(suite)} ended `{suite.conclusion}`.",
            short=f"the workflow {suite.name} failed",
            when=f"the workflow `{suite.name}` passes",
            links=(suite.url,),
        )


def _pending(found: Findings, suite: SuiteState, text: str, name: str = "", *, then: str = "") -> None:
    named = name or f"the workflow {suite.name}"
    found.wait(
        "ci.pending", text, then=then, short=f"for CI: {named} pending", when=f"{named} passes", links=(suite.url,)
    )


def _title(suite: SuiteState) -> str:
    return f"The workflow `{suite.name}` (event `{suite.event}`)"
