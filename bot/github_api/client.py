"""The entry to GitHub: who the App is, where it is installed, and the calls to one repository."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from github import Auth

from bot.core.clock import Clock
from bot.core.errors import GitHubError, NotFound, Unauthorized
from bot.core.names import AppId, InstallationId, RepoName, RepoRef, RepositoryId
from bot.github_api.branch_files import FileCalls
from bot.github_api.checks import CheckCalls
from bot.github_api.issues import IssueCalls
from bot.github_api.merge_queue import MergeQueueCalls
from bot.github_api.permissions import METADATA, READ
from bot.github_api.pulls import PullCalls
from bot.github_api.records import AppIdentity, Permission, RepositoryRecord
from bot.github_api.repository import RepositoryLink
from bot.github_api.reviews import ReviewCalls
from bot.github_api.snapshots import SnapshotCalls
from bot.github_api.tokens import Permissions, Tokens
from bot.github_api.transport import ApiCall, CountRequest, Transport, paged
from bot.github_api.urls import GitHubUrls

T = TypeVar("T")

# One run asks for the same person several times within a few seconds.
PERMISSION_SECONDS = 60.0
MOST_PERMISSIONS = 5_000
PermissionsSeen = dict[tuple[int, str], tuple[float, Permission]]
"""By (repository id, login): the time of the call (monotonic seconds) and the answer."""


class GitHub:
    """One GitHub App on one GitHub. Safe to use from several threads."""

    def __init__(
        self, *, urls: GitHubUrls, app_id: str, private_key: str, clock: Clock, count_request: CountRequest
    ) -> None:
        """`private_key` is the App's RSA key in PEM form; `count_request` is called once per request."""
        self.urls = urls
        self._clock = clock
        self._transport = Transport(urls, clock, count_request)
        self._tokens = Tokens(self._transport, app_id=app_id, private_key=private_key, clock=clock)
        self._lock = threading.Lock()
        self._identity: AppIdentity | None = None
        self._permissions: PermissionsSeen = {}

    def identity(self) -> AppIdentity:
        """The App and its bot user; read once per process.

        Raises Unauthorized or SettingsInvalid for a key that GitHub does not accept, and GitHubError
        `github.no_bot_user` when the bot user cannot be read.
        """
        with self._lock:
            if self._identity is None:
                self._identity = self._read_identity()
            return self._identity

    def _read_identity(self) -> AppIdentity:
        # https://docs.github.com/en/rest/apps/apps#get-the-authenticated-app
        _, app = self._transport.send(ApiCall("GET", "/app"), self._tokens.app())
        login = f"{app['slug']}[bot]"
        # The bot user's id is not the App's id; GitHub shows a commit as the bot's by it.
        # https://docs.github.com/en/rest/users/users#get-a-user
        call = ApiCall("GET", "/users/{username}", {"username": login})
        installations = [InstallationId(number) for number in self.installations()[:1]]
        try:
            # An App's JWT may not read users: an installation token does, or a request without credentials.
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
        return AppIdentity(
            app_id=AppId(int(app["id"])),
            slug=str(app["slug"]),
            name=str(app["name"]),
            bot_login=login,
            bot_user_id=int(user["id"]),
            permissions=dict(app.get("permissions") or {}),
            events=tuple(app.get("events") or ()),
        )

    def with_git_token(self, ref: RepoRef, permissions: Permissions, act: Callable[[Callable[[], str]], T]) -> T:
        """Run `act` with a function that returns a token for one repository and these permissions.

        `act` runs a second time with another token when it raises Unauthorized, so it must be safe to repeat. Raises
        as Tokens.call does.
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
        """Ids of the App's installations that are not suspended."""
        return [int(data["id"]) for data in self._active_installations()]

    def _active_installations(self) -> Iterator[Any]:
        # https://docs.github.com/en/rest/apps/apps#list-installations-for-the-authenticated-app
        auth = self._tokens.app()
        found = paged(lambda call: self._transport.send(call, auth), ApiCall("GET", "/app/installations"))
        return (data for data in found if not data.get("suspended_at"))

    def installation_repositories(self, installation: InstallationId) -> list[RepoRef]:
        """Every repository of an installation that is not archived."""
        # https://docs.github.com/en/rest/apps/installations#list-repositories-accessible-to-the-app-installation
        found = paged(
            lambda call: self._as_installation(installation, lambda auth: self._transport.send(call, auth)),
            ApiCall("GET", "/installation/repositories"),
            "repositories",
        )
        # GitHub answers every write to an archived repository with 403.
        return [
            RepoRef(RepositoryId(int(data["id"])), RepoName.parse(data["full_name"]), installation)
            for data in found
            if not data.get("archived")
        ]

    def at_home_of(self, ref: RepoRef) -> RepositoryCalls | None:
        """The same repository through this App's own installation, or None where it is not installed.

        For the second App: `ref` carries the first App's installation, whose id means nothing to another App.
        """
        owner = ref.name.owner.casefold()
        for data in self._active_installations():
            if str((data.get("account") or {}).get("login", "")).casefold() == owner:
                return self.at(RepoRef(ref.repository_id, ref.name, InstallationId(int(data["id"]))))
        return None

    def at(self, ref: RepoRef) -> RepositoryCalls:
        """The calls to one repository. Raises as `identity` does, when the identity was not read yet."""
        link = RepositoryLink(ref, self._transport, self._tokens, self._clock)
        return RepositoryCalls(link, self.identity(), self._clock, self._permissions)


class RepositoryCalls:
    """The calls to one repository, one attribute per kind of object."""

    def __init__(self, link: RepositoryLink, identity: AppIdentity, clock: Clock, permissions: PermissionsSeen) -> None:
        self._link = link
        self._clock = clock
        self._permissions = permissions
        self.issues = IssueCalls(link, identity)
        self.files = FileCalls(link)
        self.pulls = PullCalls(link, identity)
        self.reviews = ReviewCalls(link, identity)
        self.checks = CheckCalls(link, identity)
        self.snapshots = SnapshotCalls(link, identity)
        self.queue = MergeQueueCalls(link)

    def repository(self) -> RepositoryRecord:
        """The repository as it is now. Raises NotFound when the installation cannot see it any more."""
        # https://docs.github.com/en/rest/repos/repos#get-a-repository
        data: Any = self._link.read("/repos/{owner}/{repo}", READ)
        return RepositoryRecord(
            id=RepositoryId(int(data["id"])),
            full_name=str(data["full_name"]),
            default_branch=str(data["default_branch"]),
            archived=bool(data["archived"]),
            private=bool(data["private"]),
        )

    def permission(self, login: str) -> Permission:
        """A person's permission, at most PERMISSION_SECONDS old; `none` for a login that GitHub does not know."""
        key, now = (int(self._link.ref.repository_id), login), self._clock.monotonic()
        kept = self._permissions.get(key)
        if kept is not None and now - kept[0] < PERMISSION_SECONDS:
            return kept[1]
        # `author_association` would cost no call, but it leaves out private membership in an organisation.
        # https://docs.github.com/en/rest/collaborators/collaborators#get-repository-permissions-for-a-user
        route = "/repos/{owner}/{repo}/collaborators/{username}/permission"
        try:
            data: Any = self._link.read(route, READ, username=login)
            found = Permission(str(data["permission"]), str(data.get("role_name") or data["permission"]))
        except NotFound:
            found = Permission("none", "none")
        if len(self._permissions) > MOST_PERMISSIONS:
            self._permissions.clear()
        self._permissions[key] = (self._clock.monotonic(), found)
        return found
