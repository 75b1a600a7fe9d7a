"""What a repository's configuration means for the guards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.changeset.guards.path_forms import plain_spelling
from bot.config.model import RepoConfig
from bot.config.semantics import NEVER_WEAKENED, STRICT_FAMILIES
from bot.core.findings import Finding, Severity
from bot.core.globs import matching

# GitHub refuses a push that touches a workflow unless the App holds `workflows: write`, and Cadence's does not.
# https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
ALWAYS_PROTECTED = (".github/workflows/**", ".github/cadence.yml")
"""Not to be opened by configuration: the App holds no permission for workflows, and a config must not edit itself."""


@dataclass(frozen=True, slots=True)
class GuardConfig:
    """Lists, caps (bytes) and severities. `severities` overrides by code, or by family (`loss`, `message`)."""

    protected: tuple[str, ...] = ALWAYS_PROTECTED
    max_files: int = 300
    max_file_bytes: int = 5_000_000
    max_total_bytes: int = 20_000_000
    severities: Mapping[str, Severity] = field(default_factory=dict)

    @classmethod
    def from_repo(cls, config: RepoConfig) -> GuardConfig:
        """The guards' view of `.github/cadence.yml`."""
        guards = config.guards
        return cls(
            protected=tuple(dict.fromkeys((*ALWAYS_PROTECTED, *config.plan.protected))),
            max_files=guards.max_files,
            max_file_bytes=guards.max_file_bytes,
            max_total_bytes=guards.max_total_bytes,
            severities={code: Severity(name) for code, name in guards.severities.items()},
        )

    def graded(self, finding: Finding) -> Finding:
        """The finding with the configured severity: of its code, else of its family. Some are never weakened."""
        family = finding.code.partition(".")[0]
        if family in STRICT_FAMILIES or finding.code in NEVER_WEAKENED or self._is_always_protected(finding):
            return finding
        severity = self.severities.get(finding.code, self.severities.get(family))
        return finding if severity is None else replace(finding, severity=severity)

    @staticmethod
    def _is_always_protected(finding: Finding) -> bool:
        path = finding.path
        return finding.code.startswith("protected.") and path is not None and is_always_protected(path)


def is_always_protected(path: str) -> bool:
    """Whether no configuration opens the path, in whatever spelling it is given."""
    return any(matching(ALWAYS_PROTECTED, form) is not None for form in (path, plain_spelling(path)))
