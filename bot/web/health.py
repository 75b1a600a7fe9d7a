"""`/healthz`: the process is alive. `/readyz`: it can do its work."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, Response, jsonify

Check = Callable[[], str | None]
"""None when all is well, else what is wrong in a few words without secrets."""


def health_blueprint(checks: Mapping[str, Check]) -> Blueprint:
    """The two pages; `/readyz` answers 503 with the failing parts until every check passes."""
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        return jsonify({"status": "ok"})

    @blueprint.get("/readyz")
    def readyz() -> tuple[Response, int]:
        results = {name: check() for name, check in checks.items()}
        ready = all(result is None for result in results.values())
        parts = {name: result or "ok" for name, result in results.items()}
        return jsonify({"status": "ready" if ready else "not ready", "checks": parts}), 200 if ready else 503

    return blueprint
