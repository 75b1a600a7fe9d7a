"""The addresses of one GitHub (github.com or a GitHub Enterprise Server), from one setting."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.core.errors import SettingsInvalid
from bot.core.names import RepoName

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True, slots=True)
class GitHubUrls:
    """`web` is for browsers and git, `api` for REST, `graphql` for GraphQL; none ends in a slash."""

    web: str
    api: str
    graphql: str

    @classmethod
    def from_setting(cls, url: str) -> GitHubUrls:
        """From CADENCE_GITHUB_URL. Raises SettingsInvalid."""
        try:
            parts = urlsplit(url.strip())
            host = parts.hostname or ""
            _ = parts.port  # Reading it raises ValueError for a port that is not a number.
        except ValueError:
            raise _invalid("its host or port cannot be read") from None
        if parts.scheme not in ("http", "https") or not host:
            raise _invalid("it is not an http(s) address")
        # Over plain http every token would be readable on the network.
        if parts.scheme == "http" and host not in _LOOPBACK:
            raise _invalid("plain http is allowed for loopback only")
        if parts.username or parts.password or parts.query or parts.fragment or parts.path.strip("/"):
            raise _invalid("only scheme, host and port belong in it")
        web = f"{parts.scheme}://{parts.netloc}"
        if host in ("github.com", "www.github.com"):
            return cls("https://github.com", "https://api.github.com", "https://api.github.com/graphql")
        # A GitHub Enterprise Server has its API below its own address.
        # https://docs.github.com/en/enterprise-server@latest/rest/using-the-rest-api/getting-started-with-the-rest-api
        return cls(web, f"{web}/api/v3", f"{web}/api/graphql")

    @property
    def host(self) -> str:
        """The API's host, with its port where the setting names one."""
        return urlsplit(self.api).netloc

    def git(self, name: RepoName) -> str:
        """The URL that git clones a repository from and pushes to."""
        return f"{self.web}/{name.owner}/{name.name}.git"


def _invalid(why: str) -> SettingsInvalid:
    # The value is left out: a password may be a part of it.
    return SettingsInvalid(
        f"CADENCE_GITHUB_URL cannot be used: {why}.",
        remedy="Use https://github.com, or your GitHub Enterprise Server's https://HOST.",
    )
