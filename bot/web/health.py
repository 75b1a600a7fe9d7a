"""`/healthz`: the process is alive. `/readyz`: it can do its work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from flask import Blueprint, Response, jsonify

MOST_WAITING = timedelta(minutes=2)
"""How long a delivery may wait before `/readyz` fails. At 100 deliveries a second that is a backlog of 12,000."""
Check = Callable[[], str | None]
"""None when all is well, else what is wrong in a few words without secrets."""


Counts = Callable[[], Mapping[str, int]]


def waiting_too_long(since: datetime | None, now: datetime) -> str | None:
    """What is wrong when the oldest delivery that could have been handled has waited too long."""
    if since is None or now - since <= MOST_WAITING:
        return None
    return (
        f"the oldest delivery has waited for {(now - since).total_seconds():.0f} s; the log says what keeps the workers"
    )


def health_blueprint(checks: Mapping[str, Check], deliveries: Counts | None = None) -> Blueprint:
    """The two pages; `/readyz` answers 503 with the failing parts until every check passes.

    `deliveries` counts those that are not handled, by status; they are shown, and do not make the page fail.
    """
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        # Asks nothing, because a restart of this process would not repair the database or GitHub:
        # https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
        return jsonify({"status": "ok"})

    @blueprint.get("/readyz")
    def readyz() -> tuple[Response, int]:
        results = {name: check() for name, check in checks.items()}
        ready = all(result is None for result in results.values())
        parts = {name: result or "ok" for name, result in results.items()}
        counted: Mapping[str, int] = {}
        # Counting needs the database, and when it does not answer its own check fails already.
        if deliveries is not None and results.get("database") is None:
            counted = deliveries()
        answer = {"status": "ready" if ready else "not ready", "checks": parts, "deliveries": dict(counted)}
        # Load balancers send no requests to a process that answers 503:
        # https://www.rfc-editor.org/rfc/rfc9110#section-15.6.4
        return jsonify(answer), 200 if ready else 503

    return blueprint
