"""The model's part of `cadence doctor`: each server and model is asked a few short questions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from jsonschema import Draft202012Validator

from bot.app import build_model
from bot.cli.doctor_lines import Line
from bot.core.clock import Clock
from bot.core.errors import CadenceError
from bot.core.names import InstallationId, RepositoryId
from bot.effects.kinds import EffectActor, EffectKind
from bot.effects.perform import Effects
from bot.llm.by_role import ModelsByRole
from bot.llm.counting import count_tokens
from bot.llm.model import Completion, LanguageModel, Message, ModelKind, Prompt, Tool
from bot.llm.openai_model import OpenAIModel
from bot.llm.structured import read_json
from bot.llm.ways import FORM_NAMES, FORMS, Way
from bot.plan.measured_form import measured_form, plan_form
from bot.plan.selftest.forms import LEAST_TASKS
from bot.review.reviewer import LEAST_TOKEN_SHARE
from bot.review.selftest.memory import MemoryEffects
from bot.settings import Settings

# No repository and no installation: GitHub counts ids from 1.
ACTOR = EffectActor("doctor", RepositoryId(0), InstallationId(0))
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"animal": {"type": "string"}, "legs": {"type": "integer"}},
    "required": ["animal", "legs"],
}
QUESTION = (
    "This is a check of whether answers can be read by a program; it needs no thought. A text says: a sparrow sat on "
    "the fence. Answer with a JSON object of exactly two keys: `animal` is the name of the animal in the text, a "
    "string of one word in lower case, and `legs` is how many legs such an animal has, an integer. Write no other "
    "key, no comment and no text before or after the object, and put no fence around it."
)
MOST_TOKENS = 2_000
"""Enough for hidden reasoning about nothing, and not for a small model that does not stop."""
TOOLS = tuple(
    Tool(name, f"Looks up the weather in {place}.", {"type": "object", "properties": {}, "additionalProperties": False})
    for name, place in (("weather_in_oslo", "Oslo"), ("weather_in_rome", "Rome"))
)

PLAN_FORM_NAMES = {"text": "numbered blocks of text", "json": "JSON"}


@dataclass(frozen=True, slots=True)
class _Asked:
    """One model at one server, and the roles that use it."""

    model: OpenAIModel
    kinds: tuple[ModelKind, ...]

    @property
    def name(self) -> str:
        return self.model.asked_name(self.kinds[0])

    @property
    def subject(self) -> str:
        """As it is shown: who is asked where, for what."""
        return f"{self.name} at {self.model.host} ({', '.join(self.kinds)})"


def model_lines(settings: Settings, clock: Clock) -> Iterator[Line]:
    """A line for each thing that was checked of each configured model. What was found is kept for the service."""
    limits = {
        f"model_{kind}_output_tokens": min(MOST_TOKENS, settings.model_role(kind).output_tokens or MOST_TOKENS)
        for kind in ModelKind
    }
    model = build_model(settings.model_copy(update=limits), clock)
    asked, absent = _grouped(model)
    if absent:
        text = f"no key, so there is no model for {', '.join(absent)}"
        yield Line("model", "key", False, text, "Set OPENAI_API_KEY (and OPENAI_BASE_URL for another server).")
    for one in asked:
        yield from _Examination(one, settings, Effects(MemoryEffects(), clock, write_interval_ms=0)).lines()
        one.model.close()


def _grouped(model: LanguageModel) -> tuple[list[_Asked], list[ModelKind]]:
    """The models with the kinds that each is asked for, and the kinds without one."""
    groups: dict[tuple[int, str], _Asked] = {}
    absent = []
    for kind in ModelKind:
        own = model.of(kind) if isinstance(model, ModelsByRole) else model
        if not isinstance(own, OpenAIModel):
            absent.append(kind)
            continue
        key = (id(own), own.asked_name(kind))
        before = groups.get(key)
        groups[key] = _Asked(own, (*(before.kinds if before else ()), kind))
    return list(groups.values()), absent


class _Examination:
    """Asks one model, and says what was found."""

    def __init__(self, asked: _Asked, settings: Settings, effects: Effects) -> None:
        self._asked = asked
        self._settings = settings
        self._effects = effects
        self._questions = 0

    def lines(self) -> Iterator[Line]:
        """Server, key and model; then what the model can do, unless it does not answer at all."""
        try:
            listed = self._asked.model.models()
        except CadenceError as error:
            yield self._fault("server", error)
            return
        yield self._line("server", True, "reachable; the key is accepted" if listed is not None else "reachable")
        prompt = self._prompt(QUESTION)
        self._asked.model.forget(self._asked.kinds[0])
        try:
            answer = self._ask(prompt, None)
        except CadenceError as error:
            if error.code not in ("model.refused", "model.empty"):
                yield self._fault("model", error, _among(self._asked.name, listed))
                return
            answer = None
        known = self._asked.model.known_way(self._asked.kinds[0])
        way = known.way if known else self._asked.model.first_way()
        yield self._line(
            "model", True, f"answers as {known.answered if known else self._asked.name}, by the {way.api} API"
        )
        yield self._form(prompt, way)
        yield self._tools(way)
        yield self._stream(way)
        yield self._counting(prompt, answer)
        yield from self._parameters(prompt)
        yield self._price()
        if ModelKind.PLAN in self._asked.kinds:
            yield self._plan_form()

    def _form(self, prompt: Prompt, way: Way) -> Line:
        """Which of the ways to ask for JSON gives a right answer; the strictest of them is used from now on."""
        works, told = [], []
        for form in FORMS:
            try:
                completion = self._ask(prompt, replace(way, form=form))
                fault = next(Draft202012Validator(SCHEMA).iter_errors(read_json(completion)), None)
                why = fault.message[:80] if fault is not None else ""
            except CadenceError as error:
                if error.retry:
                    return self._fault("answers in JSON", error)
                why = error.code
            works += [] if why else [(form, completion.model)]
            told.append(f"{FORM_NAMES[form]} {'✓' if not why else f'✗ ({why})'}")
        if not works:
            remedy = "Choose a model that can answer in JSON; with this one every plan and review fails."
            return self._line("answers in JSON", False, ", ".join(told), remedy)
        best, answered = works[0]
        for kind in self._asked.kinds[:1]:
            self._asked.model.keep_way(kind, replace(way, form=best), answered)
        return self._line("answers in JSON", True, f"{', '.join(told)}; {FORM_NAMES[best]} is used")

    def _tools(self, way: Way) -> Line:
        """Whether it calls tools, and two at once. Only exploring needs them, so it is not a fault."""
        question = "Call both tools now, at once, to learn the weather in Oslo and in Rome."
        prompt = replace(self._prompt(question), schema={}, schema_name="", tools=TOOLS)
        try:
            calls = self._ask(prompt, way).calls
        except CadenceError as error:
            return self._line("tools", None, f"{error.code}: {error.summary}", "Exploring works without them.")
        good = [call for call in calls if not call.problem]
        if len(good) > 1:
            return self._line("tools", True, "calls several at once")
        text = "calls one at a time" if good else "takes tools and calls none"
        return self._line("tools", True if good else None, text, "" if good else "Exploring works without them.")

    def _stream(self, way: Way) -> Line:
        if way.stream:
            return self._line(
                "streaming", True, f"yes; given up after {self._settings.model_stall_seconds:g} s of silence"
            )
        text = f"no: only the whole deadline of {self._settings.model_timeout_seconds:g} s ends a silent answer"
        return self._line("streaming", None, text, "Nothing has to be done.")

    def _counting(self, prompt: Prompt, answer: Completion | None) -> Line:
        """Whether the server says how many tokens it read: a review is not believed without that."""
        ours = sum(count_tokens(message.content) for message in prompt.messages)
        theirs = answer.input_tokens if answer else 0
        if theirs <= 0:
            remedy = "Choose a server that gives `usage`; without it every review ends `review.unread`."
            return self._line("token counts", False, "the server does not say how many tokens it read", remedy)
        text = f"{theirs} for a question of about {ours}"
        remedy = "The server may cut prompts: raise its context (`num_ctx` for Ollama, `-c` for llama.cpp)."
        is_cut = theirs < ours * LEAST_TOKEN_SHARE
        return self._line("token counts", not is_cut, text, remedy if is_cut else "")

    def _parameters(self, prompt: Prompt) -> Iterator[Line]:
        """Whether the server takes the effort and the temperature that are set; what it refuses is not sent."""
        for kind in self._asked.kinds:
            role = self._settings.model_role(kind)
            wanted = [part for part in ("effort", "temperature") if getattr(role, part) is not None]
            if not wanted:
                continue
            try:
                self._ask(replace(prompt, kind=kind), None)
            except CadenceError as error:
                yield self._fault(f"{' and '.join(wanted)} of {kind}", error)
                continue
            known = self._asked.model.known_way(kind)
            for part in wanted:
                taken = known is None or getattr(known.way, part)
                text = f"{getattr(role, part)} is {'taken' if taken else 'refused by the server, so it is not sent'}"
                remedy = "" if taken else f"Remove CADENCE_MODEL_{kind.upper()}_{part.upper()}."
                yield self._line(f"{part} of {kind}", taken, text, remedy)

    def _price(self) -> Line:
        prices, name = self._settings.prices(), self._asked.name
        if prices.knows(name):
            return self._line("price", True, f"known, from {prices.source(name)}")
        remedy = f"Set CADENCE_MODEL_PRICES={name}=INPUT/OUTPUT, in US dollars for a million tokens."
        return self._line("price", None, "not known, so only caps on tokens count", remedy)

    def _plan_form(self) -> Line:
        """In which form the model is asked for plans, and what that rests on."""
        directory = self._settings.data_dir
        form, found = plan_form(self._settings, directory), measured_form(self._settings, directory)
        why = "" if self._settings.model_plan_form == "auto" else ", as CADENCE_MODEL_PLAN_FORM says"
        text = f"{PLAN_FORM_NAMES[form]}{why}; {found.told() if found else 'not measured'}"
        if found is None:
            remedy = f"Measure both forms: `cadence selftest planner --form both --limit {LEAST_TASKS * 2}`."
            return self._line("form of plans", None, text, remedy)
        if form != found.form:
            return self._line("form of plans", None, text, "Unset CADENCE_MODEL_PLAN_FORM: the other form did better.")
        return self._line("form of plans", True, text)

    def _prompt(self, question: str) -> Prompt:
        return Prompt(self._asked.kinds[0], (Message("user", question),), "cadence_doctor", SCHEMA)

    def _ask(self, prompt: Prompt, way: Way | None) -> Completion:
        """One question through the effect gateway: in that way, or in the one that is found."""
        model = self._asked.model
        self._questions += 1

        def do() -> dict[str, object]:
            return (model.complete(prompt) if way is None else model.complete_in(prompt, way)).as_json()

        return Completion.from_json(
            self._effects.perform(
                ACTOR, EffectKind.MODEL_CALL, f"doctor:{self._questions}", find=lambda: None, do=do, fresh=True
            )
        )

    def _line(self, check: str, ok: bool | None, text: str, remedy: str = "") -> Line:
        return Line(self._asked.subject, check, ok, text, remedy)

    def _fault(self, check: str, error: CadenceError, more: str = "") -> Line:
        text = f"{error.code}: {error.summary}{more}"
        return self._line(
            check, False, text, error.remedy or "Run the command again; if it lasts, ask who runs the server."
        )


def _among(name: str, listed: Sequence[str] | None) -> str:
    """What else the server has, where it does not have the model."""
    if not listed or name in listed:
        return ""
    return f"; the server lists {', '.join(listed[:8])}" + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")
