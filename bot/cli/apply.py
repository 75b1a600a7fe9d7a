"""`cadence apply` and `cadence diff`: a ChangeSet file on a repository of this machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.core.errors import WrongUse

if TYPE_CHECKING:
    from bot.cli.evaluate import Evaluated
    from bot.cli.submitted import Submitted
    from bot.core.names import CommitSha
    from bot.git_store.local import LocalRepository

File = Annotated[str, typer.Argument(metavar="FILE|-", help="A ChangeSet in JSON, or - for standard input.")]
Repo = Annotated[Path | None, typer.Option(help="The repository, bare or not; where you are if not given.")]
Base = Annotated[str, typer.Option(metavar="REV", help="The commit to build on.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("apply")(apply)
    app.command("diff")(diff)


def apply(
    file: File,
    repo: Repo = None,
    check: Annotated[bool, typer.Option("--check", help="Only judge; touch nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    branch: Annotated[
        str | None, typer.Option(metavar="NAME", help="The new branch; cadence/apply-<digest> if not given.")
    ] = None,
    base: Base = "HEAD",
) -> None:
    """Make a commit of a ChangeSet on a new branch, or refuse it with reasons.

    Neither work tree nor index nor hooks are used. Exit codes: 0 accepted, 1 refused, 2 wrong use.

    docs/changesets.md explains the format; tasks with `change_set`, `diff` or `patch` are read too.
    """
    from bot.cli.evaluate import Evaluated

    handed = _submitted(file)
    if isinstance(handed, Evaluated):
        _print_result(handed, "", as_json=as_json)
        raise typer.Exit(1)
    with _evaluated(handed, repo, base) as case:
        if branch is not None and not case.repository.is_branch_name(branch):
            raise WrongUse(f"{branch!r} is not a valid branch name.", remedy="See `git help check-ref-format`.")
        made = None if check or not case.judged.accepted else _commit(case, branch)
        judged = made if isinstance(made, Evaluated) else case.judged
        done = made if isinstance(made, _Made) else None
        _print_result(judged, case.where, done, bare=case.repository.bare, as_json=as_json)
    raise typer.Exit(0 if judged.accepted else 1)


def diff(file: File, repo: Repo = None, base: Base = "HEAD") -> None:
    """Print the unified patch that a ChangeSet means, read back from git. The repository is not touched.

    Exit codes: 0 accepted, 1 refused (the reasons go to standard error, and no patch is printed), 2 wrong use.
    """
    from bot.cli.evaluate import Evaluated, build
    from bot.cli.evaluate_text import refusal_text

    handed = _submitted(file)
    if isinstance(handed, Evaluated):
        sys.stderr.write(refusal_text(handed, ""))
        raise typer.Exit(1)
    with _evaluated(handed, repo, base) as case:
        if not case.judged.accepted:
            sys.stderr.write(refusal_text(case.judged, case.where))
            raise typer.Exit(1)
        with case.repository.scratch() as scratch:
            commit = build(case.judged, case.repository, scratch)
            patch = scratch.patch(case.base, commit)
    sys.stdout.buffer.write(patch)
    sys.stdout.buffer.flush()


@dataclass(frozen=True, slots=True)
class _Case:
    repository: LocalRepository
    base: CommitSha
    judged: Evaluated
    where: str


def _submitted(file: str) -> Submitted | Evaluated:
    """What the file asks for, or its refusal. Read before any repository: what is not a ChangeSet is one nowhere."""
    from bot.changeset.rejected import ChangeSetRejected
    from bot.cli.evaluate import Evaluated
    from bot.cli.submitted import read_submitted

    try:
        return read_submitted(_read(file))
    except ChangeSetRejected as error:
        return Evaluated(None, findings=error.findings)


@contextmanager
def _evaluated(handed: Submitted, repo: Path | None, revision: str) -> Iterator[_Case]:
    """Find the repository and the base, judge there; the repository's readers end with the block."""
    from bot.cli.evaluate import evaluate
    from bot.git_store.local import LocalRepository

    repository = LocalRepository.open(_directory(repo, handed))
    try:
        base = repository.commit(revision)
        where = base[:12] if base.startswith(revision) else f"{base[:12]} ({revision})"
        yield _Case(repository, base, evaluate(handed, repository, base), where)
    finally:
        repository.close()


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise WrongUse(f"{file} cannot be read: {error.strerror}.") from None


def _directory(repo: Path | None, handed: Submitted) -> Path:
    said = handed.repo_dir
    if repo is not None and said is not None and repo.resolve() != Path(said).resolve():
        raise WrongUse(f"--repo is {repo}, and the input's repo_dir is {said}.", remedy="Give one of them.")
    return repo or Path(said or ".")


@dataclass(frozen=True, slots=True)
class _Made:
    commit: str
    branch: str
    digest: str


def _commit(case: _Case, branch: str | None) -> _Made | Evaluated:
    """The commit on its branch, or a judgement that says what stood in the way at the last moment."""
    from bot.cli.evaluate import build, refused_in_the_end
    from bot.core.errors import Refused

    judged = case.judged
    if judged.change_set is None:
        raise ValueError("an accepted judgement has a ChangeSet")
    digest = judged.change_set.digest()
    name = branch or f"cadence/apply-{digest[:12]}"
    try:
        commit = build(judged, case.repository, case.repository.mirror)
        case.repository.create_branch(name, commit)
    except Refused as error:
        return refused_in_the_end(judged, error)
    return _Made(commit, name, digest)


def _print_result(
    judged: Evaluated, where: str, made: _Made | None = None, *, bare: bool = False, as_json: bool
) -> None:
    from bot.cli.evaluate_text import accepted_text, refusal_text, shown, verdict

    if as_json:
        about = {"commit": made.commit, "branch": made.branch, "change_set": made.digest} if made else {}
        more = {**about, "base": judged.base, "notes": list(judged.notes)} if made else {}
        typer.echo(json.dumps({**verdict(judged), **more}))
        return
    text = accepted_text(judged, where) if judged.accepted else refusal_text(judged, where)
    if made:
        take = "" if bare else f"\n  use:  git switch {made.branch}"
        text += shown(f"\ncommit {made.commit} on branch {made.branch}\n  look: git show {made.branch}{take}\n")
    typer.echo(text, nl=False)
