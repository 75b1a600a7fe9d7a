"""The config that a run is held to: that of its base's tip, as this machine's mirror has it."""

from __future__ import annotations

from bot.config.load import read_config
from bot.config.model import RepoConfig
from bot.core.names import CONFIG_PATH, CommitSha
from bot.git_store.store import GitStore
from bot.ledger.entries import RunEntry


def config_in_force(git: GitStore, run: RunEntry) -> RepoConfig:
    """The defaults where there is none, or none that can be used: at the gate that is a reason of its own."""
    mirror = git.mirror(run.repository_id)
    tip = mirror.tip(run.base_branch) if run.base_branch else None
    at = tip or (CommitSha(run.base_sha) if run.base_sha else None)
    config = read_config(mirror.read_file(at, CONFIG_PATH)).config if at is not None else None
    return config or RepoConfig()
