"""docs/changesets.md: every example is one, and does what the page says of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bot.changeset.check import check
from bot.changeset.edits import is_pinned_to
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.json_schemas import change_set_schema
from bot.changeset.normalise import normalise
from bot.changeset.tree import MODE_FILE, TreeEntry
from bot.core.codes.lookup import CHANGESET_CODES
from bot.core.names import BlobSha

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "changesets.md").read_text("utf-8")
EXAMPLES = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)]
LIMITS = "LIMIT = 10\n\n\ndef calls(get):\n    return get(timeout=5), get(timeout=5), get(timeout=5)\n"
GREET = "def greet(name):\n    return f'hi {name}'\n\n\ndef greet_loudly(name):\n    return greet(name).upper()\n"
HELLO = "def greet(name):\n    return f'hi {name}'\n"
FILES = {
    "src/limits.py": LIMITS,
    "src/hello.py": HELLO,
    "src/greet.py": GREET,
    "tools/run.sh": "#!/bin/sh\necho run\n",
}
PINNED = BlobSha("257cc5642cb1a054f08cc83f2d943e56fd3ebe99")


class Tree:
    """The repository that the examples are for."""

    def entry(self, path: str) -> TreeEntry | None:
        directory = any(name.startswith(f"{path}/") for name in FILES)
        if path not in FILES:
            return TreeEntry(path, "040000", BlobSha("d" * 40), 0) if directory else None
        return TreeEntry(path, MODE_FILE, PINNED, len(FILES[path]))

    def read(self, path: str) -> bytes:
        return FILES[path].encode()

    def files(self) -> list[TreeEntry]:
        return [entry for path in sorted(FILES) if (entry := self.entry(path))]


def test_there_are_examples_of_both_versions() -> None:
    assert {example.get("version", 1) for example in EXAMPLES} == {1, 2}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["message"])
def test_every_example_is_valid_and_accepted(example: dict[str, Any]) -> None:
    bare = {key: value for key, value in example.items() if key != "plan"}
    Draft202012Validator(change_set_schema(2 if example.get("version") == 2 else 1)).validate({"version": 1} | bare)
    read = normalise(example)
    assert read.notes == ()
    checked = check(read.change_set, Tree(), GuardConfig(), read.plan)
    assert checked.accepted, checked.findings
    assert {f.code for f in checked.findings} <= {"loss.declared"}


def test_codes_on_the_page_exist() -> None:
    for code in re.findall(r"`([a-z]+\.[a-z_]+)`", PAGE):
        assert code in CHANGESET_CODES or code == "plan.protected"
    for family in re.findall(r"^\| `([a-z]+)\.?`", PAGE, re.MULTILINE):
        assert family in ("add", "modify", "delete") or any(code.split(".")[0] == family for code in CHANGESET_CODES)


def test_pins_of_the_page_are_compared() -> None:
    entry = Tree().entry("src/limits.py")
    assert entry is not None and is_pinned_to(PINNED, entry, LIMITS.encode())
