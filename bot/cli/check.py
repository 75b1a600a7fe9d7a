"""`cadence check`: the checks that need no model, on two commits of a local repository."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.tree import TreeReader
from bot.config.load import load_config
from bot.config.model import RepoConfig
from bot.core.errors import ConfigInvalid, WrongUse
from bot.core.names import CONFIG_PATH
from bot.git_store.local import LocalRepository
from bot.weakening.gate import CheckFinding, check_findings

CLEAN, BLOCKED, WRONG_USE = 0, 1, 2


def run_check(repo: Path, base: str, head: str, *, as_json: bool) -> tuple[str, int]:
    """The text to print and the exit code: 0 clean, 1 when a finding blocks, 2 for wrong use or an invalid config.

    `base` and `head` are revisions as git reads them; `repo` is a folder in the repository.
    """
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
    """The config at the base, so that a change cannot loosen it for itself; without a file, the defaults.

    Raises ConfigInvalid.
    """
    try:
        raw = base.read(CONFIG_PATH)
    except KeyError:
        return RepoConfig()
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
