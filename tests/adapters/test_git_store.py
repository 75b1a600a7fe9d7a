"""The mirror against real bare repositories on disk."""

from __future__ import annotations

import os
import stat
import subprocess
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from filelock import FileLock

from bot.changeset.tree import TreeChange
from bot.core.errors import GitFailed, NotFound, PushRefused, Refused, SettingsInvalid
from bot.core.names import CommitSha, RepositoryId
from bot.effects.guard import effects_allowed
from bot.git_store.commits import Author
from bot.git_store.mirror import Mirror
from bot.git_store.store import GitStore

BOT = Author("cadence[bot]", "1+cadence[bot]@users.noreply.github.com")
DATE = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
FILES = {
    "README.md": "# Hi\n",
    "src/app.py": "print('a')\n",
    "src/deep/er/x.txt": "x\n",
    "tool.sh": "#!/bin/sh\n",
    "ü ñ/new\nline.txt": "odd\n",
}


@pytest.fixture(autouse=True)
def _through_the_door() -> Iterator[None]:
    with effects_allowed():
        yield


class Remote:
    """A repository on disk that plays the server, and a clone to commit in as a person would."""

    def __init__(self, room: Path) -> None:
        self.bare = room / "remote.git"
        self.work = room / "work"
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | {
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "P",
            "GIT_AUTHOR_EMAIL": "p@example.org",
            "GIT_COMMITTER_NAME": "P",
            "GIT_COMMITTER_EMAIL": "p@example.org",
        }
        self.git("init", "-q", "--bare", "-b", "main", str(self.bare), cwd=room)
        self.git("clone", "-q", str(self.bare), str(self.work), cwd=room)
        self.git("checkout", "-q", "-b", "main")
        for name, text in FILES.items():
            self.write(name, text)
        (self.work / "tool.sh").chmod(0o755)
        (self.work / "link").symlink_to("README.md")
        self.main = self.commit("first")

    def git(self, *args: str, cwd: Path | None = None, stdin: str | None = None) -> str:
        done = subprocess.run(
            ["git", *args], cwd=cwd or self.work, env=self.env, input=stdin, capture_output=True, text=True, check=True
        )
        return done.stdout

    def write(self, name: str, text: str) -> None:
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, message: str, branch: str = "main") -> CommitSha:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        self.git("push", "-q", "-f", "origin", f"HEAD:refs/heads/{branch}")
        return CommitSha(self.git("rev-parse", "HEAD").strip())

    def tip(self, branch: str) -> str:
        return self.git("rev-parse", branch, cwd=self.bare).strip()

    def hook(self, script: str) -> None:
        path = self.bare / "hooks" / "pre-receive"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    return Remote(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[GitStore]:
    made = GitStore(tmp_path / "mirrors", web=str(tmp_path))
    yield made
    made.close()


@pytest.fixture
def mirror(store: GitStore, remote: Remote) -> Mirror:
    found = store.mirror(RepositoryId(7))
    found.fetch(str(remote.bare), None)
    return found


def write(mirror: Mirror, base: CommitSha, *changes: TreeChange, message: str = "m\n") -> CommitSha:
    return mirror.write_commit(base, changes, message=message, author=BOT, date=DATE)


def push(mirror: Mirror, remote: Remote, commit: CommitSha, expect: CommitSha | None = None) -> None:
    mirror.push(str(remote.bare), lambda: "t", commit=commit, branch="cadence/issue-3", expect=expect)


def test_fetch_brings_branches_and_forgets_deleted_ones(mirror: Mirror, remote: Remote) -> None:
    assert mirror.tip("main") == remote.main
    assert mirror.tip("nope") is None
    topic = remote.commit("topic", branch="topic")
    mirror.fetch(str(remote.bare), None)
    assert mirror.tip("topic") == topic
    remote.git("push", "-q", "origin", ":topic")
    mirror.fetch(str(remote.bare), None)
    assert mirror.tip("topic") is None
    assert mirror.has(remote.main)


def test_named_fetch_takes_branches_refs_and_commits(store: GitStore, remote: Remote) -> None:
    second = remote.commit("second", branch="cadence/issue-3")
    remote.git("update-ref", "refs/pull/3/head", second, cwd=remote.bare)
    lone = CommitSha(remote.git("commit-tree", "-m", "lone", f"{second}^{{tree}}").strip())
    remote.git("push", "-q", "origin", f"{lone}:refs/heads/elsewhere")
    mirror = store.mirror(RepositoryId(1))
    mirror.fetch(str(remote.bare), None, ["main"])
    assert mirror.tip("main") == remote.main and not mirror.has(second)
    mirror.fetch(str(remote.bare), None, ["main", "cadence/issue-3", "refs/pull/3/head", lone])
    assert mirror.tip("cadence/issue-3") == second == mirror.tip("refs/pull/3/head")
    assert mirror.has(lone) and mirror.tip("elsewhere") is None


def test_named_fetch_of_a_branch_that_is_gone_removes_it(mirror: Mirror, remote: Remote) -> None:
    remote.commit("x", branch="cadence/issue-3")
    mirror.fetch(str(remote.bare), None, ["cadence/issue-3"])
    remote.git("push", "-q", "origin", ":cadence/issue-3")
    newer = remote.commit("newer")
    mirror.fetch(str(remote.bare), None, ["cadence/issue-3", "main"])
    assert mirror.tip("cadence/issue-3") is None
    assert mirror.tip("main") == newer


def test_forced_history_is_taken(mirror: Mirror, remote: Remote) -> None:
    remote.git("commit", "-q", "--amend", "-m", "rewritten")
    remote.git("push", "-q", "-f", "origin", "HEAD:main")
    mirror.fetch(str(remote.bare), None)
    assert mirror.tip("main") == remote.tip("main") != remote.main


@pytest.mark.parametrize("damage", ["HEAD", "config", "objects"])
def test_a_damaged_mirror_is_built_anew(mirror: Mirror, remote: Remote, damage: str) -> None:
    assert mirror.read_file(remote.main, "README.md") == b"# Hi\n"
    if damage == "objects":
        for blob in [path for path in (mirror.path / "objects").rglob("*") if path.is_file()]:
            blob.chmod(0o600)
            blob.write_bytes(b"")
        remote.commit("another")
    else:
        (mirror.path / damage).write_text("\0garbage")
    mirror.fetch(str(remote.bare), None)
    assert mirror.tip("main") == remote.tip("main")
    assert mirror.read_file(remote.main, "README.md") == b"# Hi\n"


def test_missing_remote_and_foreign_url(store: GitStore, tmp_path: Path) -> None:
    mirror = store.mirror(RepositoryId(9))
    with pytest.raises(NotFound):
        mirror.fetch(str(tmp_path / "absent.git"), None)
    with pytest.raises(SettingsInvalid):
        mirror.fetch("https://evil.example/o/r.git", lambda: pytest.fail("the token was asked for"))
    with pytest.raises(SettingsInvalid):
        mirror.fetch("/etc", None)


def test_tree_reads_entries_lazily_and_lists_files(mirror: Mirror, remote: Remote) -> None:
    tree = mirror.tree(remote.main)
    app = tree.entry("src/app.py")
    assert app is not None and (app.mode, app.size) == ("100644", 11)
    assert tree.read("src/app.py") == b"print('a')\n"
    modes = {path: getattr(tree.entry(path), "mode", None) for path in ("src", "tool.sh", "link", "src/", "/src", "")}
    assert modes == {"src": "040000", "tool.sh": "100755", "link": "120000", "src/": None, "/src": None, "": None}
    assert tree.entry("README.md/x") is None and tree.entry("link/x") is None
    assert tree.read("ü ñ/new\nline.txt") == b"odd\n" and tree.read("link") == b"README.md"
    listed = {entry.path: tree.entry(entry.path) for entry in tree.files()}
    assert set(listed) == {*FILES, "link"}
    assert all(listed[entry.path] == entry for entry in tree.files())
    for absent in ("src", "nope", "src/app.py/x"):
        with pytest.raises(KeyError):
            tree.read(absent)


def test_a_commit_that_is_not_here(mirror: Mirror) -> None:
    with pytest.raises(GitFailed) as caught:
        mirror.tree(CommitSha("1" * 40))
    assert caught.value.code == "git.missing_commit"
    with pytest.raises(GitFailed):
        write(mirror, CommitSha("1" * 40), TreeChange("a", b""))
    assert not mirror.has("1" * 40) and not mirror.has("main") and not mirror.has("--all")


def test_reading_goes_on_after_the_process_died_and_from_many_threads(mirror: Mirror, remote: Remote) -> None:
    tree = mirror.tree(remote.main)
    for process in mirror._reader._running.processes.values():
        process.kill()
        process.wait()
    found: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: found.append(mirror.tree(remote.main).read("tool.sh"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [b"#!/bin/sh\n"] * 8 and tree.read("README.md") == b"# Hi\n"


def test_write_commit_changes_exactly_what_is_named(mirror: Mirror, remote: Remote) -> None:
    message = "subject\n\n  body \r\n# kept\n\nCadence-Run: r\n\n"
    commit = write(
        mirror,
        remote.main,
        TreeChange("src/app.py", b"\x00\r\n\xff", mode="100755"),
        TreeChange("src/deep/er/x.txt", None),
        TreeChange('new/"q"/\\ü', b"hello"),
        message=message,
    )
    tree = mirror.tree(commit)
    assert tree.read("src/app.py") == b"\x00\r\n\xff" and tree.read('new/"q"/\\ü') == b"hello"
    assert tree.entry("src/deep") is None
    modes = {entry.path: entry.mode for entry in tree.files()}
    assert modes["src/app.py"] == modes["tool.sh"] == "100755" and modes["link"] == "120000"
    raw = mirror._reader.read(commit)
    assert raw is not None
    assert raw.split(b"\n\n", 1)[1].decode() == message
    assert f"author {BOT.name} <{BOT.email}> {int(DATE.timestamp())} +0000".encode() in raw and b"encoding" not in raw
    assert [(c.sha, c.author_email, c.message) for c in mirror.commits(remote.main, commit)] == [
        (commit, BOT.email, message)
    ]


def test_write_commit_is_deterministic_and_leaves_no_ref(mirror: Mirror, remote: Remote, tmp_path: Path) -> None:
    changes = [TreeChange("b", b"2"), TreeChange("a", b"1")]
    first = write(mirror, remote.main, *changes)
    assert write(mirror, remote.main, *reversed(changes)) == first
    assert mirror._runner.check("for-each-ref", "--format=%(refname)") == b"refs/heads/main\n"
    assert not list(mirror.path.glob("fast_import*")) and not list((mirror.path / "refs").rglob("import*"))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ([TreeChange("src", b"now a file")], "loss.path"),
        ([TreeChange("src", None)], "loss.path"),
        ([TreeChange("README.md/below", b"x")], "loss.path"),
        ([TreeChange("link/below", b"x")], "loss.path"),
        ([TreeChange("../up", b"x")], "path.unsafe"),
        ([TreeChange("a/.GIT/config", b"x")], "path.unsafe"),
        ([TreeChange("/abs", b"x")], "path.unsafe"),
        ([TreeChange("a", b"x"), TreeChange("a", None)], "path.unsafe"),
        ([TreeChange("a", b"x", mode="120000")], "contract.commit"),
    ],
)
def test_write_commit_refuses_what_was_not_asked_for(
    mirror: Mirror, remote: Remote, changes: list[TreeChange], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        write(mirror, remote.main, *changes)
    assert refused.value.code == code


def test_a_file_may_become_a_directory_when_both_are_named(mirror: Mirror, remote: Remote) -> None:
    commit = write(mirror, remote.main, TreeChange("README.md", None), TreeChange("README.md/x", b"1"))
    assert mirror.read_file(commit, "README.md/x") == b"1"
    back = write(mirror, commit, TreeChange("README.md/x", None), TreeChange("README.md", b"2"))
    assert mirror.read_file(back, "README.md") == b"2"


def test_diff_shows_renames_and_names_binaries_whatever_gitattributes_say(mirror: Mirror, remote: Remote) -> None:
    body = b"".join(b"line %d\n" % n for n in range(30))
    base = write(mirror, remote.main, TreeChange("old.txt", body))
    head = write(
        mirror,
        base,
        TreeChange(".gitattributes", b"* -diff\n*.txt diff=none binary\n"),
        TreeChange("old.txt", None),
        TreeChange("neu ü.txt", body + b"more\n"),
        TreeChange("b.bin", b"\x00\x01"),
        TreeChange("latin.txt", b"caf\xe9\n"),
    )
    diff = mirror.diff(base, head)
    assert "rename from old.txt\nrename to neu ü.txt" in diff and "+more" in diff and "+caf\ufffd" in diff
    assert "Binary files /dev/null and b/b.bin differ" in diff and "\x01" not in diff


def test_ancestry(mirror: Mirror, remote: Remote) -> None:
    left = write(mirror, remote.main, TreeChange("l", b"1"))
    right = write(mirror, remote.main, TreeChange("r", b"1"))
    assert mirror.merge_base(left, right) == remote.main
    assert mirror.is_ancestor(remote.main, left) and not mirror.is_ancestor(left, right)
    assert mirror.is_ancestor(left, left)
    orphan = CommitSha(remote.git("commit-tree", "-m", "o", f"{remote.main}^{{tree}}").strip())
    remote.git("push", "-q", "origin", f"{orphan}:refs/heads/orphan")
    mirror.fetch(str(remote.bare), None)
    assert mirror.merge_base(orphan, left) is None
    two = write(mirror, left, TreeChange("l", b"2"), message="two")
    assert [c.sha for c in mirror.commits(remote.main, two)] == [left, two]
    with pytest.raises(GitFailed) as caught:
        mirror.merge_base(left, CommitSha("2" * 40))
    assert caught.value.code == "git.failed"


def test_a_mirror_that_another_process_holds_is_told_and_tried_again(
    tmp_path: Path, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.git_store.mirror.LOCK_SECONDS", 0.0)
    store = GitStore(tmp_path / "data", web=str(tmp_path))
    mirror = store.mirror(RepositoryId(5))
    with FileLock(f"{mirror.path}.lock"), pytest.raises(GitFailed) as caught:
        mirror.fetch(str(remote.bare), None)
    assert caught.value.code == "git.busy" and caught.value.retry
    mirror.fetch(str(remote.bare), None)
    assert mirror.has(remote.main)
    store.close()


def test_push_creates_repeats_and_moves_only_from_what_was_expected(mirror: Mirror, remote: Remote) -> None:
    first = write(mirror, remote.main, TreeChange("a", b"1"))
    push(mirror, remote, first)
    push(mirror, remote, first)
    assert remote.tip("cadence/issue-3") == first == mirror.tip("cadence/issue-3")
    second = write(mirror, remote.main, TreeChange("a", b"2"))
    with pytest.raises(PushRefused) as taken:
        push(mirror, remote, second)
    assert taken.value.code == "branch.taken"
    push(mirror, remote, second, expect=first)
    assert remote.tip("cadence/issue-3") == second
    with pytest.raises(PushRefused, match="another person"):
        push(mirror, remote, first, expect=first)
    assert remote.tip("cadence/issue-3") == second


GH013 = """
echo 'error: GH013: Repository rule violations found for refs/heads/cadence/issue-3.' >&2
echo '' >&2
echo '- Cannot force-push to this branch' >&2
echo '- Commits must have verified signatures.' >&2
exit 1"""
WORKFLOW = """
echo 'refusing to allow a GitHub App to create or update workflow `.github/workflows/x.yml` without `workflows`' >&2
exit 1"""
SECRET = """
echo 'error: GH013: Repository rule violations found for refs/heads/x.' >&2
echo '- GITHUB PUSH PROTECTION' >&2
echo '  Push cannot contain secrets' >&2
exit 1"""


@pytest.mark.parametrize(
    ("script", "code", "detail"),
    [
        (GH013, "rule.push", "Cannot force-push to this branch"),
        (WORKFLOW, "protected.workflow", "refusing to allow"),
        (SECRET, "secret.push_protection", "GITHUB PUSH PROTECTION"),
        ("echo 'name your ghs_abcdefghij0123456789.x_y-z' >&2; exit 1", "rule.push", "name your [secret]"),
        ("exit 1", "rule.push", "pre-receive hook declined"),
    ],
)
def test_a_refusal_says_which_rule(mirror: Mirror, remote: Remote, script: str, code: str, detail: str) -> None:
    remote.hook(script)
    commit = write(mirror, remote.main, TreeChange("a", b"1"))
    with pytest.raises(PushRefused) as refused:
        push(mirror, remote, commit)
    assert refused.value.code == code
    assert any(detail in line for line in refused.value.details), refused.value.details
    assert mirror.tip("cadence/issue-3") is None


def test_no_hook_or_personal_config_of_this_machine_runs(
    mirror: Mirror, remote: Remote, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[core]\n hooksPath = /nonexistent\n[diff]\n noprefix = true\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    hook = mirror.path / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    commit = write(mirror, remote.main, TreeChange("a", b"1"))
    push(mirror, remote, commit)
    assert "--- /dev/null\n+++ b/a\n" in mirror.diff(remote.main, commit)


def test_one_at_a_time_per_repository(store: GitStore, remote: Remote) -> None:
    made: list[object] = []

    def fetch(mirror: Mirror) -> Callable[[], None]:
        return lambda: made.append(mirror.fetch(str(remote.bare), None))

    again = GitStore(store._directory, web=store._web)
    threads = [threading.Thread(target=fetch(s.mirror(RepositoryId(4)))) for s in (store, again) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    again.close()
    assert made == [None] * 8 and store.mirror(RepositoryId(4)).tip("main") == remote.main
    assert sorted(path.name for path in store._directory.iterdir()) == ["4.git", "4.git.lock"]
    index = store.context_index(RepositoryId(4))
    index.parent.mkdir()
    for ending in ("", "-wal"):
        Path(f"{index}{ending}").write_text("x")
    store.forget(RepositoryId(4))
    assert list(store._directory.iterdir()) == [] == list(index.parent.iterdir())


def test_recent_paths_are_those_of_the_last_commits_newest_first(mirror: Mirror, remote: Remote) -> None:
    remote.write("src/app.py", "print('b')\n")
    second = CommitSha(remote.commit("second"))
    mirror.fetch(str(remote.bare), None)
    assert mirror.recent_paths(second)[0] == "src/app.py" and mirror.recent_paths(second).count("src/app.py") == 2
    assert "ü ñ/new\nline.txt" in mirror.recent_paths(second) and mirror.recent_paths(second, commits=1) == [
        "src/app.py"
    ]


def test_tidy_keeps_what_was_built(mirror: Mirror, remote: Remote) -> None:
    commit = write(mirror, remote.main, TreeChange("a", b"1"))
    mirror.tidy()
    assert mirror.read_file(commit, "a") == b"1"
