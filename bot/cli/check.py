"""`cadence check`: the deterministic gates on two commits of a local repository."""

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
    """What to print, and the exit code: 0 clean, 1 when something blocks, 2 when the question cannot be asked."""
    try:
        repository = LocalRepository.open(repo)
    except WrongUse as error:
        return _refusal(str(error), as_json), WRONG_USE
    try:
        old, new = repository.commit(base), repository.commit(head)
        before, after = repository.mirror.tree(old), repository.mirror.tree(new)
        config = GuardConfig.from_repo(_config(before))
        found = check_findings(before, after, repository.mirror.changes(old, new), config)
    except (WrongUse, ConfigInvalid) as error:
        return _refusal(str(error), as_json), WRONG_USE
    finally:
        repository.close()
    blocked = any(one.blocks for one in found)
    return (_as_json(found) if as_json else _as_text(found)), BLOCKED if blocked else CLEAN


def _config(base: TreeReader) -> RepoConfig:
    """The configuration at the base; an absent file means the defaults. Raises ConfigInvalid."""
    try:
        raw = base.read(CONFIG_PATH)
    except KeyError:
        return RepoConfig()
    return load_config(raw.decode("utf-8", "replace"))


def _refusal(message: str, as_json: bool) -> str:
    return json.dumps({"error": message}) + "\n" if as_json else f"cadence: {message}\n"


def _as_json(found: Sequence[CheckFinding]) -> str:
    rows = [{"code": one.code, "path": one.path, "line": one.line, "message": one.message} for one in found]
    return json.dumps({"findings": rows}, indent=1) + "\n"


def _as_text(found: Sequence[CheckFinding]) -> str:
    if not found:
        return "Nothing to ask a person about.\n"
    lines = []
    for one in found:
        where = f"{one.path}:{one.line}" if one.path and one.line else one.path or "the change"
        note = "" if one.blocks else " (does not block)"
        lines.append(f"{where}: {one.code}: {one.message}{note}")
    blocking = sum(one.blocks for one in found)
    lines.append(
        f"{blocking} finding{'s' * (blocking != 1)} for a person to approve." if blocking else "Nothing blocks."
    )
    return "\n".join(lines) + "\n"
