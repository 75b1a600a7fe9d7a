"""The repository of `cadence demo --repo`: each way to name one, each mistake, and the result handed back."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from bot.core.errors import WrongUse
from bot.sandbox.demo.source import DETACHED_BRANCH, hand_back, open_source


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "my repo"
    (folder / "packages" / "a").mkdir(parents=True)
    (folder / "packages" / "a" / "a.txt").write_text("a\n")
    git(tmp_path, "init", "--quiet", "--initial-branch=trunk", str(folder))
    git(folder, "config", "user.name", "a")
    git(folder, "config", "user.email", "a@b")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    return folder


def test_a_path(repo: Path, tmp_path: Path) -> None:
    source = open_source(str(repo), tmp_path / "work")
    assert (source.name, source.branch, source.folder, source.home) == ("my-repo", "trunk", "", repo)
    assert git(source.copy, "rev-parse", "HEAD") == git(repo, "rev-parse", "HEAD")


def test_a_folder_inside(repo: Path, tmp_path: Path) -> None:
    source = open_source(str(repo / "packages" / "a"), tmp_path / "work")
    assert (source.name, source.folder, source.home) == ("my-repo", "packages/a", repo)


def test_a_url(repo: Path, tmp_path: Path) -> None:
    source = open_source(f"file://{repo}", tmp_path / "work")
    assert (source.name, source.branch, source.home) == ("my-repo", "trunk", None)


def test_a_detached_head_becomes_a_branch_and_says_so(repo: Path, tmp_path: Path) -> None:
    git(repo, "checkout", "--quiet", "--detach")
    source = open_source(str(repo), tmp_path / "work")
    assert source.branch == DETACHED_BRANCH and "HEAD is detached" in source.note
    assert git(source.copy, "rev-parse", DETACHED_BRANCH) == git(repo, "rev-parse", "HEAD")


def test_what_is_not_committed_is_said(repo: Path, tmp_path: Path) -> None:
    (repo / "packages" / "a" / "a.txt").write_text("b\n")
    assert "not committed" in open_source(str(repo), tmp_path / "work").note


def test_branches_of_an_earlier_demo_are_left_out(repo: Path, tmp_path: Path) -> None:
    git(repo, "branch", "cadence/issue-1")
    git(repo, "checkout", "--quiet", "-b", "cadence/issue-2")
    source = open_source(str(repo), tmp_path / "work")
    assert source.branch == DETACHED_BRANCH
    assert git(source.copy, "branch", "--list", "cadence/*") == ""


def shallow(repo: Path, tmp_path: Path) -> Path:
    (repo / "b.txt").write_text("b\n")
    git(repo, "add", ".")
    git(repo, "commit", "--quiet", "-m", "second")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repo}", "shallow")
    return tmp_path / "shallow"


def empty(repo: Path, tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "empty")
    return tmp_path / "empty"


def missing_objects(repo: Path, tmp_path: Path) -> Path:
    blob = git(repo, "rev-parse", "HEAD:packages/a/a.txt")
    (repo / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    return repo


def plain(repo: Path, tmp_path: Path) -> Path:
    (tmp_path / "plain").mkdir()
    return tmp_path / "plain"


def nowhere(repo: Path, tmp_path: Path) -> Path:
    return tmp_path / "nowhere"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (shallow, "shallow clone.*git -C .* fetch --unshallow"),
        (empty, "has no commit yet"),
        (missing_objects, "cannot be copied: unable to read [0-9a-f]{40}.*missing"),
        (plain, "is not a git repository.*git init"),
        (nowhere, "does not exist"),
    ],
)
def test_what_cannot_be_used_says_why_and_what_to_do(make: object, words: str, repo: Path, tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match=words):
        open_source(str(make(repo, tmp_path)), tmp_path / "work")  # type: ignore[operator]


def test_a_url_that_does_not_answer(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="cannot be cloned"):
        open_source(f"file://{tmp_path}/none.git", tmp_path / "work")


def test_a_password_in_a_url_is_not_shown(tmp_path: Path) -> None:
    said: list[str] = []
    with pytest.raises(WrongUse, match=r"--repo http://127.0.0.1:1/none.git cannot be cloned") as caught:
        open_source("http://me:hush@127.0.0.1:1/none.git", tmp_path / "work", said.append)
    assert said == ["cloning http://127.0.0.1:1/none.git"] and "hush" not in str(caught.value)


def result(source_copy: Path, tmp_path: Path) -> Path:
    """A clone with one commit more, as the embedded GitHub has it after a merge."""
    git(tmp_path, "clone", "--quiet", str(source_copy), "made")
    made = tmp_path / "made"
    (made / "new.txt").write_text("new\n")
    git(made, "add", ".")
    git(made, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "made")
    return made


def test_the_result_is_a_branch_that_moves_no_other(repo: Path, tmp_path: Path) -> None:
    source = open_source(str(repo), tmp_path / "work")
    made = result(source.copy, tmp_path)
    base, head = git(repo, "rev-parse", "HEAD"), git(made, "rev-parse", "HEAD")
    git(repo, "branch", "cadence/issue-1")
    back = hand_back(source, made, base=base, result=head, issue=1, patch=None)
    assert git(repo, "rev-parse", "cadence/issue-1-2") == head
    assert git(repo, "rev-parse", "cadence/issue-1") == base
    assert shlex.split(back.command) == ["git", "-C", str(repo), "show", "cadence/issue-1-2"]
    again = hand_back(source, made, base=base, result=head, issue=1, patch=None)
    assert again == back


def test_the_result_is_a_patch_where_asked_or_where_there_is_no_own_repository(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = open_source(f"file://{repo}", tmp_path / "work")
    made = result(source.copy, tmp_path)
    base, head = git(repo, "rev-parse", "HEAD"), git(made, "rev-parse", "HEAD")
    hand_back(source, made, base=base, result=head, issue=1, patch=None)
    git(repo, "apply", "--index", str(tmp_path / "my-repo-issue-1.patch"))
    assert git(repo, "write-tree") == git(made, "rev-parse", "HEAD^{tree}")
    with pytest.raises(WrongUse, match="cannot be written"):
        hand_back(source, made, base=base, result=head, issue=1, patch=tmp_path / "none" / "x.patch")
