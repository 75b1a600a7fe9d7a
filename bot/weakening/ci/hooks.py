"""pre-commit hooks that a change removes or keeps from running."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.weakening.ci.config import Side
from bot.weakening.model import WeakeningFinding


def hook_findings(sides: Sequence[Side], enabling: bool) -> Iterator[WeakeningFinding]:
    """`enabling`: the change also selects more rules elsewhere, which a removed linter may have become."""
    for old, new in sides:
        if "pre-commit-config" not in old.path or not old.text:
            continue
        before, after = hooks(old.data), hooks(new.data)
        lost = sorted(before.keys() - after.keys())
        fresh = after.keys() - before.keys()
        # As many new hooks as lost ones: one replaced the other (black → ruff-format).
        if lost and len(fresh) < len(lost) and not enabling:
            where = new.path if new.text else old.path
            code = "ci.hook_removed" if new.text else "ci.file_deleted"
            yield WeakeningFinding(code, where, None, f"The hook `{lost[0]}` is gone and nothing took its place.")
        for name in sorted(before.keys() & after.keys()):
            if _manual(after[name]) and not _manual(before[name]):
                yield WeakeningFinding(
                    "ci.disabled", new.path, new.line(f"id: {name}"), f"The hook `{name}` only runs by hand now."
                )


def hooks(data: Any) -> dict[str, dict[str, Any]]:
    """Every hook by its id."""
    found: dict[str, dict[str, Any]] = {}
    repositories = data.get("repos") if isinstance(data, dict) else data
    for repository in repositories if isinstance(repositories, list) else []:
        for hook in (repository.get("hooks") or []) if isinstance(repository, dict) else []:
            if isinstance(hook, dict) and "id" in hook:
                found[str(hook["id"])] = hook
    return found


def _manual(hook: dict[str, Any]) -> bool:
    return hook.get("stages") == ["manual"]
