"""Searching one commit and its history with git."""

from __future__ import annotations

from pathlib import Path

import pytest
from git import Repo

from bot.core.names import CommitSha
from bot.git_store.bare_repository import BareRepository
from bot.git_store.searching import CommitSearch, FoundLine

FILES: dict[str, str | bytes] = {
    "src/a.py": "def area(r):\n    return 3 * r\n\nareas = area(1)\n",
    "src/b [x].py": "area\r\n",
    "notes/n.txt": "area and more\n",
    "logo.png": b"\0area\n",
}


@pytest.fixture
def search(tmp_path: Path) -> CommitSearch:
    repo = Repo.init(tmp_path / "work")
    first: dict[str, str | bytes] = {"src/a.py": "old\n"}
    for number, files in enumerate((first, FILES)):
        for path, text in files.items():
            target = tmp_path / "work" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text if isinstance(text, bytes) else text.encode())
        repo.git.add(A=True)
        repo.git.execute(
            ["git", "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", f"Change {number}"]
        )
    return BareRepository(tmp_path / "work" / ".git", protocols="").search(CommitSha(repo.head.commit.hexsha))


def test_lines_are_found_with_their_places(search: CommitSearch) -> None:
    assert search.lines("area(", globs=["src/**"]) == [
        FoundLine("src/a.py", 1, "def area(r):"),
        FoundLine("src/a.py", 4, "areas = area(1)"),
    ]
    assert [(one.path, one.text) for one in search.lines("area", globs=["src/b*"]) if isinstance(one, FoundLine)] == [
        ("src/b [x].py", "area")
    ]


def test_a_word_is_not_found_inside_a_longer_word(search: CommitSearch) -> None:
    found = search.lines("area", word=True, per_file=1)
    assert [(one.path, one.line) for one in found if isinstance(one, FoundLine)] == [
        ("notes/n.txt", 1),
        ("src/a.py", 1),
        ("src/b [x].py", 1),
    ]


def test_a_pattern_that_git_refuses_is_said_in_its_words(search: CommitSearch) -> None:
    assert "Unmatched" in str(search.lines("(", regex=True))
    assert search.lines("(r|q)[)]:$", regex=True) == [FoundLine("src/a.py", 1, "def area(r):")]
    # A leading dash is a text and not an option.
    assert search.lines("--max-depth=0") == []


def test_the_history_of_a_path(search: CommitSearch) -> None:
    assert [commit.subject for commit in search.history("src/a.py")] == ["Change 1", "Change 0"]
    (newest,) = search.history("notes")
    assert newest.paths == ("notes/n.txt",)
    assert set(search.history(limit=1)[0].paths) == set(FILES)
    assert search.history("nowhere") == []
