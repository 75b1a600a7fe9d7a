"""The state of the embedded GitHub and the operations everything else is made of.

`World` holds accounts, Apps, installations, tokens and repositories; every change happens under `world.lock`, and
every event goes through `World.emit`, which delivers it to each App that is installed and subscribed.
"""

from __future__ import annotations

import itertools
import secrets
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bot.core.clock import Clock
from bot.core.json_types import JsonDict
from bot.sandbox.github import payloads
from bot.sandbox.github.accounts import Account, App, node_id
from bot.sandbox.github.answers import ApiError
from bot.sandbox.github.bare import Bare, Person
from bot.sandbox.github.hooks import Hooks
from bot.sandbox.github.request_log import FaultCallback, RequestPhase, RequestRecord
from bot.sandbox.github.state import Installation, Repository, Token

TOKEN_LIFE = timedelta(hours=1)


@lru_cache(maxsize=8)
def key_pair(slot: int) -> tuple[str, str]:
    """A 2048-bit RSA pair as PEM; made once per slot and process, because making one is slow."""
    del slot
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@dataclass
class World:
    """Everything one sandbox knows. `mergeable_reads` is how many reads of a pull request see `mergeable: null`."""

    directory: Path
    clock: Clock
    site: payloads.Site = field(default_factory=payloads.Site)
    mergeable_reads: int = 1
    rate_limit: int = 5000

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.ids = itertools.count(1_000_001, 7)
        self.accounts: dict[str, Account] = {}
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self.tokens: dict[str, Token] = {}
        self.repositories: list[Repository] = []
        self.requests: list[RequestRecord] = []
        self.unmodelled: list[str] = []
        self.spent: dict[tuple[str, int], int] = {}
        self.tended: set[int] = set()
        self.after_event: Callable[[World, Repository, Account], None] | None = None
        self._faults: list[FaultCallback] = []
        self._bares: dict[Path, Bare] = {}
        self.hooks = Hooks(self.clock, itertools.count(50_000_001, 13))
        self.hooks_directory = self.directory / "hooks"
        self._write_hook()

    def _write_hook(self) -> None:
        self.hooks_directory.mkdir(parents=True, exist_ok=True)
        script = self.hooks_directory / "proc-receive"
        hook = Path(__file__).with_name("push_hook.py")
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{hook}"\n')
        script.chmod(0o755)

    # -- faults -----------------------------------------------------------------------------------------------

    def on_request(self, callback: FaultCallback) -> Callable[[], None]:
        """Let a callback see every request before and after it acts.

        It may return `(status, body)` or `(status, body, headers)`, which is sent instead ("before": nothing
        happens; "after": the world has changed already), or None. The world's lock is not held: a callback may act
        on the world itself. Git requests come with the routes `/{owner}/{repo}.git/git-upload-pack` and
        `.../git-receive-pack` (GET for the advertisement). Gives back a function that takes the callback away again.
        """
        self._faults.append(callback)
        return lambda: self._faults.remove(callback)

    def fault(self, asked: RequestPhase) -> tuple[int, Any, dict[str, str]] | None:
        """The first alternate answer a callback gives."""
        for callback in list(self._faults):
            given = callback(asked)
            if given is not None:
                return (given[0], given[1], given[2] if len(given) == 3 else {})
        return None

    # -- accounts, Apps, installations -------------------------------------------------------------------------

    def now(self) -> datetime:
        return self.clock.now()

    def next_id(self) -> int:
        return next(self.ids)

    def add_account(self, login: str, kind: str = "User", app: App | None = None) -> Account:
        """Make an account. Raises ValueError when the login is taken."""
        if login.casefold() in self.accounts:
            raise ValueError(f"the login {login!r} is taken")
        made = Account(self.next_id(), login, kind, self.now(), app)
        self.accounts[login.casefold()] = made
        return made

    def account(self, login: str) -> Account:
        """The account of that login. Raises KeyError."""
        return self.accounts[login.casefold()]

    def ensure_account(self, login: str, kind: str = "User") -> Account:
        return self.accounts.get(login.casefold()) or self.add_account(login, kind)

    def add_app(self, slug: str, owner: Account, *, permissions: dict[str, str], events: list[str]) -> App:
        """Register an App with its own key pair and bot account."""
        private, public = key_pair(len(self.apps))
        bot = self.add_account(f"{slug}[bot]", "Bot")
        made = App(
            id=self.next_id(),
            slug=slug,
            owner=owner,
            bot=bot,
            permissions={"metadata": "read", **permissions},
            events=list(events),
            private_key_pem=private,
            public_key_pem=public,
            hook_id=self.next_id(),
            created_at=self.now(),
        )
        bot.app = made
        self.apps[made.id] = made
        return made

    def install(self, app: App, repo: Repository, permissions: dict[str, str] | None = None) -> Installation:
        """Install the App on one more repository; the first one makes the account's installation."""
        found = next(
            (i for i in self.installations.values() if i.app is app and i.account is repo.owner and not i.deleted), None
        )
        now = self.now()
        if found is None:
            granted = {"metadata": "read", **(permissions if permissions is not None else app.permissions)}
            found = Installation(self.next_id(), app, repo.owner, granted, now, now, [repo])
            self.installations[found.id] = found
            self.emit_installation(found, "created", {"repositories": self._short(repo), "requester": None})
            return found
        if permissions is not None:
            found.permissions = {"metadata": "read", **permissions}
        if repo not in found.repositories:
            found.repositories.append(repo)
            detail: JsonDict = {
                "repositories_added": self._short(repo),
                "repositories_removed": [],
            }
            detail.update(repository_selection="selected", requester=None)
            self.emit_installation(found, "added", detail, event="installation_repositories")
        return found

    def _short(self, repo: Repository) -> list[JsonDict]:
        return [payloads.short_repository(self.site, repo)]

    def remove_repository(self, found: Installation, repo: Repository) -> None:
        """Take a repository out of the installation."""
        found.repositories.remove(repo)
        detail: JsonDict = {
            "repositories_added": [],
            "repositories_removed": self._short(repo),
        }
        detail.update(repository_selection="selected", requester=None)
        self.emit_installation(found, "removed", detail, event="installation_repositories")

    def set_suspended(self, found: Installation, suspended: bool) -> None:
        """Suspend or unsuspend; GitHub sends the App an event either way."""
        found.suspended_at = self.now() if suspended else None
        self.emit_installation(found, "suspend" if suspended else "unsuspend", {})

    def uninstall(self, found: Installation) -> None:
        found.deleted = True
        gone = [payloads.short_repository(self.site, repo) for repo in found.repositories]
        self.emit_installation(found, "deleted", {"repositories": gone})
        found.repositories = []

    def installation_of(self, app: App, repo: Repository) -> Installation | None:
        return next(
            (i for i in self.installations.values() if i.app is app and repo in i.repositories and not i.deleted), None
        )

    def mint(self, found: Installation, *, repository_ids: frozenset[int] | None, permissions: dict[str, str]) -> Token:
        """A fresh token in today's long format: `ghs_<app id>_<three dotted parts>`, about 520 characters."""
        body = ".".join((secrets.token_urlsafe(66), secrets.token_urlsafe(256), secrets.token_urlsafe(54)))
        made = Token(f"ghs_{found.app.id}_{body}", found, repository_ids, permissions, self.now() + TOKEN_LIFE)
        self.tokens[made.value] = made
        return made

    # -- repositories ------------------------------------------------------------------------------------------

    def add_repository(self, owner: Account, name: str, *, default_branch: str, private: bool) -> Repository:
        """An empty repository with the labels GitHub gives a new one. Raises ValueError when the name is taken."""
        if self.repository(owner.login, name):
            raise ValueError(f"{owner.login}/{name} exists")
        path = self.directory / "repositories" / owner.login / f"{name}.git"
        if path.exists():
            shutil.rmtree(path)
        Bare.create(path, default_branch=default_branch, hooks=self.hooks_directory)
        made = Repository(self.next_id(), name, owner, path, self.now(), default_branch=default_branch, private=private)
        self.repositories.append(made)
        return made

    def repository(self, owner: str, name: str) -> Repository | None:
        wanted = f"{owner}/{name}".casefold()
        return next((repo for repo in self.repositories if repo.full_name.casefold() == wanted), None)

    def bare(self, repo: Repository) -> Bare:
        return self._bares.setdefault(repo.path, Bare(repo.path))

    def person(self, account: Account) -> Person:
        """The git identity of an account's commits."""
        return Person(account.login, account.email)

    def require_commit(self, repo: Repository, sha: str) -> str:
        """The full SHA of a commit that must exist. Raises ApiError 422 in GitHub's words."""
        found = self.bare(repo).commit_of(sha) if sha else None
        if found is None or not found.startswith(sha.lower()):
            raise ApiError(422, f"No commit found for SHA: {sha}")
        return found

    # -- events ------------------------------------------------------------------------------------------------

    def emit(
        self, event: str, repo: Repository, sender: Account, payload: JsonDict, *, only: App | None = None
    ) -> None:
        """Deliver an event to every App installed on the repository and subscribed to it (or to `only`)."""
        common: JsonDict = {"repository": payloads.repository(self.site, repo)}
        if repo.owner.kind == "Organization":
            common["organization"] = {"login": repo.owner.login, "id": repo.owner.id}
        common["sender"] = payloads.user(self.site, sender)
        for found in self.installations.values():
            subscribed = repo in found.repositories and event in found.events and found.suspended_at is None
            if subscribed and (only is None or only is found.app):
                reference = {"id": found.id, "node_id": node_id("MDI", found.id)}
                body = {**payload, **common, "installation": reference}
                self.hooks.enqueue(found.app, event, body, installation_id=found.id, repository_id=repo.id)
        if self.after_event is not None:
            self.after_event(self, repo, sender)

    def emit_installation(
        self, found: Installation, action: str, detail: JsonDict, *, event: str = "installation"
    ) -> None:
        """Deliver an installation event; these need no subscription."""
        body: JsonDict = {"action": action, "installation": payloads.installation(self.site, found), **detail}
        body["sender"] = payloads.user(self.site, found.account)
        self.hooks.enqueue(found.app, event, body, installation_id=found.id, repository_id=None)
