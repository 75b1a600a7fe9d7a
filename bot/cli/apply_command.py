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
Repo = Annotated[
    Path | None, typer.Option(help="The repository, bare or not.  [default: the one of the current folder]")
]
Base = Annotated[str, typer.Option(metavar="REV", help="The commit to build on.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("apply")(apply)
    app.command("diff")(diff)


def apply(
    file: File,
    repo: Repo = None,
    check: Annotated[bool, typer.Option("--check", help="Only check the ChangeSet; change nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    branch: Annotated[
        str | None, typer.Option(metavar="NAME", help="The new branch; cadence/apply-<digest> if not given.")
    ] = None,
    base: Base = "HEAD",
) -> None:
    """Make a commit from a ChangeSet on a new branch, or refuse it with the reasons.

    The work tree, the index and hooks are not used. Exit codes: 0 accepted, 1 refused, 2 wrong use.

    docs/changesets.md explains the format. A task with `change_set`, `diff` or `patch` is accepted too.
    """
    from bot.cli.evaluate import Evaluated

    submitted = _submitted(file)
    if isinstance(submitted, Evaluated):
        _print_result(submitted, "", as_json=as_json)
        raise typer.Exit(1)
    with _open_case(submitted, repo, base) as case:
        # Checked before the commit is made: afterwards a refused name would leave a commit without a branch.
        if branch is not None and not case.repository.is_branch_name(branch):
            raise WrongUse(f"{branch!r} is not a valid branch name.", remedy="See `git help check-ref-format`.")
        made = None if check or not case.evaluated.accepted else _commit(case, branch)
        evaluated = made if isinstance(made, Evaluated) else case.evaluated
        done = made if isinstance(made, _Made) else None
        _print_result(evaluated, case.where, done, bare=case.repository.bare, as_json=as_json)
    raise typer.Exit(0 if evaluated.accepted else 1)


def diff(file: File, repo: Repo = None, base: Base = "HEAD") -> None:
    """Print the change of a ChangeSet as a unified diff, made by git. The repository is not changed.

    Exit codes: 0 accepted, 1 refused (the reasons go to standard error), 2 wrong use.
    """
    from bot.cli.evaluate import Evaluated, build
    from bot.cli.evaluate_text import refusal_text

    submitted = _submitted(file)
    if isinstance(submitted, Evaluated):
        sys.stderr.write(refusal_text(submitted, ""))
        raise typer.Exit(1)
    with _open_case(submitted, repo, base) as case:
        if not case.evaluated.accepted:
            sys.stderr.write(refusal_text(case.evaluated, case.where))
            raise typer.Exit(1)
        with case.repository.scratch() as scratch:
            commit = build(case.evaluated, case.repository, scratch)
            patch = scratch.patch(case.base, commit)
    # Bytes: a patch may hold text that is not UTF-8, and a text stream would change its line ends on Windows.
    sys.stdout.buffer.write(patch)
    sys.stdout.buffer.flush()


@dataclass(frozen=True, slots=True)
class _Case:
    repository: LocalRepository
    base: CommitSha
    evaluated: Evaluated
    where: str


def _submitted(file: str) -> Submitted | Evaluated:
    """What the file asks for, or its refusal. Read before any repository: no repository makes it a ChangeSet."""
    from bot.changeset.rejected import ChangeSetRejected
    from bot.cli.evaluate import Evaluated
    from bot.cli.submitted import read_submitted
    from bot.core.codes.lookup import make_finding

    raw = _read(file)
    try:
        if not raw.strip():
            message = f"{'standard input' if file == '-' else file} is empty"
            raise ChangeSetRejected([make_finding("contract.not_json", message)])
        return read_submitted(raw)
    except ChangeSetRejected as error:
        return Evaluated(None, findings=error.findings)


@contextmanager
def _open_case(submitted: Submitted, repo: Path | None, revision: str) -> Iterator[_Case]:
    """Open the repository and check the ChangeSet on the base; the repository is closed afterwards."""
    from bot.cli.evaluate import evaluate
    from bot.git_store.local import LocalRepository

    repository = LocalRepository.open(_directory(repo, submitted))
    try:
        base = repository.commit(revision)
        # A revision such as HEAD moves, so the commit that it names now is shown with it.
        where = base[:12] if base.startswith(revision) else f"{base[:12]} ({revision})"
        yield _Case(repository, base, evaluate(submitted, repository, base), where)
    finally:
        repository.close()


def _read(file: str) -> bytes:
    if file == "-":
        # Bytes, because the reader reports what is not UTF-8 with a code; a text stream would raise an exception.
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise WrongUse(f"{file} cannot be read: {error.strerror}.") from None


def _directory(repo: Path | None, submitted: Submitted) -> Path:
    given = submitted.repo_dir
    # Cadence does not choose between two repositories: a commit in the wrong one is easily overlooked.
    if repo is not None and given is not None and repo.resolve() != Path(given).resolve():
        raise WrongUse(f"--repo is {repo}, but repo_dir in the input is {given}.", remedy="Give only one of them.")
    return repo or Path(given or ".")


@dataclass(frozen=True, slots=True)
class _Made:
    commit: str
    branch: str
    digest: str


def _commit(case: _Case, branch: str | None) -> _Made | Evaluated:
    """Make the commit and its branch; or the refusal, when git refuses a path or the branch exists already."""
    from bot.cli.evaluate import build, refused_by_git
    from bot.core.errors import Refused

    evaluated = case.evaluated
    if evaluated.change_set is None:
        raise ValueError("an accepted result has a ChangeSet")
    digest = evaluated.change_set.digest()
    # Named after the content, so that applying it twice reports the existing branch instead of adding another.
    name = branch or f"cadence/apply-{digest[:12]}"
    try:
        commit = build(evaluated, case.repository, case.repository.mirror)
        case.repository.create_branch(name, commit)
    # git checks paths by more rules than the guards do, and another process may have made the branch meanwhile.
    except Refused as error:
        return refused_by_git(evaluated, error)
    return _Made(commit, name, digest)


def _print_result(
    evaluated: Evaluated, where: str, made: _Made | None = None, *, bare: bool = False, as_json: bool
) -> None:
    from bot.cli.evaluate_text import accepted_text, refusal_text, shown, verdict

    if as_json:
        about = {"commit": made.commit, "branch": made.branch, "change_set": made.digest} if made else {}
        more = {**about, "base": evaluated.base, "notes": list(evaluated.notes)} if made else {}
        typer.echo(json.dumps({**verdict(evaluated), **more}))
        return
    text = accepted_text(evaluated, where) if evaluated.accepted else refusal_text(evaluated, where)
    if made:
        take = "" if bare else f"\n  use:  git switch {made.branch}"
        text += shown(f"\ncommit {made.commit} on branch {made.branch}\n  look: git show {made.branch}{take}\n")
    typer.echo(text, nl=False)
