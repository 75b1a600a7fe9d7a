"""Reads other forms that models write as a ChangeSet, without guessing; a note says what was converted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.changeset.json_reading import read_json
from bot.changeset.json_schemas import change_set_schema, schema_findings
from bot.changeset.model import ChangeSet
from bot.changeset.rejected import ChangeSetRejected
from bot.core.codes.lookup import make_finding

_WRAPPERS = ("change_set", "changeSet", "changeset", "ChangeSet")
# Names that models use in place of the format's; each means one thing, so nothing is guessed.
_TOP_NAMES = {
    "changes": "edits",
    "files": "edits",
    "commit_message": "message",
    "description": "message",
    "explanation": "plan",
}
_EDIT_NAMES = {
    "file": "path",
    "filename": "path",
    "file_path": "path",
    "filepath": "path",
    "after_file": "after",
    "content": "after",
    "contents": "after",
    "new_content": "after",
    "operation": "mode",
    "action": "mode",
    "change_type": "mode",
    "type": "mode",
    "old_path": "rename_from",
    "replacements": "replace",
}
_PAIR_NAMES = {"search": "old", "find": "old", "old_text": "old", "new_text": "new", "with": "new"}
_MODE_NAMES = {
    "create": "add",
    "new": "add",
    "added": "add",
    "update": "modify",
    "edit": "modify",
    "change": "modify",
    "modified": "modify",
    "remove": "delete",
    "deleted": "delete",
}
_VERSION_2 = ("replace", "rename_from", "executable", "after_base64", "removes")
# Strict structured outputs have no optional keys, so some models fill one with "".
_EMPTY_MEANS_ABSENT = ("before_sha", "rename_from", "base")


@dataclass(frozen=True, slots=True)
class Normalised:
    """A ChangeSet, the summary and plan that were beside it ("" if none), and what was done to read it."""

    change_set: ChangeSet
    summary: str
    plan: str
    notes: tuple[str, ...]


def normalise(raw: str | Mapping[str, Any]) -> Normalised:
    """Read a ChangeSet from a reply or a decoded object.

    Raises ChangeSetRejected with `contract.*` findings: no JSON, several objects, doubled or unknown keys, a mode
    that is missing, an error object, anything else that could only be guessed.
    """
    notes: list[str] = []
    value: object = raw
    if isinstance(raw, str):
        value, said = read_json(raw)
        notes += said
    top = _unwrapped(value, notes)
    top = _renamed(top, _TOP_NAMES, "", notes)
    _refuse_other_shapes(top)
    summary, plan = str(top.pop("summary", None) or ""), str(top.pop("plan", None) or "")
    message = top.get("message")
    # Models fill every key of a strict schema, some of them with an empty text.
    if summary and (message is None or (isinstance(message, str) and not message.strip())):
        top["message"] = summary
        notes.append("took `summary` as the message")
    if isinstance(top.get("edits"), list):
        top["edits"] = [_edit(edit, index, notes) for index, edit in enumerate(top["edits"])]
    return Normalised(_validated(top, notes), summary.strip(), plan.strip(), tuple(notes))


def _unwrapped(value: object, notes: list[str]) -> dict[str, Any]:
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Mapping):
        notes.append("took the only object of a list")
        value = value[0]
    if isinstance(value, Mapping):
        for name in _WRAPPERS:
            inner = value.get(name)
            if isinstance(inner, Mapping) and "edits" not in value:
                beside = {k: value[k] for k in ("summary", "plan") if k in value}
                notes.append(f"took the ChangeSet from `{name}`")
                return {**beside, **inner}
        return dict(value)
    raise ChangeSetRejected([make_finding("contract.not_a_change_set", "the JSON is not an object")])


def _renamed(
    value: Mapping[str, Any], names: Mapping[str, str], place: str, notes: list[str], index: int | None = None
) -> dict[str, Any]:
    out: dict[str, Any] = {k: v for k, v in value.items() if k not in names}
    for key in value:
        if key not in names:
            continue
        known = names[key]
        if known in out and known == "message":
            out[key] = value[key]
            continue
        if known in out:
            raise ChangeSetRejected(
                [make_finding("contract.ambiguous", f"{place}both `{key}` and `{known}` are given", edit=index)]
            )
        out[known] = value[key]
        notes.append(f"{place}read `{key}` as `{known}`")
    return out


def _refuse_other_shapes(top: Mapping[str, Any]) -> None:
    if "edits" in top:
        return
    if "error" in top:
        raise ChangeSetRejected(
            [make_finding("contract.error_reply", f"the reply is an error: {str(top['error'])[:200]}")]
        )
    keys = ", ".join(f"`{k}`" for k in list(top)[:6]) or "no keys"
    raise ChangeSetRejected([make_finding("contract.not_a_change_set", f"the object has {keys[:300]} and no `edits`")])


def _edit(value: object, index: int, notes: list[str]) -> object:
    if not isinstance(value, Mapping):
        return value
    place = f"edits[{index}]: "
    edit = _renamed(value, _EDIT_NAMES, place, notes, index)
    mode = edit.get("mode")
    if isinstance(mode, str) and mode not in _MODE_NAMES.values():
        known = _MODE_NAMES.get(mode.casefold(), mode.casefold())
        if known in _MODE_NAMES.values():
            notes.append(f"{place}read mode `{mode}` as `{known}`")
            edit["mode"] = known
    if isinstance(edit.get("replace"), Mapping):
        edit["replace"] = [edit["replace"]]
    if isinstance(edit.get("replace"), list):
        edit["replace"] = [
            _renamed(pair, _PAIR_NAMES, place, notes, index) if isinstance(pair, Mapping) else pair
            for pair in edit["replace"]
        ]
    for name in _EMPTY_MEANS_ABSENT:
        if edit.get(name) == "":
            del edit[name]
    return edit


def _validated(top: dict[str, Any], notes: list[str]) -> ChangeSet:
    edits = top["edits"] if isinstance(top["edits"], list) else []
    later = any(isinstance(e, Mapping) and e.get(name) is not None for e in edits for name in _VERSION_2)
    if top.get("version") is None or top.get("version") == 1:
        version = 2 if later or top.get("base") is not None else 1
        if top.get("version") == 1 and version == 2:
            notes.append("read as version 2: it uses keys of version 2")
        top["version"] = version
    findings = schema_findings(_without_nulls(top), change_set_schema(2 if top["version"] == 2 else 1))
    if findings:
        raise ChangeSetRejected(findings)
    try:
        return ChangeSet.model_validate(_without_nulls(top))
    except ValueError as error:
        raise ChangeSetRejected(
            [make_finding("contract.invalid", f"the ChangeSet cannot be read: {error}"[:400])]
        ) from error


def _without_nulls(top: Mapping[str, Any]) -> dict[str, Any]:
    edits = top["edits"]
    if isinstance(edits, list):
        edits = [{k: v for k, v in e.items() if v is not None} if isinstance(e, Mapping) else e for e in edits]
    return {**{k: v for k, v in top.items() if v is not None}, "edits": edits}
