"""git's and the git server's messages as Cadence's typed errors. Secrets are removed before anything is kept.

Every function here only builds an error; the caller raises it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.core.errors import (
    Audience,
    CadenceError,
    Forbidden,
    GitFailed,
    Limited,
    NotFound,
    PushRefused,
    Unauthorized,
    Unavailable,
    UnknownOutcome,
)

# git has no codes for these failures, so its English messages are matched; process.py sets `LC_ALL=C` for that.
# A token is matched by its prefix and with dots and dashes: since 2026 a token holds a JWT of about 500 characters.
# https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/about-authentication-to-github#githubs-token-formats
_SECRET = re.compile(
    r"(?i)(?<=authorization:)\s*\w+\s+\S+|\bgh[a-z]_[\w.\-]{8,}|\bgithub_pat_\w+|(?<=://)[^/\s@]+@|(?<=x-access-token:)\S+"
)

_UNAUTHORIZED = re.compile(
    r"Authentication failed|could not read (?:Username|Password)|Invalid username or (?:password|token)|error: 401"
)
_FORBIDDEN = re.compile(
    r"error: 403|Permission to \S+ denied|Resource not accessible|Write access to repository not granted"
)
_NOT_FOUND = re.compile(
    r"repository '?\S*'? not found|Repository not found|does not (?:appear to be a git repository|exist)|"
    r"error: (?:404|410|451)"
)
_MOVED = re.compile(r"error: 30[12378]|redirect")
_LIMITED = re.compile(r"error: 429|rate limit", re.IGNORECASE)
_CONNECTION = re.compile(
    r"Could not resolve host|Failed to connect|Connection (?:refused|reset|timed out)|Couldn't connect|timed out|"
    r"Operation too slow|hung up unexpectedly|RPC failed|early EOF|unexpected disconnect|Empty reply|error: 5\d\d|"
    r"SSL|TLS|unable to access|internal server error|unpacker error",
    re.IGNORECASE,
)
_DAMAGED = re.compile(
    r"not a git repository|bad object|object file \S+ is empty|loose object|cannot lock ref|"
    r"unable to read (?:tree|sha1)|"
    r"did not send all necessary objects|invalid index-pack|packfile \S+ (?:is|does)|bad config|inflate:|corrupt|"
    r"unable to resolve reference|missing (?:blob|tree|commit)",
    re.IGNORECASE,
)
# SIGXFSZ (25 on Linux) or EFBIG, as the child or the shell reports it.
# https://man7.org/linux/man-pages/man2/getrlimit.2.html
_FILE_LIMIT = re.compile(r"died of signal 25|File too large|File size limit exceeded")
_MISSING_REF = re.compile(r"couldn't find remote ref (?P<ref>\S+)")
# `--porcelain`: flag, TAB, refspec, TAB, summary and reason. `!` is a rejected ref.
# https://git-scm.com/docs/git-push#_output
_REJECTED = re.compile(r"^!\t[^\t]*\t(?P<what>\[[^\]]*\])(?: \((?P<why>.*)\))?$", re.MULTILINE)
# GitHub refuses a push that changes workflow files by a token without the permission `workflows`.
# https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps#repository-permissions-for-workflows
_WORKFLOW = re.compile(r"refusing to allow .* to (?:create or )?update workflow `?(?P<path>[^`\s]*)`?")
# https://docs.github.com/en/code-security/secret-scanning/introduction/about-push-protection
_SECRETS_FOUND = re.compile(r"push protection|cannot contain secrets|GH009", re.IGNORECASE)
# GitHub refuses a file above 100 MB.
# https://docs.github.com/en/repositories/working-with-files/managing-large-files/about-large-files-on-github
_TOO_LARGE = re.compile(r"GH001|exceeds GitHub's file size limit")
# `stale info` is a failed `--force-with-lease`; the others come from the server or an older git.
# https://git-scm.com/docs/git-push#Documentation/git-push.txt---force-with-leaserefnameexpect
_TAKEN = re.compile(
    r"stale info|fetch first|non-fast-forward|cannot lock ref|incorrect old value|reference already exists|"
    r"failed to update ref"
)


def redact(text: str, secrets: Sequence[str] = ()) -> str:
    """The text without these secrets, and without what looks like a GitHub token or the user part of a URL."""
    for secret in secrets:
        text = text.replace(secret, "[secret]")
    return _SECRET.sub("[secret]", text)


def last_lines(text: str, secrets: Sequence[str] = (), count: int = 12) -> tuple[str, ...]:
    """The last non-empty lines, redacted and each cut to 300 characters."""
    lines = [line.strip() for line in redact(text, secrets).splitlines() if line.strip()]
    return tuple(line[:300] for line in lines[-count:])


def missing_ref(stderr: str) -> str | None:
    """The ref that a fetch failed on because the remote does not have it, or None."""
    found = _MISSING_REF.search(stderr)
    return found["ref"] if found else None


def is_damaged(stderr: str) -> bool:
    """Whether the message is about the mirror itself, so that making it again can help."""
    # A broken connection also leaves messages about corrupt packs.
    return bool(_DAMAGED.search(stderr)) and not _CONNECTION.search(stderr) and not _NOT_FOUND.search(stderr)


def hit_file_limit(stderr: str) -> bool:
    """Whether git was ended because a file that it wrote grew beyond `ulimit -f`."""
    return bool(_FILE_LIMIT.search(stderr))


def fetch_error(stderr: str, secrets: Sequence[str] = ()) -> CadenceError:
    """The error for a fetch that failed: Limited, Unauthorized, Forbidden, NotFound, Unavailable or GitFailed."""
    lines = last_lines(stderr, secrets)
    denied = _denied(stderr, lines)
    if denied:
        return denied
    if _CONNECTION.search(stderr):
        return Unavailable("The repository could not be fetched: no usable answer.", log_lines=lines)
    return GitFailed("git fetch failed.", log_lines=lines)


def push_error(porcelain: str, stderr: str, secrets: Sequence[str] = ()) -> CadenceError:
    """The error for a push that failed: PushRefused, as `fetch_error`, or UnknownOutcome.

    `porcelain` is the standard output of `git push --porcelain`.
    """
    lines = last_lines(stderr, secrets)
    rejected = _REJECTED.search(porcelain)
    why = (rejected["why"] or "") if rejected else ""
    # `[remote failure]` with a message about the connection is not a decision of the server.
    if rejected and not _CONNECTION.search(why):
        return _push_refused(why, stderr, secrets)
    denied = _denied(stderr, lines)
    if denied:
        return denied
    if rejected or _CONNECTION.search(stderr):
        return UnknownOutcome("GitHub gave no usable answer to the push; it may have happened.", log_lines=lines)
    return GitFailed("git push failed.", log_lines=lines)


def _denied(stderr: str, lines: tuple[str, ...]) -> CadenceError | None:
    if _LIMITED.search(stderr):
        return Limited("The git server limits the rate of requests.", after=60, log_lines=lines)
    if _UNAUTHORIZED.search(stderr):
        return Unauthorized("The git server did not accept the installation token.", log_lines=lines)
    if _FORBIDDEN.search(stderr):
        return Forbidden(
            "The installation may not do this in the repository.",
            remedy="Grant the App `contents: write` (and accept the new permission).",
            log_lines=lines,
        )
    if _MOVED.search(stderr):
        # git does not follow a redirect (http.followRedirects), so a renamed repository ends here.
        return NotFound(
            "The repository is no longer at this address.",
            remedy="Read its current name and try again.",
            log_lines=lines,
        )
    if _NOT_FOUND.search(stderr):
        return NotFound("The repository does not exist, or this installation cannot see it.", log_lines=lines)
    return None


def _push_refused(why: str, stderr: str, secrets: Sequence[str]) -> PushRefused:
    text = f"{why}\n{stderr}"
    lines = last_lines(text, secrets)
    # People see only what the server sent; the other lines are git's on this machine and go to the log.
    details = _remote_reasons(stderr, secrets) or ((redact(why, secrets)[:300],) if why else ())
    if _TAKEN.search(why):
        return PushRefused(
            "The branch is not at the commit that Cadence pushed: another person pushed to it or created it.",
            code="branch.taken",
            remedy="Keep the commits and let Cadence review them, or discard them with `/cadence replan --discard`.",
            details=details,
            log_lines=lines,
        )
    workflow = _WORKFLOW.search(text)
    if workflow:
        return PushRefused(
            f"The App may not change the workflow `{workflow['path']}`.",
            code="protected.workflow",
            remedy="Change workflow files by hand, or grant the App `workflows: write`.",
            details=details,
            log_lines=lines,
        )
    if _SECRETS_FOUND.search(text):
        return PushRefused(
            "GitHub's push protection found a secret in the change.",
            code="secret.push_protection",
            remedy="Replan without the value that looks like a key.",
            details=details,
            log_lines=lines,
        )
    if _TOO_LARGE.search(text):
        return PushRefused("A file is larger than the server accepts.", code="size", details=details, log_lines=lines)
    return PushRefused(
        "A rule or hook of the repository refused the push.",
        code="rule.push",
        remedy="Let the App push to `cadence/*` in the rule named below.",
        audience=Audience.MAINTAINER,
        details=details,
        log_lines=lines,
    )


def _remote_reasons(stderr: str, secrets: Sequence[str]) -> tuple[str, ...]:
    """The bullet lines of a refusal (`remote: - Cannot force-push ...`), else every line that the remote sent."""
    # GH013 lists each violated rule as a bullet.
    # https://docs.github.com/en/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/troubleshooting-rules
    sent = [
        line.removeprefix("remote:").strip()
        for line in redact(stderr, secrets).splitlines()
        if line.startswith("remote:")
    ]
    sent = [line[:300] for line in sent if re.search(r"\w", line)]
    bullets = [line.lstrip("-*• ").strip() for line in sent if re.match(r"[-*•]\s", line)]
    return tuple((bullets or sent)[:20])
