"""Asks whether a push may be sent when git is connected and has read the remote's refs: directly before it sends."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from threading import Thread

from bot.core.errors import CadenceError, SettingsInvalid
from bot.git_store.process import Hooks

# git runs `pre-push` after it has connected and read the remote's refs, and before it sends anything; status 1 ends the
# push. https://git-scm.com/docs/githooks#_pre_push
# Where this process has died, no one holds the other end of the answer's pipe, so `read` fails and nothing is pushed.
_HOOK = """#!/bin/sh
printf '?' > /dev/fd/{question} && read -r answer < /dev/fd/{answer} && [ "$answer" = send ]
"""
_ASKED, _SEND, _GIVE_UP, _END = b"?", b"send\n", b"give up\n", b"."


@contextmanager
def ask_before_push(room: Path, ask: Callable[[], None]) -> Iterator[Hooks]:
    """The hooks for one push. `ask` raises a CadenceError where it must not be sent.

    It is asked once before git is started, so that nothing is begun in vain, and by git's `pre-push` hook again. Raises
    that error when the block ends. The hook is written below `room`, or below the directory for temporary files where
    nothing in `room` may be executed. Raises SettingsInvalid where that holds for both.
    """
    ask()
    refused: list[CadenceError] = []
    (asked, question), (answer, answered) = os.pipe(), os.pipe()

    def serve() -> None:
        while os.read(asked, 1) == _ASKED:
            try:
                ask()
            except CadenceError as error:
                refused.append(error)
            os.write(answered, _GIVE_UP if refused else _SEND)

    # `ask` reads the context of the effect.
    server = Thread(target=copy_context().run, args=(serve,), name="ask-before-push", daemon=True)
    server.start()
    try:
        with _executable((room, Path(tempfile.gettempdir())), _HOOK.format(question=question, answer=answer)) as hooks:
            # The hook opens the pipes again, and opening one to write waits until a reader has it open: `asked` too.
            yield Hooks(hooks, (asked, question, answer))
    finally:
        os.write(question, _END)
        server.join()
        for pipe in (asked, question, answer, answered):
            os.close(pipe)
    if refused:
        raise refused[0]


@contextmanager
def _executable(rooms: Sequence[Path], text: str) -> Iterator[Path]:
    """A directory that holds the hook, in the first of the rooms whose files may be executed."""
    for room in rooms:
        with tempfile.TemporaryDirectory(dir=room, prefix="push-") as directory:
            hook = Path(directory) / "pre-push"
            hook.write_text(text)
            hook.chmod(0o700)
            # On a file system that is mounted `noexec` git warns, leaves the hook out and pushes (seen with 2.39).
            # https://man7.org/linux/man-pages/man2/access.2.html
            if os.access(hook, os.X_OK):
                yield Path(directory)
                return
    raise SettingsInvalid(
        f"git cannot run a hook: no file may be executed in {' or '.join(map(str, rooms))}, so nothing was pushed.",
        remedy="Set TMPDIR to a directory of a file system that is not mounted noexec.",
    )
