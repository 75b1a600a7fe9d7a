"""Paths that no plan may touch (`protected.*`)."""

from __future__ import annotations

from bot.changeset.guards.guard_config import GuardConfig
from bot.changeset.guards.path_forms import named_paths, plain_spelling
from bot.changeset.model import ChangeSet
from bot.core.codes.lookup import make_finding
from bot.core.findings import Finding
from bot.core.globs import matching
from bot.core.names import CONFIG_PATH

# A lock file is the output of its tool's resolver: a hand-written one names hashes that no one computed.
_LOCK_FILES = frozenset({
    "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lockb", "bun.lock", "cargo.lock",
    "poetry.lock", "uv.lock", "pdm.lock", "pipfile.lock", "gemfile.lock", "composer.lock", "go.sum", "flake.lock",
    "mix.lock", "pubspec.lock", "requirements.lock",
})  # fmt: skip


def protected_findings(change_set: ChangeSet, config: GuardConfig) -> tuple[Finding, ...]:
    """A finding per named path, sources of renames included, that matches a protected glob in any spelling."""
    findings = []
    for index, path in named_paths(change_set):
        hit = protected_path(path, config)
        if hit is not None:
            findings.append(make_finding(hit[0], f"{path} is protected ({hit[1]})", edit=index, path=path))
    return tuple(findings)


def protected_path(path: str, config: GuardConfig) -> tuple[str, str] | None:
    """(code, glob) when the path matches a protected glob in any spelling, else None."""
    pattern = matching(config.protected, plain_spelling(path), everywhere=True) or matching(
        config.protected, path, everywhere=True
    )
    return None if pattern is None else (_code(plain_spelling(path)), pattern)


def _code(path: str) -> str:
    name = path.rsplit("/", 1)[-1]
    if path.startswith((".github/workflows/", ".github/actions/")):
        return "protected.workflow"
    if path == CONFIG_PATH:
        return "protected.config"
    # Whoever edits CODEOWNERS chooses whose approval a rule asks for; GitHub reads it from three folders.
    # https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners
    if name == "codeowners":
        return "protected.codeowners"
    return "protected.lockfile" if name in _LOCK_FILES else "protected.path"
