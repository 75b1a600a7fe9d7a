"""GitHub Apps of the embedded GitHub, as tests and the demo hold them."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.sandbox.github.accounts import App


@dataclass(frozen=True)
class SandboxApp:
    """What the owner of a new App is given."""

    app_id: int
    slug: str
    private_key_pem: str = field(repr=False)
    webhook_secret: str | None = field(repr=False)
    bot_login: str
    bot_user_id: int
    state: App = field(repr=False)
