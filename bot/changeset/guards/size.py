"""How large a ChangeSet may be (`size`)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.changeset.edits import ResolvedEdit
from bot.changeset.guards.guard_config import GuardConfig
from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding


def size_findings(edits: Sequence[ResolvedEdit], named: int, config: GuardConfig) -> tuple[Finding, ...]:
    """Caps on the number of edits (`named`), on the bytes of each new content and of all together."""
    findings = []
    if named > config.max_files:
        findings.append(make_finding("size", f"{named} files; {config.max_files} are allowed"))
    total = 0
    for edit in edits:
        size = len(edit.after or b"") if edit.after != edit.before else 0
        total += size
        if size > config.max_file_bytes:
            message = f"{edit.path} has {size} bytes; {config.max_file_bytes} are allowed"
            findings.append(make_finding("size", message, edit=edit.index, path=edit.path))
    if total > config.max_total_bytes:
        findings.append(make_finding("size", f"{total} bytes in all; {config.max_total_bytes} are allowed"))
    return tuple(findings)
