"""GitHub as Cadence sees it: who we are, where we are installed, and one repository's calls by noun."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from github import Auth

from bot.core.clock import Clock
from bot.core.errors import GitHubError, NotFound, Unauthorized
from bot.core.names import AppId, InstallationId, RepoName, RepoRef, RepositoryId
from bot.github_api.checks import CheckCalls
from bot.github_api.files import FileCalls
from bot.github_api.issues import IssueCalls
from bot.github_api.merge_queue import MergeQueueCalls
from bot.github_api.permissions import METADATA, READ
from bot.github_api.pulls import PullCalls
from bot.github_api.records import AppIdentity, Permission, RepositoryRecord
from bot.github_api.repository import RepositoryLink
from bot.github_api.reviews import ReviewCalls
from bot.github_api.snapshots import SnapshotCalls
from bot.github_api.tokens import Permissions, Tokens
from bot.github_api.transport import Call, Meter, Transport, paged
from bot.github_api.urls import GitHubUrls

T = TypeVar("T")

PERMISSION_SECONDS = 60.0
"""One run asks for the same person several times within a few seconds."""
MOST_PERMISSIONS = 5_000
PermissionsSeen = dict[tuple[int, str], tuple[float, Permission]]
"""By (repository id, login): when it was asked (monotonic seconds), and the answer."""


class GitHub:
    """One GitHub App on one GitHub. Safe to use from several threads."""

    def __init__(self, *, urls: GitHubUrls, app_id: str, private_key: str, clock: Clock, meter: Meter) -> None:
        self.urls = urls
        self._clock = clock
        self._transport = Transport(urls, clock, meter)
        self._tokens = Tokens(self._transport, app_id=app_id, private_key=private_key, clock=clock)
        self._lock = threading.Lock()
        self._identity: AppIdentity | None = None
        self._permissions: PermissionsSeen = {}

    def identity(self) -> AppIdentity:
        """Who we are; asked once. Raises Unauthorized or SettingsInvalid for a key that does not serve."""
        with self._lock:
            if self._identity is None:
                self._identity = self._ask_identity()
            return self._identity

    def _ask_identity(self) -> AppIdentity:
        _, app = self._transport.send(Call("GET", "/app"), self._tokens.app())
        login = f"{app['slug']}[bot]"
        return AppIdentity(
            app_id=AppId(int(app["id"])),
            slug=str(app["slug"]),
            name=str(app["name"]),
            bot_login=login,
            bot_user_id=self._bot_user(login),
            permissions=dict(app.get("permissions") or {}),
            events=tuple(app.get("events") or ()),
        )

    def _bot_user(self, login: str) -> int:
        """The id of the bot's user, which is not the App's; commits are shown as the bot's by it.

        An App's JWT may not read users, so an installation's token asks, or nobody in particular.
        """
        call = Call("GET", "/users/{username}", {"username": login})
        installations = [InstallationId(one) for one in self.installations()[:1]]
        try:
            if installations:
                _, user = self._as_installation(installations[0], lambda auth: self._transport.send(call, auth))
            else:
                _, user = self._transport.send(call, None)
        except (NotFound, Unauthorized) as error:
            raise GitHubError(
                f"the App's bot user {login} cannot be read",
                code="github.no_bot_user",
                remedy="Install the App on a repository first, then start Cadence again.",
            ) from error
        return int(user["id"])

    def with_git_token(self, ref: RepoRef, permissions: Permissions, act: Callable[[Callable[[], str]], T]) -> T:
        """Run a git operation with a token for one repository and these permissions.

        `act` is given a function that gives the token. When the git server refuses the token, `act` runs again
        with another one, so it must be safe to repeat. The token leaves the process to GitHub only.
        """
        return self._tokens.call(
            ref.installation_id, lambda: self._tokens.of(ref, permissions), lambda token: act(lambda: token)
        )

    def _as_installation(self, installation: InstallationId, send: Callable[[Auth.Auth], T]) -> T:
        return self._tokens.call(
            installation,
            lambda: self._tokens.of_installation(installation, METADATA),
            lambda token: send(Auth.Token(token)),
        )

    def installations(self) -> list[int]:
        """Where we are installed and not suspended."""
        found = self._transport.pages(Call("GET", "/app/installations"), self._tokens.app())
        return [int(one["id"]) for one in found if not one.get("suspended_at")]

    def installation_repositories(self, installation: InstallationId) -> list[RepoRef]:
        """Every repository of an installation."""
        call = Call("GET", "/installation/repositories")
        found = paged(
            lambda one: self._as_installation(installation, lambda auth: self._transport.send(one, auth)),
            call,
            "repositories",
        )
        return [
            RepoRef(RepositoryId(int(one["id"])), RepoName.parse(one["full_name"]), installation)
            for one in found
            if not one.get("archived")
        ]

    def at_home_of(self, ref: RepoRef) -> RepositoryCalls | None:
        """The same repository through this App's own installation; None where it is not installed."""
        found = self._transport.pages(Call("GET", "/app/installations"), self._tokens.app())
        owner = ref.name.owner.casefold()
        for one in found:
            if str((one.get("account") or {}).get("login", "")).casefold() == owner and not one.get("suspended_at"):
                return self.at(RepoRef(ref.repository_id, ref.name, InstallationId(int(one["id"]))))
        return None

    def at(self, ref: RepoRef) -> RepositoryCalls:
        """One repository's calls."""
        link = RepositoryLink(ref, self._transport, self._tokens, self._clock)
        return RepositoryCalls(link, self.identity(), self._clock, self._permissions)


class RepositoryCalls:
    """Calls to one repository, by GitHub's nouns."""

    def __init__(self, link: RepositoryLink, identity: AppIdentity, clock: Clock, permissions: PermissionsSeen) -> None:
        self._link = link
        self._identity = identity
        self._clock = clock
        self._permissions = permissions

    @cached_property
    def issues(self) -> IssueCalls:
        return IssueCalls(self._link, self._identity)

    @cached_property
    def files(self) -> FileCalls:
        return FileCalls(self._link)

    @cached_property
    def pulls(self) -> PullCalls:
        return PullCalls(self._link, self._identity)

    @cached_property
    def reviews(self) -> ReviewCalls:
        return ReviewCalls(self._link, self._identity)

    @cached_property
    def checks(self) -> CheckCalls:
        return CheckCalls(self._link, self._identity)

    @cached_property
    def snapshots(self) -> SnapshotCalls:
        return SnapshotCalls(self._link, self._identity)

    @cached_property
    def queue(self) -> MergeQueueCalls:
        return MergeQueueCalls(self._link)

    def repository(self) -> RepositoryRecord:
        """The repository as it stands. Raises NotFound when the installation cannot see it any more."""
        data: Any = self._link.read("/repos/{owner}/{repo}", READ)
        return RepositoryRecord(
            id=RepositoryId(int(data["id"])),
            full_name=str(data["full_name"]),
            default_branch=str(data["default_branch"]),
            archived=bool(data["archived"]),
            private=bool(data["private"]),
        )

    def permission(self, login: str) -> Permission:
        """What a person may do here, as of a minute ago at most. Somebody GitHub does not know may do nothing."""
        key = (int(self._link.ref.repository_id), login)
        kept = self._permissions.get(key)
        if kept is None or self._clock.monotonic() - kept[0] >= PERMISSION_SECONDS:
            if len(self._permissions) > MOST_PERMISSIONS:
                self._permissions.clear()
            kept = self._permissions[key] = (self._clock.monotonic(), self._ask_permission(login))
        return kept[1]

    def _ask_permission(self, login: str) -> Permission:
        route = "/repos/{owner}/{repo}/collaborators/{username}/permission"
        try:
            data: Any = self._link.read(route, READ, username=login)
        except NotFound:
            return Permission("none", "none")
        return Permission(str(data["permission"]), str(data.get("role_name") or data["permission"]))
