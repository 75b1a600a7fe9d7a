"""The last look at the stop comes when the connection stands: no address is looked up and no token made after it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from test_git_store import BOT, Remote
from test_git_store_http import running
from urllib3.util import connection as urllib3_connection

from bot.changeset.tree import TreeChange
from bot.core.errors import FenceClosed, SettingsInvalid
from bot.effects.guard import effects_allowed
from bot.git_store.mirror import Mirror
from bot.github_api.permissions import ISSUES_WRITE
from tests.adapters.github_stage import Stage, told
from tests.processes.terminal import left_over

ROUTE = "/repos/{owner}/{repo}"


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.server.stop()


def test_a_call_is_checked_when_it_is_connected(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    connect = urllib3_connection.create_connection

    def connecting(*args: Any, **rest: Any) -> Any:
        order.append("connect")
        return connect(*args, **rest)

    monkeypatch.setattr(urllib3_connection, "create_connection", connecting)

    def received(_seen: object) -> Any:
        order.append("request")
        return told({})

    stage.server.put(received)
    with effects_allowed(lambda: order.append("check")):
        stage.link.change("PUT", ROUTE, ISSUES_WRITE)
    assert order[-3:] == ["connect", "check", "request"]


def test_a_call_that_is_checked_too_late_sends_nothing(stage: Stage) -> None:
    def closed() -> None:
        raise FenceClosed("the run is stopped")

    with effects_allowed(closed), pytest.raises(FenceClosed):
        stage.link.change("PUT", ROUTE, ISSUES_WRITE)
    assert not stage.server.seen
    stage.server.put(told({"fine": True}))
    assert stage.link.change("PUT", ROUTE, ISSUES_WRITE) == {"fine": True}


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path)


def _commit(mirror: Mirror, remote: Remote, url: str) -> Any:
    mirror.fetch(url, None)
    change = [TreeChange("new", b"new\n")]
    return mirror.write_commit(remote.main, change, message="m", author=BOT, date=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("stopped", [False, True], ids=["goes on", "stopped meanwhile"])
def test_a_push_is_checked_when_git_has_read_the_remotes_refs(remote: Remote, tmp_path: Path, stopped: bool) -> None:
    with running(tmp_path) as server:
        mirror, url = Mirror(tmp_path / "mirrors" / "1.git", origin=server.url), f"{server.url}/remote.git"
        commit = _commit(mirror, remote, url)
        before, requests_at = len(server.seen), list[int]()

        def check() -> None:
            requests_at.append(len(server.seen) - before)
            if stopped and requests_at[-1]:
                raise FenceClosed("the run is stopped")

        with effects_allowed(check):
            if stopped:
                with pytest.raises(FenceClosed):
                    mirror.push(url, None, commit=commit, branch="cadence/issue-1", expect=None)
            else:
                mirror.push(url, None, commit=commit, branch="cadence/issue-1", expect=None)
        assert requests_at == [0, 1], "before git starts, and again after its first request, which reads the refs"
        assert len(server.seen) - before == (1 if stopped else 2)
        found = subprocess.run(
            ["git", "-C", str(remote.bare), "branch", "--list", "cadence/*"], capture_output=True, text=True, check=True
        ).stdout
        assert bool(found) is not stopped
        assert not list(mirror.path.parent.glob("push-*")), "the hooks are removed"
        mirror.close()


@pytest.mark.parametrize("mounted", ["data", "everything"])
def test_a_push_is_checked_where_files_may_not_be_executed(
    remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounted: str
) -> None:
    """git leaves out a hook that it may not execute, and pushes."""
    access, data = os.access, str(tmp_path / "mirrors")

    def refused(path: Any, mode: int, **rest: Any) -> bool:
        may_not = mode == os.X_OK and (mounted == "everything" or str(path).startswith(data))
        return not may_not and access(path, mode, **rest)

    monkeypatch.setattr(os, "access", refused)
    with running(tmp_path) as server:
        mirror, url = Mirror(tmp_path / "mirrors" / "1.git", origin=server.url), f"{server.url}/remote.git"
        commit = _commit(mirror, remote, url)
        before, requests_at = len(server.seen), list[int]()
        with effects_allowed(lambda: requests_at.append(len(server.seen) - before)):
            if mounted == "data":
                mirror.push(url, None, commit=commit, branch="cadence/issue-1", expect=None)
                assert requests_at == [0, 1], "the hook is in the directory for temporary files"
            else:
                with pytest.raises(SettingsInvalid, match="noexec") as refusal:
                    mirror.push(url, None, commit=commit, branch="cadence/issue-1", expect=None)
                assert "TMPDIR" in (refusal.value.remedy or "") and len(server.seen) == before
        mirror.close()


def test_a_push_whose_process_died_is_not_sent(remote: Remote, tmp_path: Path) -> None:
    """Nobody answers the hook, so git gives up instead of waiting."""
    with running(tmp_path) as server:
        mirror, url = Mirror(tmp_path / "mirrors" / "1.git", origin=server.url), f"{server.url}/remote.git"
        commit = _commit(mirror, remote, url)
        before = len(server.seen)
        code = f"""
import os, signal
from pathlib import Path
from bot.effects.guard import effects_allowed
from bot.git_store.mirror import Mirror
asked = []
def check():
    asked.append(1)
    if len(asked) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
with effects_allowed(check):
    Mirror(Path({str(mirror.path)!r}), origin={server.url!r}).push(
        {url!r}, None, commit={commit!r}, branch="cadence/issue-1", expect=None)
"""
        mirror.close()
        dies = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert dies.wait(30) == -signal.SIGKILL
        deadline = time.monotonic() + 10
        while left_over(tmp_path) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert left_over(tmp_path) == [], "no git process waits"
        assert len(server.seen) - before == 1
