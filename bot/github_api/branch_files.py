"""Files at the tip of a branch, read through GraphQL without a mirror."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.github_api.records import BranchFile
from bot.github_api.repository import RepositoryLink

# `expression` takes what `git rev-parse` takes, for example `main:path`. https://git-scm.com/docs/gitrevisions
# https://docs.github.com/en/graphql/reference/objects#repository
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
    """The variables of a query that holds BRANCH_FILE. An empty `branch` means the default branch."""
    # HEAD of a repository on GitHub is its default branch.
    tip = f"refs/heads/{branch}" if branch else "HEAD"
    return {"tip": tip, "file": f"{tip}:{path}"}


def branch_file(repository: Mapping[str, Any]) -> BranchFile:
    """The file from the answer to a query that holds BRANCH_FILE."""
    file = repository.get("file")
    text = None
    # GitHub sends no text of a binary blob, and only the beginning of a large one: half a configuration must not be
    # read as a whole one. https://docs.github.com/en/graphql/reference/objects#blob
    if file is not None and not file.get("isBinary") and not file.get("isTruncated"):
        text = file.get("text")
    return BranchFile(repository.get("tip") is not None, file is not None, None if text is None else str(text))
