"""Mirrors do not only grow: heads of other people's pull requests go, and so do mirrors that nobody uses any more."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from test_git_store import Remote

from bot.core.names import RepositoryId
from bot.git_store.store import GitStore

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def refs_of(remote: Remote, path: Path) -> list[str]:
    return remote.git("--git-dir", str(path), "for-each-ref", "--format=%(refname)").split()


def test_tidying_drops_what_is_not_needed_and_keeps_the_rest(tmp_path: Path) -> None:
    remote = Remote(tmp_path)
    for number in range(3):
        remote.write("foreign.txt", f"{number}\n")
        remote.commit("foreign", branch=f"topic-{number}")
        remote.git("update-ref", f"refs/pull/{number}/head", f"refs/heads/topic-{number}", cwd=remote.bare)
    store = GitStore(tmp_path / "mirrors", web=str(tmp_path))
    used, unused, fresh = (RepositoryId(one) for one in (1, 2, 3))
    for repository in (used, unused, fresh):
        mirror = store.mirror(repository)
        mirror.fetch(str(remote.bare), None)
        mirror.fetch(str(remote.bare), None, [f"refs/pull/{number}/head" for number in range(3)])
        mirror.keep("1-2-x", remote.main)
    os.utime(store.mirror(unused).path, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))

    done = store.tidy({used}, unused_since=datetime.now(UTC) - timedelta(days=30))

    assert (done.tidied, done.forgotten, done.failed) == ([used], [unused], [])
    left = refs_of(remote, store.mirror(used).path)
    assert "refs/heads/main" in left and "refs/cadence/kept/1-2-x" in left
    assert not [ref for ref in left if ref.startswith("refs/pull/")]
    assert not store.mirror(unused).path.exists()
    assert store.mirror(fresh).tip("main") == remote.tip("main"), "a mirror that was used of late is left alone"
    store.close()


def test_without_knowing_which_repositories_there_are_no_mirror_is_forgotten(tmp_path: Path) -> None:
    remote = Remote(tmp_path)
    store = GitStore(tmp_path / "mirrors", web=str(tmp_path))
    mirror = store.mirror(RepositoryId(1))
    mirror.fetch(str(remote.bare), None)
    os.utime(mirror.path, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    done = store.tidy(None, unused_since=datetime.now(UTC))
    assert done.forgotten == [] and mirror.tip("main") == remote.main
    store.close()


def test_a_mirror_in_use_is_tidied_another_day(tmp_path: Path) -> None:
    remote = Remote(tmp_path)
    store = GitStore(tmp_path / "mirrors", web=str(tmp_path))
    for repository in (RepositoryId(1), RepositoryId(2)):
        store.mirror(repository).fetch(str(remote.bare), None)
    (store.mirror(RepositoryId(1)).path / "HEAD").write_text("no repository any more\n")
    done = store.tidy({RepositoryId(1), RepositoryId(2)}, unused_since=LONG_AGO)
    assert (done.tidied, done.failed) == ([RepositoryId(2)], [RepositoryId(1)])
    store.close()
