"""What a repository's configuration means for the guards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.changeset.findings import Finding, Severity
from bot.repo_config import RepoConfig

ALWAYS_PROTECTED = (".github/workflows/**", ".github/cadence.yml")
"""Not to be opened by configuration: the App holds no permission for workflows, and a policy must not edit itself."""


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
        return cls(protected=tuple(dict.fromkeys((*ALWAYS_PROTECTED, *config.plan.protected))))

    def graded(self, finding: Finding) -> Finding:
        """The finding with the configured severity."""
        severity = self.severities.get(finding.code, self.severities.get(finding.code.partition(".")[0]))
        return finding if severity is None else replace(finding, severity=severity)
