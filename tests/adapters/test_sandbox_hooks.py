"""Webhook deliveries: what is sent to whom, signed how, and what tests can do to the queue."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request
from sandbox_world import EVENTS, PERMISSIONS, SECRET, Client, Stage, open_stage

from bot.sandbox.loopback import Loopback


class Receiver:
    """A webhook endpoint that keeps what it got; `status` is what it answers."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 202
        app = Flask("receiver")
        app.add_url_rule("/hook", "hook", self._take, methods=["POST"])
        self.loopback = Loopback(app, name="receiver")

    def _take(self) -> Response:
        self.got.append((dict(request.headers.items()), request.get_data()))
        return Response("", self.status)

    def kinds(self) -> list[str]:
        """`event.action` of every delivery, in order."""
        return [
            ".".join(filter(None, (headers["X-Github-Event"], body.get("action")))) for headers, body in self.bodies()
        ]

    def bodies(self) -> list[tuple[dict[str, str], dict[str, Any]]]:
        return [(headers, json.loads(raw)) for headers, raw in self.got]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    made.loopback.start()
    yield made
    made.loopback.stop()


@pytest.fixture
def stage(tmp_path: Path, receiver: Receiver) -> Iterator[Stage]:
    made = open_stage(tmp_path / "github")
    made.github.set_webhook(made.app, f"{receiver.loopback.url}/hook", SECRET)
    yield made
    made.github.stop()


def test_a_labelled_issue_sends_opened_and_one_labeled_each(stage: Stage, receiver: Receiver) -> None:
    number = stage.repo.file_issue("Add it", None, by="octo", labels=["blueprint", "bug"])
    stage.github.flush()
    assert receiver.kinds() == ["issues.opened", "issues.labeled", "issues.labeled"]
    headers, opened = receiver.bodies()[0]
    assert [label["name"] for label in opened["issue"]["labels"]] == ["blueprint", "bug"]
    assert opened["issue"]["body"] is None
    assert opened["issue"]["number"] == number
    assert receiver.bodies()[2][1]["label"]["name"] == "bug"
    assert opened["installation"]["id"] == stage.installation
    assert opened["repository"]["id"] == stage.repo.id
    assert headers["X-Github-Hook-Installation-Target-Id"] == str(stage.app.app_id)
    assert headers["X-Github-Hook-Installation-Target-Type"] == "integration"


def test_the_signature_covers_the_raw_body(stage: Stage, receiver: Receiver) -> None:
    stage.repo.file_issue("Füge ✓ hinzu", "x", by="octo")
    stage.github.flush()
    headers, raw = receiver.got[0]
    wanted = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    assert headers["X-Hub-Signature-256"] == f"sha256={wanted}"
    assert headers["User-Agent"].startswith("GitHub-Hookshot/")


def test_an_outsider_labels_only_through_a_form(stage: Stage, receiver: Receiver) -> None:
    plain = stage.repo.file_issue("A", by="stranger", labels=["blueprint"])
    form = stage.repo.file_issue("B", by="stranger", labels=["blueprint"], form=True)
    stage.github.flush()
    assert not stage.repo.issue(plain).labels
    assert stage.repo.issue(form).has_label("BLUEPRINT")
    assert receiver.kinds() == ["issues.opened", "issues.opened", "issues.labeled"]
    assert receiver.bodies()[-1][1]["sender"]["login"] == "stranger"


def test_own_acts_come_back_with_the_bot_as_sender(stage: Stage, receiver: Receiver) -> None:
    number = stage.repo.file_issue("A", by="octo")
    stage.client.call("POST", f"/repos/octo/shop/issues/{number}/comments", {"body": "hello"})
    stage.github.flush()
    body = receiver.bodies()[-1][1]
    assert (body["sender"]["login"], body["sender"]["type"]) == ("cadence[bot]", "Bot")
    assert body["comment"]["performed_via_github_app"]["id"] == stage.app.app_id


def test_the_life_of_a_pull_request_in_events(stage: Stage, receiver: Receiver) -> None:
    stage.branch("cadence/issue-1")
    number = stage.pull()
    before = stage.repo.pull(number).head_sha
    stage.branch("cadence/issue-1", {"feature.txt": "newer\n"}, by="someone")
    stage.repo.push_commit({"x": "y"}, by="octo", branch="other")
    stage.repo.retarget(number, "other", by="octo")
    stage.repo.submit_review(number, by="octo", body="fine")
    stage.repo.close_pull(number, by="octo")
    stage.github.flush()
    kinds = receiver.kinds()
    assert kinds == [
        "push",
        "pull_request.opened",
        "push",
        "pull_request.synchronize",
        "push",
        "pull_request.edited",
        "pull_request_review.submitted",
        "pull_request.closed",
    ]
    bodies = [body for _, body in receiver.bodies()]
    assert bodies[0]["created"] is True
    assert bodies[0]["before"] == "0" * 40
    assert (bodies[3]["before"], bodies[3]["sender"]["login"]) == (before, "someone")
    assert bodies[5]["changes"]["base"]["ref"]["from"] == "main"
    assert bodies[6]["review"]["state"] == "approved"
    assert bodies[7]["pull_request"]["merged"] is False


def test_check_runs_reach_every_app_but_rerequests_the_owner_alone(stage: Stage, receiver: Receiver) -> None:
    ci = stage.github.create_app("sandbox-ci", {"checks": "write"}, [])
    stage.github.install(ci, stage.repo)
    run = stage.repo.create_check_run(
        ci, name="tests", head_sha=stage.repo.tip() or "", status="queued", conclusion=None
    )
    stage.repo.complete_check_run(run, "success")
    stage.repo.rerequest_check_run(run, by="octo")
    stage.repo.create_status(run.head_sha, by="octo", context="lint")
    stage.github.flush()
    assert receiver.kinds() == ["check_run.created", "check_run.completed", "status"]
    assert receiver.bodies()[1][1]["check_run"]["app"]["slug"] == "sandbox-ci"


def test_installations_are_told(stage: Stage, receiver: Receiver) -> None:
    more = stage.github.create_repository("octo", "more")
    stage.github.install(stage.app, more)
    stage.github.remove(stage.app, more)
    stage.github.suspend(stage.app, stage.repo)
    stage.github.uninstall(stage.app, stage.repo)
    stage.github.flush()
    names = ["installation_repositories.added", "installation_repositories.removed"]
    assert receiver.kinds() == [*names, "installation.suspend", "installation.deleted"]
    deleted = json.loads(receiver.got[-1][1])["repositories"]
    assert [one["full_name"] for one in deleted] == [stage.repo.full_name]


def test_an_app_hears_only_what_it_subscribed_to_where_it_is_installed(stage: Stage, receiver: Receiver) -> None:
    other = stage.github.create_app(
        "other", {"issues": "read"}, ["issue_comment"], webhook_url=f"{receiver.loopback.url}/hook"
    )
    elsewhere = stage.github.create_repository("octo", "elsewhere")
    stage.github.install(other, elsewhere)
    stage.github.flush()
    receiver.got.clear()
    stage.repo.comment(stage.repo.file_issue("A", by="octo"), "hi", by="octo")
    elsewhere.file_issue("B", by="octo")
    stage.github.flush()
    assert receiver.kinds() == ["issues.opened", "issue_comment.created"]


def test_a_failed_delivery_stays_failed_until_redelivered_under_its_guid(stage: Stage, receiver: Receiver) -> None:
    receiver.status = 500
    stage.repo.file_issue("A", by="octo")
    stage.github.flush()
    receiver.status = 202
    auth = stage.client.app_jwt()
    listed = stage.client.call("GET", "/app/hook/deliveries", auth=auth).json()
    assert [(one["status_code"], one["event"]) for one in listed] == [(500, "issues")]
    again = stage.client.call("POST", f"/app/hook/deliveries/{listed[0]['id']}/attempts", auth=auth)
    assert again.status_code == 202
    stage.github.flush()
    assert len({headers["X-Github-Delivery"] for headers, _ in receiver.got}) == 1
    newest = stage.client.call("GET", "/app/hook/deliveries", auth=auth).json()[0]
    assert (newest["redelivery"], newest["status"], newest["guid"]) == (True, "OK", listed[0]["guid"])


def test_the_queue_can_be_paused_reversed_held_back_and_dropped(stage: Stage, receiver: Receiver) -> None:
    hooks = stage.github.world.hooks
    stage.github.pause_hooks()
    stage.repo.file_issue("A", by="octo", labels=["blueprint"])
    hooks.reverse()
    stage.github.resume_hooks()
    stage.github.flush()
    assert receiver.kinds() == ["issues.labeled", "issues.opened"]
    receiver.got.clear()
    hooks.hold_back(lambda one: one.action == "opened")
    hooks.drop(lambda one: one.action == "edited")
    number = stage.repo.file_issue("B", by="octo", labels=["blueprint"])
    stage.repo.rename(number, "C", by="octo")
    stage.github.flush()
    assert receiver.kinds() == ["issues.labeled"]
    hooks.release()
    stage.github.flush()
    assert receiver.kinds() == ["issues.labeled", "issues.opened"]
    assert [one.action for one in stage.github.deliveries() if one.status == "dropped"] == ["edited"]


def test_an_unreachable_receiver_is_recorded(stage: Stage, receiver: Receiver) -> None:
    stage.github.set_webhook(stage.app, "http://127.0.0.1:9/hook", SECRET)
    stage.repo.file_issue("A", by="octo")
    stage.github.flush()
    assert stage.github.deliveries()[-1].status == "failed to connect to host"


def test_a_merge_tells_push_closed_and_the_issue(stage: Stage, receiver: Receiver) -> None:
    issue = stage.repo.file_issue("A", by="octo")
    stage.branch("cadence/issue-1")
    number = stage.pull(body=f"Closes #{issue}")
    stage.github.flush()
    receiver.got.clear()
    stage.client.call("PUT", f"/repos/octo/shop/pulls/{number}/merge", {"merge_method": "squash"})
    stage.github.flush()
    assert receiver.kinds() == ["push", "pull_request.closed", "issues.closed"]
    body = receiver.bodies()[1][1]
    assert body["pull_request"]["merged"] is True
    assert body["pull_request"]["merge_commit_sha"] == stage.repo.tip()


def test_an_app_without_issues_write_closes_no_issue_by_merging(stage: Stage) -> None:
    weak = stage.github.create_app("weak", {**PERMISSIONS, "issues": "read"}, EVENTS)
    client = Client(stage.github, weak)
    client.token = client.mint(stage.github.install(weak, stage.repo).id).json()["token"]
    issue = stage.repo.file_issue("A", by="octo")
    stage.branch("cadence/issue-1")
    number = stage.pull(body=f"Fixes #{issue}")
    assert client.call("PUT", f"/repos/octo/shop/pulls/{number}/merge", {}).status_code == 200
    assert stage.repo.issue(issue).state == "open"
