"""`cadence sandbox`: the embedded GitHub, CI and scripted model alone, for a `cadence serve` that a person starts."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from bot.core.clock import Clock, SystemClock
from bot.core.names import TRIGGER_LABEL
from bot.sandbox.demo.embedded import OWNER, AnswerSource, EmbeddedParts, Subject
from bot.sandbox.demo.sample_repository import SAMPLE_NAME, SAMPLE_TEST_COMMAND, sample_files
from bot.sandbox.demo.signals import ended_by_signals
from bot.sandbox.demo.stories import generic_rules, stories
from bot.sandbox.demo.surroundings import data_directory, surroundings, with_env_file


def run_sandbox(port: int, keep: Path | None, *, clock: Clock | None = None) -> int:
    """Start the parts, print where they are and how to use them, and stay until Ctrl-C, SIGTERM or SIGHUP; gives 0.

    `port` is the embedded GitHub's, 0 for a free one; the other parts take free ports. Raises CadenceError
    `port.in_use` or `port.refused`.
    """
    clock = clock or SystemClock()
    console = Console(no_color=True if "NO_COLOR" in os.environ else None)
    every = stories()
    # The sample's own issues are answered by their script, every other one by approvals that say they are recorded.
    rules = [*(rule for story in every for rule in story.rules), *generic_rules()]
    with ExitStack() as stack:
        stack.enter_context(ended_by_signals())
        try:
            directory = data_directory(keep, stack)
            around = surroundings(directory, clock, with_env_file(os.environ))
            subject = Subject(SAMPLE_NAME, SAMPLE_TEST_COMMAND, files=sample_files())
            parts = stack.enter_context(
                EmbeddedParts(subject, AnswerSource.SCRIPTED, rules, around, port=port, forms=True)
            )
            parts.github.install(parts.cadence, parts.repository)
            for story in every:
                parts.repository.file_issue(story.title, story.body, by=OWNER)
            console.print(_guide(parts, kept=keep is not None), markup=False, highlight=False, soft_wrap=True)
            while True:
                clock.sleep(0.5)
        except KeyboardInterrupt:
            console.print("stopped", markup=False)
            return 0


def _guide(parts: EmbeddedParts, *, kept: bool) -> str:
    """Write the settings to a file, and say where everything is and what to do with it."""
    folder = parts.data
    file = folder / ".env"
    # It holds the App's webhook secret: for the owner's eyes only, from the first byte.
    file.touch(mode=0o600)
    file.write_text("".join(f"{name}={value}\n" for name, value in parts.settings.items()), encoding="utf-8")
    home = f"{parts.url}/{parts.repository.full_name}"
    issues = [f"  {home}/issues/{number}  {issue.title}" for number, issue in parts.repository.state.issues.items()]
    settings = [f"  {name}={'…' if 'SECRET' in name else value}" for name, value in parts.settings.items()]
    return "\n".join(
        [
            f"embedded GitHub  {home}",
            f"API              {parts.url}/api/v3",
            f"scripted model   {parts.model.url}",
            "CI               runs the repository's tests on every push",
            "",
            f"settings of `cadence serve`, in {file}:",
            *settings,
            "",
            "1. in another terminal, start Cadence with these settings:",
            f"  cd {shlex.quote(str(folder))} && {_program()} serve",
            f"2. label an issue `{TRIGGER_LABEL}`: with the button on its page, or with curl:",
            *issues,
            f"  curl -d label={TRIGGER_LABEL} {home}/issues/1/labels",
            "3. watch the issue's page, and the pull request that it links to, until it is merged.",
            "   Steer it with comments, on either page or with curl (`/cadence help` lists the commands):",
            f"  curl -d 'body=/cadence why' {home}/issues/1/comments",
            "",
            "The model only knows these issues. For another one, put a fenced `json cadence` ChangeSet into its text,",
            "or set OPENAI_API_KEY and OPENAI_BASE_URL to a real model's in the terminal of `cadence serve`.",
            "Ctrl-C ends the sandbox" + ("." if kept else " and deletes its data."),
        ]
    )


def _program() -> str:
    """How this program was started, so that the printed command works in another folder."""
    started = Path(sys.argv[0])
    if started.name == "cadence" and shutil.which("cadence") is None:
        return shlex.quote(str(started.absolute()))
    return "cadence" if started.name == "cadence" else f"{shlex.quote(sys.executable)} -m bot"
