"""`.github/cadence.yml`: every key, every mistake with its place, and the three outcomes of reading it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from bot.config import load
from bot.config.load import config_digest, load_config, read_config
from bot.config.model import DEFAULT_PROTECTED, ForbidRule, MaxLinesRule, RepoConfig, RequireRule
from bot.core.errors import ConfigInvalid

WHOLE = r"""
version: 1
paused: true
trigger: {label: do it, permission: admin}
plan: {approval: required, base: dev, protected: ["secrets/**"], context_docs: [docs/style.md], context_tokens: 9000,
       explore: {calls: 5, rounds: 2}}
ci: {expect: [tests], allow_skipped: [lint], settle: 5, trust: anyone}
review:
  block_on: warning
  approve: true
  unreviewable: {allow: ["*.png"]}
  rules:
    - {id: no-eval, type: forbid, pattern: 'eval\(', paths: ["src/**"], message: no eval}
    - {id: changelog, type: require, pattern: '^## ', paths: [CHANGELOG.md]}
    - {id: small, type: max_lines, value: 1500}
merge: {auto: false, method: rebase, require_ci: false, up_to_date: never, delete_branch: false}
commit: {template: "{summary}"}
repair: {max_attempts: 0, on_review: false}
after_merge: {watch: 0, on_red: none}
budget: {call_tokens: 1, call_cost: 1, run_tokens: 1000, run_cost: 1.5, day_tokens: 9, day_cost: 20}
quota: {comments: 9, pushes: 3, pulls: 1, files: 10, kilobytes: 100}
backlog: {replenish: 2, review: null, autonomous: true, daily: 9}
guards: {severities: {loss.stub: error}, max_files: 10, max_file_bytes: 1000, max_total_bytes: 5000}
tests: [{given: {ci: failure}, expect: block ci.failed}]
"""


def details(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigInvalid) as caught:
        load_config(text)
    assert caught.value.code == "config.invalid" and caught.value.remedy
    assert all(one.startswith("line ") for one in caught.value.details)
    return caught.value.details


def leaves(model: type[BaseModel], at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, field in model.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            found += leaves(inner, (*at, name))
        else:
            found.append((*at, name))
    return found


def value(config: RepoConfig, path: tuple[str, ...]) -> Any:
    found: Any = config
    for name in path:
        found = getattr(found, name)
    return found


def test_every_key_is_read() -> None:
    config = load_config(WHOLE)
    same = {path for path in leaves(RepoConfig) if value(config, path) == value(RepoConfig(), path)}
    assert same == {("version",), ("backlog", "review")}, "all others are set to something else above"
    assert config.review.rules == (
        ForbidRule(id="no-eval", type="forbid", pattern=r"eval\(", paths=("src/**",), message="no eval"),
        RequireRule(id="changelog", type="require", pattern="^## ", paths=("CHANGELOG.md",)),
        MaxLinesRule(id="small", type="max_lines", value=1500),
    )
    assert config.budget.day_cost == 20.0
    assert (config.quota.comments, config.quota.kilobytes) == (9, 100)


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "{}", "version: 1", "null"])
def test_what_says_nothing_means_the_defaults(text: str) -> None:
    assert load_config(text) == RepoConfig()


def test_the_defaults_are_the_careful_ones() -> None:
    config = RepoConfig()
    assert config.merge.require_ci and config.merge.up_to_date == "always" and not config.review.approve
    assert config.ci.trust == "writers" and config.trigger.permission == "write" and not config.backlog.autonomous
    assert config.plan.protected == DEFAULT_PROTECTED and ".github/workflows/**" in DEFAULT_PROTECTED


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("paussed: true", "line 1, column 1: paussed: unknown key. Did you mean `paused`? Allowed: version, paused"),
        ("a: 1", "line 1, column 1: a: unknown key. Allowed: version"),
        ("merge:\n  auto: true\n  methd: squash", "line 3, column 3: merge.methd: unknown key. Did you mean `method`?"),
        ("review:\n  unreviewable:\n    allowed: []", "line 3, column 5: review.unreviewable.allowed: unknown key. "
         "Did you mean `allow`?"),
        ("version: 2", "line 1, column 1: version: 2 is not allowed. Allowed: 1"),
        ("version: '1'", "line 1, column 1: version: '1' is not allowed"),
        ("merge: {method: octopus}",
         "line 1, column 9: merge.method: 'octopus' is not allowed. Allowed: 'squash', 'merge' or 'rebase'"),
        ("paused: yes please", "line 1, column 1: paused: input should be a valid boolean"),
        ("paused: 'true'", "paused: input should be a valid boolean"),
        ("paused: 1", "paused: input should be a valid boolean"),
        ("ci: {settle: -1}", "line 1, column 6: ci.settle: input should be greater than or equal to 0"),
        ("after_merge: {watch: 43201}", "after_merge.watch: input should be less than or equal to 43200"),
        ("plan: {protected: [a, '[z-a]']}", "line 1, column 23: plan.protected.1: not a glob"),
        ("plan: {context_docs: ['[z-a]']}", "plan.context_docs.0: not a glob"),
        ("review: {unreviewable: {allow: ['[z-a]']}}", "review.unreviewable.allow.0: not a glob"),
        ("ci: {expect: [a, Cadence/Gate]}", "line 1, column 18: ci.expect.1: `Cadence/Gate` is Cadence's own check"),
        ("ci: {allow_skipped: [cadence/config]}", "ci.allow_skipped.0: `cadence/config` is Cadence's own check"),
        ("guards: {severities: {loss.stubb: note}}", "loss.stubb: no guard has this code. Allowed: loss, loss."),
        ("guards: {severities: {los: note}}", "no guard has this code. Families: imports, loss,"),
        ("guards: {severities: {message.blank: note}}", "`message.blank` is always an error"),
        ("guards: {severities: {size: note, loss: note, secret.jwt: note, message.blank: error}}", ""),
        ("%YAML 1.1\n---\npaused: yes\n", "line 1, column 1: directives (`%YAML`) are not allowed"),
        ("# x\n%YAML 1.2\n---\npaused: true\n", "line 2, column 1: directives"),
        ("%TAG ! tag:x,2000:\n---\npaused: true\n", "line 1, column 1: directives"),
        ("%FUTURE x\n---\npaused: true\n", "line 1, column 1: directives (`%FUTURE`)"),
        ("trigger: {label: ''}", "line 1, column 11: trigger.label: string should match pattern"),
        ("trigger:\n  label: |\n    blueprint\n", "line 2, column 3: trigger.label: string should match pattern"),
        ("ci: {settle: 1.5}", "ci.settle: input should be a valid integer"),
        ("ci: {expect: tests}", "ci.expect: input should be a valid array"),
        ("ci: {expect: [tests, 5]}", "line 1, column 22: ci.expect.1: input should be a valid string"),
        ("ci: []", "line 1, column 1: ci: input should be"),
        ("ci:", "line 1, column 1: ci: input should be"),
        ("trigger: {label: on}", ""),
        ("- a\n- b", "line 1, column 1: the file must be a mapping"),
        ("just text", "line 1, column 1: the file must be a mapping"),
        ("commit: {template: no placeholder}", "line 1, column 10: commit.template: it must hold {summary}"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_place(text: str, told: str) -> None:
    if not told:
        assert load_config(text)
        return
    assert any(told in one for one in details(text)), details(text)


RULE = "review:\n  rules:\n    - {id: a, type: forbid, pattern: x}\n"


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("{id: b, type: forbidden, pattern: x}",
         "review.rules.1: unknown rule type `forbidden`. Allowed: forbid, require, max_lines"),
        ("{id: b, pattern: x}", "review.rules.1: unknown rule type `none`"),
        ("{id: b, type: 5}", "review.rules.1: unknown rule type `5`"),
        ("{id: b, type: forbid}", "review.rules.1.pattern: this key is needed"),
        ("{id: b, type: require, pattern: x}", "review.rules.1.paths: this key is needed"),
        ("{type: max_lines, value: 5}", "review.rules.1.id: this key is needed"),
        ("{id: b, type: max_lines, value: 0}", "review.rules.1.value: input should be greater than 0"),
        ("{id: b, type: max_lines, value: many}", "review.rules.1.value: input should be a valid integer"),
        ("{id: b, type: forbid, pattern: x, path: src}", "review.rules.1.path: unknown key. Did you mean `paths`?"),
        ("{id: b, type: require, pattern: x, paths: []}", "review.rules.1.paths: tuple should have at least 1 item"),
        ("{id: b, type: forbid, pattern: x, paths: []}", "review.rules.1.paths: tuple should have at least 1 item"),
        ("{id: b, type: require, pattern: x, paths: [a, ' ']}", "review.rules.1.paths.1: string should match pattern"),
        ("{id: b, type: forbid, pattern: '['}", "review.rules.1: the pattern does not compile"),
        ("{id: b, type: forbid, pattern: '(?=x)'}", "no look-around, no back-references"),
        ("{id: b, type: require, pattern: 'a{1001}', paths: [a]}", "review.rules.1: the pattern does not compile"),
        ("{id: b, type: forbid, pattern: x, paths: ['[z-a]']}", "review.rules.1.paths.0: not a glob"),
        ("{id: a, type: forbid, pattern: x}", "review.rules.1: the id `a` is given twice"),
        ("{id: B!, type: forbid, pattern: x}", "review.rules.1: an id is lower-case letters"),
        ("{id: '', type: forbid, pattern: x}", "review.rules.1: an id is lower-case letters"),
        ("text", "review.rules.1: "),
    ],
)  # fmt: skip
def test_each_mistake_in_a_rule_names_the_rule_and_its_line(rule: str, told: str) -> None:
    (one,) = details(f"{RULE}    - {rule}\n")
    assert one.startswith("line 4, column ") and told in one


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("paused: true\npaused: false", "line 2, column 1: found duplicate key"),
        ("merge:\n  auto: true\n  auto: false", "line 3, column 3: found duplicate key"),
        ("a: &x 1\nb: *x", "line 2, column 4: aliases"),
        ("paused: [", "line 1"),
        ("a: b: c", "line 1, column 5"),
        ("\tpaused: true", "line 1"),
        ("a: 1\n---\nb: 2", "line 2"),
        ("paused: !!python/name:os.system", "line 1"),
        ("paused: 2026-01-01", "line 1"),
        ("? [a, b]\n: 1", "line 1"),
        ("x: " + "y" * 100_001, "longer than 100000"),
        ("paused: \x00", "line 1"),
        ("budget: {run_cost: .nan}", "line 1"),
        ("budget: {run_cost: .inf}", "line 1"),
        ("- " * 500, "nested more than 20 levels"),
        ("[" * 500, "nested more than 20 levels"),
        ("tests: [{given: 2026-01-01}]", "line 1"),
    ],
)
def test_yaml_that_is_not_taken(text: str, told: str) -> None:
    assert any(told in one for one in details(text)), details(text)


def test_all_mistakes_are_told_at_once() -> None:
    assert len(details("paussed: true\nmerge: {method: x}\nci: {settle: -1}")) == 3
    with pytest.raises(ConfigInvalid, match="and 1 more"):
        load_config("a: 1\nb: 2")


@given(st.text(alphabet="ab:[]{}-&*#!|>'\"\n \t%@?,1", max_size=40))
def test_no_text_does_anything_but_load_or_be_refused(text: str) -> None:
    try:
        load_config(text)
    except ConfigInvalid as error:
        assert error.details


# -- three outcomes -------------------------------------------------------------------------------------------------
def test_absent_is_the_defaults_under_a_name_of_its_own() -> None:
    absent, empty = read_config(None), read_config(b"")
    assert absent.config == empty.config == RepoConfig() == absent.require_config()
    assert (absent.present, empty.present) == (False, True)
    assert absent.digest == config_digest(None) != empty.digest == config_digest("")


def test_invalid_is_no_configuration_but_an_error() -> None:
    policy = read_config(b"paussed: true")
    assert policy.config is None and policy.present and policy.error is not None
    with pytest.raises(ConfigInvalid, match="paussed"):
        policy.require_config()


def test_bytes_that_are_no_text_are_invalid() -> None:
    policy = read_config(b"paused: \xff")
    assert policy.config is None and policy.error is not None and "not UTF-8" in policy.error.summary
    assert policy.digest not in (config_digest(None), read_config(b"paused: \xfe").digest)


def test_valid_is_the_configuration_and_the_digest_of_its_text() -> None:
    policy = read_config(b"paused: true\n")
    assert policy.require_config().paused and policy.error is None
    assert policy.digest == config_digest("paused: true\n") != config_digest("paused: true")


def test_equal_bytes_are_parsed_once_and_no_more_are_kept_than_said(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def counted(text: str) -> RepoConfig:
        parsed.append(text)
        return load_config(text)

    monkeypatch.setattr(load, "load_config", counted)
    text = b"paused: true  # parsed once\n"
    first, again = read_config(text), read_config(bytes(bytearray(text)))
    assert first is again and parsed == [text.decode()] and first.require_config().paused
    for number in range(load.MOST_KEPT):
        read_config(f"version: 1  # {number}\n".encode())
    assert read_config(text) is not first and len(parsed) == load.MOST_KEPT + 2


def test_an_invalid_file_gives_a_new_error_each_time() -> None:
    first, again = read_config(b"pausd: true\n"), read_config(b"pausd: true\n")
    assert first.error is not again.error and str(first.error) == str(again.error)
    assert first.digest == config_digest("pausd: true\n") and not read_config(None).error
