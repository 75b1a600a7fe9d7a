"""Git clients against the sandbox: real `git` over HTTP with a token in the environment."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox_world import Client, Stage, open_stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = open_stage(tmp_path / "github")
    yield made
    made.github.stop()


class Work:
    """A clone driven by one token."""

    def __init__(self, stage: Stage, client: Client, path: Path) -> None:
        self.stage, self.path = stage, path
        basic = base64.b64encode(f"x-access-token:{client.token}".encode()).decode()
        self.env = {
            **{key: value for key, value in os.environ.items() if not key.startswith("GIT_")},
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_COUNT": "3",
            "GIT_CONFIG_KEY_0": f"http.{stage.github.url}/.extraHeader",
            "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
            "GIT_CONFIG_KEY_1": "user.name",
            "GIT_CONFIG_VALUE_1": "w",
            "GIT_CONFIG_KEY_2": "user.email",
            "GIT_CONFIG_VALUE_2": "w@example.invalid",
        }

    def git(self, *args: str, ok: bool = True) -> str:
        where = self.path if self.path.exists() else self.path.parent
        done = subprocess.run(["git", *args], cwd=where, env=self.env, capture_output=True, text=True, timeout=60)
        assert (done.returncode == 0) == ok, done.stderr
        return done.stdout + done.stderr

    def clone(self) -> Work:
        self.git("clone", "--quiet", self.stage.repo.clone_url, str(self.path))
        return self

    def commit(self, path: str, text: str) -> str:
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", f"Write {path}")
        return self.git("rev-parse", "HEAD").strip()


def test_a_push_moves_the_head_of_the_pull_request(stage: Stage, tmp_path: Path) -> None:
    work = Work(stage, stage.client, tmp_path / "w").clone()
    first = work.commit("new.txt", "one\n")
    work.git("push", "--quiet", "origin", "HEAD:refs/heads/cadence/issue-1")
    number = stage.pull()
    second = work.commit("big.bin", "x" * 3_000_000)
    work.git("push", "--quiet", "origin", "HEAD:refs/heads/cadence/issue-1")
    assert stage.repo.pull(number).head_sha == second != first


def test_a_stale_lease_is_refused(stage: Stage, tmp_path: Path) -> None:
    work = Work(stage, stage.client, tmp_path / "w").clone()
    stage.branch("taken")
    work.commit("new.txt", "one\n")
    said = work.git("push", "--force-with-lease=refs/heads/taken:", "origin", "HEAD:refs/heads/taken", ok=False)
    assert "stale info" in said


def test_workflow_files_need_their_own_permission(stage: Stage, tmp_path: Path) -> None:
    work = Work(stage, stage.client, tmp_path / "w").clone()
    work.commit(".github/workflows/ci.yml", "on: push\n")
    said = work.git("push", "origin", "HEAD:refs/heads/bad", ok=False)
    assert (
        "! [remote rejected] HEAD -> bad (refusing to allow a GitHub App to create or update workflow "
        "`.github/workflows/ci.yml` without `workflows` permission)" in said
    )
    assert stage.repo.tip("bad") is None


def test_workflow_files_that_the_repository_has_already_do_not_matter(stage: Stage, tmp_path: Path) -> None:
    stage.repo.push_commit({".github/workflows/ci.yml": "on: push\n"}, by="octo")
    work = Work(stage, stage.client, tmp_path / "w").clone()
    sha = work.commit("new.txt", "one\n")
    work.git("push", "--quiet", "origin", "HEAD:refs/heads/good")
    assert stage.repo.tip("good") == sha


def test_protected_and_ruled_branches_refuse_in_githubs_words(stage: Stage, tmp_path: Path) -> None:
    stage.repo.protect_branch("main", checks=["ci"])
    stage.repo.add_ruleset([{"type": "non_fast_forward"}], branches=["kept/*"])
    stage.branch("kept/a")
    work = Work(stage, stage.client, tmp_path / "w").clone()
    work.commit("new.txt", "one\n")
    said = work.git("push", "origin", "HEAD:main", ok=False)
    assert "GH006: Protected branch update failed for refs/heads/main." in said
    assert "(protected branch hook declined)" in said
    said = work.git("push", "--force", "origin", "HEAD:kept/a", ok=False)
    assert "GH013: Repository rule violations found for refs/heads/kept/a." in said
    assert "- Cannot force-push to this branch" in said


def test_reading_needs_contents_and_writing_more(stage: Stage, tmp_path: Path) -> None:
    reader = Work(stage, stage.narrowed(contents="read"), tmp_path / "r").clone()
    reader.commit("new.txt", "one\n")
    said = reader.git("push", "origin", "HEAD:refs/heads/x", ok=False)
    assert "403" in said
    assert "Permission to octo/shop.git denied to cadence[bot]." in said
    stage.repo.configure(private=True)
    blind = Work(stage, stage.narrowed(issues="read"), tmp_path / "b")
    assert "403" in blind.git("clone", stage.repo.clone_url, str(blind.path), ok=False)


def test_an_expired_token_does_not_clone_a_private_repository(stage: Stage, tmp_path: Path) -> None:
    stage.repo.configure(private=True)
    stage.clock.sleep(3601)
    work = Work(stage, stage.client, tmp_path / "w")
    said = work.git("clone", stage.repo.clone_url, str(work.path), ok=False)
    assert stage.client.token not in said


def test_blobless_and_shallow_clones_work(stage: Stage, tmp_path: Path) -> None:
    work = Work(stage, stage.client, tmp_path / "w")
    work.git("clone", "--quiet", "--filter=blob:none", "--depth=1", stage.repo.clone_url, str(work.path))
    assert (work.path / "README.md").read_text() == "# shop\n"


def test_a_repository_can_start_from_a_local_one(stage: Stage, tmp_path: Path) -> None:
    work = Work(stage, stage.client, tmp_path / "w").clone()
    work.git("switch", "--quiet", "-c", "trunk")
    sha = work.commit("new.txt", "one\n")
    made = stage.github.create_repository("octo", "copy", source=work.path)
    assert (made.state.default_branch, made.tip()) == ("trunk", sha)
    answer = stage.client.call("GET", "/repos/octo/copy")
    assert answer.status_code == 404
    stage.github.install(stage.app, made)
    assert stage.client.call("GET", "/repos/octo/copy").json()["default_branch"] == "trunk"


def test_a_push_can_be_lost_after_it_happened(stage: Stage, tmp_path: Path) -> None:
    work = Work(stage, stage.client, tmp_path / "w").clone()
    sha = work.commit("new.txt", "one\n")
    stage.github.on_request(
        lambda seen: (
            (502, "gone") if (seen.method, seen.phase) == ("POST", "after") and "receive" in seen.route else None
        )
    )
    work.git("push", "origin", "HEAD:refs/heads/x", ok=False)
    assert stage.repo.tip("x") == sha
