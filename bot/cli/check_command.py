"""`cadence check`: the checks that need no model, on two commits of a local repository."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.changeset.tree import TreeReader
    from bot.config.model import RepoConfig
    from bot.weakening.gate import CheckFinding

CLEAN, BLOCKED, WRONG_USE = 0, 1, 2


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("check")(check)


def check(
    base: Annotated[str, typer.Option(help="The commit before the change.")],
    head: Annotated[str, typer.Option(help="The commit after the change.")],
    repo: Annotated[
        Path,
        typer.Option(
            help="A local repository, bare or not.  [default: the one of the current folder]", show_default=False
        ),
    ] = Path(),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
) -> None:
    """Check a change without a model: weakened tests and CI, secrets, protected paths, size.

    Exit codes: 0 clean, 1 findings that block, 2 wrong use.
    """
    text, code = run_check(repo, base, head, as_json=as_json)
    # A report of findings is the command's result; only wrong use goes to standard error.
    typer.echo(text, nl=False, err=code == WRONG_USE)
    raise typer.Exit(code)


def run_check(repo: Path, base: str, head: str, *, as_json: bool) -> tuple[str, int]:
    """The text to print and the exit code: 0 clean, 1 when a finding blocks, 2 for wrong use or an invalid config.

    `base` and `head` are revisions as git reads them; `repo` is a folder in the repository.
    """
    from bot.changeset.guards.guard_config import GuardConfig
    from bot.core.errors import ConfigInvalid, WrongUse
    from bot.git_store.local import LocalRepository
    from bot.weakening.gate import check_findings

    try:
        repository = LocalRepository.open(repo)
    except WrongUse as error:
        return _refusal(str(error), as_json), WRONG_USE
    try:
        old, new = repository.commit(base), repository.commit(head)
        before, after = repository.mirror.tree(old), repository.mirror.tree(new)
        config = GuardConfig.from_repo(_config(before))
        findings = check_findings(before, after, repository.mirror.changes(old, new), config)
    except (WrongUse, ConfigInvalid) as error:
        return _refusal(str(error), as_json), WRONG_USE
    finally:
        repository.close()
    blocked = any(finding.blocks for finding in findings)
    return (_as_json(findings) if as_json else _as_text(findings)), BLOCKED if blocked else CLEAN


def _config(base: TreeReader) -> RepoConfig:
    """The config at the base; without a file, the defaults. Raises ConfigInvalid."""
    from bot.config.load import load_config
    from bot.config.model import RepoConfig
    from bot.core.names import CONFIG_PATH

    # Not the config of the head: a change could loosen the guards for itself.
    try:
        raw = base.read(CONFIG_PATH)
    except KeyError:
        return RepoConfig()
    # With `replace`, a wrong byte does not end the command; where it matters, it is a mistake of the file.
    return load_config(raw.decode("utf-8", "replace"))


def _refusal(message: str, as_json: bool) -> str:
    return json.dumps({"error": message}) + "\n" if as_json else f"cadence: {message}\n"


def _as_json(findings: Sequence[CheckFinding]) -> str:
    rows = [{"code": it.code, "path": it.path, "line": it.line, "message": it.message} for it in findings]
    return json.dumps({"findings": rows}, indent=1) + "\n"


def _as_text(findings: Sequence[CheckFinding]) -> str:
    if not findings:
        return "No findings.\n"
    lines = []
    for finding in findings:
        where = f"{finding.path}:{finding.line}" if finding.path and finding.line else finding.path or "the change"
        note = "" if finding.blocks else " (does not block)"
        lines.append(f"{where}: {finding.code}: {finding.message}{note}")
    blocking = sum(finding.blocks for finding in findings)
    lines.append(
        f"{blocking} finding{'s' * (blocking != 1)} for a person to approve." if blocking else "Nothing blocks."
    )
    return "\n".join(lines) + "\n"
