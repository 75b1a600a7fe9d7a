"""What GitHub answers about a file at a branch's tip."""

from typing import Any

import pytest

from bot.github_api.branch_files import branch_file, of_branch
from bot.github_api.records import BranchFile

TIP = {"oid": "a" * 40}
BLOB = {"oid": "b" * 40, "text": "version: 1\n", "isBinary": False, "isTruncated": False}


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ({"tip": TIP, "file": BLOB}, BranchFile(True, True, "version: 1\n")),
        ({"tip": TIP, "file": {**BLOB, "text": ""}}, BranchFile(True, True, "")),
        ({"tip": TIP, "file": None}, BranchFile(True, False, None)),
        ({"tip": None, "file": None}, BranchFile(False, False, None)),
        ({}, BranchFile(False, False, None)),
        ({"tip": TIP, "file": {"oid": "c" * 40}}, BranchFile(True, True, None)),
        ({"tip": TIP, "file": {**BLOB, "isBinary": True}}, BranchFile(True, True, None)),
        ({"tip": TIP, "file": {**BLOB, "isTruncated": True}}, BranchFile(True, True, None)),
        ({"tip": TIP, "file": {**BLOB, "text": None, "isBinary": None}}, BranchFile(True, True, None)),
    ],
)
def test_a_file_is_absent_or_text_or_neither(answer: dict[str, Any], found: BranchFile) -> None:
    assert branch_file(answer) == found


def test_the_default_branch_is_head() -> None:
    assert of_branch("", "a/b.yml") == {"tip": "HEAD", "file": "HEAD:a/b.yml"}
    assert of_branch("dev", "a/b.yml") == {"tip": "refs/heads/dev", "file": "refs/heads/dev:a/b.yml"}
