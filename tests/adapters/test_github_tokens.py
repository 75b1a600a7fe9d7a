"""App tokens and the line to one repository: narrowed, kept while fresh, tried again where nothing happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import jwt
import pytest
from flask import Response

from bot.core.errors import (
    CadenceError,
    Forbidden,
    GitHubError,
    InstallationGone,
    NotFound,
    SettingsInvalid,
    Unauthorized,
    Unavailable,
    Unprocessable,
)
from bot.core.names import InstallationId
from bot.github_api.permissions import ISSUES_WRITE, READ
from bot.github_api.tokens import REUSED_FOR_SECONDS, Tokens
from tests.adapters.github_stage import PUBLIC, REF, Stage, refused, told


def test_the_apps_proof_is_short_lived_and_signed(github_stage: Stage) -> None:
    token = github_stage.tokens.app().token
    claims = jwt.decode(token, PUBLIC, algorithms=["RS256"], options={"verify_exp": False, "verify_iat": False})
    now = int(github_stage.clock.now().timestamp())
    assert claims["iss"] == "42"
    assert claims["iat"] <= now - 30 and 0 < claims["exp"] - now < 600, "GitHub takes ten minutes at most"


@pytest.mark.parametrize("key", ["", "no key", "-----BEGIN RSA PRIVATE KEY-----\nhush\n-----END RSA PRIVATE KEY-----"])
def test_a_key_that_cannot_sign_is_the_operators_matter(github_stage: Stage, key: str) -> None:
    tokens = Tokens(github_stage.transport, app_id="42", private_key=key, clock=github_stage.clock)
    with pytest.raises(SettingsInvalid) as caught:
        tokens.app()
    assert "CADENCE_PRIVATE_KEY" in caught.value.remedy
    assert "hush" not in f"{caught.value!r}" and caught.value.__cause__ is None


def test_a_token_is_asked_for_one_repository_and_the_steps_permissions(github_stage: Stage) -> None:
    token = github_stage.tokens.of(REF, ISSUES_WRITE)
    (mint,) = github_stage.server.mints
    assert mint.path == "/app/installations/7/access_tokens"
    assert mint.body == {"permissions": {"metadata": "read", "issues": "write"}, "repository_ids": [11]}
    assert token.value == "t-1" and "t-1" not in repr(token)


def test_a_token_for_lists_names_no_repository(github_stage: Stage) -> None:
    github_stage.tokens.of_installation(InstallationId(7), {"metadata": "read"})
    assert github_stage.server.mints[0].body == {"permissions": {"metadata": "read"}}


def test_a_token_is_kept_while_it_is_fresh_and_by_what_it_may(github_stage: Stage) -> None:
    of = github_stage.tokens.of
    assert of(REF, READ) is of(REF, dict(READ))
    assert of(REF, ISSUES_WRITE).value == "t-2"
    github_stage.clock.advance(REUSED_FOR_SECONDS - 1)
    assert of(REF, READ).value == "t-1"
    github_stage.clock.advance(1)
    assert of(REF, READ).value == "t-3"


def test_a_refused_token_is_minted_again(github_stage: Stage) -> None:
    tokens, sent = github_stage.tokens, []

    def send(token: str) -> str:
        sent.append(token)
        if len(sent) == 1:
            raise Unauthorized("Bad credentials")
        return token

    assert tokens.call(REF.installation_id, lambda: tokens.of(REF, READ), send) == "t-2"
    assert sent == ["t-1", "t-2"] and tokens.of(REF, READ).value == "t-2"


@pytest.mark.parametrize(
    ("answer", "kind", "told_"),
    [
        (refused(404, "Not Found"), InstallationGone, "installation 7 is gone"),
        (refused(403, "This installation has been suspended"), InstallationGone, "suspended"),
        (refused(422, "The permissions requested are not granted to this installation."), Forbidden,
         "has not granted issues: write, metadata: read"),
        (refused(422, "There is at least one repository that does not exist or is not accessible"), InstallationGone,
         "not in the installation any more"),
        (refused(401, "A JSON web token could not be decoded"), Unauthorized, "credentials"),
        (refused(500, "x"), CadenceError, "500"),
    ],
)  # fmt: skip
def test_why_no_token_was_given(github_stage: Stage, answer: Response, kind: type, told_: str) -> None:
    github_stage.server.mint_answers.append(answer)
    with pytest.raises(kind) as caught:
        github_stage.tokens.of(REF, ISSUES_WRITE)
    assert told_ in caught.value.summary and caught.value.remedy  # type: ignore[attr-defined]
    assert kind is not InstallationGone or caught.value.code in ("github.installation_gone", "github.suspended")  # type: ignore[attr-defined]
    github_stage.tokens.of(REF, ISSUES_WRITE)
    assert len(github_stage.server.mints) == 2, "a refusal is not kept"


# -- the line -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("age", [0.0, 60.0], ids=["young", "old"])
def test_a_refused_token_is_dropped_and_another_is_minted_once(github_stage: Stage, age: float) -> None:
    github_stage.tokens.of(REF, READ)
    github_stage.clock.advance(age)
    github_stage.server.put(refused(401), told({"id": 1}))
    begun = github_stage.clock.now()
    assert github_stage.link.read("/repos/{owner}/{repo}") == {"id": 1}
    assert [seen.token for seen in github_stage.server.seen] == ["t-1", "t-2"]
    assert (github_stage.clock.now() - begun).total_seconds() <= 2.0


def test_a_token_that_is_never_taken_ends_in_an_error_and_is_not_kept(github_stage: Stage) -> None:
    github_stage.server.put(*[refused(401, "Bad credentials")] * 2)
    with pytest.raises(Unauthorized):
        github_stage.link.read("/repos/{owner}/{repo}")
    assert [seen.token for seen in github_stage.server.seen] == ["t-1", "t-2"]
    github_stage.server.put(told({"id": 1}))
    github_stage.link.read("/repos/{owner}/{repo}")
    assert github_stage.server.seen[-1].token == "t-3"


def test_a_token_refused_in_the_middle_of_a_list_is_replaced(github_stage: Stage) -> None:
    more = told([{"id": 1}], link='<http://x?page=2>; rel="next"')
    github_stage.server.put(more, refused(401), told([{"id": 2}]))
    assert [one["id"] for one in github_stage.link.listed("/repos/{owner}/{repo}/issues")] == [1, 2]
    assert [seen.token for seen in github_stage.server.seen] == ["t-1", "t-1", "t-2"]


def test_a_refused_token_of_an_installation_is_replaced_in_the_sweeps_list(github_stage: Stage) -> None:
    github_stage.server.put(refused(401), told({"repositories": []}))
    assert github_stage.github().installation_repositories(InstallationId(7)) == []
    assert [seen.token for seen in github_stage.server.seen] == ["t-1", "t-2"]


def test_git_gets_another_token_when_the_server_refuses_the_kept_one(github_stage: Stage) -> None:
    github, used = github_stage.github(), []

    def fetch(token: Callable[[], str]) -> str:
        used.append(token())
        if len(used) == 1:
            raise Unauthorized("the git server did not accept it")
        return "fetched"

    assert github.with_git_token(REF, READ, fetch) == "fetched"
    assert used == ["t-1", "t-2"]


def test_a_laptop_that_slept_does_not_use_the_token_of_yesterday(github_stage: Stage) -> None:
    """Python's monotonic clock stands still while a Linux machine is suspended."""
    github_stage.tokens.of(REF, READ)
    stopped = github_stage.clock.monotonic()
    github_stage.clock.monotonic = lambda: stopped  # type: ignore[method-assign]
    github_stage.clock.advance(3600)
    assert github_stage.tokens.of(REF, READ).value == "t-2"


def test_a_clock_set_back_does_not_make_a_token_live_longer(github_stage: Stage) -> None:
    tokens = github_stage.tokens
    tokens.of(REF, READ)
    github_stage.clock._now -= timedelta(hours=6)
    assert tokens.of(REF, READ).value == "t-2"


def test_a_token_that_github_lets_expire_early_is_not_kept_longer(github_stage: Stage) -> None:
    expires = (github_stage.clock.now() + timedelta(minutes=10)).isoformat()
    github_stage.server.mint_answers.append(told({"token": "t-short", "expires_at": expires}, 201))
    assert github_stage.tokens.of(REF, READ).value == "t-short"
    github_stage.clock.advance(301)
    assert github_stage.tokens.of(REF, READ).value == "t-2"


def test_a_change_that_comes_too_early_for_githubs_other_servers_is_tried_again(github_stage: Stage) -> None:
    lag = refused(422, "No commit found for SHA: abc")
    github_stage.server.put(lag, lag, told({"id": 5}, 201))
    made = github_stage.link.change("POST", "/repos/{owner}/{repo}/check-runs", READ, body={"name": "x"})
    assert made == {"id": 5} and len(github_stage.server.seen) == 3


def test_a_lag_without_end_is_an_error(github_stage: Stage) -> None:
    github_stage.server.put(*[refused(422, "Validation Failed", errors=[{"message": "Head ref must be a branch"}])] * 4)
    with pytest.raises(Unprocessable):
        github_stage.link.change("POST", "/repos/{owner}/{repo}/pulls", READ, body={})
    assert len(github_stage.server.seen) == 4


@pytest.mark.parametrize(
    "answer", [refused(422, "A pull request already exists"), refused(500), refused(403), refused(409)]
)
def test_no_other_refusal_is_tried_again(github_stage: Stage, answer: Response) -> None:
    github_stage.server.put(answer)
    with pytest.raises(GitHubError):
        github_stage.link.change("POST", "/repos/{owner}/{repo}/pulls", READ, body={})
    assert len(github_stage.server.seen) == 1


def test_a_repository_that_cannot_be_seen(github_stage: Stage) -> None:
    github_stage.server.put(told({"data": {"repository": None}, "errors": [{"type": "NOT_FOUND", "message": "no"}]}))
    with pytest.raises(NotFound):
        github_stage.link.graphql("query { repository { id } }")


def test_a_query_names_the_repository(github_stage: Stage) -> None:
    github_stage.server.put(told({"data": {"repository": {"id": 1}}}))
    assert github_stage.link.graphql("query", number=3) == {"id": 1}
    assert github_stage.server.seen[0].body["variables"] == {"owner": "octo", "name": "shop", "number": 3}


# -- who we are -----------------------------------------------------------------------------------------------------
APP = {"id": 42, "slug": "cadence", "name": "Cadence", "permissions": {"issues": "write"}, "events": ["issues"]}


def test_who_we_are_is_asked_once(github_stage: Stage) -> None:
    github_stage.server.put(told(APP), told([{"id": 7}]), told({"id": 99, "login": "cadence[bot]"}))
    github = github_stage.github()
    identity = github.identity()
    assert (identity.bot_login, identity.bot_user_id, identity.app_id) == ("cadence[bot]", 99, 42)
    assert github.identity() is identity
    assert github_stage.server.seen[2].path == "/users/cadence[bot]"
    assert github_stage.server.seen[2].token == "t-1", "an App's own proof may not read users"


def test_before_it_is_installed_the_bots_user_may_not_be_there(github_stage: Stage) -> None:
    github_stage.server.put(told(APP), told([]), refused(404))
    with pytest.raises(GitHubError) as caught:
        github_stage.github().identity()
    assert caught.value.code == "github.no_bot_user" and "Install the App" in caught.value.remedy


def test_an_outage_at_the_start_is_not_kept(github_stage: Stage) -> None:
    github = github_stage.github()
    github_stage.server.put(refused(502), told(APP), told([{"id": 7}]), told({"id": 99}))
    with pytest.raises(Unavailable):
        github.identity()
    assert github.identity().bot_user_id == 99


def test_suspended_installations_and_archived_repositories_are_left_out(github_stage: Stage) -> None:
    github = github_stage.github()
    github_stage.server.put(told([{"id": 7}, {"id": 8, "suspended_at": "2026-01-01T00:00:00Z"}]))
    assert github.installations() == [7]
    listed = [{"id": 1, "full_name": "o/a"}, {"id": 2, "full_name": "o/b", "archived": True}]
    github_stage.server.put(told({"repositories": listed}))
    assert [str(ref.name) for ref in github.installation_repositories(InstallationId(7))] == ["o/a"]


def test_a_permission_is_asked_again_after_a_minute_and_a_stranger_may_nothing(github_stage: Stage) -> None:
    github = github_stage.github()
    github_stage.server.put(told(APP), told([{"id": 7}]), told({"id": 99}))
    github.identity()
    write = {"permission": "write", "role_name": "maintain"}
    github_stage.server.put(told(write), told({"permission": "none"}), refused(404))
    calls = github.at(REF)
    assert (calls.permission("will").permission, calls.permission("will").role) == ("write", "maintain")
    github_stage.clock.advance(60)
    assert github.at(REF).permission("will").permission == "none"
    assert calls.permission("ghost").permission == "none"
