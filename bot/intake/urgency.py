"""How urgent a delivery is, and which other one covers it. Pure; read in the web process, from the payload."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.names import sha256

ASKED, CHANGED, CHECKED = 0, 1, 2
"""What people ask for; what changed on branches and pull requests; what checks report, by far the most."""

_ASKED = frozenset({"issues", "issue_comment", "installation", "installation_repositories", "ping"})
_CHECKED = frozenset({"check_run", "check_suite", "status", "workflow_run"})
_BY_PEOPLE = frozenset({"rerequested", "requested_action"})


def urgency_of(event: str, payload: Mapping[str, Any]) -> int:
    """ASKED, CHANGED or CHECKED; a button that a person pressed on a check run is ASKED."""
    if event in _ASKED or payload.get("action") in _BY_PEOPLE:
        return ASKED
    return CHECKED if event in _CHECKED else CHANGED


def subject_of(event: str, payload: Mapping[str, Any]) -> str:
    """One text for all check events that lead to the same look: of one commit, App and set of pull requests.

    Empty for everything else, and for a payload that is not as GitHub makes it.
    """
    if event not in _CHECKED or payload.get("action") in _BY_PEOPLE:
        return ""
    part = payload if event == "status" else payload.get(event)
    repository = payload.get("repository")
    if not isinstance(part, dict) or not isinstance(repository, dict):
        return ""
    head = part.get("sha" if event == "status" else "head_sha")
    if not isinstance(head, str):
        return ""
    # An event that changes nothing (`check_suite.requested`) must not cover one that does.
    ended = event == "status" or payload.get("action") in ("completed", *(("created",) if event == "check_run" else ()))
    app, pulls = part.get("app"), part.get("pull_requests")
    maker = app.get("id") if isinstance(app, dict) else None
    numbers = [one.get("number") for one in pulls if isinstance(one, dict)] if isinstance(pulls, list) else []
    return sha256(repr((repository.get("id"), head, maker, sorted(map(str, numbers)), ended)))
