"""The REST rules that Cadence has to live with, asked of the sandbox over raw HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from sandbox_world import Client, Stage, open_stage

REPO = "/repos/octo/shop"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = open_stage(tmp_path / "github")
    yield made
    made.github.stop()


@pytest.fixture
def opened(stage: Stage) -> int:
    lines = {n: f"line {n}\n" for n in range(1, 21)}
    stage.branch("cadence/issue-1", {"src/a.py": "".join({**lines, 10: "changed\n"}.values())})
    return stage.pull()


def said(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["message"]


# -- authentication --------------------------------------------------------------------------------------------


def test_a_jwt_is_judged_by_signature_and_the_worlds_clock(stage: Stage) -> None:
    client, now = stage.client, int(stage.clock.now().timestamp())
    assert client.call("GET", "/app", auth=client.app_jwt()).json()["slug"] == "cadence"
    assert client.call("GET", "/app", auth=client.app_jwt(exp=now - 1)).status_code == 401
    far = client.call("GET", "/app", auth=client.app_jwt(exp=now + 601))
    assert said(far) == (401, "'Expiration time' claim ('exp') is too far in the future")
    other = Client(stage.github, stage.github.create_app("other", {}, []))
    assert client.call("GET", "/app", auth=other.app_jwt(iss=str(stage.app.app_id))).status_code == 401
    assert client.call("GET", REPO, auth=client.app_jwt()).status_code == 401
    assert client.call("GET", "/app").status_code == 401


def test_tokens_are_long_narrow_and_short_lived(stage: Stage) -> None:
    made = stage.client.mint(stage.installation, repository_ids=[stage.repo.id], permissions={"contents": "read"})
    token = made.json()["token"]
    assert token.startswith("ghs_")
    assert len(token) > 500
    assert "." in token
    assert made.json()["permissions"] == {"contents": "read", "metadata": "read"}
    reader = Client(stage.github, stage.app, token)
    refused = reader.call("GET", f"{REPO}/issues")
    assert said(refused) == (403, "Resource not accessible by integration")
    assert refused.headers["X-Accepted-GitHub-Permissions"] == "issues=read; pull_requests=read"
    stage.clock.sleep(3600)
    assert said(reader.call("GET", REPO)) == (401, "Bad credentials")


def test_a_mint_asks_for_no_more_than_was_granted(stage: Stage) -> None:
    refused = stage.client.mint(stage.installation, permissions={"workflows": "write"})
    assert said(refused) == (422, "The permissions requested are not granted to this installation.")
    other = stage.github.create_repository("octo", "other")
    assert stage.client.mint(stage.installation, repository_ids=[other.id]).status_code == 422


def test_a_token_sees_only_its_repositories(stage: Stage) -> None:
    second = stage.github.create_repository("octo", "second")
    stage.github.install(stage.app, second)
    token = stage.client.mint(stage.installation, repository_ids=[second.id]).json()["token"]
    client = Client(stage.github, stage.app, token)
    assert client.call("GET", REPO).status_code == 404
    assert [one["name"] for one in client.call("GET", "/installation/repositories").json()["repositories"]] == [
        "second"
    ]


def test_suspension_and_removal_take_effect_at_once(stage: Stage) -> None:
    stage.github.suspend(stage.app, stage.repo)
    assert said(stage.client.mint(stage.installation)) == (403, "This installation has been suspended")
    stage.github.suspend(stage.app, stage.repo, suspended=False)
    assert stage.client.call("GET", REPO).status_code == 200
    stage.github.uninstall(stage.app, stage.repo)
    assert stage.client.call("GET", REPO).status_code == 401


def test_the_protocol_is_kept(stage: Stage) -> None:
    headers = {"User-Agent": "x", "Authorization": f"token {stage.client.token}", "X-GitHub-Api-Version": "1999-01-01"}
    url = f"{stage.github.url}/api/v3{REPO}"
    assert requests.get(url, headers=headers, timeout=10).status_code == 400
    del headers["X-GitHub-Api-Version"]
    fine = requests.get(url, headers=headers, timeout=10)
    assert int(fine.headers["X-RateLimit-Remaining"]) < int(fine.headers["X-RateLimit-Limit"])
    assert requests.get(url, headers={**headers, "If-None-Match": fine.headers["ETag"]}, timeout=10).status_code == 304
    assert requests.get(url, headers={**headers, "User-Agent": ""}, timeout=10).status_code == 403


def test_what_is_not_modelled_is_loud(stage: Stage) -> None:
    assert stage.client.call("GET", f"{REPO}/stargazers").status_code == 501
    assert stage.github.world.unmodelled == [f"GET {REPO}/stargazers"]


def test_merge_settings_need_contents_write(stage: Stage) -> None:
    assert "allow_squash_merge" in stage.client.call("GET", REPO).json()
    assert "allow_squash_merge" not in stage.narrowed(contents="read").call("GET", REPO).json()


def test_roles_are_told_in_both_vocabularies(stage: Stage) -> None:
    stage.repo.add_collaborator("tess", "triage")
    stage.github.create_user("stranger")

    def permission(login: str) -> tuple[str, str]:
        body = stage.client.call("GET", f"{REPO}/collaborators/{login}/permission").json()
        return body["permission"], body["role_name"]

    assert permission("octo") == ("admin", "admin")
    assert permission("tess") == ("read", "triage")
    assert permission("stranger") == ("read", "read")
    stage.repo.configure(private=True)
    assert permission("stranger") == ("none", "none")
    assert stage.client.call("GET", f"{REPO}/collaborators/nobody/permission").status_code == 404


# -- issues ----------------------------------------------------------------------------------------------------


def test_comments_reactions_and_limits(stage: Stage) -> None:
    number = stage.repo.file_issue("A", by="octo", labels=["blueprint"])
    path = f"{REPO}/issues/{number}"
    made = stage.client.call("POST", f"{path}/comments", {"body": "one"}).json()
    assert stage.client.call("POST", f"{path}/comments", {"body": "x" * 65_537}).status_code == 422
    reactions = f"{REPO}/issues/comments/{made['id']}/reactions"
    assert [stage.client.call("POST", reactions, {"content": "eyes"}).status_code for _ in range(2)] == [201, 200]
    for n in range(40):
        stage.repo.comment(number, f"more {n}", by="octo")
    first = stage.client.call("GET", f"{path}/comments")
    assert len(first.json()) == 30
    assert 'rel="next"' in first.headers["Link"]
    assert len(stage.client.call("GET", f"{path}/comments?page=2").json()) == 11
    assert len(stage.client.call("GET", f"{REPO}/issues?labels=BLUEPRINT").json()) == 1


def test_pull_requests_write_alone_does_not_reach_issues(stage: Stage, opened: int) -> None:
    number = stage.repo.file_issue("A", by="octo")
    client = stage.narrowed(pull_requests="write")
    assert client.call("POST", f"{REPO}/issues/{number}/comments", {"body": "x"}).status_code == 403
    assert client.call("POST", f"{REPO}/issues/{opened}/comments", {"body": "x"}).status_code == 201


# -- pull requests ---------------------------------------------------------------------------------------------


def test_opening_twice_or_without_commits_is_refused(stage: Stage, opened: int) -> None:
    asked = {"title": "x", "head": "cadence/issue-1", "base": "main"}
    refused = stage.client.call("POST", f"{REPO}/pulls", asked).json()
    assert refused["errors"][0]["message"] == "A pull request already exists for octo:cadence/issue-1."
    refused = stage.client.call("POST", f"{REPO}/pulls", {**asked, "head": "main"}).json()
    assert refused["errors"][0]["message"] == "No commits between main and main"
    refused = stage.client.call("POST", f"{REPO}/pulls", {**asked, "head": "gone"}).json()
    assert refused["errors"][0] == {"resource": "PullRequest", "code": "invalid", "field": "head"}


def test_lists_filter_by_owner_and_branch_and_ignore_a_bare_branch(stage: Stage, opened: int) -> None:
    def numbers(query: str) -> list[int]:
        return [one["number"] for one in stage.client.call("GET", f"{REPO}/pulls?{query}").json()]

    assert numbers("head=octo:cadence/issue-1&state=open") == [opened]
    assert numbers("head=octo:other") == []
    assert numbers("head=other") == [opened]


def test_mergeable_is_unknown_at_first_and_after_every_move(stage: Stage, opened: int) -> None:
    def mergeable() -> tuple[object, str]:
        body = stage.client.call("GET", f"{REPO}/pulls/{opened}").json()
        return body["mergeable"], body["mergeable_state"]

    assert [mergeable(), mergeable()] == [(None, "unknown"), (True, "clean")]
    stage.repo.push_commit({"src/a.py": "all new\n"}, by="octo")
    assert [mergeable(), mergeable()] == [(None, "unknown"), (False, "dirty")]


def test_reviews_are_atomic_and_never_approve_oneself(stage: Stage, opened: int) -> None:
    path = f"{REPO}/pulls/{opened}/reviews"
    good = {"path": "src/a.py", "line": 10, "side": "RIGHT", "body": "here"}
    fine = stage.client.call("POST", path, {"event": "COMMENT", "body": "seen", "comments": [good]})
    assert (fine.status_code, fine.json()["state"]) == (200, "COMMENTED")
    bad = {**good, "line": 19}
    refused = stage.client.call("POST", path, {"event": "COMMENT", "body": "seen", "comments": [good, bad]})
    assert refused.json()["errors"] == ["Pull request review thread line must be part of the diff"]
    assert refused.status_code == 422
    approve = stage.client.call("POST", path, {"event": "APPROVE"})
    assert approve.json()["errors"] == ["Can not approve your own pull request"]
    assert len(stage.client.call("GET", path).json()) == 1
