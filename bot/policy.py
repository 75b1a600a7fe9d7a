"""The policy in force: `.github/cadence.yml` as it stands at one commit. Absent, invalid, valid: three outcomes."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import ConfigInvalid
from bot.names import CONFIG_PATH, Digest
from bot.repo_config import RepoConfig, load_config, policy_digest


@dataclass(frozen=True, slots=True)
class Policy:
    """`config` is None exactly when `error` says why it cannot be used. `digest` names the bytes read."""

    digest: Digest
    config: RepoConfig | None
    error: ConfigInvalid | None = None
    present: bool = True

    def must(self) -> RepoConfig:
        """The configuration, or the error raised."""
        if self.config is None:
            raise self.error or ConfigInvalid(f"{CONFIG_PATH} could not be read")
        return self.config


def read_policy(content: bytes | None) -> Policy:
    """The policy that the file's bytes mean; None means that there is no such file, and so the defaults."""
    if content is None:
        return Policy(policy_digest(None), RepoConfig(), present=False)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        wrong = ConfigInvalid(f"{CONFIG_PATH} is not UTF-8 text ({error.reason} at byte {error.start})")
        return Policy(policy_digest(content.decode("latin-1")), None, wrong)
    digest = policy_digest(text)
    try:
        return Policy(digest, load_config(text))
    except ConfigInvalid as error:
        return Policy(digest, None, error)
