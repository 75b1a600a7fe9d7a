"""Paths that no plan may touch (`protected.*`)."""

from __future__ import annotations

from bot.changeset.codes import found
from bot.changeset.findings import Finding
from bot.changeset.globs import matching
from bot.changeset.guards.config import GuardConfig
from bot.changeset.guards.paths import named_paths, plain_spelling
from bot.changeset.model import ChangeSet
from bot.names import CONFIG_PATH

_LOCK_FILES = frozenset(
    [
        "package-lock.json",
        "npm-shrinkwrap.json",
        "yarn.lock",
        "pnpm-lock.yaml",
        "bun.lockb",
        "bun.lock",
        "cargo.lock",
        "poetry.lock",
        "uv.lock",
        "pdm.lock",
        "pipfile.lock",
        "gemfile.lock",
        "composer.lock",
        "go.sum",
        "flake.lock",
        "mix.lock",
        "pubspec.lock",
        "requirements.lock",
    ]
)


def protected_findings(change_set: ChangeSet, config: GuardConfig) -> tuple[Finding, ...]:
    """A finding per named path, sources of renames included, that matches a protected glob in any spelling."""
    findings = []
    for index, path in named_paths(change_set):
        pattern = matching(config.protected, plain_spelling(path)) or matching(config.protected, path)
        if pattern is not None:
            message = f"{path} is protected ({pattern})"
            findings.append(found(_code(plain_spelling(path)), message, edit=index, path=path))
    return tuple(findings)


def _code(path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    if path.startswith((".github/workflows/", ".github/actions/")):
        return "protected.workflow"
    if path == CONFIG_PATH:
        return "protected.config"
    if name == "codeowners":
        return "protected.codeowners"
    return "protected.lockfile" if name in _LOCK_FILES else "protected.path"
