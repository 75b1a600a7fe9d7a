"""Files as they are at the tip of a branch, read without a mirror."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.github_api.records import BranchFile
from bot.github_api.repository import RepositoryLink

BRANCH_FILE = """
    tip: object(expression: $tip) { oid }
    file: object(expression: $file) { oid ... on Blob { text isBinary isTruncated } }
"""
FILE = f"""
query File($owner: String!, $name: String!, $tip: String!, $file: String!) {{
  repository(owner: $owner, name: $name) {{{BRANCH_FILE}  }}
}}
"""


class FileCalls:
    """Files of one repository."""

    def __init__(self, link: RepositoryLink) -> None:
        self._link = link

    def at_tip(self, path: str, branch: str = "") -> BranchFile:
        """The file at the tip of a branch, by default of the repository's default branch."""
        return branch_file(self._link.graphql(FILE, **of_branch(branch, path)))


def of_branch(branch: str, path: str) -> dict[str, str]:
    """What a query that holds BRANCH_FILE has to be told, as `git rev-parse` spells it; HEAD is the default branch."""
    tip = f"refs/heads/{branch}" if branch else "HEAD"
    return {"tip": tip, "file": f"{tip}:{path}"}


def branch_file(repository: Mapping[str, Any]) -> BranchFile:
    """The answer to a query that holds BRANCH_FILE. GitHub sends no text of a blob that it takes for binary."""
    file = repository.get("file")
    text = None
    if file is not None and not file.get("isBinary") and not file.get("isTruncated"):
        text = file.get("text")
    return BranchFile(repository.get("tip") is not None, file is not None, None if text is None else str(text))
