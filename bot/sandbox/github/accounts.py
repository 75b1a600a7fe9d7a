"""Accounts and Apps of the embedded GitHub, and how GitHub writes times and global ids."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from datetime import UTC, datetime


def stamp(time: datetime) -> str:
    """A time as GitHub's REST API writes it: UTC, whole seconds, `Z`."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp_or_none(time: datetime | None) -> str | None:
    """The same for a time that may be missing."""
    return stamp(time) if time else None


def node_id(kind: str, number: int) -> str:
    """An opaque global id such as `I_a3...`, different for every object."""
    return f"{kind}_{base64.urlsafe_b64encode(f'{kind}:{number}'.encode()).decode().rstrip('=')}"


@dataclass(eq=False)
class Account:
    """A user, bot or organisation."""

    id: int
    login: str
    kind: str
    created_at: datetime
    app: App | None = None

    @property
    def email(self) -> str:
        return f"{self.id}+{self.login}@users.noreply.github.com"

    @property
    def node_id(self) -> str:
        return node_id("BOT" if self.kind == "Bot" else "U", self.id)

    @property
    def page(self) -> str:
        """The path of the account's page; a bot's is its App's."""
        return f"apps/{self.app.slug}" if self.app else self.login


@dataclass(eq=False)
class App:
    """A registered GitHub App; `bot` is the account under whose name it acts."""

    id: int
    slug: str
    owner: Account
    bot: Account
    permissions: dict[str, str]
    events: list[str]
    private_key_pem: str = field(repr=False)
    public_key_pem: str = field(repr=False)
    hook_id: int
    created_at: datetime
    webhook_url: str | None = None
    webhook_secret: str | None = field(default=None, repr=False)

    @property
    def client_id(self) -> str:
        return f"Iv23li{self.id:014d}"
