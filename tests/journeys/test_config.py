"""The policy's file: what a pull request that edits it is told, whoever opened it."""

from collections.abc import Callable

from bot.core.names import CHECK_CONFIG, CHECK_GATE
from bot.core.states import RunState
from bot.sandbox.github.state import CheckRun
from tests.journeys.world import FILES, OUTSIDER, WRITER, World

S = RunState
CONFIG = ".github/cadence.yml"
GOOD_POLICY = """\
version: 1
ci: {expect: [tests]}
tests:
  - {name: CI is needed, given: {ci: none}, expect: wait ci.pending}
  - {name: a red check, given: {checks: {tests: failure}}, expect: block ci.failed}
"""


def edit_policy(world: World, text: str | None, *, by: str = WRITER, branch: str = "policy") -> str:
    """Push the file to a branch, open a pull request for a new one, and give the head."""
    head = world.repo.push_commit({CONFIG: text}, by=by, branch=branch)
    if not any(pull.head_ref == branch for pull in world.repo.pulls()):
        world.repo.open_pull(by=by, title="Another policy", head=branch)
    world.settle()
    return head


def shown(world: World, head: str) -> CheckRun:
    (run,) = world.checks(CHECK_CONFIG, head)
    return run


def test_a_person_who_edits_the_policy_sees_its_tests_pass(world: World) -> None:
    head = edit_policy(world, GOOD_POLICY)
    run = shown(world, head)
    assert (run.status, run.conclusion) == ("completed", "success")
    assert "2 policy tests passed" in run.title
    assert "CI is needed" in run.summary and "`wait ci.pending`" in run.summary
    assert not run.annotations
    assert [status for status, _ in world.deliveries() if status == "failed"] == []
    world.must_be_quiet()


def test_every_mistake_stands_beside_its_line_with_what_is_allowed(world: World) -> None:
    head = edit_policy(world, "version: 1\npausd: true\nmerge:\n  auto: yes\n  method: octopus\n")
    run = shown(world, head)
    assert run.conclusion == "failure"
    assert [(a["path"], a["start_line"], a["annotation_level"]) for a in run.annotations] == [
        (CONFIG, 2, "failure"),
        (CONFIG, 4, "failure"),
        (CONFIG, 5, "failure"),
    ]
    messages = [a["message"] for a in run.annotations]
    assert messages[0].startswith("line 2, column 1: pausd: unknown key. Did you mean `paused`?")
    assert "'squash', 'merge' or 'rebase'" in messages[2]
    assert "3 mistakes" in run.title and "config.invalid" in run.summary


def test_a_policy_test_that_fails_is_a_fault_of_the_file(world: World) -> None:
    head = edit_policy(world, GOOD_POLICY.replace("block ci.failed", "wait ci.failed"))
    run = shown(world, head)
    assert run.conclusion == "failure"
    assert [(a["start_line"], a["path"]) for a in run.annotations] == [(5, CONFIG)]
    assert "expects `wait ci.failed`; the gate decides `block ci.failed`" in run.annotations[0]["message"]
    assert "❌ failed" in run.summary and "✅ passed" in run.summary


def test_each_push_is_judged_and_a_head_without_a_change_gets_no_check(make_world: Callable[..., World]) -> None:
    world = make_world(files={**FILES, CONFIG: "version: 1\n"})
    bad = edit_policy(world, "version: 2\n")
    assert shown(world, bad).conclusion == "failure"
    mended = edit_policy(world, "version: 1\npaused: true\n")
    assert shown(world, mended).conclusion == "success"
    undone = edit_policy(world, "version: 1\n")
    assert world.checks(CHECK_CONFIG, undone) == []
    removed = edit_policy(world, None)
    assert shown(world, removed).conclusion == "success"
    assert "absent: the defaults hold" in shown(world, removed).title


def test_a_file_that_is_no_text_is_unreadable_and_not_absent(world: World) -> None:
    head = world.repo.push_commit({CONFIG: b"version: 1\xff\n"}, by=WRITER, branch="policy")
    world.repo.open_pull(by=WRITER, title="Bytes", head="policy")
    world.settle()
    run = shown(world, head)
    assert run.conclusion == "failure"
    assert "not UTF-8" in run.annotations[0]["message"]


def test_a_pull_request_that_leaves_the_policy_alone_gets_no_check(make_world: Callable[..., World]) -> None:
    world = make_world(files={**FILES, CONFIG: "version: 3\n"})
    head = world.repo.push_commit({"README.md": "# greet\n"}, by=WRITER, branch="words")
    world.repo.push_commit({CONFIG: "version: 4\n"}, by=WRITER)
    world.repo.open_pull(by=OUTSIDER, title="Words", head="words")
    world.settle()
    assert world.checks(CHECK_CONFIG, head) == []


def test_the_same_delivery_again_puts_no_second_check_even_on_a_lost_ledger(world: World) -> None:
    head = edit_policy(world, "version: 2\n")
    (delivery,) = [one for one in world.github.deliveries() if one.event == "pull_request"]
    payload = {**delivery.payload, "action": "reopened"}
    world.post("pull_request", payload, guid="again")
    world.settle()
    with world.ledger.engine.begin() as connection:
        connection.exec_driver_sql("delete from effects")
    world.post("pull_request", payload, guid="and-again")
    world.settle()
    assert all("`cadence/config` on" in reason for status, reason in world.deliveries() if status == "done")
    assert shown(world, head).conclusion == "failure"


def test_a_policy_edited_on_our_own_pull_request_is_checked_and_our_reviews_go_on(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    world.later()
    branch = f"cadence/issue-{issue}"
    assert world.checks(CHECK_CONFIG) == []
    head = world.repo.push_commit({CONFIG: "version: 1\nmerge: {auto: maybe}\n"}, by=WRITER, branch=branch)
    world.settle()
    assert shown(world, head).conclusion == "failure"
    assert world.checks(CHECK_GATE, head)


def require_it(world: World) -> None:
    wanted = [{"context": CHECK_CONFIG, "integration_id": world.app.app_id}]
    world.repo.add_ruleset([{"type": "required_status_checks", "parameters": {"required_status_checks": wanted}}])


def test_where_it_is_required_a_head_that_leaves_the_file_alone_gets_it_skipped(world: World) -> None:
    require_it(world)
    head = world.repo.push_commit({"docs.md": "words\n"}, by=WRITER, branch="words")
    number = world.repo.open_pull(by=WRITER, title="Words", head="words")
    world.settle()
    assert (shown(world, head).conclusion, shown(world, head).title) == ("skipped", f"{CONFIG} is left alone")
    assert not world.checks(CHECK_GATE, head)
    world.repo.merge_pull(number, by=WRITER)


def test_where_it_is_required_an_edit_of_the_file_is_never_skipped(world: World) -> None:
    require_it(world)
    head = edit_policy(world, "version: 9\n")
    number = world.pull().number
    world.repo.rename(number, "Still another", by=WRITER)
    world.settle()
    assert [run.conclusion for run in world.checks(CHECK_CONFIG, head)] == ["failure"]


def test_where_it_is_required_our_own_pull_request_has_it(world: World) -> None:
    require_it(world)
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.later()
    world.must_be_merged(issue)
    assert [run.conclusion for run in world.checks(CHECK_CONFIG)] == ["skipped"]


def test_re_run_gives_the_same_answer_anew(world: World) -> None:
    head = edit_policy(world, "version: 9\n")
    for times in (2, 3):
        world.repo.rerequest_check_run(world.checks(CHECK_CONFIG, head)[-1], by=WRITER)
        world.settle()
        assert [run.conclusion for run in world.checks(CHECK_CONFIG, head)] == ["failure"] * times


def test_a_head_on_no_branch_of_the_repository_as_a_forks_is_told_as_well(world: World) -> None:
    world.github.pause_hooks()
    head = world.repo.push_commit({CONFIG: "version: 9\n"}, by=WRITER, branch="policy")
    world.repo.open_pull(by=WRITER, title="Mine", head="policy")
    world.repo.delete_branch("policy", by=WRITER)
    world.github.resume_hooks()
    world.settle()
    assert shown(world, head).conclusion == "failure"


def test_an_invalid_file_on_the_base_is_another_matter_than_none(make_world: Callable[..., World]) -> None:
    world = make_world(files={**FILES, CONFIG: "version: 1\ntests: [{given: {drafft: true}, expect: merge}]\n"})
    world.script_all()
    issue = world.label_blueprint()
    assert world.state(issue) is S.REFUSED
    assert "config.invalid" in world.status(issue) and "line 2" in world.status(issue)
    assert "Did you mean `draft`" in world.status(issue)


def test_a_policy_test_that_fails_on_the_base_stops_nothing(make_world: Callable[..., World]) -> None:
    world = make_world(files={**FILES, CONFIG: f"{FILES[CONFIG]}tests: [{{given: {{draft: true}}, expect: merge}}]\n"})
    world.script_all()
    issue = world.label_blueprint()
    world.ci()
    world.later()
    world.must_be_merged(issue)


def test_editors_find_the_schema_at_the_service(world: World) -> None:
    answer = world.client.get("/schemas/cadence.json")
    assert answer.status_code == 200
    assert answer.get_json(force=True)["properties"]["tests"]["items"]["properties"]["expect"]["pattern"]
