"""What a person or another agent hands in: a ChangeSet, or one of the forms that stand for one. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.changeset.json_reading import read_json
from bot.changeset.model import ChangeSet
from bot.changeset.normalise import normalise
from bot.changeset.rejected import ChangeSetRejected
from bot.core.codes.lookup import make_finding

_FORMS = ("change_set", "diff", "patch")
_WORDS = ("title", "description", "acceptance_criteria", "blueprint")
_ONE_FILE = ("file", "before", "after")


@dataclass(frozen=True, slots=True)
class OneFile:
    """The oldest form: one file's whole text before and after; an empty `before` adds, an empty `after` deletes."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """Exactly one of `change_set`, `one_file` and `patch` is set.

    `message` goes with the latter two; `repo_dir` is where it is meant for, if said; `mentioned` is the task's own
    text, in which names must occur that an edit declares as removed; `notes` say how the input was read.
    """

    change_set: ChangeSet | None = None
    one_file: OneFile | None = None
    patch: str | None = None
    message: str = ""
    repo_dir: str | None = None
    mentioned: str = ""
    notes: tuple[str, ...] = ()


def read_submitted(raw: bytes) -> Submitted:
    """Read a file or standard input. Raises ChangeSetRejected for anything that could only be guessed."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"the input is not UTF-8 ({error.reason} at byte {error.start})"
        raise ChangeSetRejected([make_finding("contract.not_json", message)]) from None
    value, notes = read_json(text)
    if not isinstance(value, Mapping) or "edits" in value:
        return _change_set(value, {}, notes)
    given = [form for form in _FORMS if value.get(form) is not None]
    if len(given) > 1:
        raise ChangeSetRejected(
            [make_finding("contract.ambiguous", f"the task says its change twice: as {' and as '.join(given)}")]
        )
    if given == ["diff"]:
        return _one_file(value, notes)
    if given == ["patch"]:
        return _patch(value, notes)
    inner = value["change_set"] if given else {k: v for k, v in value.items() if k != "repo_dir"}
    return _change_set(inner, value, notes)


def _change_set(value: object, task: Mapping[str, Any], notes: tuple[str, ...]) -> Submitted:
    if isinstance(value, str):
        value, said = read_json(value)
        notes += said
    # normalise takes decoded objects; a list or scalar goes in as text and is refused in its own words.
    read = normalise(value if isinstance(value, Mapping) else json.dumps(value))
    beside = [str(task[name]) for name in ("plan", "summary") if isinstance(task.get(name), str)]
    return Submitted(
        change_set=read.change_set,
        repo_dir=_repo_dir(task),
        mentioned="\n".join([read.summary, read.plan, *beside, _words(task)]).strip(),
        notes=notes + read.notes,
    )


def _one_file(task: Mapping[str, Any], notes: tuple[str, ...]) -> Submitted:
    diff = task["diff"]
    if isinstance(diff, str):
        return _patch({**task, "patch": diff}, (*notes, "read `diff` as a patch"))
    if not isinstance(diff, Mapping) or not all(isinstance(diff.get(name), str) for name in _ONE_FILE):
        raise ChangeSetRejected(
            [make_finding("contract.invalid", "`diff` must be an object with the texts `file`, `before` and `after`")]
        )
    unknown = [str(key) for key in diff if key not in _ONE_FILE]
    if unknown:
        raise ChangeSetRejected([make_finding("contract.unknown_key", f"`diff` has the unknown key `{unknown[0]}`")])
    message, said = _message(task, f"Change {diff['file']}")
    return Submitted(
        one_file=OneFile(diff["file"], diff["before"], diff["after"]),
        message=message,
        repo_dir=_repo_dir(task),
        mentioned=_words(task),
        notes=(*notes, *said),
    )


def _patch(task: Mapping[str, Any], notes: tuple[str, ...]) -> Submitted:
    patch = task["patch"]
    if not isinstance(patch, str):
        raise ChangeSetRejected([make_finding("contract.invalid", "`patch` must be the text of a unified diff")])
    message, said = _message(task, "Apply a patch")
    return Submitted(
        patch=patch, message=message, repo_dir=_repo_dir(task), mentioned=_words(task), notes=(*notes, *said)
    )


def _message(task: Mapping[str, Any], otherwise: str) -> tuple[str, tuple[str, ...]]:
    for name in ("message", "title", "description"):
        if isinstance(task.get(name), str) and task[name].strip():
            return task[name], () if name == "message" else (f"took `{name}` as the message",)
    return otherwise, (f"the task has no message; it is {otherwise!r}",)


def _words(task: Mapping[str, Any]) -> str:
    return "\n".join(str(task[name]) for name in _WORDS if isinstance(task.get(name), str | list))


def _repo_dir(task: Mapping[str, Any]) -> str | None:
    given = task.get("repo_dir")
    if given is not None and not isinstance(given, str):
        raise ChangeSetRejected([make_finding("contract.invalid", "`repo_dir` must be the path of a directory")])
    return given
