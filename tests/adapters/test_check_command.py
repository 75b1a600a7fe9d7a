"""`cadence check` on real repositories: a work tree, a bare one, a linked work tree."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from bot.cli.check_command import run_check

TEST = "def test_a():\n    assert 1 + 1 == 2\n"


def git(where: Path, *args: str) -> str:
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *who, *args], cwd=where, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Three commits: a test; the test skipped; a harmless change on top."""
    where = tmp_path / "work"
    where.mkdir()
    git(where, "init", "-q", "-b", "main")
    for number, text in enumerate((TEST, "import pytest\n\n@pytest.mark.skip\n" + TEST, None)):
        if text is not None:
            (where / "test_a.py").write_text(text)
        (where / "README").write_text(f"{number}\n")
        git(where, "add", "-A")
        git(where, "commit", "-q", "-m", f"c{number}")
    return where


def test_a_weakened_test_blocks(repository: Path) -> None:
    text, code = run_check(repository, "HEAD~2", "HEAD~1", as_json=True)
    assert code == 1
    assert json.loads(text) == {
        "findings": [
            {
                "code": "tests.skip",
                "path": "test_a.py",
                "line": 3,
                "message": "The existing test `test_a` is now skipped.",
            }
        ]
    }


def test_a_harmless_change_is_clean_in_words_and_json(repository: Path) -> None:
    assert run_check(repository, "HEAD~1", "HEAD", as_json=True) == ('{\n "findings": []\n}\n', 0)
    assert run_check(repository, "HEAD~1", "HEAD", as_json=False) == ("No findings.\n", 0)


def test_bare_and_linked_work_trees_answer_the_same(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(repository), "bare.git")
    git(repository, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"), "HEAD~1")
    wanted = run_check(repository, "HEAD~2", "HEAD~1", as_json=False)
    assert wanted[1] == 1 and "1 finding for a person to approve." in wanted[0]
    assert run_check(tmp_path / "bare.git", "main~2", "main~1", as_json=False) == wanted
    assert run_check(tmp_path / "linked", "HEAD~1", "HEAD", as_json=False) == wanted


@pytest.mark.parametrize(("base", "head"), [("HEAD~9", "HEAD"), ("HEAD", "no-such-branch"), ("--help", "HEAD")])
def test_wrong_use(repository: Path, base: str, head: str) -> None:
    text, code = run_check(repository, base, head, as_json=False)
    assert code == 2 and text.startswith("cadence: base.missing: ")


def test_no_repository(tmp_path: Path) -> None:
    text, code = run_check(tmp_path, "HEAD~1", "HEAD", as_json=True)
    assert code == 2 and "is not a git repository" in json.loads(text)["error"]


def test_secrets_protected_paths_and_size(repository: Path) -> None:
    (repository / ".github").mkdir()
    (repository / ".github" / "cadence.yml").write_text("version: 1\nplan:\n  protected: ['locked/**']\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "config")
    (repository / "locked").mkdir()
    (repository / "locked" / "a.txt").write_text("x\n")
    (repository / "app.py").write_text("TOKEN = '" + "ghp_" + "Zq81xR7mKd03TvWb95LnYc62HfJs48PgQa1e" + "'\n")
    (repository / "big.txt").write_text("y" * 5_000_001)
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "all of it")
    text, code = run_check(repository, "HEAD~1", "HEAD", as_json=True)
    found = {(one["code"], one["path"]) for one in json.loads(text)["findings"]}
    assert code == 1
    assert found == {("secret.token", "app.py"), ("protected.path", "locked/a.txt"), ("size", "big.txt")}


def test_a_file_whose_content_the_repository_lacks_is_never_waved_through(repository: Path) -> None:
    lost = git(repository, "rev-parse", "HEAD:README")
    (repository / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    text, code = run_check(repository, "HEAD~1", "HEAD", as_json=True)
    assert code == 1
    assert [(found["code"], found["path"]) for found in json.loads(text)["findings"]] == [
        ("git.missing_object", "README")
    ]


def test_a_base_configuration_that_cannot_be_used_is_said(repository: Path) -> None:
    (repository / ".github").mkdir()
    (repository / ".github" / "cadence.yml").write_text("version: 1\nplans: {}\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "config")
    (repository / "README").write_text("x\n")
    git(repository, "commit", "-q", "-am", "more")
    text, code = run_check(repository, "HEAD~1", "HEAD", as_json=False)
    assert code == 2 and text.startswith("cadence: config.invalid: ")
