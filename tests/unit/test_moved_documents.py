"""A document that is moved keeps its content; marks and placeholders in its place are refused."""

from __future__ import annotations

import pytest

from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.model import ChangeSet, Edit
from tests.fakes.dict_tree import DictTree

GUIDE = "# Guide\n\n" + "".join(f"## Part {n}\n\nText of part {n}.\nMore of it.\n\n" for n in range(8))
LOST = "# Guide\n\n## Part 0\n\n[content of part 0]\n\n## Part 1\n\n... (rest of the document unchanged) ...\n"


def accepted(*edits: Edit) -> bool:
    return check(
        ChangeSet(version=2, message="m", edits=edits), DictTree({"docs/guide.md": GUIDE}), GuardConfig()
    ).accepted


@pytest.mark.parametrize("path", ["manual/guide.md", "docs/manual.md"])
@pytest.mark.parametrize("text", [LOST, "# Guide\n\n(existing content)\n", "[content of docs/guide.md]\n"])
def test_a_move_that_loses_the_content_is_refused(path: str, text: str) -> None:
    if text.startswith("[") and path == "docs/manual.md":
        pytest.skip("nothing says that this is the moved document")
    delete = Edit(path="docs/guide.md", mode="delete")
    assert not accepted(delete, Edit(path=path, mode="add", after=text))
    assert not accepted(Edit(path=path, mode="modify", rename_from="docs/guide.md", after=text))


def test_a_move_with_the_content_is_accepted() -> None:
    delete = Edit(path="docs/guide.md", mode="delete")
    assert accepted(delete, Edit(path="manual/guide.md", mode="add", after=GUIDE + "\n## More\n"))
    assert accepted(delete, Edit(path="docs/other.md", mode="add", after="# Other\n\nNew.\n"))
