"""Typed errors. Each says what happened, what to do next, who can do it, and whether trying again can help."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any


class Audience(Enum):
    """Who can do something about an error, and so where it is shown."""

    AUTHOR = "author"
    MAINTAINER = "maintainer"
    OPERATOR = "operator"


class CadenceError(Exception):
    """Base of all of Cadence's own errors.

    `code` is a stable reason code (docs/codes.md), `summary` the cause in one sentence, `remedy` the next step,
    `retry` whether the same call may succeed later unaided, `after` the seconds to wait if known.
    `details` may be shown to anyone. `log_lines` are words of a child process or a library: they go to the log and
    to a local terminal, and never to GitHub.
    An error without a code of its own is a defect in Cadence: its code is `internal`.
    """

    code = "internal"
    audience = Audience.MAINTAINER
    retry = False
    may_cost = False
    """Whether a model may have worked on the request, so that its server bills it."""

    def __init__(
        self,
        summary: str,
        *,
        code: str | None = None,
        remedy: str = "",
        audience: Audience | None = None,
        retry: bool | None = None,
        after: float | None = None,
        details: Sequence[str] = (),
        log_lines: Sequence[str] = (),
    ) -> None:
        super().__init__(summary)
        self.summary = summary
        self.remedy = remedy
        self.after = after
        self.details = tuple(details)
        self.log_lines = tuple(log_lines)
        if code is not None:
            self.code = code
        if audience is not None:
            self.audience = audience
        if retry is not None:
            self.retry = retry

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"

    @property
    def message(self) -> str:
        """Cause and next step, as two sentences."""
        if not self.remedy:
            return self.summary
        end = "" if self.summary.endswith((".", "!", "?", ":", "…")) else "."
        return f"{self.summary}{end} {self.remedy}"


class Refused(CadenceError):
    """Cadence will not do it, for a reason its reader can act on. Ends a run as `refused`."""


class FenceClosed(CadenceError):
    """The run may no longer act: it ended, was stopped or was superseded. Nothing was sent."""

    code = "fence.closed"


class FenceLate(CadenceError):
    """Too much time passed between the fence and the request. Nothing was sent; another try may follow."""

    code = "fence.late"
    retry = True


class Held(CadenceError):
    """A person holds the merge back; the hold came after the last look. Nothing was sent."""

    code = "hold"


class BudgetSpent(CadenceError):
    """The run's budget does not cover the next effect. Nothing was sent."""

    code = "budget"


class QuotaReached(CadenceError):
    """A quota of the run does not allow the next effect; the code names the quota. Nothing was sent."""

    def __init__(self, summary: str, *, code: str, **rest: object) -> None:
        super().__init__(summary, code=code, **rest)  # type: ignore[arg-type]


class ConfigInvalid(CadenceError):
    """`.github/cadence.yml` cannot be used as written; `details` name line, column and allowed values."""

    code = "config.invalid"


class SettingsInvalid(CadenceError):
    """A setting is missing or wrong, so the service cannot start."""

    code = "settings.invalid"
    audience = Audience.OPERATOR


class WrongUse(CadenceError):
    """A command was given something it cannot work with; nothing was done. Exit code 2."""

    code = "usage"
    audience = Audience.OPERATOR


class GitHubError(CadenceError):
    """GitHub answered with an error. `status` is the HTTP status, 0 when no answer came."""

    code = "github.error"
    status = 0

    def __init__(self, summary: str, *, status: int | None = None, **rest: object) -> None:
        super().__init__(summary, **rest)  # type: ignore[arg-type]
        if status is not None:
            self.status = status


# GitHub answers 404 also for a private resource that the caller may not see.
# https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#404-not-found-for-an-existing-resource
class NotFound(GitHubError):
    """404, 410 or 451: it does not exist, or this installation cannot see it."""

    code = "github.not_found"
    status = 404


class Forbidden(GitHubError):
    """403 that is not a rate limit: a permission is missing; the remedy names it where GitHub says which."""

    code = "github.forbidden"
    status = 403


class Unauthorized(GitHubError):
    """401: the token or the App's key is not accepted."""

    code = "github.unauthorized"
    audience = Audience.OPERATOR
    status = 401


class InstallationGone(GitHubError):
    """The installation was suspended or deleted, or the repository was taken out of it."""

    code = "github.installation_gone"


class Suspended(InstallationGone):
    """The installation is suspended. What it stopped goes on when its owner ends the suspension."""

    code = "github.suspended"


# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
class Limited(GitHubError):
    """A primary or secondary rate limit; `after` is the number of seconds to wait.

    `stated` tells whether GitHub itself said how long; else `after` is the least that its documentation asks for.
    """

    code = "limit"
    retry = True
    status = 429

    def __init__(self, summary: str, *, stated: bool = False, **rest: Any) -> None:
        super().__init__(summary, **rest)
        self.stated = stated


class Unprocessable(GitHubError):
    """422: GitHub understood and refused; `details` carry its own words."""

    code = "github.unprocessable"
    status = 422


class UnknownOutcome(GitHubError):
    """5xx, a timeout or a cut connection on a mutating call: it may have happened. Look before repeating."""

    code = "github.unknown_outcome"
    retry = True


class Unavailable(GitHubError):
    """5xx, a timeout or a cut connection on a read: nothing happened."""

    code = "github.unavailable"
    retry = True


class HeadMoved(GitHubError):
    """409 on merge or a failed lease on push: the head is no longer the commit that was judged."""

    code = "head.moved"
    status = 409


# https://docs.github.com/en/rest/pulls/pulls#merge-a-pull-request
class NotMergeable(GitHubError):
    """405 on merge. `retry` tells a passing state (base just moved) from one that needs an event or a person."""

    code = "merge.refused"
    status = 405


class PushRefused(CadenceError):
    """The remote refused the push; the code says why (`branch.taken`, `protected.workflow`, `rule.push`, ...)."""

    def __init__(self, summary: str, *, code: str, **rest: object) -> None:
        super().__init__(summary, code=code, **rest)  # type: ignore[arg-type]


class GitFailed(CadenceError):
    """A git command failed in a way no other error describes; `log_lines` hold its last lines, without secrets."""

    code = "git.failed"
    retry = True
    audience = Audience.OPERATOR


class ModelUnavailable(CadenceError):
    """No answer from the model: rate limit, server error, timeout or no connection."""

    code = "model.unavailable"
    retry = True
    may_cost = True


class ModelBusy(ModelUnavailable):
    """The server is asked as much at once as the operator allows. Nothing was sent; another try may follow."""

    code = "model.busy"
    may_cost = False


class ModelUnusable(CadenceError):
    """The model answered, and the answer cannot be used; the code says why (`model.prose`, `model.truncated`, ...)."""

    may_cost = True

    def __init__(self, summary: str, *, code: str, **rest: object) -> None:
        super().__init__(summary, code=code, **rest)  # type: ignore[arg-type]


class ModelAbsent(CadenceError):
    """No model is configured (no key)."""

    code = "model.absent"
    audience = Audience.OPERATOR
