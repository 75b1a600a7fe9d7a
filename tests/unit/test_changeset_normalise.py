# ruff: noqa: E501  (one case a line)
"""What models really write becomes a ChangeSet with a note for every step, or is refused with a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.changeset.json_schemas import change_set_schema, model_schema
from bot.changeset.normalise import normalise
from bot.changeset.pin import pin
from bot.changeset.rejected import ChangeSetRejected
from tests.fakes.dict_tree import DictTree, blob_sha

EDIT = {"path": "a.txt", "mode": "add", "after": "a\n"}
PLAIN = {"message": "Add a", "edits": [EDIT]}
WANTED = normalise(PLAIN).change_set

READ: list[tuple[str, Any, str]] = [
    ("a fence", f"Here it is:\n\n```json\n{json.dumps(PLAIN)}\n```\nDone.", "code fence"),
    ("prose around it", f"Sure. {json.dumps(PLAIN)}", "prose"),
    ("a wrapper", {"change_set": PLAIN, "title": "T"}, "`change_set`"),
    ("a list of one", [PLAIN], "only object"),
    ("changes", {"message": "Add a", "changes": [EDIT]}, "`changes`"),
    ("file and after_file", {"message": "Add a", "edits": [{"file": "a.txt", "mode": "add", "after_file": "a\n"}]}, "`file`"),
    ("content and create", {"message": "Add a", "files": [{"path": "a.txt", "action": "create", "content": "a\n"}]}, "`create`"),
    ("a commit message", {"commit_message": "Add a", "edits": [EDIT]}, "`commit_message`"),
    ("nulls", {**PLAIN, "author": None, "meta": None, "edits": [{**EDIT, "before_sha": None, "replace": None}]}, ""),
    ("an empty hash", {"message": "Add a", "edits": [{**EDIT, "before_sha": ""}]}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "raw", "note"), READ, ids=[name for name, _, _ in READ])
def test_shapes_that_mean_one_thing_are_read(name: str, raw: Any, note: str) -> None:
    done = normalise(json.dumps(raw) if isinstance(raw, list) else raw)
    assert done.change_set == WANTED
    assert note in " ".join(done.notes)
    assert bool(done.notes) == bool(note)


REFUSED: list[tuple[str, Any, str]] = [
    ("nothing", "", "contract.not_json"),
    ("prose", "I could not do it.", "contract.not_json"),
    ("cut off", json.dumps(PLAIN)[:-4], "contract.not_json"),
    ("two objects", f"{json.dumps(PLAIN)}\n{json.dumps(PLAIN)}", "contract.ambiguous"),
    ("one field twice", {"message": "m", "edits": [{**EDIT, "content": "b\n"}]}, "contract.ambiguous"),
    ("tasks", {"tasks": [{"title": "t"}]}, "contract.not_a_change_set"),
    ("other keys", {"This output is invalid": "x"}, "contract.not_a_change_set"),
    ("an error", {"error": "Input exceeds token limit"}, "contract.error_reply"),
    ("a list of tasks", '[{"id": 1}, {"id": 2}]', "contract.not_a_change_set"),
    ("a number", "3", "contract.not_a_change_set"),
    ("no mode", {"message": "m", "edits": [{"path": "a", "after": "b"}]}, "contract.missing_mode"),
    ("an unknown mode", {"message": "m", "edits": [{**EDIT, "mode": "patch"}]}, "contract.invalid"),
    ("an unknown key", {**PLAIN, "confidence": 1}, "contract.unknown_key"),
    ("edits that are no list", {"message": "m", "edits": "none"}, "contract.invalid"),
    ("not a number", '{"message": "m", "edits": [], "meta": {"a": NaN}}', "contract.not_json"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "raw", "code"), REFUSED, ids=[name for name, _, _ in REFUSED])
def test_what_could_only_be_guessed_is_refused(name: str, raw: Any, code: str) -> None:
    with pytest.raises(ChangeSetRejected) as raised:
        normalise(raw)
    assert [f.code for f in raised.value.findings] == [code]
    assert raised.value.findings[0].instruction


def test_keys_of_version_2_make_a_version_2() -> None:
    done = normalise({"version": 1, "message": "m", "edits": [{"path": "b", "mode": "modify", "rename_from": "a"}]})
    assert done.change_set.version == 2
    assert "version 2" in done.notes[0]


def test_pins_are_filled_and_given_ones_kept() -> None:
    tree = DictTree({"a": "one\n", "b": "two\n"})
    edits = [{"path": "a", "mode": "modify", "after": "1\n"}, {"path": "b", "mode": "delete", "before_sha": "1" * 40}]
    pinned = pin(normalise({"message": "m", "edits": edits}).change_set, tree)
    assert [e.before_sha for e in pinned.change_set.edits] == [blob_sha(b"one\n"), "1" * 40]
    assert len(pinned.notes) == 1
    assert "had no `before_sha`" in pinned.notes[0]


def strict(schema: Any) -> None:
    """OpenAI's rules for strict structured output: every object closed, every property required."""
    if isinstance(schema, dict):
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False
            assert schema["required"] == list(schema["properties"])
        for value in schema.values():
            strict(value)
    elif isinstance(schema, list):
        for value in schema:
            strict(value)


def test_the_schema_for_models_is_strict_and_asks_for_nothing_that_is_ours() -> None:
    schema = model_schema()
    strict(schema)
    text = json.dumps(schema)
    assert not any(f'"{name}"' in text for name in ("author", "meta", "base", "before_sha", "after_base64"))


def test_the_digest_does_not_depend_on_how_it_was_written() -> None:
    assert (
        normalise(json.dumps(PLAIN)).change_set.digest()
        == normalise({"edits": [dict(reversed(EDIT.items()))], "message": "Add a"}).change_set.digest()
    )


def test_version_1_knows_no_keys_of_version_2() -> None:
    keys = change_set_schema(1)["properties"]["edits"]["items"]["properties"]
    assert set(keys) == {"path", "mode", "after", "before_sha"}
