"""Searches the text of one commit, and reads its history: what a planning model may look up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.core.errors import GitFailed
from bot.core.names import CommitSha
from bot.git_store.process import GitRunner, GitTimeout

SEARCH_SECONDS = 20.0
"""A pattern of the model's may need much longer than any useful search."""


@dataclass(frozen=True, slots=True)
class FoundLine:
    """One line that a search found; `line` counts from 1."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class PastCommit:
    """A commit of the history: its short id, its author date (`2026-11-30`), its subject, the paths it changed."""

    sha: str
    date: str
    subject: str
    paths: tuple[str, ...]


class CommitSearch:
    """Searches one commit with `git grep` and `git log`."""

    def __init__(self, runner: GitRunner, commit: CommitSha) -> None:
        self._runner = runner
        self._commit = commit

    def lines(
        self, text: str, *, regex: bool = False, word: bool = False, globs: Sequence[str] = (), per_file: int = 20
    ) -> list[FoundLine] | str:
        """The lines of text files that hold the text, or match it as a POSIX extended regular expression.

        At most `per_file` lines of a file. The words of git where the pattern cannot be used or takes too long.
        """
        kinds = ["-E" if regex else "-F", *(["-w"] if word else [])]
        # `glob` so that `**` works, `top` is of no use in a bare repository.
        # https://git-scm.com/docs/gitglossary#Documentation/gitglossary.txt-aiddefpathspecapathspec
        paths = [f":(glob){glob}" for glob in globs]
        try:
            done = self._runner.run(
                "grep", "-n", "-I", "-z", f"--max-count={per_file}", *kinds, "-e", text, self._commit, "--", *paths,
                timeout=SEARCH_SECONDS,
            )  # fmt: skip
        except GitTimeout:
            return f"the search did not end within {SEARCH_SECONDS:g} seconds"
        except GitFailed as error:
            if error.code != "git.too_large":
                raise
            return "the text is in too many lines to list them"
        # Status 1 means no match.
        if done.status > 1:
            return (done.err.strip().split("\n")[0] or "git grep failed").removeprefix("fatal: ")
        start = len(self._commit) + 1
        found = []
        # With -z each line is `<commit>:<path> NUL <number> NUL <text>`: https://git-scm.com/docs/git-grep
        for row in done.out.split(b"\n"):
            parts = row.split(b"\0", 2)
            if len(parts) == 3 and parts[1].isdigit():
                path = parts[0][start:].decode("utf-8", "replace")
                found.append(FoundLine(path, int(parts[1]), parts[2].decode("utf-8", "replace").rstrip("\r")))
        return found

    def history(self, path: str = "", *, limit: int = 10) -> list[PastCommit]:
        """The last commits that changed a file or folder (or anything), newest first, merges left out."""
        scope = ["--", f":(literal){path}"] if path else ["--"]
        try:
            done = self._runner.run(
                "log", f"-n{limit}", "--no-merges", "--no-show-signature", "--date=short", "--name-only", "-z",
                "--format=%x01%h%x02%ad%x02%s%x02", self._commit, *scope,
                timeout=SEARCH_SECONDS,
            )  # fmt: skip
        except GitTimeout:
            return []
        if done.status:
            raise GitFailed(f"git log failed with status {done.status}.")
        commits = []
        for record in done.out.decode("utf-8", "replace").split("\x01")[1:]:
            sha, date, subject, rest = record.split("\x02", 3)
            # git puts a NUL and a line end between the message and the paths.
            paths = tuple(part.strip("\n") for part in rest.split("\0") if part.strip("\n"))
            commits.append(PastCommit(sha, date, subject, paths))
        return commits
