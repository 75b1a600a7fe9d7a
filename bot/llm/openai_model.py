"""The only user of the openai client: any server with OpenAI's Chat Completions or Responses API.

https://platform.openai.com/docs/api-reference
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

import openai
import structlog

from bot.core.clock import Clock
from bot.core.errors import CadenceError, ModelUnavailable, ModelUnusable
from bot.effects.guard import side_effect
from bot.llm import chat_api, responses_api
from bot.llm.answers import Answer, Malformed, tool_calls
from bot.llm.connection import Connection, Limits
from bot.llm.known_ways import Known, KnownWays
from bot.llm.model import OPENAI_URL, Completion, ModelKind, Prompt
from bot.llm.model_settings import server_name
from bot.llm.openai_errors import WayRefused, meaning_of, no_tools, unexpected_answer, unreachable, words_of
from bot.llm.roles import ModelRole
from bot.llm.slots import ServerSlots
from bot.llm.ways import DROPPABLE, Way

KEPT_FOR = timedelta(days=7)
"""After this what was found about a server is found again, because it may have learned something since."""
MOST_STEPS = 24
"""More than there are things to drop: each step of the ladder drops one."""
log = structlog.get_logger("cadence.model")


class OpenAIModel:
    """A `LanguageModel` behind one OpenAI-compatible server; safe to use from several threads.

    It asks once and never waits: whoever asks decides about another try. What a server accepts is found by asking, and
    kept in `known` per model.
    """

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str | None,
        roles: Mapping[ModelKind, ModelRole],
        clock: Clock,
        known: KnownWays | None = None,
        slots: ServerSlots | None = None,
        api: Literal["auto", "chat", "responses"] = "auto",
        limits: Limits | None = None,
    ) -> None:
        """`base_url` None is OpenAI's own server; without `slots` any number of questions is asked at once."""
        # With None the client reads OPENAI_BASE_URL itself, and only bot/settings.py may read the environment.
        address = base_url or OPENAI_URL
        self.server = server_name(address)
        self.host = urlsplit(f"//{self.server}").netloc
        self._connection = Connection(address, api_key, self.host, limits or Limits())
        self._key = api_key
        self._roles = dict(roles)
        self._clock = clock
        self._known = known or KnownWays(None, clock.now)
        self._slots = slots
        self._api = api

    def close(self) -> None:
        """Close the client's connections."""
        self._connection.close()

    def asked_name(self, kind: ModelKind) -> str:
        return self._roles[kind].name

    def prepare(self, prompt: Prompt) -> Prompt:
        return self._roles[prompt.kind].applied_to(prompt)

    def slot(self, kind: ModelKind) -> AbstractContextManager[None]:  # noqa: ARG002
        return self._slots.one() if self._slots is not None else nullcontext()

    def known_way(self, kind: ModelKind) -> Known | None:
        """What is known about asking a kind's model; None before its first answer."""
        return self._remembered(self._roles[kind].name)

    def models(self) -> list[str] | None:
        """The names that the server lists; None where it has no list. Raises ModelUnavailable as `complete` does."""
        try:
            listed = self._connection.models()
        except openai.APIStatusError as error:
            if error.status_code in (404, 405, 501):
                return None
            raise self._meaning(error, self._first(), tools=False) from None
        data = listed.get("data") if isinstance(listed, Mapping) else None
        names = [str(one.get("id")) for one in data if isinstance(one, Mapping)] if isinstance(data, list) else None
        # Google's server puts a folder before each name.
        return None if names is None else [name.removeprefix("models/") for name in names]

    @side_effect
    def complete(self, prompt: Prompt) -> Completion:
        """One answer, in the strictest way that the server accepts. An answer that was cut has finish `length`.

        Raises ModelUnavailable for 429, 5xx, a late or broken answer and no connection (`after` where the server says
        how long to wait), and with `retry=False` for a wrong key, model name or address and a spent quota. Raises
        ModelUnusable for a refusal, an empty answer, a prompt that is too long (`model.too_long`), tools that the
        server does not take (`model.no_tools`), and a request that it refuses in every way.
        """
        role = self._roles[prompt.kind]
        prompt = role.applied_to(prompt)
        known = self._remembered(role.name)
        way, is_known, first = known.way if known else self._first(), known is not None, None
        for _ in range(MOST_STEPS):
            if prompt.tools and not way.tools:
                raise no_tools()
            try:
                answer = self._send(prompt, role, way)
            except WayRefused as refused:
                if is_known:
                    # The server has changed, so nothing of what was found about it counts any more.
                    way, is_known = self._first(), False
                    continue
                # The other protocol's error would name an address that no one configured.
                first = first or (refused.error if refused.what == "api" else None)
                way = self._next(way, refused, first or refused.error)
                if not way.tools:
                    self._known.keep(self.server, role.name, way, "")
            else:
                self._keep(role, way, answer, known, is_schema=bool(prompt.schema))
                return self._completion(prompt, role, *answer)
        raise unexpected_answer("another refusal to each way of asking")

    @side_effect
    def complete_in(self, prompt: Prompt, way: Way) -> Completion:
        """One answer, asked in exactly this way; nothing is kept. Raises what `complete` raises."""
        role = self._roles[prompt.kind]
        prompt = role.applied_to(prompt)
        try:
            answer = self._send(prompt, role, way)
        except WayRefused as refused:
            raise no_tools() if refused.what == "tools" else refused.error from None
        return self._completion(prompt, role, *answer)

    def keep_way(self, kind: ModelKind, way: Way, answered: str) -> None:
        """Ask a kind's model in this way from now on."""
        self._known.keep(self.server, self._roles[kind].name, way, answered)

    def forget(self, kind: ModelKind) -> None:
        """Find out again how a kind's model has to be asked."""
        self._known.forget(self.server, self._roles[kind].name)

    def first_way(self) -> Way:
        """The strictest way, in which a server is asked that nothing is known of."""
        return self._first()

    def _first(self) -> Way:
        return Way(api="responses" if self._api == "responses" else "chat")

    def _remembered(self, name: str) -> Known | None:
        known = self._known.find(self.server, name)
        if known is None or (self._api != "auto" and known.way.api != self._api):
            return None
        try:
            age = self._clock.now() - datetime.fromisoformat(known.at)
        except (ValueError, TypeError):
            return None
        return known if age < KEPT_FOR else None

    def _next(self, way: Way, refused: WayRefused, ending: CadenceError) -> Way:
        """The next way to try. Raises `ending` where there is none."""
        what = refused.what
        if what in DROPPABLE:
            return way.without(what)
        if what == "limit":
            return replace(way, limit="max_tokens")
        if what == "tools":
            return replace(way, tools=False)
        if what == "api" and way.api == "chat" and self._api == "auto":
            return replace(way, api="responses")
        looser = way.looser() if what == "form" else None
        if looser is not None:
            return looser
        # Some servers do not say what they refuse. Asking with the least is one more try, and costs nothing.
        if what == "unnamed" and way != way.bare():
            return way.bare()
        raise ending from None

    def _keep(
        self, role: ModelRole, way: Way, answer: tuple[Answer, int], known: Known | None, *, is_schema: bool
    ) -> None:
        found, answered = answer[0], answer[0].model or role.name
        if known is not None and known.answered and known.answered != answered:
            log.info("model.changed", server=self.server, model=role.name, was=known.answered, now=answered)
            self._known.forget(self.server, role.name)
            return
        # A stream without token counts: without a stream most servers give them.
        kept = way.without("stream") if way.stream and found.usage is None else way
        if is_schema and _ignores_form(found):
            kept = kept.looser() or kept
        if known is None or kept != known.way or not known.answered:
            self._known.keep(self.server, role.name, kept, answered)

    def _send(self, prompt: Prompt, role: ModelRole, way: Way) -> tuple[Answer, int]:
        """One request; the answer and its milliseconds. Raises WayRefused, or what the error means."""
        api = chat_api if way.api == "chat" else responses_api
        started = self._clock.monotonic()
        body = api.request_body(prompt, role, way)
        try:
            answer = self._connection.ask(way.api, body, whole=api.answer_from, stream=api.answer_from_stream)
        except openai.APIStatusError as error:
            # `from None`, because some servers repeat the key in their answer and a logged cause would show it.
            raise self._meaning(error, way, tools=bool(prompt.tools)) from None
        except responses_api.Failed as failed:
            raise self._failed(str(failed)) from None
        except openai.APIError as error:
            # An error within a stream, which has the status 200.
            raise self._failed(words_of(error)) from None
        except Malformed as error:
            raise unexpected_answer(str(error)) from None
        if answer.ended is None:
            raise unreachable(self.host, may_cost=True)
        return answer, int((self._clock.monotonic() - started) * 1000)

    def _meaning(self, error: openai.APIStatusError, way: Way, *, tools: bool) -> WayRefused | CadenceError:
        words = self._without_key(words_of(error))
        meaning = meaning_of(error, words, way=way, tools=tools, now=self._clock.now())
        # An error status comes instead of an answer, and only answers are billed.
        (meaning.error if isinstance(meaning, WayRefused) else meaning).may_cost = False
        return meaning

    def _failed(self, words: str) -> CadenceError:
        return ModelUnavailable(f"the model's server failed within its answer: {self._without_key(words)}")

    def _completion(self, prompt: Prompt, role: ModelRole, answer: Answer, took: int) -> Completion:
        """What the answer says. Raises ModelUnusable for a refusal and for an empty answer."""
        if answer.refusal:
            refusal = self._without_key(answer.refusal)
            raise ModelUnusable(f"the model refused to answer: {refusal}", code="model.refused", details=[refusal])
        text, finish, calls = answer.text, answer.ended or "stop", answer.calls
        if calls and not prompt.tools:
            # In the form `tools` the answer is the arguments of the one call that was asked for.
            named = [call for call in calls if call.name == prompt.schema_name]
            finish = "wrong_tool" if finish == "stop" and not named else finish
            text = (named or calls)[0].arguments or text
        if not text.strip() and not calls and finish == "stop":
            raise ModelUnusable(
                "the model gave an empty answer", code="model.empty", remedy="Answer with the JSON object."
            )
        usage = answer.usage
        return Completion(
            text=text,
            model=answer.model or role.name,
            # Compatible servers may leave `usage` out or null.
            input_tokens=usage.input_tokens if usage else 0,
            output_tokens=usage.output_tokens if usage else 0,
            finish=finish,
            duration_ms=took,
            # So the recorded model of the sandbox marks its answers; a fingerprint of OpenAI begins with `fp_`.
            recorded=answer.fingerprint.startswith("recorded"),
            cached_tokens=usage.cached_tokens if usage else 0,
            reasoning_tokens=usage.reasoning_tokens if usage else 0,
            # A call that was cut may have half of its arguments, and be valid JSON all the same.
            calls=tool_calls(prompt, calls) if prompt.tools and finish == "stop" else (),
        )

    def _without_key(self, text: str) -> str:
        # Some servers repeat the key in the message of an error.
        clean = text.replace(self._key, "[key]") if self._key else text
        return clean[:500]


def _ignores_form(answer: Answer) -> bool:
    """Whether an answer in prose shows that the server takes the form and does nothing with it, as Anthropic's does.

    A server that holds a model to a schema, or has it call a tool, gives no prose.
    https://platform.claude.com/docs/en/api/openai-sdk
    """
    if answer.ended != "stop" or answer.refusal or answer.calls or not answer.text.strip():
        return False
    # JSON within a fence can be read, so the form serves all the same.
    return not answer.text.lstrip().startswith(("{", "```"))
