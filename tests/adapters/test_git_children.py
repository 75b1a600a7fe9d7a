"""What a git child process is given, how much it may answer, and where its words may go."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_git_store import BOT, Remote
from test_git_store_http import TOKEN, Server, running

from bot.changeset.tree import TreeChange
from bot.core.errors import Forbidden, GitFailed, PushRefused, UnknownOutcome
from bot.core.names import CommitSha
from bot.effects.guard import effects_allowed
from bot.git_store import mirror as mirror_module
from bot.git_store import process as process_module
from bot.git_store.mirror import Mirror
from bot.git_store.process import Credential, GitRunner

DATE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _through_the_door() -> Iterator[None]:
    with effects_allowed():
        yield


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path) as made:
        yield made


@pytest.fixture
def mirror(server: Server, tmp_path: Path) -> Iterator[Mirror]:
    made = Mirror(tmp_path / "mirrors" / "1.git", origin=server.url)
    yield made
    made.close()


def environment_of(runner: GitRunner, credential: Credential | None = None) -> dict[str, str]:
    """What a child of git sees: git starts the alias's command with its own environment."""
    done = runner.run("-c", "alias.environment=!env -0", "environment", credential=credential)
    assert done.status == 0, done.err
    rows = (row.partition("=") for row in done.out.decode().split("\0") if row)
    return {name: value for name, _, value in rows}


def test_a_child_of_git_sees_no_key_and_no_switch_of_this_process(
    mirror: Mirror,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mirror.fetch(f"{server.url}/{Remote(tmp_path).bare.name}", None)
    keys = ("OPENAI_API_KEY", "CADENCE_PRIVATE_KEY", "CADENCE_WEBHOOK_SECRET", "AWS_SECRET_ACCESS_KEY")
    switches = (
        "GIT_CURL_VERBOSE",
        "GIT_TRACE",
        "GIT_TRACE2_EVENT",
        "GIT_TRACE_SETUP",
        "GIT_EXTERNAL_DIFF",
        "LD_PRELOAD",
    )
    for name in keys:
        monkeypatch.setenv(name, f"a secret of {name}")
    for name in switches:
        monkeypatch.setenv(name, "0")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    seen = environment_of(GitRunner(mirror.path, protocols="http"))
    assert not [name for name in (*keys, *switches) if name in seen]
    assert not [value for value in seen.values() if value.startswith("a secret of")]
    assert seen["PATH"] and seen["HTTPS_PROXY"] == "http://proxy.example:3128", (
        "git must find its tools and the network"
    )


def test_gits_trace_switched_on_around_us_stands_in_no_error(
    mirror: Mirror,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """`GIT_CURL_VERBOSE=0` switches the HTTP trace on: git asks only whether the variable is set."""
    main = Remote(tmp_path).main
    url = f"{server.url}/remote.git"
    mirror.fetch(url, None)
    monkeypatch.setenv("GIT_CURL_VERBOSE", "0")
    server.status = 403
    with pytest.raises(Forbidden) as refused:
        mirror.push(url, lambda: TOKEN, commit=main, branch="x", expect=None)
    assert refused.value.details == ()
    logged = "\n".join(refused.value.log_lines)
    assert "error: 403" in logged and "http.c" not in logged and "User-Agent" not in logged


def test_gits_own_words_are_for_the_log_only(mirror: Mirror, server: Server, tmp_path: Path) -> None:
    remote = Remote(tmp_path)
    mirror.fetch(f"{server.url}/remote.git", None)
    with pytest.raises(GitFailed) as failed:
        mirror.diff(CommitSha("1" * 40), remote.main)
    assert failed.value.details == () and "fatal: " in failed.value.log_lines[0]
    assert "fatal" not in str(failed.value)


def test_of_a_refused_push_only_what_the_server_says_is_shown(
    mirror: Mirror,
    server: Server,
    tmp_path: Path,
) -> None:
    remote = Remote(tmp_path)
    url = f"{server.url}/remote.git"
    mirror.fetch(url, None)
    remote.hook("exit 1")
    commit = mirror.write_commit(remote.main, [TreeChange("a", b"1")], message="m", author=BOT, date=DATE)
    with pytest.raises(PushRefused) as refused:
        mirror.push(url, lambda: TOKEN, commit=commit, branch="x", expect=None)
    assert refused.value.details == ("pre-receive hook declined",)
    assert any("failed to push" in line for line in refused.value.log_lines)


def test_an_answer_of_git_that_is_too_long_is_refused(
    mirror: Mirror,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    remote = Remote(tmp_path)
    mirror.fetch(f"{server.url}/remote.git", None)
    monkeypatch.setattr(process_module, "MOST_OUTPUT", 10_000)
    commit = mirror.write_commit(remote.main, [TreeChange("a", b"x\n" * 9_000)], message="m", author=BOT, date=DATE)
    with pytest.raises(GitFailed) as failed:
        mirror.diff(remote.main, commit)
    assert failed.value.code == "git.too_large" and not failed.value.retry
    assert mirror.tip("main") == remote.main, "the next command is not affected"


def test_a_fetched_pack_that_is_too_large_is_refused_and_not_kept(
    mirror: Mirror,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    remote = Remote(tmp_path)
    mirror.fetch(f"{server.url}/remote.git", None)
    small = mirror.tip("main")
    remote.write("big.txt", os.urandom(3_000_000).hex())
    remote.commit("big")
    monkeypatch.setattr(mirror_module, "MOST_FETCHED", 1_000_000)
    with pytest.raises(GitFailed) as failed:
        mirror.fetch(f"{server.url}/remote.git", None)
    assert failed.value.code == "git.too_large" and not failed.value.retry
    assert mirror.tip("main") == small
    assert not list(mirror.path.glob("objects/*/tmp_*"))


# -- a push whose answer was lost -----------------------------------------------------------------------------------
def test_a_push_that_landed_before_its_answer_was_lost_is_ours(mirror: Mirror, server: Server, tmp_path: Path) -> None:
    remote = Remote(tmp_path)
    url = f"{server.url}/remote.git"
    mirror.fetch(url, None)
    commit = mirror.write_commit(remote.main, [TreeChange("a", b"1")], message="m", author=BOT, date=DATE)
    server.repeat_next_post = True
    mirror.push(url, lambda: TOKEN, commit=commit, branch="x", expect=None)
    assert remote.tip("x") == commit == mirror.tip("x")


def test_a_push_that_got_a_server_error_after_it_landed_is_done(
    mirror: Mirror,
    server: Server,
    tmp_path: Path,
) -> None:
    remote = Remote(tmp_path)
    url = f"{server.url}/remote.git"
    mirror.fetch(url, None)
    commit = mirror.write_commit(remote.main, [TreeChange("a", b"1")], message="m", author=BOT, date=DATE)
    server.lose_next_post = True
    mirror.push(url, lambda: TOKEN, commit=commit, branch="x", expect=None)
    assert remote.tip("x") == commit == mirror.tip("x")


def test_somebody_elses_push_is_still_somebody_elses(mirror: Mirror, server: Server, tmp_path: Path) -> None:
    remote = Remote(tmp_path)
    url = f"{server.url}/remote.git"
    mirror.fetch(url, None)
    commit = mirror.write_commit(remote.main, [TreeChange("a", b"1")], message="m", author=BOT, date=DATE)
    remote.git("--git-dir", str(remote.bare), "update-ref", "refs/heads/x", remote.main)
    with pytest.raises(PushRefused) as taken:
        mirror.push(url, lambda: TOKEN, commit=commit, branch="x", expect=None)
    assert taken.value.code == "branch.taken" and remote.tip("x") == remote.main


def test_a_push_of_which_nothing_is_known_stays_unknown(mirror: Mirror, server: Server, tmp_path: Path) -> None:
    remote = Remote(tmp_path)
    url = f"{server.url}/remote.git"
    mirror.fetch(url, None)
    server.status = 500
    with pytest.raises(UnknownOutcome):
        mirror.push(url, lambda: TOKEN, commit=remote.main, branch="x", expect=None)
