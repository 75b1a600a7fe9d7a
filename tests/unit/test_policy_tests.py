"""Policy tests: plain words that mean a snapshot, decided by the gate; mistakes told with line and column."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.config.yaml_text import YamlMistake
from bot.gate.config_tests import ConfigReport, report_on


def report(text: str) -> ConfigReport:
    return report_on(text.encode())


def decided(given: str, policy: str = "") -> str:
    """What the gate says of that, in the words of `expect`."""
    (outcome,) = report(f"{policy}\ntests: [{{given: {given}, expect: merge}}]\n").outcomes
    return outcome.decided


ROWS = [
    ("{}", "merge"),
    ("{ci: none}", "block ci.none"),
    ("{ci: pending}", "wait ci.pending"),
    ("{ci: failure}", "block ci.failed"),
    ("{ci: skipped}", "block ci.skipped"),
    ("{checks: {lint: success}}", "merge"),
    ("{checks: {lint: success, test: timed_out}}", "block ci.failed"),
    ("{checks: {lint: pending}}", "wait ci.pending"),
    ("{checks: {lint: missing}}", "block ci.none"),
    ("{base_checks: [e2e], checks: {e2e: missing, lint: success}}", "wait ci.pending"),
    ("{settled: false}", "wait ci.settling"),
    ("{reviews: {efficiency: reject}}", "block review.rejected"),
    ("{reviews: {reasoning: unread}}", "block review.unread"),
    ("{reviews: {reasoning: uncovered}}", "block review.uncovered"),
    ("{reviews: {reasoning: unreadable}}", "block review.unreadable"),
    ("{reviews: {reasoning: absent}}", "block model.absent"),
    ("{reviews: {reasoning: missing}}", "wait review.missing"),
    ("{reviews: {reasoning: missing, efficiency: missing}}", "wait review.missing"),
    ("{reviews: {reasoning: stale, efficiency: stale}}", "wait review.stale"),
    ("{reviews: {reasoning: unposted}}", "wait review.unposted"),
    ("{draft: true}", "wait draft"),
    ("{mergeable: false}", "block conflict"),
    ("{mergeable: unknown}", "wait mergeable.unknown"),
    ("{labels: ['cadence:hold', bug]}", "wait hold"),
    ("{labels: ['cadence:stop']}", "block stopped"),
    ("{labels: ['Cadence:Hold']}", "wait hold"),
    ("{base: behind}", "wait base.behind"),
    ("{base: retargeted}", "block base.retargeted"),
    ("{base: gone}", "wait unread.base_tip unread.merge_base"),
    ("{approvals: missing}", "wait approval.missing"),
    ("{approvals: given, rules: {approvals: 1}}", "merge"),
    ("{rules: {approvals: 1}}", "wait approval.missing"),
    ("{rules: {checks: [lint]}, checks: {lint: missing}}", "wait ci.pending"),
    ("{rules: {merge_queue: true}}", "merge"),
    ("{rules: {methods: [merge]}}", "block merge.method"),
    ("{rules: {unreadable: true}}", "block rule.unreadable"),
    ("{issue: closed}", "block stopped"),
    ("{issue: unlabelled}", "block stopped"),
    ("{blueprint: edited}", "wait blueprint.edited"),
    ("{draft: true, ci: failure}", "block ci.failed draft"),
]


@pytest.mark.parametrize(("given", "wanted"), ROWS, ids=[row[0] for row in ROWS])
def test_the_words_mean_what_they_say(given: str, wanted: str) -> None:
    assert decided(given) == wanted


POLICIES = [
    ("merge: {require_ci: false}", "{ci: none}", "merge"),
    ("merge: {up_to_date: never}", "{base: behind}", "merge"),
    ("merge: {up_to_date: rules}", "{base: behind, rules: {up_to_date: true}}", "wait base.behind"),
    ("merge: {auto: false}", "{}", "wait merge.manual"),
    ("merge: {method: merge}", "{rules: {linear_history: true}}", "block merge.method"),
    ("paused: true", "{}", "wait paused"),
    ("ci: {expect: [lint, test]}", "{}", "merge"),
    ("ci: {expect: [lint, test]}", "{checks: {lint: missing}}", "wait ci.pending"),
    ("ci: {expect: [lint, test]}", "{ci: none}", "wait ci.pending"),
    ("ci: {allow_skipped: [docs]}", "{checks: {docs: skipped, test: success}}", "merge"),
]


@pytest.mark.parametrize(("policy", "given", "wanted"), POLICIES)
def test_the_policy_that_holds_the_test_decides_it(policy: str, given: str, wanted: str) -> None:
    assert decided(given, policy) == wanted


def test_every_code_that_is_expected_must_be_among_the_reasons_and_the_word_must_fit() -> None:
    text = """\
tests:
  - {given: {draft: true, ci: failure}, expect: block draft}
  - {given: {draft: true, ci: failure}, expect: block ci.failed draft}
  - {given: {draft: true, ci: failure}, expect: wait draft}
  - {name: both, given: {draft: true}, expect: wait draft hold}
"""
    found = report(text)
    assert [outcome.passed for outcome in found.outcomes] == [True, True, False, False]
    assert found.valid and found.summary == "valid; 2 of 4 policy tests failed"
    assert found.faults == (
        YamlMistake(4, 5, "the policy test number 3 expects `wait draft`; the gate decides `block ci.failed draft`"),
        YamlMistake(5, 5, "the policy test `both` expects `wait draft hold`; the gate decides `wait draft`"),
    )


MISTAKES = [
    ("tests:\n  - given: {drafft: true}\n    expect: merge\n", 2, 13, "Did you mean `draft`?"),
    ("tests: [{given: {reviews: {reasoning: maybe}}, expect: merge}]", 1, 28, "'approve', 'reject'"),
    ("tests: [{given: {mergeable: perhaps}, expect: merge}]", 1, 18, "true, false or 'unknown'"),
    ("tests: [{given: {checks: {lint: bad}}, expect: merge}]", 1, 27, "'success', 'failure'"),
    ("tests: [{given: {}}]", 1, 9, "tests.0.expect: this key is needed"),
    ("tests: [{expect: block}]", 1, 10, "`block CODE ...`"),
    ("tests: [{expect: merge ci.none}]", 1, 10, "`merge`"),
    ("tests: [{expect: merge, given: {rules: {approvals: -1}}}]", 1, 41, "greater than or equal to 0"),
    ("review: {rules: [{id: x, type: max_lines, valu: 1}]}", 1, 43, "Allowed: id, type, value, message"),
    ("merge: {auto: maybe}", 1, 9, "boolean"),
    ("paused: 2020-01-01", 1, 1, "quote it"),
    ("paused: !!binary aGk=", 1, 9, "tags"),
    ("a: &x 1\nb: *x", 2, 4, "aliases"),
    ("merge: {<<: {auto: true}}", 1, 9, "merge keys"),
    ("[" * 90_000, 1, 21, "nested more than 20 levels"),
    ("- " * 40_000, 1, 41, "nested more than 20 levels"),
    ("ci: {settle: " + "9" * 5_000 + "}", 1, 1, "not valid YAML"),
    ("ci: {settle: 0x" + "f" * 5_000 + "}", 1, 1, "a number cannot be read"),
    ("ci: {settle: 100000}", 1, 6, "less than or equal to 86400"),
    ("review: {rules: [{id: a, type: forbid, pattern: 'a{99999999999999999999}'}]}", 1, 18, "does not compile"),
    ("a: [", 1, 5, ""),
]


@pytest.mark.parametrize(("text", "line", "column", "said"), MISTAKES, ids=[row[0][:50] for row in MISTAKES])
def test_a_mistake_is_told_with_its_place_and_what_is_allowed(text: str, line: int, column: int, said: str) -> None:
    found = report(text)
    mistakes = [one for one in found.mistakes if said in one.text]
    assert [(one.line, one.column) for one in mistakes] == [(line, column)], found.mistakes
    assert not found.valid and not found.outcomes


def test_absent_unreadable_and_invalid_are_three_outcomes() -> None:
    assert report_on(None) == ConfigReport(False, ())
    assert report_on(None).summary == "absent: the defaults hold"
    (unreadable,) = report_on(b"version: 1\xff").mistakes
    assert (unreadable.line, unreadable.column) == (1, 1) and "not UTF-8" in unreadable.text
    assert report("merge: 3").summary == "invalid: 1 mistake"
    assert report("").summary == "valid; it has no policy tests"


def test_every_file_that_the_page_for_maintainers_shows_is_valid_and_its_tests_hold() -> None:
    page = (Path(__file__).parents[2] / "docs" / "maintainers.md").read_text("utf-8")
    files = re.findall(r"^```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert len(files) > 1
    assert [report(file).faults for file in files] == [()] * len(files)


def check(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *args: str) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["cadence", "config", "check", *args])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    return int(ended.value.code or 0), said.out, said.err


def test_the_command_names_every_fault_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cadence.yml"
    file.write_text("pausd: true\nmerge: {method: octopus}\n")
    code, out, _ = check(capsys, monkeypatch, str(file))
    assert code == 1
    assert out.splitlines()[0].startswith(f"{file}:1:1: pausd: unknown key. Did you mean `paused`?")
    assert out.splitlines()[1].startswith(f"{file}:2:9: merge.method: 'octopus' is not allowed. Allowed: 'squash'")
    assert out.splitlines()[2] == f"{file}: invalid: 2 mistakes"

    file.write_text("tests: [{given: {ci: none}, expect: block ci.none}]\n")
    assert check(capsys, monkeypatch, str(file)) == (0, f"{file}: valid; 1 policy test passed\n", "")
    file.write_text("repair: {max_attempts: 1}\n")
    code, out, _ = check(capsys, monkeypatch, str(file))
    assert code == 0 and out.startswith(f"{file}:1:1: repair: the key is accepted and has no effect yet\n")
    file.write_text("tests: [{given: {ci: none}, expect: merge}]\n")
    code, out, _ = check(capsys, monkeypatch, str(file), "--json")
    assert code == 1
    told = json.loads(out)
    assert told["valid"] is True and told["mistakes"] == []
    assert told["tests"] == [
        {"name": "", "number": 1, "line": 1, "column": 9, "expected": "merge", "decided": "block ci.none"}
        | {"passed": False}
    ]


def test_a_file_that_is_not_there_is_wrong_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = check(capsys, monkeypatch, str(tmp_path / "none.yml"))
    assert (code, out) == (2, "")
    assert "No such file" in err and "none.yml" in err
