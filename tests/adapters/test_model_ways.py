"""How servers are asked: what is found is kept, both APIs, streams, tools, and a limit on questions at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Response

from bot.core.errors import ModelBusy
from bot.llm.known_ways import KnownWays
from bot.llm.model import Message, ModelKind, Prompt, Tool
from bot.llm.model_settings import server_name
from bot.llm.openai_model import KEPT_FOR, OpenAIModel
from bot.llm.slots import ServerSlots
from tests.adapters.model_server import (
    ModelServer,
    chat,
    counts,
    delta,
    json_response,
    response,
    says,
    serving,
    stream,
    told,
)
from tests.adapters.openai_stage import KEY, SCHEMA, VALUE, complete, failure, model_at
from tests.fakes.fake_clock import FakeClock

GOOD = json.dumps(VALUE)
TOOLS = (
    Tool("search", "Find text.", {"type": "object", "properties": {"for": {"type": "string"}}, "required": ["for"]}),
    Tool("read", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}}),
)
EXPLORE = Prompt(ModelKind.EXPLORE, (Message("user", "Look around."),), "", {}, 300, TOOLS)
CALLS: list[dict[str, Any]] = [
    {"index": 0, "id": "c1", "type": "function", "function": {"name": "search", "arguments": '{"for": "main"}'}},
    {"index": 1, "id": "c2", "type": "function", "function": {"name": "read", "arguments": '{"path": "a.py"}'}},
]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving() as server:
        yield server


def kept_in(folder: Path, clock: FakeClock) -> KnownWays:
    return KnownWays(folder, clock.now)


# -- what was found is kept -----------------------------------------------------------------------------------------
def picky(body: dict[str, Any]) -> Response:
    """A server that knows no strict schema, no cache key, and the output limit by its older name only."""
    for name in ("prompt_cache_key", "max_completion_tokens"):
        if name in body:
            return told(f"Unknown name {name!r}: cannot find field.")
    if body.get("response_format", {}).get("type") == "json_schema":
        return told("response_format json_schema is not supported")
    return chat(GOOD)


def test_what_was_found_serves_every_later_process(server: ModelServer, tmp_path: Path) -> None:
    server.chat, clock = picky, FakeClock()
    complete(model_at(server.url, clock, known=kept_in(tmp_path, clock)))
    found = len(server.asked)
    assert found == 4
    other = model_at(server.url, clock, known=kept_in(tmp_path, clock))
    complete(other)
    assert len(server.asked) == found + 1
    last = server.bodies[-1]
    assert last["tools"] and last["max_tokens"] == 500 and "prompt_cache_key" not in last
    (file,) = (tmp_path / "models").glob("*.json")
    text = file.read_text()
    assert KEY not in text and json.loads(text)["server"] == server_name(server.url)
    clock.sleep((KEPT_FOR + timedelta(minutes=1)).total_seconds())
    complete(other)
    assert len(server.asked) == 2 * found + 1, "after a week it is found again"


def test_a_server_that_changed_is_asked_in_the_strictest_way_again(server: ModelServer, tmp_path: Path) -> None:
    server.chat, clock = picky, FakeClock()
    model = model_at(server.url, clock, known=kept_in(tmp_path, clock))
    complete(model)
    # The way that was found is refused now, and the strictest one is taken.
    server.chat = lambda body: told("tools: unknown field") if "tools" in body else chat(GOOD)
    complete(model)
    assert "response_format" in server.bodies[-1] and "prompt_cache_key" in server.bodies[-1]
    asked = len(server.asked)
    complete(model)
    assert len(server.asked) == asked + 1


def test_another_model_behind_the_same_name_is_found_out_about_again(server: ModelServer, tmp_path: Path) -> None:
    server.chat, clock = picky, FakeClock()
    model = model_at(server.url, clock, known=kept_in(tmp_path, clock))
    complete(model)
    server.chat = lambda _: chat(GOOD, model="served-2")
    complete(model)
    assert "tools" in server.bodies[-1], "still the known way"
    complete(model)
    assert "response_format" in server.bodies[-1]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"version": 1, "way": {"form": "xml"}}'])
def test_a_damaged_file_costs_a_few_requests_only(server: ModelServer, tmp_path: Path, damage: str) -> None:
    server.chat, clock = picky, FakeClock()
    complete(model_at(server.url, clock, known=kept_in(tmp_path, clock)))
    (file,) = (tmp_path / "models").glob("*.json")
    file.write_text(damage)
    assert complete(model_at(server.url, clock, known=kept_in(tmp_path, clock))).text == GOOD


def test_a_folder_that_cannot_be_written_costs_no_answer(server: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    server.chat, clock = picky, FakeClock()
    model = model_at(server.url, clock, known=kept_in(tmp_path, clock))
    complete(model)
    asked = len(server.asked)
    assert complete(model).text == GOOD and len(server.asked) == asked + 1


# -- what a server refuses ------------------------------------------------------------------------------------------
REFUSED: list[tuple[str, Callable[[dict[str, Any]], bool]]] = [
    ("Unsupported value: 'temperature' does not support 0.2 with this model.", lambda body: "temperature" in body),
    ("Unrecognized request argument supplied: reasoning_effort", lambda body: "reasoning_effort" in body),
    ("property 'prompt_cache_key' is unsupported", lambda body: "prompt_cache_key" in body),
    ("stream is not supported by this deployment", lambda body: "stream" in body),
    ("Bad Request", lambda body: "prompt_cache_key" in body),
]


@pytest.mark.parametrize(("message", "is_in"), REFUSED, ids=[row[0][:20] for row in REFUSED])
def test_what_a_server_refuses_is_left_out_from_then_on(
    server: ModelServer, message: str, is_in: Callable[[dict[str, Any]], bool]
) -> None:
    server.chat = lambda body: told(message) if is_in(body) else chat(GOOD)
    model = model_at(server.url, temperature=0.2, effort="low")
    assert complete(model).text == GOOD and complete(model).text == GOOD
    assert [is_in(body) for body in server.bodies] == [True, False, False]
    assert "response_format" in server.bodies[-1], "only that, and not the format"


def test_a_form_that_a_server_takes_and_ignores_is_not_asked_for_again(server: ModelServer) -> None:
    def reply(body: dict[str, Any]) -> Response:
        if "tools" not in body:
            return chat("I approve of this.")
        return chat(None, tool_calls=[{"type": "function", "function": {"name": "review", "arguments": GOOD}}])

    server.chat = reply
    model = model_at(server.url)
    assert complete(model).text == "I approve of this."
    assert complete(model).text == GOOD and complete(model).text == GOOD
    assert ["tools" in body for body in server.bodies] == [False, True, True]


def test_effort_and_temperature_are_sent_only_where_they_are_set(server: ModelServer) -> None:
    server.chat = lambda _: chat(GOOD)
    complete(model_at(server.url))
    complete(model_at(server.url, effort="low", temperature=0.0, output_tokens=77))
    plain, told_so = server.bodies
    assert not {"reasoning_effort", "temperature"} & set(plain) and plain["max_completion_tokens"] == 500
    assert (told_so["reasoning_effort"], told_so["temperature"], told_so["max_completion_tokens"]) == ("low", 0.0, 77)


# -- token counts ---------------------------------------------------------------------------------------------------
USAGES: list[tuple[dict[str, Any], tuple[int, int, int, int]]] = [
    ({"prompt_tokens": 900, "completion_tokens": 50, "total_tokens": 950}, (900, 50, 0, 0)),
    # OpenAI: both within their counts.
    ({"prompt_tokens": 900, "completion_tokens": 50, "total_tokens": 950,
      "prompt_tokens_details": {"cached_tokens": 800}, "completion_tokens_details": {"reasoning_tokens": 40}},
     (900, 50, 800, 40)),
    # Only what was not in the cache counts as the prompt's.
    ({"prompt_tokens": 100, "completion_tokens": 50, "prompt_tokens_details": {"cached_tokens": 800}},
     (900, 50, 800, 0)),
    ({"prompt_tokens": 500, "completion_tokens": 50, "total_tokens": 950,
      "prompt_tokens_details": {"cached_tokens": 400}}, (900, 50, 400, 0)),
    # Reasoning beside the answer's count, said or only in the total.
    ({"prompt_tokens": 900, "completion_tokens": 50, "total_tokens": 990,
      "completion_tokens_details": {"reasoning_tokens": 40}}, (900, 90, 0, 40)),
    ({"prompt_tokens": 900, "completion_tokens": 50, "total_tokens": 990}, (900, 90, 0, 40)),
    ({"prompt_tokens": None, "completion_tokens": "5", "total_tokens": True}, (0, 0, 0, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("usage", "seen"), USAGES)
def test_tokens_count_whole_however_the_server_counts_them(
    server: ModelServer, usage: dict[str, Any], seen: tuple[int, int, int, int]
) -> None:
    server.chat = lambda _: chat(GOOD, usage=usage)
    got = complete(model_at(server.url))
    assert (got.input_tokens, got.output_tokens, got.cached_tokens, got.reasoning_tokens) == seen


# -- streams --------------------------------------------------------------------------------------------------------
def test_a_stream_is_put_together(server: ModelServer) -> None:
    halves = delta("", role="assistant"), delta(GOOD[:9]), delta(GOOD[9:]), delta(finish="stop")
    server.chat = lambda _: stream(b": waiting\n\n", *halves, counts())
    got = complete(model_at(server.url))
    assert (got.text, got.model, got.finish, got.input_tokens, got.output_tokens) == (GOOD, "served-1", "stop", 100, 5)
    assert server.bodies[0]["stream"] is True and server.bodies[0]["stream_options"] == {"include_usage": True}


def test_a_stream_without_counts_is_not_asked_for_again(server: ModelServer) -> None:
    def reply(body: dict[str, Any]) -> Response:
        return stream(delta(GOOD), delta(finish="stop")) if body.get("stream") else chat(GOOD)

    server.chat = reply
    model = model_at(server.url)
    assert complete(model).input_tokens == 0
    assert complete(model).input_tokens == 100 and "stream" not in server.bodies[-1]


def test_a_stream_of_which_nothing_comes_is_given_up(server: ModelServer) -> None:
    def silence() -> Iterator[bytes]:
        server.over.wait(20)
        yield b""

    server.chat = lambda _: stream(delta(GOOD[:5]), then=silence)
    error = failure(model_at(server.url, stall=0.3))
    assert (error.code, error.retry, error.may_cost) == ("model.stalled", True, True)


def test_signs_of_life_keep_a_stream_up_to_the_whole_deadline(server: ModelServer) -> None:
    def waiting() -> Iterator[bytes]:
        while not server.over.wait(0.05):
            yield b": waiting\n\n"

    server.chat = lambda _: stream(then=waiting)
    assert failure(model_at(server.url, stall=0.5, whole=1.5)).code == "model.timeout"


@pytest.mark.parametrize("ends", [True, False])
def test_a_stream_that_is_cut_is_not_an_answer(server: ModelServer, ends: bool) -> None:
    server.chat = lambda _: stream(delta(GOOD), ends=ends)
    error = failure(model_at(server.url))
    assert (error.code, error.retry, error.may_cost) == ("model.unreachable", True, True)


def test_an_error_within_a_stream_has_its_words_and_no_key(server: ModelServer) -> None:
    server.chat = lambda _: stream(delta(GOOD[:4]), {"error": {"message": f"overloaded, {KEY}"}})
    error = failure(model_at(server.url))
    assert (error.code, error.retry, error.may_cost) == ("model.unavailable", True, True)
    assert "overloaded" in error.summary


# -- tools ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("is_stream", [True, False])
def test_several_calls_come_back_at_once(server: ModelServer, is_stream: bool) -> None:
    first, second = CALLS
    begun = {**first, "function": {"name": "search", "arguments": '{"for":'}}
    rest = {"index": 0, "function": {"arguments": ' "main"}'}}
    pieces = delta(tool_calls=[begun]), delta(tool_calls=[rest]), delta(tool_calls=[second]), delta(finish="tool_calls")
    server.chat = lambda _: (
        stream(*pieces, counts()) if is_stream else chat(None, finish="tool_calls", tool_calls=CALLS)
    )
    got = complete(model_at(server.url), EXPLORE)
    assert [(c.id, c.name, dict(c.values), c.problem) for c in got.calls] == [
        ("c1", "search", {"for": "main"}, ""), ("c2", "read", {"path": "a.py"}, ""),
    ]  # fmt: skip
    asked = server.bodies[0]
    assert [tool["function"]["name"] for tool in asked["tools"]] == ["search", "read"]
    assert asked["parallel_tool_calls"] is True and "response_format" not in asked and "tool_choice" not in asked


def test_what_is_wrong_with_a_call_is_said_for_the_answer(server: ModelServer) -> None:
    def call(name: str, arguments: str) -> dict[str, Any]:
        return {"type": "function", "function": {"name": name, "arguments": arguments}}

    calls = call("run", "{}"), call("search", "{"), call("search", "[]"), call("search", "{}"), call("read", "")
    server.chat = lambda _: chat(None, tool_calls=list(calls))
    got = complete(model_at(server.url), EXPLORE).calls
    assert [one.problem.partition(":")[0] for one in got] == [
        "there is no tool 'run'; the tools are search, read", "the arguments are not valid JSON",
        "the arguments are not a JSON object", "the arguments do not fit", "",
    ]  # fmt: skip
    assert len({one.id for one in got}) == 5


def test_the_answers_to_calls_go_back(server: ModelServer) -> None:
    server.chat = lambda _: chat(None, tool_calls=CALLS) if len(server.asked) == 1 else chat("It is in a.py:1.")
    model = model_at(server.url)
    first = complete(model, EXPLORE)
    turns = (Message("assistant", "", first.calls), Message("tool", "a.py:1", answers="c1"))
    later = Prompt(ModelKind.EXPLORE, (*EXPLORE.messages, *turns), "", {}, 300, TOOLS)
    assert complete(model, later).text == "It is in a.py:1." and later.digest() != EXPLORE.digest()
    _, assistant, tool = server.bodies[-1]["messages"]
    assert [call["id"] for call in assistant["tool_calls"]] == ["c1", "c2"]
    assert tool == {"role": "tool", "tool_call_id": "c1", "content": "a.py:1"}


def test_calls_that_were_cut_are_not_given(server: ModelServer) -> None:
    server.chat = lambda _: chat(None, finish="length", tool_calls=CALLS)
    got = complete(model_at(server.url), EXPLORE)
    assert (got.finish, got.calls) == ("length", ())


def test_a_server_without_tools_says_so_and_is_not_asked_again(server: ModelServer) -> None:
    server.chat = lambda body: told("this model does not support tools") if "tools" in body else chat(GOOD)
    model = model_at(server.url)
    errors = []
    for _ in range(2):
        with pytest.raises(Exception, match="does not take tools") as caught:
            complete(model, EXPLORE)
        errors.append(caught.value)
    assert [getattr(error, "code", "") for error in errors] == ["model.no_tools"] * 2 and len(server.asked) == 1
    assert complete(model).text == GOOD, "other questions are answered"


def test_a_call_of_another_tool_than_the_one_asked_for(server: ModelServer) -> None:
    def reply(body: dict[str, Any]) -> Response:
        return chat(None, tool_calls=CALLS) if "tools" in body else told("response_format: unknown")

    server.chat = reply
    assert complete(model_at(server.url)).finish == "wrong_tool"


# -- the Responses API ----------------------------------------------------------------------------------------------
def only_responses(server: ModelServer) -> None:
    server.chat = lambda _: told("This model is only supported in v1/responses and not in v1/chat/completions.",
                                 status=404)  # fmt: skip


def test_a_model_that_only_the_responses_api_has_is_asked_there(server: ModelServer) -> None:
    only_responses(server)
    server.responses = lambda _: json_response(response(says(GOOD)))
    model = model_at(server.url, effort="high")
    assert complete(model).text == GOOD and complete(model).text == GOOD
    assert [path for path, _ in server.asked] == ["chat/completions", "responses", "responses"]
    body = server.bodies[-1]
    shape = {"type": "json_schema", "name": "review", "strict": True, "schema": SCHEMA}
    assert body["text"] == {"format": shape} and body["max_output_tokens"] == 500
    assert (body["reasoning"], body["store"]) == ({"effort": "high"}, False)
    assert [turn["role"] for turn in body["input"]] == ["system", "user"]


def test_the_responses_api_where_it_is_set_and_streamed(server: ModelServer) -> None:
    events = (
        {"type": "response.created", "response": response(status="in_progress")},
        {
            "type": "response.completed",
            "response": response({"type": "reasoning", "summary": []}, says(GOOD)),
        },
    )
    server.responses = lambda _: stream(*events)
    got = complete(model_at(server.url, api="responses"))
    assert (got.text, got.finish, got.input_tokens) == (GOOD, "stop", 100)
    assert [path for path, _ in server.asked] == ["responses"] and server.bodies[0]["stream"] is True


def test_several_calls_by_the_responses_api(server: ModelServer) -> None:
    calls = [{"type": "function_call", "call_id": c["id"], **c["function"]} for c in CALLS]
    server.responses = lambda _: json_response(response(*calls))
    model = model_at(server.url, api="responses")
    got = complete(model, EXPLORE)
    assert [(call.id, call.name) for call in got.calls] == [("c1", "search"), ("c2", "read")]
    turns = (Message("assistant", "", got.calls), Message("tool", "a.py:1", answers="c1"))
    server.responses = lambda _: json_response(response(says("Done.")))
    complete(model, Prompt(ModelKind.EXPLORE, (*EXPLORE.messages, *turns), "", {}, 300, TOOLS))
    assert [item.get("type") for item in server.bodies[-1]["input"]] == [
        None, "function_call", "function_call", "function_call_output",
    ]  # fmt: skip


ENDS: list[tuple[dict[str, Any], str]] = [
    (response(says("{"), status="incomplete", incomplete_details={"reason": "max_output_tokens"}), "length"),
    (response(says("{"), status="incomplete", incomplete_details={"reason": "content_filter"}), "filter"),
    (response(says("{"), status="incomplete"), "length"),
]


@pytest.mark.parametrize(("whole", "finish"), ENDS)
def test_how_a_response_ended(server: ModelServer, whole: dict[str, Any], finish: str) -> None:
    server.responses = lambda _: json_response(whole)
    assert complete(model_at(server.url, api="responses")).finish == finish


FAILS: list[tuple[Callable[[], Response], str]] = [
    (lambda: json_response(response(status="failed", error={"message": "no room"})), "model.unavailable"),
    (lambda: stream({"type": "error", "message": "no room"}), "model.unavailable"),
    (lambda: stream({"type": "response.created", "response": {}}), "model.unreachable"),
    (lambda: stream({"type": "ping"}), "model.protocol"),
    (lambda: json_response({"object": "other"}), "model.protocol"),
    (lambda: json_response(response()), "model.empty"),
    (lambda: json_response(response({"type": "message", "content": [{"type": "refusal", "refusal": "No."}]})),
     "model.refused"),
]  # fmt: skip


@pytest.mark.parametrize(("reply", "code"), FAILS)
def test_what_goes_wrong_in_a_response(server: ModelServer, reply: Callable[[], Response], code: str) -> None:
    server.responses = lambda _: reply()
    assert failure(model_at(server.url, api="responses")).code == code


def test_an_unknown_model_is_said_in_the_words_of_the_first_api(server: ModelServer) -> None:
    server.chat = lambda _: told("model 'asked-model' not found", status=404)
    server.responses = lambda _: told("unknown url", status=404)
    error = failure(model_at(server.url))
    assert error.code == "model.unknown" and "'asked-model' not found" in error.summary


# -- addresses and places -------------------------------------------------------------------------------------------
def test_the_host_is_named_without_the_users_name() -> None:
    with serving() as gone:
        port = gone.url.rpartition(":")[2].partition("/")[0]
    error = failure(model_at(f"http://someone:hush@127.0.0.1:{port}/v1"))
    assert error.code == "model.unreachable" and f"127.0.0.1:{port} cannot" in error.summary
    assert "hush" not in error.message and "someone" not in error.message


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://user:pw@Host.example/v1/", "host.example/v1"),
        ("http://[::1]:8080/v1?key=x", "[::1]:8080/v1"),
        ("http://h:99999/v1", "h/v1"),
    ],
)
def test_a_servers_name_holds_no_secret(address: str, name: str) -> None:
    assert server_name(address) == name


def test_a_place_that_is_taken_is_not_waited_for(tmp_path: Path) -> None:
    places, others = (ServerSlots(tmp_path, "h/v1", 2) for _ in range(2))
    with places.one(), others.one():
        with pytest.raises(ModelBusy, match="CADENCE_MODEL_CONCURRENCY") as caught, places.one():
            pass
        assert (caught.value.code, caught.value.retry, caught.value.may_cost) == ("model.busy", True, False)
        with ServerSlots(tmp_path, "other/v1", 1).one():
            pass
    with places.one(), others.one():
        pass


def test_the_whole_model_gives_its_place_back(tmp_path: Path) -> None:
    model: OpenAIModel = model_at("http://127.0.0.1:9/v1", slots=ServerSlots(tmp_path, "h", 1))
    for _ in range(2):
        with model.slot(ModelKind.PLAN):
            pass
