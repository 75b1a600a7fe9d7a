"""What a known mistake of the scripted model is, and what the self test has to report for it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.plan.selftest.score import Result
from bot.plan.selftest.tasks import Task

Made = tuple[str, str]
"""An answer's text and its `finish`."""
Make = Callable[[Task, str], Made | None]
"""Makes an answer to a task; the text is the mark around blocks, where there are any. None: the task does not fit."""

UNFINISHED = {
    "python": "\n\ndef unfinished(:\n    pass\n",
    "typescript": "\nfunction unfinished( {\n}\n",
    "go": "\nfunc unfinished( {\n}\n",
}
"""By language what makes a file that does not parse."""
_COMMENTS = {
    ".py": "# end of the file\n",
    ".ts": "// end of the file\n",
    ".go": "// end of the file\n",
    ".md": "The end.\n",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """One known mistake, and what the self test has to report for it.

    A `code` that ends with a dot goes on with the task's language. `always` mistakes are repeated after each
    correction, all others are made once. `attempts` counts the model's answers.
    """

    make: Make
    result: Result
    code: str = ""
    always: bool = False
    attempts: int = 1


def prose(_task: Task, _mark: str) -> Made:
    """No answer at all, in words."""
    return "I restored the text as the blueprint asks. Tell me if you want the tests changed as well.", "stop"


def empty(_task: Task, _mark: str) -> Made:
    """An empty answer."""
    return "", "stop"


def comment_for(path: str) -> str | None:
    """A line that changes nothing but the text of a file; None for a file without comments."""
    return _COMMENTS.get(PurePosixPath(path).suffix)
