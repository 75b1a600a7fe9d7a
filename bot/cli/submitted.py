"""Reads what a person or another agent submits: a ChangeSet, or a task that holds one, a diff or a patch. Pure."""

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
_TEXT_KEYS = ("title", "description", "acceptance_criteria", "blueprint")
_ONE_FILE = ("file", "before", "after")


@dataclass(frozen=True, slots=True)
class OneFile:
    """The oldest form: one file's text before and after; an empty `before` adds it, an empty `after` deletes it."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Submitted:
    """Exactly one of `change_set`, `one_file` and `patch` is set; `message` belongs to the last two.

    `repo_dir` is the repository that the task names, if any. `mentioned` is the task's own text: an edit may declare a
    removal only of names in it. `notes` say how the input was read.
    """

    change_set: ChangeSet | None = None
    one_file: OneFile | None = None
    patch: str | None = None
    message: str = ""
    repo_dir: str | None = None
    mentioned: str = ""
    notes: tuple[str, ...] = ()


def read_submitted(raw: bytes) -> Submitted:
    """Read the input's bytes. Raises ChangeSetRejected for what is not exactly one ChangeSet or task."""
    try:
        # Some editors write a byte-order mark, which a JSON parser may ignore:
        # https://www.rfc-editor.org/rfc/rfc8259#section-8.1
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"the input is not UTF-8 ({error.reason} at byte {error.start})"
        raise ChangeSetRejected([make_finding("contract.not_json", message)]) from None
    value, notes = read_json(text)
    # Only a ChangeSet has `edits`; every other object is a task around one.
    if not isinstance(value, Mapping) or "edits" in value:
        return _change_set(value, {}, notes)
    given = [form for form in _FORMS if value.get(form) is not None]
    if len(given) > 1:
        raise ChangeSetRejected(
            [make_finding("contract.ambiguous", f"the task gives its change twice: as {' and as '.join(given)}")]
        )
    if given == ["diff"]:
        return _one_file(value, notes)
    if given == ["patch"]:
        return _patch(value, notes)
    inner = value["change_set"] if given else {k: v for k, v in value.items() if k != "repo_dir"}
    return _change_set(inner, value, notes)


def _change_set(value: object, task: Mapping[str, Any], notes: tuple[str, ...]) -> Submitted:
    # Some clients put the ChangeSet into the task as a JSON text.
    if isinstance(value, str):
        value, more_notes = read_json(value)
        notes += more_notes
    # `normalise` accepts only decoded objects. A list or a number goes in as text, so that it reports the usual error.
    read = normalise(value if isinstance(value, Mapping) else json.dumps(value))
    texts = [str(task[name]) for name in ("plan", "summary") if isinstance(task.get(name), str)]
    return Submitted(
        change_set=read.change_set,
        repo_dir=_repo_dir(task),
        mentioned="\n".join([read.summary, read.plan, *texts, _task_text(task)]).strip(),
        notes=notes + read.notes,
    )


def _one_file(task: Mapping[str, Any], notes: tuple[str, ...]) -> Submitted:
    diff = task["diff"]
    if isinstance(diff, str):
        # The old form of `diff` is an object, so a text under this name can only be a patch.
        return _patch({**task, "patch": diff}, (*notes, "read `diff` as a patch"))
    if not isinstance(diff, Mapping) or not all(isinstance(diff.get(name), str) for name in _ONE_FILE):
        raise ChangeSetRejected(
            [make_finding("contract.invalid", "`diff` must be an object with the texts `file`, `before` and `after`")]
        )
    unknown = [str(key) for key in diff if key not in _ONE_FILE]
    if unknown:
        raise ChangeSetRejected([make_finding("contract.unknown_key", f"`diff` has the unknown key `{unknown[0]}`")])
    message, more_notes = _message(task, f"Change {diff['file']}")
    return Submitted(
        one_file=OneFile(diff["file"], diff["before"], diff["after"]),
        message=message,
        repo_dir=_repo_dir(task),
        mentioned=_task_text(task),
        notes=(*notes, *more_notes),
    )


def _patch(task: Mapping[str, Any], notes: tuple[str, ...]) -> Submitted:
    patch = task["patch"]
    if not isinstance(patch, str):
        raise ChangeSetRejected([make_finding("contract.invalid", "`patch` must be the text of a unified diff")])
    message, more_notes = _message(task, "Apply a patch")
    return Submitted(
        patch=patch, message=message, repo_dir=_repo_dir(task), mentioned=_task_text(task), notes=(*notes, *more_notes)
    )


def _message(task: Mapping[str, Any], default: str) -> tuple[str, tuple[str, ...]]:
    for name in ("message", "title", "description"):
        if isinstance(task.get(name), str) and task[name].strip():
            return task[name], () if name == "message" else (f"took `{name}` as the message",)
    return default, (f"the task has no message; used {default!r}",)


def _task_text(task: Mapping[str, Any]) -> str:
    return "\n".join(str(task[name]) for name in _TEXT_KEYS if isinstance(task.get(name), str | list))


def _repo_dir(task: Mapping[str, Any]) -> str | None:
    given = task.get("repo_dir")
    if given is not None and not isinstance(given, str):
        raise ChangeSetRejected([make_finding("contract.invalid", "`repo_dir` must be the path of a directory")])
    return given
