"""Whoever answers byte by byte, or without end, holds no worker: the whole of an answer has a time and a size."""

from __future__ import annotations

import time

import pytest

from bot.core.errors import GitHubError, ModelUnavailable, Unavailable, UnknownOutcome
from bot.effects.guard import effects_allowed
from bot.github_api import transport as transport_module
from bot.github_api.permissions import ISSUES_WRITE
from bot.github_api.repository import RepositoryLink
from bot.github_api.tokens import Tokens
from bot.github_api.transport import Transport
from bot.github_api.urls import GitHubUrls
from bot.llm import connection
from tests.adapters.github_stage import PEM, REF, Meter
from tests.adapters.openai_stage import complete, model_at
from tests.adapters.slow_server import LONGEST, slow
from tests.fakes.fake_clock import FakeClock

SOON = 1.0


def link_to(url: str) -> RepositoryLink:
    clock = FakeClock()
    transport = Transport(GitHubUrls.from_setting(url), clock, Meter().count)
    return RepositoryLink(REF, transport, Tokens(transport, app_id="42", private_key=PEM, clock=clock), clock)


@pytest.mark.parametrize("style", ["headers", "body"])
def test_a_model_that_sends_byte_by_byte_is_left_after_the_deadline(style: str) -> None:
    with slow(style) as server:
        begun = time.monotonic()
        with pytest.raises(ModelUnavailable) as failed:
            complete(model_at(f"{server.url}/v1", whole=SOON))
        assert (failed.value.code, failed.value.retry) == ("model.timeout", True)
        assert time.monotonic() - begun < LONGEST / 2


def test_a_models_answer_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_ANSWER_BYTES", 1_000_000)
    with slow("endless") as server, pytest.raises(ModelUnavailable, match="large") as failed:
        complete(model_at(f"{server.url}/v1"))
    assert (failed.value.code, failed.value.retry) == ("model.protocol", False)


@pytest.mark.parametrize("style", ["headers", "body"])
def test_a_github_that_sends_byte_by_byte_is_left_after_the_deadline(
    style: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport_module, "WHOLE_ANSWER_SECONDS", SOON)
    with slow(style) as server:
        link, begun = link_to(server.url), time.monotonic()
        with pytest.raises(Unavailable, match="in time"):
            link.read("/repos/{owner}/{repo}")
        with pytest.raises(UnknownOutcome, match="in time"), effects_allowed():
            link.change("POST", "/repos/{owner}/{repo}/issues", ISSUES_WRITE, body={})
        assert time.monotonic() - begun < LONGEST / 2


def test_an_answer_of_githubs_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "MOST_ANSWER_BYTES", 1_000_000)
    with slow("endless") as server, pytest.raises(GitHubError) as failed:
        link_to(server.url).read("/repos/{owner}/{repo}")
    assert (failed.value.code, failed.value.retry) == ("github.too_large", False)
