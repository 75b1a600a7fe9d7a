"""Git's smart HTTP protocol over the bare repositories, through git's own `upload-pack` and `receive-pack`."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.names import ZERO_SHA
from bot.sandbox.github.acts_code import RefChange, record_push
from bot.sandbox.github.answers import ApiError
from bot.sandbox.github.bare import environment
from bot.sandbox.github.permissions import Caller, authenticate
from bot.sandbox.github.request_log import RequestPhase
from bot.sandbox.github.state import Repository
from bot.sandbox.github.world import World

SERVICES = ("git-upload-pack", "git-receive-pack")


@dataclass(frozen=True)
class GitAsked:
    """One request of a git client; header names are lower case."""

    method: str
    owner: str
    name: str
    service: str
    headers: Mapping[str, str]
    raw: bytes = b""


@dataclass(frozen=True)
class GitAnswer:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(world: World, asked: GitAsked) -> GitAnswer:
    """Advertise refs (GET) or run the service (POST). Refusals are plain text, which git shows as `remote:` lines."""
    path = f"/{asked.owner}/{asked.name}.git/{asked.service}"
    route = "/{owner}/{repo}.git/" + asked.service
    try:
        caller, repo = _admitted(world, asked)
        slug = caller.app.slug if caller.app else None
        if given := world.fault(RequestPhase(asked.method, route, path, "before", None, slug)):
            return _alternate(given[0], given[1])
        made = _advertise(asked, repo) if asked.method == "GET" else _serve(world, asked, repo, caller)
        if given := world.fault(RequestPhase(asked.method, route, path, "after", None, slug)):
            return _alternate(given[0], given[1])
        return made
    except ApiError as refused:
        headers = {"Content-Type": "text/plain", **refused.headers}
        return GitAnswer(refused.status, f"{refused.message}\n".encode(), headers)


def _alternate(status: int, body: object) -> GitAnswer:
    raw = body if isinstance(body, bytes) else str(body).encode()
    return GitAnswer(status, raw, {"Content-Type": "text/plain"})


def _admitted(world: World, asked: GitAsked) -> tuple[Caller, Repository]:
    challenge = {"WWW-Authenticate": 'Basic realm="GitHub"'}
    try:
        caller = authenticate(world, asked.headers.get("authorization"))
    except ApiError as refused:
        text = "Invalid username or token. Password authentication is not supported for Git operations."
        raise ApiError(refused.status, text, headers=challenge) from None
    repo = world.repository(asked.owner, asked.name)
    reading = asked.service == "git-upload-pack"
    if caller.token is None:
        if repo and reading and not repo.private:
            return caller, repo
        raise ApiError(401, "No anonymous write access." if repo else "Repository not found.", headers=challenge)
    if repo is None or not caller.sees(repo):
        raise ApiError(404, "Repository not found.")
    if not caller.may("contents=read" if reading else "contents=write"):
        text = "Write access to repository not granted."
        raise ApiError(403, text if reading else f"Permission to {repo.full_name}.git denied to {caller.actor.login}.")
    if repo.archived and not reading:
        raise ApiError(403, "This repository was archived so it is read-only.")
    return caller, repo


def _advertise(asked: GitAsked, repo: Repository) -> GitAnswer:
    done = _run(asked, repo, ["--advertise-refs"], {})
    banner = f"# service={asked.service}\n".encode()
    start = b"%04x" % (len(banner) + 4) + banner + b"0000"
    headers = {"Content-Type": f"application/x-{asked.service}-advertisement", "Cache-Control": "no-cache"}
    return GitAnswer(200, start + done, headers)


def _serve(world: World, asked: GitAsked, repo: Repository, caller: Caller) -> GitAnswer:
    headers = {"Content-Type": f"application/x-{asked.service}-result", "Cache-Control": "no-cache"}
    if asked.service == "git-upload-pack":
        return GitAnswer(200, _run(asked, repo, [], {}), headers)
    with world.lock:
        bare = world.bare(repo)
        before = bare.refs()
        body = _run(asked, repo, [], {"SANDBOX_PUSH_RULES": json.dumps(push_rules(repo, caller))})
        after = bare.refs()
        changes = [
            RefChange(ref, before.get(ref, ZERO_SHA), after.get(ref, ZERO_SHA))
            for ref in sorted({*before, *after})
            if before.get(ref) != after.get(ref)
        ]
        record_push(world, repo, caller.actor, changes)
    return GitAnswer(200, body, headers)


def push_rules(repo: Repository, caller: Caller) -> dict[str, object]:
    """What the push hook has to know: it runs as a child of git and sees nothing of this process."""
    patterns = [
        {
            "branch": repo.default_branch if name == "~DEFAULT_BRANCH" else "*" if name == "~ALL" else name,
            "rules": r.rules,
        }
        for r in repo.rulesets
        for name in r.branches
    ]
    return {
        "default_branch": repo.default_branch,
        "workflows": caller.may("workflows=write"),
        "app": True,
        "protected": list(repo.protections),
        "patterns": patterns,
    }


def _run(asked: GitAsked, repo: Repository, flags: list[str], extra: Mapping[str, str]) -> bytes:
    raw = gzip.decompress(asked.raw) if asked.headers.get("content-encoding") == "gzip" else asked.raw
    env = environment({**extra, "GIT_PROTOCOL": asked.headers.get("git-protocol", "")})
    command = ["git", asked.service.removeprefix("git-"), "--stateless-rpc", *flags, str(repo.path)]
    return subprocess.run(command, input=raw, capture_output=True, env=env, check=False).stdout
