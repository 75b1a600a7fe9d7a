"""Deliveries: doubled, reordered, lost, forged; the inbox and what came of each."""

import json
from collections.abc import Callable

from bot.core.states import RunState
from bot.sandbox.github.hooks import HookDelivery
from tests.journeys.world import BODY, OWNER, TITLE, World

S = RunState


def test_the_same_delivery_five_times_is_one_run(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    labelled = next(d for d in world.github.deliveries() if d.event == "issues" and d.action == "labeled")
    for _ in range(5):
        world.github.redeliver(labelled.guid)
        world.settle()
    assert len(world.runs(issue)) == 1
    assert len(world.repo.pulls()) == 1
    assert world.ledger.counts(world.run(issue).run_id).model_calls == 4


def test_several_events_of_one_label_are_one_run(world: World) -> None:
    """An issue filed with its label sends `opened` and `labeled`; a person may send the hook again with a new GUID."""
    world.script_all()
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER, labels=["blueprint", "bug"])
    world.settle()
    labelled = next(d for d in world.github.deliveries() if d.event == "issues" and d.action == "labeled")
    world.post("issues", json.loads(json.dumps(labelled.payload)), guid="another-guid")
    world.settle()
    assert len(world.runs(issue)) == 1
    assert len(world.repo.pulls()) == 1


def test_deliveries_in_reverse_order_change_nothing(world: World) -> None:
    world.script_all()
    world.github.pause_hooks()
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
    world.repo.label(issue, "bug", by=OWNER)
    world.repo.label(issue, "blueprint", by=OWNER)
    world.github.world.hooks.reverse()
    world.github.resume_hooks()
    world.settle()
    assert world.state(issue) is S.GATED
    world.github.pause_hooks()
    running = world.repo.create_check_run(
        world.ci_app, name="tests", head_sha=world.pull().head_sha, status="in_progress", conclusion=None
    )
    world.repo.complete_check_run(running, "success")
    world.github.world.hooks.reverse()
    world.github.resume_hooks()
    world.later()
    world.must_be_merged(issue)


def test_lost_deliveries_are_made_up_for_by_the_sweep(world: World) -> None:
    world.script_all()
    world.github.world.hooks.drop(lambda delivery: delivery.app.slug == "cadence")
    issue = world.label_blueprint()
    assert not world.repo.pulls()
    world.sweep()
    assert world.state(issue) is S.GATED
    world.ci()
    world.sweep()
    world.later()
    world.must_be_merged(issue)


def test_a_label_removed_before_its_delivery_arrives_starts_nothing(world: World) -> None:
    world.script_all()
    world.github.pause_hooks()
    issue = world.repo.file_issue(TITLE, BODY, by=OWNER)
    world.repo.label(issue, "blueprint", by=OWNER)
    world.repo.unlabel(issue, "blueprint", by=OWNER)
    world.github.resume_hooks()
    world.settle()
    assert not world.model.requests
    assert not world.runs(issue)


def test_own_actions_never_start_a_loop(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.later()
    world.must_be_merged(issue)
    said = len(world.bot_comments(issue))
    world.later(3600)
    world.sweep()
    assert len(world.bot_comments(issue)) == said
    assert any(status == "ignored" and "own" in reason for status, reason in world.deliveries())
    assert all(status in ("done", "ignored") and reason for status, reason in world.deliveries())


def test_a_bad_signature_or_content_type_is_refused_and_nothing_is_kept(world: World) -> None:
    payload = {"zen": "Keep it simple.", "hook_id": 1}
    assert world.post("ping", payload).status_code == 202
    forged = world.post("ping", payload, guid="forged", **{"X-Hub-Signature-256": "sha256=" + "0" * 64})
    assert (forged.status_code, forged.json["code"]) == (401, "webhook.signature")
    form = world.post("ping", payload, guid="form", **{"Content-Type": "application/x-www-form-urlencoded"})
    assert (form.status_code, form.json["code"]) == (415, "webhook.content_type")
    other = world.post("ping", payload, guid="other", **{"X-GitHub-Hook-Installation-Target-ID": "999"})
    assert (other.status_code, other.json["code"]) == (403, "webhook.target")
    assert [d.guid for d in world.ledger.deliveries()] == ["guid-1"]


def test_an_event_github_invents_tomorrow_is_ignored_with_a_reason(world: World) -> None:
    assert world.post("brand_new", {"installation": {"id": 1}}, guid="new").status_code == 202
    world.settle()
    assert world.deliveries()[0][0] == "ignored"
    assert "brand_new" in world.deliveries()[0][1]


def test_a_suspended_installation_stops_its_runs(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.github.suspend(world.app, world.repo)
    world.settle()
    assert world.state(issue) is S.STOPPED


def held(delivery: HookDelivery) -> bool:
    return delivery.event == "check_run" and delivery.app.slug == "cadence"


def test_late_check_events_only_change_the_hour(make_world: Callable[..., World]) -> None:
    world = make_world()
    world.script_all()
    issue = world.label_blueprint()
    world.github.world.hooks.hold_back(held)
    world.ci()
    world.later(3600)
    assert world.end_state(issue) is S.MERGED or world.state(issue) is S.GATED
    world.github.world.hooks.release()
    world.later()
    world.must_be_merged(issue)
