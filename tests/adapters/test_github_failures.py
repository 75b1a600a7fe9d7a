"""Every way in which GitHub says no, through the real transport, and the error that it means."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Response
from github import Auth

from bot.core.errors import (
    CadenceError,
    Forbidden,
    GitHubError,
    HeadMoved,
    Limited,
    NotFound,
    NotMergeable,
    SettingsInvalid,
    Suspended,
    Unauthorized,
    Unavailable,
    UnknownOutcome,
    Unprocessable,
)
from bot.core.names import RepoName
from bot.github_api.transport import MOST_PAGES, ApiCall, paged
from bot.github_api.urls import GitHubUrls
from tests.adapters.github_stage import Stage, refused, told

TOKEN = Auth.Token("a-secret-token")
READ = ApiCall("GET", "/repos/{owner}/{repo}", {"owner": "octo", "repo": "shop"})
WRITE = ApiCall("POST", "/repos/{owner}/{repo}/issues", {"owner": "octo", "repo": "shop"}, body={"title": "t"})
MERGE = ApiCall("PUT", "/repos/{owner}/{repo}/pulls/{n}/merge", {"owner": "octo", "repo": "shop", "n": 1}, body={})


def fails(stage: Stage, call: ApiCall, answer: Any) -> GitHubError:
    stage.server.put(answer)
    with pytest.raises(GitHubError) as caught:
        stage.transport.send(call, TOKEN)
    error = caught.value
    assert "a-secret-token" not in f"{error!r} {error.details} {error.__cause__!r}"
    return error


def reset(seconds: float) -> dict[str, str]:
    """Of a spent primary limit, against the stage's clock."""
    return {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(1_795_521_600 + seconds)}


NOW_IS = 1_795_521_600.0
ROWS: list[tuple[str, ApiCall, Response, type, str, bool, float | None]] = [
    ("401", READ, refused(401, "Bad credentials"), Unauthorized, "github.unauthorized", False, None),
    ("403", WRITE, refused(403, "Resource not accessible by integration"), Forbidden, "github.forbidden", False, None),
    ("403 suspended", READ, refused(403, "This installation has been suspended"),
     Suspended, "github.suspended", False, None),
    ("403 primary limit", READ, refused(403, "API rate limit exceeded", reset(90)), Limited, "limit", True, 90.0),
    ("403 primary limit, reset passed", READ, refused(403, "limit", reset(-5)), Limited, "limit", True, 1.0),
    ("403 primary limit, far away", READ, refused(403, "limit", reset(99_999)), Limited, "limit", True, 3700.0),
    ("403 primary limit, no reset", READ, refused(403, "x", {"x-ratelimit-remaining": "0"}),
     Limited, "limit", True, 60.0),
    ("403 retry-after", WRITE, refused(403, "x", {"retry-after": "7"}), Limited, "limit", True, 7.0),
    ("403 secondary limit", WRITE, refused(403, "You have exceeded a secondary rate limit."),
     Limited, "limit", True, 60.0),
    ("403 content", WRITE, refused(403, "You have been temporarily blocked from content creation."),
     Limited, "limit", True, 60.0),
    ("429", READ, refused(429, "Too many requests", {"retry-after": "3"}), Limited, "limit", True, 3.0),
    ("429 odd header", READ, refused(429, "x", {"retry-after": "soon"}), Limited, "limit", True, 60.0),
    ("404", READ, refused(404, "Not Found"), NotFound, "github.not_found", False, None),
    ("410", READ, refused(410, "Issues are disabled"), NotFound, "github.not_found", False, None),
    ("451", READ, refused(451, "Blocked"), NotFound, "github.not_found", False, None),
    ("405 conflict", MERGE, refused(405, "Pull Request is not mergeable"), NotMergeable, "merge.refused", True, None),
    ("405 base moved", MERGE, refused(405, "Base branch was modified. Review and try the merge again."),
     NotMergeable, "merge.refused", True, None),
    ("405 rule", MERGE, refused(405, "Required status check \"tests\" is expected."),
     NotMergeable, "merge.refused", False, None),
    ("409 merge", MERGE, refused(409, "Head branch was modified."), HeadMoved, "head.moved", False, None),
    ("409 other", WRITE, refused(409, "Git Repository is empty."), GitHubError, "github.error", True, None),
    ("422", WRITE, refused(422, "Validation Failed"), Unprocessable, "github.unprocessable", False, None),
    ("400", WRITE, refused(400, "Problems parsing JSON"), GitHubError, "github.error", False, None),
    ("304", READ, Response("", 304), GitHubError, "github.error", False, None),
    ("500 read", READ, refused(500, "x"), Unavailable, "github.unavailable", True, None),
    ("502 write", WRITE, refused(502, "x"), UnknownOutcome, "github.unknown_outcome", True, None),
    ("503 merge", MERGE, Response("<html>Unicorn!</html>", 503), UnknownOutcome, "github.unknown_outcome", True, None),
    ("504 read, no body", READ, Response("", 504), Unavailable, "github.unavailable", True, None),
    ("404, no JSON", READ, Response("<html>", 404), NotFound, "github.not_found", False, None),
    ("404, a list", READ, told([1], 404), NotFound, "github.not_found", False, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "answer", "kind", "code", "retry", "after"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_each_answer_is_one_error(
    github_stage: Stage, call: ApiCall, answer: Response, kind: type, code: str, retry: bool, after: float | None
) -> None:
    assert github_stage.clock.now().timestamp() == NOW_IS
    error = fails(github_stage, call, answer)
    assert (type(error), error.code, error.retry) == (kind, code, retry)
    assert error.after == (pytest.approx(after) if after is not None else None)
    assert error.status == answer.status_code
    assert github_stage.meter.counted == [(call.method, call.route, answer.status_code)]


def test_a_permission_that_is_missing_is_named(github_stage: Stage) -> None:
    error = fails(github_stage, WRITE, refused(403, "x", {"X-Accepted-GitHub-Permissions": "issues=write"}))
    assert error.remedy == "The App needs: issues=write."


@pytest.mark.parametrize(
    ("errors", "details"),
    [
        (["No commits between main and x"], ("No commits between main and x",)),
        ([{"resource": "PullRequest", "field": "base", "code": "invalid"}], ("PullRequest base invalid",)),
        ([{"resource": "PullRequest", "code": "custom", "message": "A pull request already exists"}],
         ("A pull request already exists",)),
        ("Review cannot be requested", ("Review cannot be requested",)),
        ([None, {}], ("None",)),
        (None, ()),
    ],
)  # fmt: skip
def test_what_422_says_is_kept(github_stage: Stage, errors: Any, details: tuple[str, ...]) -> None:
    error = fails(github_stage, WRITE, refused(422, "Validation\nFailed", errors=errors))
    assert error.details == details
    assert "Validation Failed" in error.summary and all(one in error.summary for one in details)


# -- no answer ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("call", "kind"), [(READ, Unavailable), (MERGE, UnknownOutcome)])
def test_no_answer_in_time(github_stage: Stage, monkeypatch: pytest.MonkeyPatch, call: ApiCall, kind: type) -> None:
    monkeypatch.setattr("bot.github_api.transport.TIMEOUT_SECONDS", 1)
    over = threading.Event()

    def late(_: object) -> Response:
        over.wait(20)
        return told({})

    try:
        error = fails(github_stage, call, late)
    finally:
        over.set()
    assert (type(error), error.status, error.retry) == (kind, 0, True) and "no answer in time" in error.summary
    assert github_stage.meter.counted == [(call.method, call.route, 0)]


@pytest.mark.parametrize(("call", "kind"), [(READ, Unavailable), (WRITE, UnknownOutcome)])
def test_nobody_there(github_stage: Stage, call: ApiCall, kind: type) -> None:
    github_stage.server.stop()
    with pytest.raises(kind) as caught:
        github_stage.transport.send(call, TOKEN)
    assert caught.value.status == 0  # type: ignore[attr-defined]
    assert f"at 127.0.0.1:{urlsplit(github_stage.urls.web).port}" in str(caught.value)


def test_a_redirect_within_github_is_followed_for_reads(github_stage: Stage) -> None:
    github_stage.server.put(told(None, 301, Location=f"{github_stage.urls.api}/repositories/11"), told({"id": 11}))
    assert github_stage.transport.send(READ, TOKEN)[1] == {"id": 11}
    assert github_stage.server.seen[1].path == "/repositories/11"


@pytest.mark.parametrize(
    ("call", "status", "place"),
    [
        (READ, 301, "http://127.0.0.2:9/steal"),
        (READ, 302, "http://127.0.0.2:9/steal"),
        (READ, 301, "https://127.0.0.1:9/steal"),
        (WRITE, 307, "http://127.0.0.1:9/repositories/11/issues"),
        (WRITE, 308, "http://127.0.0.1:9/repositories/11/issues"),
    ],
)
def test_a_redirect_elsewhere_is_refused_and_the_token_stays(
    github_stage: Stage, call: ApiCall, status: int, place: str
) -> None:
    error = fails(github_stage, call, told(None, status, Location=place))
    assert (error.code, error.retry) == ("github.redirected", False)
    assert "CADENCE_GITHUB_URL" in error.remedy


# -- GraphQL --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (told({"data": {"x": 1}, "errors": [{"type": "NOT_FOUND", "message": "no"}]}), NotFound, "github.not_found"),
        (told({"errors": [{"type": "RATE_LIMITED", "message": "no"}]}), Limited, "limit"),
        (told({"errors": [{"message": "You have exceeded a secondary rate limit"}]}), Limited, "limit"),
        (told({"errors": [{"type": "FORBIDDEN", "message": "no"}]}), Forbidden, "github.forbidden"),
        (told({"errors": [{"message": "Resource not accessible by integration"}]}), Forbidden, "github.forbidden"),
        (told({"errors": [{"message": "Something went wrong"}]}), Unavailable, "github.unavailable"),
        (told({"errors": ["odd"]}), Unavailable, "github.unavailable"),
        (told({"data": None}), Unavailable, "github.unavailable"),
        (told({}), Unavailable, "github.unavailable"),
        (told([]), Unavailable, "github.unavailable"),
        (told(None), Unavailable, "github.unavailable"),
        (refused(502), Unavailable, "github.unavailable"),
        (refused(401), Unauthorized, "github.unauthorized"),
        (refused(403, "x", {"retry-after": "5"}), Limited, "limit"),
    ],
)
def test_any_error_makes_a_query_unusable(github_stage: Stage, answer: Response, kind: type, code: str) -> None:
    github_stage.server.put(answer)
    with pytest.raises(GitHubError) as caught:
        github_stage.transport.graphql("query { x }", {}, TOKEN)
    assert (type(caught.value), caught.value.code) == (kind, code)


def test_a_query_is_sent_to_the_servers_own_address(github_stage: Stage) -> None:
    github_stage.server.put(told({"data": {"x": 1}}))
    assert github_stage.transport.graphql("query { x }", {"a": 1}, TOKEN) == {"x": 1}
    (seen,) = github_stage.server.seen
    assert (seen.method, seen.path, seen.body) == ("POST", "/graphql", {"query": "query { x }", "variables": {"a": 1}})


# -- pages, paths and addresses -------------------------------------------------------------------------------------
def test_every_page_is_read_and_named_lists_are_opened(github_stage: Stage) -> None:
    pages = [told({"items": [n]}, Link='<https://x>; rel="next"') for n in (1, 2)]
    github_stage.server.put(*pages, told({"items": [3]}))
    assert list(paged(lambda call: github_stage.transport.send(call, TOKEN), READ, "items")) == [1, 2, 3]
    assert [seen.query for seen in github_stage.server.seen] == [
        {"per_page": "100", "page": str(number)} for number in (1, 2, 3)
    ]


def test_a_list_is_read_only_as_far_as_it_is_needed(github_stage: Stage) -> None:
    github_stage.server.put(told([1, 2], Link='<https://x>; rel="next"'))
    assert next(paged(lambda call: github_stage.transport.send(call, TOKEN), READ)) == 1
    assert len(github_stage.server.seen) == 1


def test_a_list_without_end_is_an_error_and_not_cut(github_stage: Stage) -> None:
    github_stage.server.put(*[told([1], Link='<https://x>; rel="next"')] * MOST_PAGES)
    with pytest.raises(CadenceError) as caught:
        list(paged(lambda call: github_stage.transport.send(call, TOKEN), READ))
    assert caught.value.code == "github.too_many"


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"owner": "o", "repo": "r", "ref": "heads/cadence/issue-1"}, "/o/r/heads/cadence/issue-1"),
        ({"owner": "../..", "repo": "r?x=1#y", "ref": "a b"}, "/..%2F../r%3Fx%3D1%23y/a%20b"),
        ({"owner": "ö", "repo": "%2e%2e", "ref": "x"}, "/%C3%B6/%252e%252e/x"),
    ],
)
def test_a_path_is_filled_with_escaped_values(values: dict[str, object], path: str) -> None:
    assert ApiCall("GET", "/{owner}/{repo}/{ref}", values).path == path


@pytest.mark.parametrize(
    ("setting", "web", "api", "graphql"),
    [
        ("https://github.com", "https://github.com", "https://api.github.com", "https://api.github.com/graphql"),
        ("https://www.github.com/", "https://github.com", "https://api.github.com", "https://api.github.com/graphql"),
        ("https://ghe.example:8443/", "https://ghe.example:8443", "https://ghe.example:8443/api/v3",
         "https://ghe.example:8443/api/graphql"),
        ("http://127.0.0.1:80", "http://127.0.0.1:80", "http://127.0.0.1:80/api/v3", "http://127.0.0.1:80/api/graphql"),
    ],
)  # fmt: skip
def test_addresses_follow_from_one_setting(setting: str, web: str, api: str, graphql: str) -> None:
    urls = GitHubUrls.from_setting(setting)
    assert (urls.web, urls.api, urls.graphql) == (web, api, graphql)
    assert urls.git(RepoName("o", "r")) == f"{web}/o/r.git"


@pytest.mark.parametrize(
    "setting",
    ["", "github.com", "ftp://github.com", "http://ghe.example", "https://user:pw@ghe.example", "https://ghe.example/api",
     "https://ghe.example?x=1", "https://ghe.example#x", "https://", "http://127.0.0.1.evil.example",
     "https://ghe.example:port", "https://[::1"],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused(setting: str) -> None:
    with pytest.raises(SettingsInvalid, match="CADENCE_GITHUB_URL") as caught:
        GitHubUrls.from_setting(setting)
    assert "pw" not in str(caught.value)
