"""`cadence serve`, `web` and `worker`: one process that runs the service, or one side of it."""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("serve")(serve)
    app.command("web")(web)
    app.command("worker")(worker)


def serve() -> None:
    """Run the service: the webhook receiver and a worker in one process. Settings: deploy/example.env."""
    _serve(web=True, worker=True)


def web() -> None:
    """Run only the webhook receiver; workers run elsewhere on the same database."""
    _serve(web=True, worker=False)


def worker() -> None:
    """Run only a worker; give each its own CADENCE_EXECUTOR_ID."""
    _serve(web=False, worker=True)


def _serve(*, web: bool, worker: bool) -> None:
    from bot.cli.serve import serve as run
    from bot.settings import Settings

    run(Settings.load(), web=web, worker=worker)
