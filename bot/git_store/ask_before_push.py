"""Asks whether a push may be sent when git is connected and has read the remote's refs: directly before it sends."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from threading import Thread

from bot.core.errors import CadenceError

# git runs `pre-push` after it has connected and read the remote's refs, and before it sends anything; status 1 ends the
# push. https://git-scm.com/docs/githooks#_pre_push
_HOOK = """#!/bin/sh
here=$(dirname "$0")
printf '?' > "$here/question" && read -r answer < "$here/answer" && [ "$answer" = send ]
"""
_ASKED, _SEND, _GIVE_UP = b"?", b"send\n", b"give up\n"


@contextmanager
def ask_before_push(room: Path, ask: Callable[[], None]) -> Iterator[Path]:
    """A directory of hooks for one push. `ask` raises a CadenceError where it must not be sent.

    It is asked once before git is started, so that nothing is begun in vain, and by git's `pre-push` hook again. Raises
    that error when the block ends. `room` is a directory in which files may be executed.
    """
    ask()
    refused: list[CadenceError] = []
    with tempfile.TemporaryDirectory(dir=room, prefix="push-") as directory:
        hooks = Path(directory)
        hook = hooks / "pre-push"
        hook.write_text(_HOOK)
        hook.chmod(0o700)
        pipes = [_named_pipe(hooks / name) for name in ("question", "answer")]
        question, answer = pipes

        def serve() -> None:
            while os.read(question, 1) == _ASKED:
                try:
                    ask()
                except CadenceError as error:
                    refused.append(error)
                os.write(answer, _GIVE_UP if refused else _SEND)

        # `ask` reads the context of the effect.
        server = Thread(target=copy_context().run, args=(serve,), name="ask-before-push", daemon=True)
        server.start()
        try:
            yield hooks
        finally:
            os.write(question, b".")
            server.join()
            for pipe in pipes:
                os.close(pipe)
    if refused:
        raise refused[0]


def _named_pipe(path: Path) -> int:
    os.mkfifo(path, 0o600)
    # Open at both ends, so that neither side waits for the other to open it.
    return os.open(path, os.O_RDWR)
