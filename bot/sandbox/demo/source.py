"""The repository of `cadence demo --repo`: opened from a path, a folder inside one or a URL; the result handed back."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.core.errors import WrongUse
from bot.sandbox.github.bare import Bare, GitError, environment

_URL = re.compile(r"^(?:[a-z][a-z0-9+.-]*://|[\w.-]+@[\w.-]+:)", re.IGNORECASE)
DETACHED_BRANCH = "demo-base"


@dataclass(frozen=True, slots=True)
class Source:
    """A bare copy of the branches (`copy`) with its base branch as HEAD, and where it came from.

    `home` is the user's own repository, None for a URL. `folder` is the subfolder that was named, `` for the root.
    `note` says what a user may not expect, `` where there is nothing to say.
    """

    copy: Path
    name: str
    branch: str
    folder: str = ""
    home: Path | None = None
    note: str = ""


def open_source(named: str, directory: Path, say: Callable[[str], None] = lambda _: None) -> Source:
    """Copy the branches of the repository into `directory`. Raises WrongUse with the cause and the next step."""
    directory.mkdir(parents=True, exist_ok=True)
    if _URL.match(named):
        return _open_url(named, directory, say)
    path = Path(named).expanduser()
    if not path.exists():
        raise WrongUse(
            f"--repo {named} does not exist.", remedy="Name a git repository, a folder inside one, or a URL."
        )
    top, folder = _top_and_folder(path)
    head = _ask(top, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if not head:
        raise WrongUse(f"--repo {named} has no commit yet.", remedy="Commit something first.")
    if _ask(top, "rev-parse", "--is-shallow-repository") == "true":
        raise WrongUse(
            f"--repo {named} is a shallow clone: git has only a part of its history.",
            remedy=f"Run `git -C {shlex.quote(str(top))} fetch --unshallow` first.",
        )
    copy = _empty_copy(directory)
    branch = _ask(top, "symbolic-ref", "--quiet", "--short", "HEAD")
    refs = ["+refs/heads/*:refs/heads/*", *([] if branch else [f"+HEAD:refs/heads/{DETACHED_BRANCH}"])]
    _fetch(copy, str(top.resolve()), refs, named)
    return Source(
        copy=copy,
        name=_name(top.name),
        branch=_finish(copy, branch or DETACHED_BRANCH),
        folder=folder,
        home=top.resolve(),
        note=_note(top, branch, head),
    )


def _open_url(url: str, directory: Path, say: Callable[[str], None]) -> Source:
    # A token may be a part of the address; git leaves it out of its own messages.
    shown = re.sub(r"(?<=://)[^/@]*@", "", url)
    say(f"cloning {shown}")
    copy = directory / "source.git"
    done = _git("clone", "--quiet", "--bare", url, str(copy))
    if done.returncode:
        raise WrongUse(f"--repo {shown} cannot be cloned: {_cause(done)}.", remedy="Check the address and your access.")
    if not _ask(copy, "rev-parse", "--verify", "--quiet", "HEAD^{commit}"):
        raise WrongUse(f"--repo {shown} has no commit yet.", remedy="Name a repository with at least one commit.")
    branch = _finish(copy, _ask(copy, "symbolic-ref", "--short", "HEAD"))
    return Source(copy=copy, name=_name(url.rstrip("/").rpartition("/")[2]), branch=branch)


def _top_and_folder(path: Path) -> tuple[Path, str]:
    inside = _git("-C", str(path), "rev-parse", "--show-toplevel", "--show-prefix") if path.is_dir() else None
    if inside is not None and inside.returncode == 0:
        top, _, prefix = inside.stdout.partition("\n")
        return Path(top), prefix.strip().strip("/")
    if path.is_dir() and _ask(path, "rev-parse", "--is-bare-repository") == "true":
        return path, ""
    raise WrongUse(
        f"--repo {path} is not a git repository.",
        remedy="Name one, or make it one: git init, git add --all, git commit.",
    )


def _empty_copy(directory: Path) -> Path:
    copy = directory / "source.git"
    done = _git("init", "--quiet", "--bare", str(copy))
    if done.returncode:
        raise WrongUse(f"{copy} cannot be made: {_cause(done)}.", remedy="Check the folder's permissions.")
    return copy


def _fetch(copy: Path, source: str, refs: list[str], named: str) -> None:
    done = _git("-C", str(copy), "fetch", "--quiet", "--no-tags", source, *refs)
    if done.returncode:
        raise WrongUse(
            f"--repo {named} cannot be copied: {_cause(done)}.",
            remedy="If objects are missing (a partial clone, say), fetch them, or name the repository's URL.",
        )


def _finish(copy: Path, branch: str) -> str:
    """Make `branch` the base, and leave out Cadence's own branches, which an earlier demo may have handed back."""
    if branch.startswith("cadence/"):
        _git("-C", str(copy), "branch", "--force", DETACHED_BRANCH, branch)
        branch = DETACHED_BRANCH
    _git("-C", str(copy), "symbolic-ref", "HEAD", f"refs/heads/{branch}")
    for ref in _ask(copy, "for-each-ref", "--format=%(refname)", "refs/heads/cadence/").splitlines():
        _git("-C", str(copy), "update-ref", "-d", ref)
    return branch


def _note(top: Path, branch: str, head: str) -> str:
    notes = []
    if not branch:
        notes.append(f"HEAD is detached at {head[:12]}: the demo works on a branch `{DETACHED_BRANCH}` made from it")
    changed = _git("-C", str(top), "status", "--porcelain", "--untracked-files=no")
    if changed.returncode == 0 and changed.stdout.strip():
        notes.append("changes that are not committed are not part of the demo")
    return "; ".join(notes)


@dataclass(frozen=True, slots=True)
class HandedBack:
    """Where the result is, and one command to look at it."""

    what: str
    command: str


def hand_back(source: Source, bare: Path, *, base: str, result: str, issue: int, patch: Path | None) -> HandedBack:
    """Put the commit `result` of the sandbox's repository into the user's: as a branch, or as a patch file.

    An existing branch is never moved: the next free name is taken. Raises WrongUse where it cannot be written.
    """
    if patch is None and source.home is None:
        patch = Path(f"{source.name}-issue-{issue}.patch")
    if patch is not None:
        text = Bare(bare).text("format-patch", "--stdout", "--binary", f"{base}..{result}")
        try:
            patch.write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            raise WrongUse(f"--patch {patch} cannot be written: {error.strerror}.") from None
        return HandedBack(f"patch {patch}", f"git apply --stat --summary {shlex.quote(str(patch))}")
    assert source.home is not None
    branch = _free_branch(source.home, f"cadence/issue-{issue}", result)
    done = _git("-C", str(source.home), "fetch", "--quiet", "--no-tags", str(bare), f"{result}:refs/heads/{branch}")
    if done.returncode:
        raise WrongUse(f"the result cannot be handed back: {_cause(done)}.", remedy="Use --patch FILE.")
    return HandedBack(f"branch {branch} of {source.home}", f"git -C {shlex.quote(str(source.home))} show {branch}")


def _free_branch(home: Path, wanted: str, result: str) -> str:
    number, branch = 1, wanted
    while (found := _ask(home, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}")) and found != result:
        number += 1
        branch = f"{wanted}-{number}"
    return branch


def _name(text: str) -> str:
    return re.sub(r"[^\w.-]+", "-", text.removesuffix(".git")).strip(".-") or "repository"


def _ask(where: Path, *arguments: str) -> str:
    """What git prints, `` where it fails."""
    done = _git("-C", str(where), *arguments)
    return done.stdout.strip() if done.returncode == 0 else ""


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", *arguments],
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError as error:
        raise GitError(f"git does not start: {error}") from error


def _cause(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    # The first kind is the cause; the other process then only says that the connection ended.
    for kind in ("remote: fatal: ", "fatal: ", "error: "):
        if found := next((line for line in lines if line.startswith(kind)), ""):
            return found.removeprefix(kind).rstrip(".")
    return lines[-1].rstrip(".") if lines else "git failed"
