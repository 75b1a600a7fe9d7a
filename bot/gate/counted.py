"""Which check runs and statuses of a commit count, where several carry one name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from bot.core.names import OWN_NAMES, AppId
from bot.github_api.records import CheckState, SuiteState

_ALIKE = 0.7
_LATEST = datetime.max.replace(tzinfo=UTC)


def is_own_name(name: str) -> bool:
    """Whether a check's name is one that Cadence uses; status contexts are case-insensitive on GitHub."""
    return name.casefold() in OWN_NAMES


def foreign(checks: Iterable[CheckState], app_id: AppId, suites: Sequence[SuiteState] | None = ()) -> list[CheckState]:
    """The checks that are not ours, do not carry one of our names, and that no newer one has replaced.

    - GitHub Actions: every job of the newest run of each (workflow, event). The reader of GitHub has already left out
      the jobs that a later attempt of that workflow run replaced. `suites` shows runs that have no check run yet.
    - Other Apps: a run replaces an older one of its name only if it started after the older one had completed. Runs
      that overlap are siblings (the legs of a matrix, for example), and all of them count.
    - Commit statuses: the newest of each context. A status is a point in time, so two cannot overlap.
    """
    others = [check for check in checks if check.app_id != app_id and not is_own_name(check.name)]
    # Only GitHub Actions has workflows. The App is part of the key, so no other App's check can replace one of them.
    newest: dict[tuple[AppId | None, str], int] = {}
    runs = [(one.app_id, one.workflow, one.workflow_run) for one in others]
    for app, workflow, number in [*runs, *((one.app_id, one.workflow, one.workflow_run) for one in suites or ())]:
        newest[app, workflow] = max(newest.get((app, workflow), 0), number)
    return [check for check in others if _counts(check, others, newest)]


def _counts(check: CheckState, others: Sequence[CheckState], newest: dict[tuple[AppId | None, str], int]) -> bool:
    if check.workflow:
        return check.workflow_run == newest[check.app_id, check.workflow]
    same = [one for one in others if not one.workflow and (one.name, one.app_id) == (check.name, check.app_id)]
    if check.app_id is None:
        return _age(check) == max(map(_age, same))
    return not any(_replaces(newer, check) for newer in same)


def _replaces(newer: CheckState, older: CheckState) -> bool:
    """Whether one run of an App is a repetition of another. A run whose times are unknown replaces nothing."""
    if older.conclusion is None or older.completed_at is None:
        return False
    if newer.started_at is None:
        # A run without a start has not begun: it was queued again after the older one, which has an end.
        return newer.conclusion is None
    # The second comparison keeps two runs with impossible times (an end before the start) from replacing each other.
    return newer.started_at > older.completed_at and newer.started_at > (older.started_at or older.completed_at)


def _age(check: CheckState) -> tuple[datetime, int]:
    return check.started_at or _LATEST, check.database_id


def similar_names(name: str, reported: Iterable[str]) -> list[str]:
    """Up to three of the reported names that a person may have meant by `name`, the most alike first.

    The names that GitHub Actions makes differ from what people write into a rule in a known way: a matrix adds its
    values (`test (3.12)`), a reusable workflow its caller (`ci / test`).
    """
    wanted = name.casefold()
    found = []
    for one in reported:
        other = one.casefold()
        alike = difflib.SequenceMatcher(None, wanted[:200], other[:200]).ratio()
        if wanted in other or other in wanted or alike >= _ALIKE:
            found.append((-alike, one))
    return [one for _, one in sorted(found)[:3]]
