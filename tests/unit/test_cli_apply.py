"""`cadence apply`, `diff` and `schema` as a script or a person uses them, on real repositories."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from tools.docs_pages import DOCS

FILES = {
    "app.py": "def greet(name):\n    return f'hi {name}'\n",
    "notes.txt": "one\ntwo\nthree\n",
    "dos.txt": "one\r\ntwo\r\n",
}
GOOD = {"message": "Say two", "edits": [{"path": "notes.txt", "mode": "modify", "after": "one\n2\nthree\n"}]}
BAD = {"message": "m", "edits": [{"path": "gone.txt", "mode": "modify", "after": "x\n"}]}


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        return json.loads(self.out)

    @property
    def codes(self) -> list[str]:
        return [finding["code"] for finding in self.answer["findings"]]


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Run:
    def cadence(*args: object, stdin: object = None) -> Ended:
        raw = stdin if isinstance(stdin, bytes) else b"" if stdin is None else json.dumps(stdin).encode()
        monkeypatch.setattr(sys, "argv", ["cadence", *map(str, args)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capfdbinary.readouterr()
        return Ended(code, out.decode(), err.decode())

    return cadence


def git(directory: Path, *args: str, stdin: str | None = None) -> str:
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | {
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    identity = ("-c", "user.name=P", "-c", "user.email=p@example.org")
    done = subprocess.run(
        ["git", *identity, *args], cwd=directory, env=env, input=stdin, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "repo"
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    write(path, FILES)
    return path


def write(repo: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).write_bytes(text.encode())
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "m")


def everything(directory: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below, with its time of change: an index that was only refreshed differs too."""
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in sorted(directory.rglob("*")) if p.is_file()}


def file(tmp_path: Path, value: object) -> Path:
    path = tmp_path / "change_set.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_accepted_makes_a_commit_on_a_new_branch_and_nothing_else(run: Run, repo: Path, tmp_path: Path) -> None:
    hook = repo / ".git/hooks/reference-transaction"
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/hook-ran\n")
    hook.chmod(0o755)
    (repo / "notes.txt").write_text("half done work\n")
    index, main_tip = (repo / ".git/index").read_bytes(), git(repo, "rev-parse", "main")
    ended = run("apply", "--repo", repo, "--branch", "two", file(tmp_path, GOOD))
    assert (ended.code, ended.err) == (0, "")
    assert git(repo, "show", "two:notes.txt") == "one\n2\nthree\n"
    assert git(repo, "rev-parse", "two^") == main_tip == git(repo, "rev-parse", "HEAD")
    assert git(repo, "log", "-1", "--format=%an|%cn|%s", "two") == "cadence[bot]|cadence[bot]|Say two\n"
    assert "\nCadence-ChangeSet: " in git(repo, "log", "-1", "--format=%B", "two")
    assert (repo / ".git/index").read_bytes() == index
    assert (repo / "notes.txt").read_text() == "half done work\n"
    assert not (tmp_path / "hook-ran").exists()
    assert "git switch two" in ended.out and "accepted" in ended.out and "it is now pinned" in ended.out


def test_the_same_input_gives_the_same_commit_and_branch(run: Run, repo: Path, tmp_path: Path) -> None:
    source = file(tmp_path, GOOD)
    first = run("apply", "--json", "--repo", repo, source).answer
    again = run("apply", "--json", "--repo", repo, source).answer
    assert first == again and first["accepted"]
    assert first["branch"] == f"cadence/apply-{first['change_set'][:12]}"
    assert git(repo, "rev-parse", first["branch"]).strip() == first["commit"]
    assert any("notes.txt had no `before_sha`" in note for note in first["notes"])


def test_a_branch_that_stands_elsewhere_is_refused(run: Run, repo: Path, tmp_path: Path) -> None:
    ended = run("apply", "--repo", repo, "--branch", "main", file(tmp_path, GOOD))
    assert ended.code == 1 and "error branch.taken" in ended.out and "--branch NAME" in ended.out
    scripted = run("apply", "--json", "--repo", repo, "--branch", "main/x", file(tmp_path, GOOD))
    assert scripted.code == 1 and scripted.codes == ["branch.taken"] and not scripted.answer["accepted"]
    assert git(repo, "show", "main:notes.txt") == FILES["notes.txt"]


@pytest.mark.parametrize("change_set", [GOOD, BAD], ids=["accepted", "refused"])
@pytest.mark.parametrize("options", [["--check"], ["--check", "--json"]], ids=str)
def test_check_never_touches_the_repository(
    run: Run, repo: Path, tmp_path: Path, change_set: object, options: list[str]
) -> None:
    os.utime(repo / "app.py", (1, 1))
    before = everything(repo)
    ended = run("apply", *options, "-", stdin={"repo_dir": str(repo), "change_set": change_set})
    assert ended.code == (0 if change_set is GOOD else 1)
    assert everything(repo) == before


def test_checking_a_patch_and_diff_leave_no_trace_either(run: Run, repo: Path, tmp_path: Path) -> None:
    before = everything(repo)
    patch = run("diff", "--repo", repo, file(tmp_path, GOOD))
    assert patch.code == 0
    assert run("apply", "--check", "--repo", repo, "-", stdin={"patch": patch.out, "title": "t"}).code == 0
    assert everything(repo) == before


def test_the_repository_of_a_surrounding_hook_is_left_alone(
    run: Run, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    git(tmp_path, "clone", "-q", str(repo), str(other))
    for name, value in {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index", "GIT_WORK_TREE": "."}.items():
        monkeypatch.setenv(name, value.replace(".", str(other), 1) if value == "." else str(other / value))
    write(repo, {"notes.txt": "moved on\n"})
    before = everything(other)
    patch = {"title": "t", "patch": PATCH}
    assert run("apply", "--check", "--json", "--repo", repo, "-", stdin=patch).codes == ["stale"]
    assert run("apply", "--repo", repo, "--branch", "x", "-", stdin=GOOD).code == 0
    assert everything(other) == before
    assert git(repo, "show", "x:notes.txt") == "one\n2\nthree\n"


def test_check_json_prints_exactly_three_keys(run: Run, repo: Path) -> None:
    accepted = run("apply", "--check", "--json", "-", stdin={"repo_dir": str(repo), "change_set": GOOD})
    assert accepted.answer == {"accepted": True, "reasons": [], "findings": []} and accepted.code == 0
    refused = run("apply", "--check", "--json", "-", stdin={"repo_dir": str(repo), "change_set": BAD})
    assert refused.code == 1 and set(refused.answer) == {"accepted", "reasons", "findings"}
    assert refused.answer["accepted"] is False
    assert refused.answer["reasons"][0].startswith("contract.modify_missing_path: edits[0] gone.txt: ")
    assert set(refused.answer["findings"][0]) == {"code", "message", "instruction", "severity", "edit", "path", "line"}


def test_a_refusal_tells_a_person_what_to_do(run: Run, repo: Path, tmp_path: Path) -> None:
    edits = [{"path": "notes.txt", "mode": "modify", "replace": [{"old": "tvo\n", "new": "2\n"}]}]
    ended = run("apply", "--repo", repo, file(tmp_path, {"version": 2, "message": "m", "edits": edits}))
    assert ended.code == 1
    lines = ended.out.splitlines()
    assert lines[0].startswith("refused on ") and lines[0].endswith("(HEAD): 1 finding to resolve; nothing was changed")
    assert "error contract.replace_missing  edits[0] notes.txt:2" in lines
    assert "  2: two" in lines
    assert "  → Copy `old` exactly from the file, white space included." in lines
    assert git(repo, "branch").split() == ["*", "main"]


def test_what_could_steer_a_terminal_is_written_out(run: Run, repo: Path) -> None:
    bad = {"message": "m", "edits": [{"path": "\x1b[2Jx\u202e", "mode": "modify", "after": "x"}]}
    ended = run("apply", "--repo", repo, "-", stdin=bad)
    assert ended.code == 1 and "\x1b" not in ended.out and "\u202e" not in ended.out and "\\x1b[2J" in ended.out


def test_bare_repositories_and_linked_work_trees(run: Run, repo: Path, tmp_path: Path) -> None:
    bare, linked = tmp_path / "bare.git", tmp_path / "linked"
    git(tmp_path, "clone", "-q", "--bare", str(repo), str(bare))
    ended = run("apply", "--repo", bare, "--branch", "two", file(tmp_path, GOOD))
    assert ended.code == 0 and "git switch" not in ended.out
    assert git(bare, "show", "two:notes.txt") == "one\n2\nthree\n"
    git(repo, "worktree", "add", "-q", "-b", "other", str(linked))
    write(linked, {"notes.txt": "one\ntwo\nfour\n"})
    (linked / "sub").mkdir()
    assert run("apply", "--repo", linked / "sub", "--branch", "of-linked", file(tmp_path, GOOD)).code == 0
    assert git(repo, "rev-parse", "of-linked^") == git(linked, "rev-parse", "HEAD")
    assert git(linked, "status", "--porcelain") == ""


def test_a_repository_at_an_odd_path(run: Run, repo: Path, tmp_path: Path) -> None:
    odd = repo.rename(tmp_path / '#"re\\po\nü')
    assert run("apply", "--check", "--json", "--repo", odd, "-", stdin={"patch": PATCH}).answer["accepted"]
    assert run("diff", "--repo", odd, file(tmp_path, GOOD)).out.startswith("diff --git a/notes.txt")


def test_the_base_can_be_any_revision(run: Run, repo: Path, tmp_path: Path) -> None:
    write(repo, {"notes.txt": "moved on\n"})
    blob = git(repo, "rev-parse", "HEAD^:notes.txt").strip()
    edit = {"path": "notes.txt", "mode": "modify", "after": "one\n2\nthree\n", "before_sha": blob}
    pinned = {"message": "m", "edits": [edit]}
    stale = run("apply", "--check", "--json", "--repo", repo, file(tmp_path, pinned))
    assert stale.code == 1 and stale.codes == ["stale"]
    assert run("apply", "--check", "--repo", repo, "--base", "HEAD^", file(tmp_path, pinned)).code == 0


def test_a_named_base_pins_what_came_unpinned(run: Run, repo: Path, tmp_path: Path) -> None:
    base = git(repo, "rev-parse", "HEAD").strip()
    named = {"version": 2, "base": base, **GOOD}
    assert run("apply", "--check", "--repo", repo, file(tmp_path, named)).code == 0
    write(repo, {"app.py": FILES["app.py"] + "\n\nNEW = 1\n"})
    assert run("apply", "--check", "--repo", repo, file(tmp_path, named)).code == 0
    write(repo, {"notes.txt": "moved on\n"})
    assert run("apply", "--check", "--json", "--repo", repo, file(tmp_path, named)).codes == ["stale"]
    unknown = {**named, "base": "1" * 40}
    assert run("apply", "--check", "--json", "--repo", repo, file(tmp_path, unknown)).codes == ["stale"]


def test_the_configuration_at_the_base_is_honoured(run: Run, repo: Path, tmp_path: Path) -> None:
    source = file(tmp_path, GOOD)
    write(repo, {".github/cadence.yml": "version: 1\nplan:\n  protected: ['notes.*']\n"})
    assert run("apply", "--check", "--json", "--repo", repo, source).codes == ["protected.path"]
    write(repo, {".github/cadence.yml": "version: 1\nplna: {}\n"})
    ended = run("apply", "--check", "--repo", repo, source)
    assert ended.code == 1
    assert "config.invalid" in ended.out and "line 2, column 1: plna: unknown key. Did you mean `plan`?" in ended.out
    assert run("apply", "--check", "--repo", repo, "--base", "HEAD~2", source).code == 0


def test_diff_prints_the_patch_that_git_applies(run: Run, repo: Path, tmp_path: Path) -> None:
    edits = [
        {"path": "dos.txt", "mode": "modify", "replace": [{"old": "two", "new": "2"}]},
        {"path": "b.bin", "mode": "add", "after_base64": "AAECAw=="},
        {"path": "text.txt", "mode": "modify", "rename_from": "notes.txt", "executable": True},
    ]
    source = file(tmp_path, {"version": 2, "message": "m", "edits": edits})
    ended = run("diff", "--repo", repo, source)
    assert ended.code == 0
    git(repo, "apply", "--index", "-", stdin=ended.out)
    tree = git(repo, "write-tree")
    made = run("apply", "--json", "--repo", repo, source).answer
    assert git(repo, "rev-parse", f"{made['commit']}^{{tree}}") == tree
    refused = run("diff", "--repo", repo, "-", stdin=BAD)
    assert (refused.code, refused.out) == (1, "") and "contract.modify_missing_path" in refused.err


def test_a_task_with_a_change_set(run: Run, repo: Path) -> None:
    task = {"id": "t", "title": "Say two", "status": "open", "change_set": {**GOOD, "author": "", "meta": {}}}
    assert run("apply", "--repo", repo, "--branch", "two", "-", stdin=task).code == 0
    assert git(repo, "show", "two:notes.txt") == "one\n2\nthree\n"


@pytest.mark.parametrize(
    ("diff", "codes"),
    [
        ({"file": "notes.txt", "before": FILES["notes.txt"], "after": "one\n2\nthree\n"}, []),
        ({"file": "notes.txt", "before": FILES["notes.txt"].rstrip(), "after": "one\n2\nthree"}, []),
        ({"file": "new.txt", "before": "", "after": "x\n"}, []),
        ({"file": "notes.txt", "before": FILES["notes.txt"], "after": ""}, []),
        ({"file": "notes.txt", "before": "older\n", "after": "one\n2\nthree\n"}, ["stale"]),
        ({"file": "gone.txt", "before": "x\n", "after": "y\n"}, ["contract.modify_missing_path"]),
        ({"file": "notes.txt", "before": "", "after": "y\n"}, ["contract.add_existing_path"]),
        ({"file": "notes.txt", "before": FILES["notes.txt"], "after": FILES["notes.txt"]}, ["contract.no_op"]),
        ({"file": "../x", "before": "", "after": "y\n"}, ["path.traversal"]),
        ({"file": "notes.txt", "after": "y\n"}, ["contract.invalid"]),
        ({"file": "x", "before": "", "after": "y\n", "mode": 7}, ["contract.unknown_key"]),
    ],
    ids=str,
)
def test_a_task_with_one_files_texts(run: Run, repo: Path, diff: object, codes: list[str]) -> None:
    ended = run("apply", "--check", "--json", "-", stdin={"repo_dir": str(repo), "title": "t", "diff": diff})
    assert ended.codes == codes and ended.answer["accepted"] is (not codes)


def test_the_last_line_end_of_one_files_texts_is_kept(run: Run, repo: Path) -> None:
    task = {"title": "t", "diff": {"file": "notes.txt", "before": "one\ntwo\nthree", "after": "one\n2\nthree"}}
    assert run("apply", "--repo", repo, "--branch", "two", "-", stdin=task).code == 0
    assert git(repo, "show", "two:notes.txt") == "one\n2\nthree\n"


PATCH = "--- a/notes.txt\n+++ b/notes.txt\n@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n"
CONFLICT = PATCH.replace("+1,3", "+1,7").replace("+2", "+<<<<<<< HEAD\n+2\n+=======\n+zwei\n+>>>>>>> other")
SYMLINK = "diff --git a/link b/link\nnew file mode 120000\n--- /dev/null\n+++ b/link\n@@ -0,0 +1 @@\n+/etc/passwd\n"


@pytest.mark.parametrize(
    ("patch", "codes"),
    [
        (PATCH, []),
        (PATCH.replace("+1,3", "+1,4"), ["contract.patch"]),
        (PATCH.replace("-two", "-zwei"), ["stale"]),
        (PATCH.replace("notes.txt", "gone.txt"), ["contract.modify_missing_path"]),
        ("--- /dev/null\n+++ b/notes.txt\n@@ -0,0 +1 @@\n+x\n", ["contract.add_existing_path"]),
        ("--- /dev/null\n+++ b/../out.txt\n@@ -0,0 +1 @@\n+x\n", ["path.traversal"]),
        ("--- /dev/null\n+++ b/.git/config\n@@ -0,0 +1 @@\n+x\n", ["path.git"]),
        (SYMLINK, ["path.symlink"]),
        ("", ["contract.patch"]),
        ("hello\n", ["contract.patch"]),
        (CONFLICT, ["loss.conflict"]),
        ("--- /dev/null\n+++ b/.github/workflows/x.yml\n@@ -0,0 +1 @@\n+on: push\n", ["protected.workflow"]),
    ],
    ids=[
        "fits", "corrupt", "stale", "missing", "existing", "outside", "dot git", "symlink", "empty", "prose",
        "conflict", "protected",
    ],
)  # fmt: skip
def test_a_task_with_a_patch(run: Run, repo: Path, patch: str, codes: list[str]) -> None:
    before = everything(repo)
    ended = run("apply", "--check", "--json", "--repo", repo, "-", stdin={"title": "t", "patch": patch})
    assert ended.codes == codes and ended.answer["accepted"] is (not codes)
    assert everything(repo) == before


def test_a_corrupt_patch_is_refused_with_gits_own_line(run: Run, repo: Path) -> None:
    ended = run("apply", "--check", "--repo", repo, "-", stdin={"patch": PATCH.replace("+1,3", "+1,4")})
    assert ended.code == 1 and "git apply: corrupt patch at line 8" in ended.out


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"no json", "contract.not_json"),
        (b"", "contract.not_json"),
        (b"\xff\xfe{", "contract.not_json"),
        (b'{"message": "m"', "contract.not_json"),
        (b"[1]", "contract.not_a_change_set"),
        (b"3", "contract.not_a_change_set"),
        (b'{"change_set": 3}', "contract.not_a_change_set"),
        (b'{"patch": 3}', "contract.invalid"),
        (b'{"repo_dir": 3, "change_set": {"message": "m", "edits": []}}', "contract.invalid"),
        (b'{"patch": "x", "diff": {"file": "a", "before": "", "after": "b"}}', "contract.ambiguous"),
        (b'{"error": "sorry"}', "contract.error_reply"),
        (b'{"message": "m", "message": "n", "edits": []}', "contract.duplicate_key"),
        (b'{"message": "\\ud800", "edits": [{"path": "n", "mode": "add", "after": "x"}]}', "contract.encoding"),
    ],
)
def test_what_is_no_change_set_is_refused_with_a_code(run: Run, repo: Path, raw: bytes, code: str) -> None:
    ended = run("apply", "--check", "--json", "--repo", repo, "-", stdin=raw)
    assert (ended.code, ended.codes) == (1, [code])


def test_what_is_no_change_set_is_refused_outside_a_repository_too(run: Run, tmp_path: Path) -> None:
    for raw, code in ((b"no json", "contract.not_json"), (b'{"message": 3, "edits": []}', "contract.invalid")):
        ended = run("apply", "--json", "--repo", tmp_path, "-", stdin=raw)
        assert ended.code == 1 and code in ended.codes
        ended = run("apply", "--repo", tmp_path, "-", stdin=raw)
        assert ended.code == 1 and ended.out.startswith("refused: ") and code in ended.out
        ended = run("diff", "--repo", tmp_path, "-", stdin=raw)
        assert ended.code == 1 and code in ended.err and ended.out == ""


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["apply", "--repo", "{tmp}", "{file}"], "repository.missing"),
        (["apply", "--repo", "{tmp}/none", "{file}"], "repository.missing"),
        (["apply", "--repo", "{repo}", "{tmp}/none.json"], "No such file"),
        (["apply", "--repo", "{repo}", "--base", "nowhere", "{file}"], "base.missing"),
        (["apply", "--repo", "{repo}", "--base", "--help", "{file}"], "base.missing"),
        (["apply", "--repo", "{repo}", "--branch", "a..b", "{file}"], "not a valid branch name"),
        (["apply", "--repo", "{repo}"], "Missing argument"),
        (["schema", "changeset", "--version", "3"], "Invalid value"),
    ],
    ids=str,
)
def test_wrong_use_ends_with_2(run: Run, repo: Path, tmp_path: Path, args: list[str], says: str) -> None:
    places = {"tmp": tmp_path, "repo": repo, "file": file(tmp_path, GOOD)}
    ended = run(*(arg.format(**places) for arg in args))
    assert ended.code == 2 and says in ended.err and ended.out == ""


def test_two_repositories_are_wrong_use(run: Run, repo: Path, tmp_path: Path) -> None:
    ended = run("apply", "--repo", tmp_path, "-", stdin={"repo_dir": str(repo), "change_set": GOOD})
    assert ended.code == 2 and "usage: " in ended.err and "repo_dir" in ended.err


def test_an_empty_repository_is_wrong_use(run: Run, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "empty")
    ended = run("apply", "--repo", tmp_path / "empty", file(tmp_path, GOOD))
    assert ended.code == 2 and "Make a first commit" in ended.err


def test_a_repository_with_sha256_names_is_wrong_use(run: Run, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--object-format=sha256", "new")
    (tmp_path / "new" / "a.txt").write_text("a\n")
    git(tmp_path / "new", "add", "-A")
    git(tmp_path / "new", "commit", "-q", "-m", "first")
    ended = run("apply", "--repo", tmp_path / "new", file(tmp_path, GOOD))
    assert ended.code == 2 and "repository.sha256" in ended.err


@pytest.mark.parametrize("version", ["1", "2", "model"])
def test_schema_prints_what_is_committed(run: Run, version: str) -> None:
    ended = run("schema", "changeset", "--version", version)
    assert ended.out == (DOCS / "schemas" / f"changeset-{version}.json").read_text("utf-8")


def test_schema_of_the_configuration(run: Run) -> None:
    assert run("schema", "config").out == (DOCS / "schemas" / "config.json").read_text("utf-8")
    assert run("schema", "changeset").answer["title"] == "Cadence ChangeSet, version 2"


@pytest.mark.parametrize(
    ("before", "after"), [("\ufeffmark\n", "x\n"), ("x\n", "\ufeffmark\n")], ids=["mark removed", "mark added"]
)
def test_a_patch_gives_exactly_its_own_bytes(run: Run, repo: Path, before: str, after: str) -> None:
    """A text keeps the byte order mark of its file; a patch may change it."""
    write(repo, {"marked.py": before})
    (repo / "marked.py").write_bytes(after.encode())
    patch = git(repo, "diff")
    git(repo, "checkout", "-q", ".")
    ended = run("apply", "--json", "--branch", "made", "--repo", repo, "-", stdin={"title": "t", "patch": patch})
    assert ended.code == 0
    assert git(repo, "show", "made:marked.py").encode() == after.encode()
