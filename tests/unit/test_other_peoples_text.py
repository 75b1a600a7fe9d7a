"""Whatever a parser of somebody else's text raises is a coded mistake of that text, and no error of Cadence's."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from markdown_it import MarkdownIt

from bot.changeset.guards import manifests, syntax
from bot.changeset.guards.secret import _secrets
from bot.config.load import read_config
from bot.core.errors import CadenceError
from bot.core.names import AppId
from bot.core.patterns import Pattern, PatternInvalid
from bot.github_api.transport import _decoded
from bot.intake.command_text import parse_command
from bot.intake.events import Ignored
from bot.intake.parse import parse
from bot.plan.acceptance import acceptance_lines
from bot.plan.blueprint import read_blueprint
from bot.review.diff import read_diff
from bot.syntax import python_code
from bot.weakening.ci import config as ci_config

POISONED_YAML = [
    '"\\UFFFFFFFF"',
    "0b_",
    "%YAML 1.999999999999\n---\na: 1",
    "paused: 0x_",
    '"\\UFFFFFFFF": 1',
    "a: +0o_",
]
DEEP = "[" * 200_000
HUGE = "9" * 10_000


@pytest.mark.parametrize("text", POISONED_YAML)
def test_a_config_that_breaks_the_parser_is_an_invalid_config(text: str) -> None:
    policy = read_config(text.encode())
    assert policy.error is not None and policy.error.code == "config.invalid"
    assert policy.error.details[0].startswith("line 1, column 1: ")


@pytest.mark.parametrize("text", POISONED_YAML)
def test_yaml_that_breaks_the_parser_is_read_elsewhere_too(text: str) -> None:
    ci_config.read("x.yml", text)
    problem = syntax._yaml(text)
    assert problem is None or problem[0]


@pytest.mark.parametrize("text", [DEEP, HUGE, '{"a": ' * 100_000, "\ud800"])
def test_json_that_breaks_the_parser(text: str) -> None:
    assert syntax._json(text) is not None or text == HUGE
    assert manifests._json(text) == {} or text == HUGE
    ci_config.read("x.json", text)
    ci_config.read("x.json", "[" * 900 + "]" * 900)
    assert _decoded(text)["message"].startswith("an answer that is not JSON") or text == HUGE


def test_a_token_whose_inside_breaks_the_parser_counts_as_found() -> None:
    inside = ('{"a":' + "[" * 20_000).encode()
    part = base64.urlsafe_b64encode(inside).decode().rstrip("=")
    codes = [code for code, _, _ in _secrets(f"token = {part}.{part}.abc", ())]
    assert codes == ["secret.jwt"]


BREAK_IN = [
    ("ruamel.yaml.YAML.load", lambda: read_config(b"a: 1").require_config(), "config.invalid"),
    ("ruamel.yaml.YAML.parse", lambda: read_config(b"a: 1").require_config(), "config.invalid"),
    ("unidiff.patch.PatchSet.from_string", lambda: read_diff("diff --git a/x b/x\n"), "review.unreadable"),
    ("markdown_it.MarkdownIt.parse", lambda: read_blueprint("T", "<!-- x -->"), "text.unreadable"),
    ("markdown_it.MarkdownIt.parse", lambda: acceptance_lines("- [ ] x"), "text.unreadable"),
    ("markdown_it.MarkdownIt.parse", lambda: parse_command("/cadence help"), "text.unreadable"),
]  # fmt: skip


@pytest.mark.parametrize("error", [AssertionError("x"), IndexError("x"), OverflowError("x"), RecursionError("x")])
@pytest.mark.parametrize(("parser", "use", "code"), BREAK_IN)
def test_any_exception_of_a_parser_has_a_code(
    monkeypatch: pytest.MonkeyPatch, parser: str, use: Callable[[], Any], code: str, error: Exception
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(parser, broken)
    with pytest.raises(CadenceError) as caught:
        use()
    assert caught.value.code == code
    assert caught.value.remedy or code == "review.unreadable"


def test_any_exception_of_the_pattern_engine_is_an_invalid_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> Any:
        raise AssertionError("x")

    monkeypatch.setattr("re2.compile", broken)
    with pytest.raises(PatternInvalid):
        Pattern("a")


def test_python_that_breaks_the_parser_is_a_syntax_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise SystemError("x")

    with monkeypatch.context() as patched:
        patched.setattr("ast.parse", broken)
        found = python_code.parsed("a = 1  # unread before")
    assert isinstance(found, SyntaxError)


def test_a_comment_that_breaks_the_parser_is_ignored_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise IndexError("x")

    monkeypatch.setattr(MarkdownIt, "parse", broken)
    payload = {
        "action": "created",
        "comment": {"id": 1, "body": "/cadence help", "created_at": "2026-01-01T00:00:00Z"},
        "issue": {"number": 1},
        "sender": {"login": "a", "id": 1},
        "repository": {"id": 1, "full_name": "o/r"},
        "installation": {"id": 1},
    }
    event = parse("issue_comment", payload, app_id=AppId(1), app_slug="cadence")
    assert isinstance(event, Ignored) and "text.unreadable" in event.reason
