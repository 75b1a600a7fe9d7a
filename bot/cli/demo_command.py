"""`cadence demo` and `cadence sandbox`: Cadence with an embedded GitHub, CI and model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("demo")(demo)
    app.command("sandbox")(sandbox)


def demo(
    repo: Annotated[
        str | None, typer.Option(help="A git repository to work on: a path, a folder inside one, or a URL.")
    ] = None,
    blueprint: Annotated[Path | None, typer.Option(help="A Markdown file: the issue's title and text.")] = None,
    test_command: Annotated[
        str | None, typer.Option(help="The command that CI runs; guessed from the repository if not given.")
    ] = None,
    setup_command: Annotated[
        str | None, typer.Option(help="The command that prepares each checkout of CI; guessed if not given.")
    ] = None,
    patch: Annotated[
        Path | None, typer.Option(help="Write the result into this file instead of a branch of your repository.")
    ] = None,
    stay: Annotated[
        bool, typer.Option(help="Keep everything running afterwards, so that you can open the pages.")
    ] = False,
    plain: Annotated[bool, typer.Option(help="Plain lines instead of a live display.")] = False,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds that one story may take.")] = 600.0,
    keep: Annotated[Path | None, typer.Option(help="A directory to keep the data and the service's log in.")] = None,
) -> None:
    """Plan, review and merge a change on a built-in GitHub, CI and model. Needs no key and no network.

    With OPENAI_API_KEY (and OPENAI_BASE_URL) set, that model is asked instead of the built-in one.
    """
    from bot.sandbox.demo.extra import require_demo_extra

    # Before the next imports: they need the packages of the extra, and would fail with a bare ImportError.
    require_demo_extra()
    from bot.sandbox.demo.options import DemoOptions
    from bot.sandbox.demo.run import run_demo

    options = DemoOptions(
        repo=repo,
        blueprint=blueprint,
        test_command=test_command,
        setup_command=setup_command,
        patch=patch,
        stay=stay,
        plain=plain,
        timeout=timeout,
        keep=keep,
    )
    raise typer.Exit(run_demo(options))


def sandbox(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The embedded GitHub's port; 0 takes a free one.")] = 0,
    keep: Annotated[Path | None, typer.Option(help="A directory to keep the data in.")] = None,
) -> None:
    """Start an embedded GitHub, CI and model alone, print the settings for `cadence serve`, and stay until Ctrl-C.

    For trying `cadence serve` and its settings without github.com: no key, no network.
    """
    from bot.sandbox.demo.extra import require_demo_extra

    require_demo_extra()
    from bot.sandbox.demo.standalone import run_sandbox

    raise typer.Exit(run_sandbox(port, keep))
