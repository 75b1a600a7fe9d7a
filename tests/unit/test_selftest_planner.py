"""The planner's self test with its scripted model, and with a scripted server: what is reported, and how it ends."""

from __future__ import annotations

import json
import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.cli import selftest_forms, selftest_planner
from bot.core.errors import ModelUnavailable
from bot.effects.perform import Effects
from bot.llm.counting import count_tokens
from bot.llm.model import Completion, ModelKind, Prompt
from bot.llm.prices import Price, Prices
from bot.plan.answer_form import FORMS, Form
from bot.plan.measured_form import FormFigures, keep_form, measured_form, plan_form
from bot.plan.selftest.answers import right_answer
from bot.plan.selftest.forms import compared_forms
from bot.plan.selftest.packaged import packaged_samples, packaged_tasks
from bot.plan.selftest.runner import TRIES, PlannerSelfTest
from bot.plan.selftest.score import Result, TaskOutcome, compared, divided, figures, needed, refusal_result
from bot.plan.selftest.scripted import MISTAKES, ScriptedPlanner, misjudged, mistake_in
from bot.review.selftest.memory import MemoryEffects
from bot.sandbox.model.script import Asked, Reply, Rule, answer, limited, prose
from bot.sandbox.model.server import ScriptedModel
from bot.settings import Settings
from tests.fakes.fake_clock import FakeClock

COUNTED = {
    "done": 36,
    "near": 6,
    "wrong edit": 3,
    "refused: format": 11,
    "refused: other": 4,
    "unanswered": 0,
}
"""Two rounds of the mistakes in bot/plan/selftest/mistakes_json.py, each followed by right answers."""
NAMES = [sample.name for sample in packaged_samples()]


def self_test(model: Any, prices: Prices | None = None, form: Form = "text") -> tuple[PlannerSelfTest, FakeClock]:
    clock = FakeClock()
    effects = Effects(MemoryEffects(), clock, write_interval_ms=0)
    return PlannerSelfTest(model, effects, clock, prices or Prices(), form), clock


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", NAMES)
def test_every_scripted_mistake_is_scored_exactly(name: str, form: Form) -> None:
    of_sample = [task for task in packaged_tasks() if task.name.startswith(f"{name}/")]
    test, _ = self_test(ScriptedPlanner(of_sample), form=form)
    outcomes = list(test.run(of_sample))
    assert misjudged(of_sample, outcomes, form) == []
    assert len(outcomes) == len(of_sample) >= 38
    assert {outcome.form for outcome in outcomes} == {form}


@pytest.mark.parametrize("form", FORMS)
def test_every_known_mistake_is_made_and_many_tasks_are_answered_right(form: Form) -> None:
    made = Counter(mistake_in(task, form) for task in packaged_tasks())
    assert {name: made[name] for name in MISTAKES[form] if made[name] < 4} == {}
    assert 0.3 < made[""] / len(packaged_tasks()) < 0.6


def test_an_outcome_in_the_other_form_is_misjudged() -> None:
    tasks = packaged_tasks()[:1]
    test, _ = self_test(ScriptedPlanner(tasks), form="json")
    assert len(misjudged(tasks, list(test.run(tasks)), "text")) == 1


def outcome(task: str, result: Result = Result.DONE, tokens: int = 10, model: str = "m") -> TaskOutcome:
    return TaskOutcome(task, "guard-removed", "go", result, input_tokens=tokens, output_tokens=1, model=model)


@pytest.mark.parametrize(
    ("text", "as_json", "better"),
    [
        # A form that is refused less often is better, whatever else.
        ([Result.FORMAT, Result.DONE], [Result.WRONG, Result.WRONG], "json"),
        ([Result.WRONG, Result.WRONG], [Result.FORMAT, Result.DONE], "text"),
        ([Result.WRONG, Result.DONE], [Result.DONE, Result.DONE], "json"),
        ([Result.DONE, Result.DONE], [Result.DONE, Result.NEAR], "text"),
        ([Result.DONE, Result.DONE], [Result.DONE, Result.DONE], "text"),
        # The server gave no answer to the first task in JSON, so that task counts for neither.
        ([Result.FORMAT, Result.DONE], [Result.UNANSWERED, Result.DONE], "text"),
    ],
)
def test_which_form_is_better(text: list[Result], as_json: list[Result], better: str) -> None:
    given: dict[Form, list[TaskOutcome]] = {
        "text": [outcome(str(n), result) for n, result in enumerate(text)],
        "json": [outcome(str(n), result) for n, result in enumerate(as_json)],
    }
    assert compared_forms(given, "now").form == better


def test_of_equal_forms_the_cheaper_one_is_better_and_only_tasks_of_both_count() -> None:
    given: dict[Form, list[TaskOutcome]] = {
        "text": [outcome("1", tokens=20), outcome("2", tokens=20), outcome("3", Result.FORMAT)],
        "json": [outcome("1", tokens=19), outcome("2", tokens=20)],
    }
    found = compared_forms(given, "2026-01-02T00:00:00")
    assert (found.form, found.tasks, found.answered) == ("json", 2, "m")
    assert found.figures == {"text": FormFigures(0, 2, 42), "json": FormFigures(0, 2, 41)}


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    def cadence(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cadence", "selftest", "planner", *args])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return cadence


def test_the_command_counts_the_scripted_mistakes_of_the_first_sixty_tasks(run: Run) -> None:
    code, out, err = run("--scripted", "--form", "json", "--limit", "60", "--json")
    told = json.loads(out)
    assert code == 0 and told["misjudged"] == []
    assert told["all"]["results"] == COUNTED
    assert told["all"]["tasks"] == 60 and told["tasks"] == 60
    assert told["all"]["attempts"] == sum(outcome["attempts"] for outcome in told["outcomes"])
    assert told["all"]["input_tokens"] > 0 and told["all"]["cost"] is None
    assert sum(row["tasks"] for row in told["operator"].values()) == 60
    assert told["codes"]["model.prose"] == {"tasks": 4, "refused": 2}
    assert err.splitlines()[-1].startswith("60/60  ")


def test_the_table_names_what_failed_and_says_that_all_was_scored_as_scripted(run: Run) -> None:
    code, out, _ = run("--scripted", "--limit", "4", "--language", "go")
    assert code == 0
    assert out.splitlines()[0] == "scripted-planner: 4 of 4 tasks, seed 1"
    assert out.splitlines()[2].split() == [
        *("tasks", "done", "repaired", "near", "wrong", "format", "refused", "none"),
        *("answers", "in", "out", "US", "$", "s"),
    ]
    assert out.splitlines()[-1] == "scored as scripted: 4 of 4"
    assert "refused because of the form of the answer: " in out
    assert re.search(r"^refused: format: \S+ (model|contract)\.\w+ ", out, re.MULTILINE)


def test_a_mistake_that_is_scored_otherwise_fails_the_command(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selftest_planner, "_misjudged", lambda _tasks, _outcomes, _form: ["x: done instead of near"])
    code, out, _ = run("--scripted", "--limit", "1")
    assert code == 1
    assert out.splitlines()[-2:] == ["scored as scripted: 0 of 1", "x: done instead of near"]


def test_the_list_needs_no_model(run: Run) -> None:
    code, out, _ = run("--list", "--operator", "symbol-renamed")
    assert code == 0
    assert out.splitlines()[-1] == "18 tasks: 6 go, 6 python, 6 typescript"
    code, out, _ = run("--list", "--limit", "2", "--json")
    (first, _) = json.loads(out)["tasks"]
    assert first["task"].count("/") == 2 and "Change nothing else" in first["blueprint"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--language", "cobol"], "Use one of: python, typescript, go."),
        (["--operator", "nothing"], "function-deleted"),
        (["--operator", "default-dropped", "--language", "go"], "There is no task for default-dropped in go."),
    ],
)
def test_names_that_are_unknown_are_refused_with_the_known_ones(run: Run, args: list[str], said: str) -> None:
    code, out, err = run(*args)
    assert (code, out) == (2, "") and said in err


def test_without_a_key_it_names_the_scripted_mode(run: Run) -> None:
    code, out, err = run("--limit", "1")
    assert (code, out) == (2, "")
    assert "OPENAI_API_KEY is needed" in err and "--scripted" in err


def ending_at(number: int, end: Callable[[], Completion], monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the scripted model's answer with that number, from 1, do something else."""
    asked = ScriptedPlanner.complete
    prompts: list[Prompt] = []

    def complete(self: ScriptedPlanner, prompt: Prompt) -> Completion:
        prompts.append(prompt)
        return end() if len(prompts) == number else asked(self, prompt)

    monkeypatch.setattr(ScriptedPlanner, "complete", complete)


def test_an_interrupt_ends_it_with_the_figures_so_far(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> Completion:
        raise KeyboardInterrupt

    ending_at(4, interrupt, monkeypatch)
    code, out, err = run("--scripted", "--limit", "9")
    assert code == 130
    assert "ended after 1 of 9 tasks" in err
    assert out.startswith("scripted-planner: 1 of 9 tasks")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ScriptedModel]:
    made = ScriptedModel(count=count_tokens, name="scripted-9")
    made.start()
    monkeypatch.setenv("OPENAI_API_KEY", made.key)
    monkeypatch.setenv("OPENAI_BASE_URL", made.url)
    monkeypatch.setenv("CADENCE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CADENCE_MODEL_PRICES", "scripted-9=1/10")
    yield made
    made.stop()


def knowing(asked: Asked) -> Reply:
    (task,) = [task for task in packaged_tasks() if task.title in asked.text]
    return answer(right_answer(task))


@pytest.fixture
def keyed(run: Run, server: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> Run:
    # `run` takes the key away, and came first.
    monkeypatch.setenv("OPENAI_API_KEY", server.key)
    return run


def test_a_model_on_a_server_is_measured_with_tokens_and_price(keyed: Run, server: ScriptedModel) -> None:
    server.add(Rule("change_set", limited(0.01), times=1), Rule("change_set", knowing))
    code, out, _ = keyed("--limit", "3", "--model", "other", "--json")
    told = json.loads(out)
    assert code == 0 and "misjudged" not in told
    assert told["model"] == "scripted-9" and {asked.model for asked in server.requests} == {"other"}
    figures = told["all"]
    assert figures["results"]["done"] == 3 and figures["format_share"] == 0
    expected = (figures["input_tokens"] + 10 * figures["output_tokens"]) / 1_000_000
    assert figures["cost"] == pytest.approx(expected) and expected > 0
    # The model gave a ChangeSet as JSON to a question for blocks, which counts in the form that was asked for.
    assert set(told["form"]) == {"text"}


def test_both_forms_are_scored_as_scripted_and_nothing_is_kept_of_the_scripted_model(run: Run) -> None:
    code, out, err = run("--scripted", "--form", "both", "--limit", "2")
    assert code == 0
    scored = [line for line in out.splitlines() if line.startswith("scored as scripted")]
    assert scored == ["scored as scripted: 2 of 2"] * 2
    assert "Both forms, on the 2 tasks that were answered in both:" in out
    assert "not kept, because no plans are asked of the scripted model" in out.splitlines()[-1]
    assert err.splitlines()[-1].startswith("4/4  ") and err.splitlines()[-1].endswith("  json")


def only_json(asked: Asked) -> Reply:
    """A model that gives a right ChangeSet where it is asked for one by a schema, and only talks otherwise."""
    return knowing(asked) if asked.format == "json_schema" else prose("I would rather talk about it.")


def settings_of(**env: str) -> Settings:
    return Settings.load({**os.environ, **env}, dotenv=None)


def test_the_better_form_is_kept_for_the_model_that_was_measured(
    keyed: Run, server: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selftest_forms, "LEAST_TASKS", 2)
    server.add(Rule("change_set", only_json))
    code, out, _ = keyed("--form", "both", "--limit", "2", "--model", "other", "--json")
    told = json.loads(out)
    assert code == 0 and (told["compared"]["better"], told["kept"], told["why_not"]) == ("json", True, "")
    assert told["compared"]["text"]["format_refusals"] == 2 and told["compared"]["json"]["done"] == 2
    assert told["forms"]["text"]["form"].keys() == {"text"} and told["forms"]["json"]["form"].keys() == {"json"}
    measured, data = settings_of(CADENCE_MODEL_PLAN="other"), settings_of().data_dir
    found = measured_form(measured, data)
    assert found is not None and found.tasks == 2 and found.answered == "scripted-9"
    assert plan_form(measured, data) == "json"
    # Nothing is known of other models, of other servers, and where the setting says something.
    assert plan_form(settings_of(), data) == "text"
    assert plan_form(settings_of(CADENCE_MODEL_PLAN="other", OPENAI_BASE_URL="http://127.0.0.1:1/v1"), data) == "text"
    assert plan_form(settings_of(CADENCE_MODEL_PLAN="other", CADENCE_MODEL_PLAN_FORM="text"), data) == "text"
    assert plan_form(settings_of(CADENCE_MODEL_PLAN_FORM="json"), data) == "json"


@pytest.mark.parametrize(
    ("args", "least", "why_not"),
    [
        (["--limit", "1"], 2, "2 tasks have to be answered in both forms, and 1 were"),
        (["--limit", "1", "--language", "go"], 1, "tasks of one language or operator say nothing about the others"),
        (["--limit", "1", "--operator", "guard-removed"], 1, "tasks of one language or operator"),
    ],
)
def test_too_few_tasks_keep_nothing(
    keyed: Run, server: ScriptedModel, monkeypatch: pytest.MonkeyPatch, args: list[str], least: int, why_not: str
) -> None:
    monkeypatch.setattr(selftest_forms, "LEAST_TASKS", least)
    server.add(Rule("change_set", knowing))
    code, out, _ = keyed("--form", "both", *args)
    assert code == 0 and why_not in out.splitlines()[-1] and "not kept" in out.splitlines()[-1]
    assert measured_form(settings_of(), settings_of().data_dir) is None


def test_a_data_directory_that_cannot_be_written_is_said(
    keyed: Run, server: ScriptedModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(selftest_forms, "LEAST_TASKS", 1)
    (tmp_path / "data").write_text("a file is in its place")
    measured = compared_forms({"text": [outcome("1")], "json": [outcome("1")]}, "now")
    assert "CADENCE_DATA_DIR cannot be written: " in selftest_forms.kept(measured, settings_of(), is_chosen=False)


@pytest.mark.parametrize("spoil", [
    lambda kept: kept | {"form": "prose"}, lambda kept: kept | {"tasks": "many"}, lambda kept: kept | {"version": 2},
    lambda kept: kept | {"figures": {}}, lambda kept: kept | {"model": "another"}, lambda kept: [kept],
])  # fmt: skip
def test_a_damaged_measurement_is_none(
    keyed: Run, server: ScriptedModel, spoil: Callable[[dict[str, Any]], Any]
) -> None:
    settings = settings_of()
    measured = compared_forms({"text": [outcome("1")], "json": [outcome("1", tokens=5)]}, "now")
    keep_form(settings, settings.data_dir, measured)
    assert measured_form(settings, settings.data_dir) == measured and measured.form == "json"
    (path,) = (settings.data_dir / "models" / "forms").iterdir()
    path.write_text(json.dumps(spoil(json.loads(path.read_text()))))
    assert measured_form(settings, settings.data_dir) is None and plan_form(settings, settings.data_dir) == "text"
    path.write_text("{")
    assert measured_form(settings, settings.data_dir) is None


def test_without_a_key_the_form_is_the_default(run: Run, tmp_path: Path) -> None:
    assert plan_form(settings_of(), tmp_path) == "text"


def test_a_key_that_is_not_accepted_ends_it(keyed: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "another")
    code, out, err = keyed("--limit", "3")
    assert (code, out) == (1, "") and "model.unauthorized" in err


def test_a_spent_quota_ends_it_with_what_was_measured(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def spent() -> Completion:
        raise ModelUnavailable("the quota is spent", code="model.quota", retry=False)

    ending_at(4, spent, monkeypatch)
    code, out, err = run("--scripted", "--limit", "9")
    assert code == 1 and out.startswith("scripted-planner: 1 of 9 tasks")
    assert "ended after 1 of 9 tasks" in err and "model.quota" in err


def test_a_model_that_only_talks_is_refused_for_its_form(keyed: Run, server: ScriptedModel) -> None:
    server.add(Rule(None, prose("I would rather talk about it.")))
    code, out, _ = keyed("--limit", "2", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["all"]["results"]["refused: format"] == 2 and told["all"]["format_share"] == 1
    assert told["operation"].keys() == {"none accepted"}


class Busy:
    """A model whose server never has room."""

    def asked_name(self, kind: ModelKind) -> str:
        return "busy"

    def prepare(self, prompt: Prompt) -> Prompt:
        return prompt

    def slot(self, kind: ModelKind) -> AbstractContextManager[None]:
        return nullcontext()

    def complete(self, prompt: Prompt) -> Completion:
        raise ModelUnavailable("no room", after=7.0)


def test_a_server_that_never_has_room_is_waited_for_and_says_nothing_about_the_model() -> None:
    test, clock = self_test(Busy())
    started = clock.monotonic()
    (outcome,) = test.run(packaged_tasks()[:1])
    assert (outcome.result, outcome.code, outcome.attempts) == (Result.UNANSWERED, "model.unavailable", TRIES)
    assert clock.monotonic() - started == 7.0 * (TRIES - 1)
    assert figures("all", [outcome]).format_share == 0


@pytest.mark.parametrize(
    ("code", "result"),
    [
        ("contract.replace_missing", Result.FORMAT),
        ("model.truncated", Result.FORMAT),
        ("loss.code_fence", Result.FORMAT),
        ("loss.truncated", Result.REFUSED),
        ("syntax.go", Result.REFUSED),
        ("plan.empty", Result.REFUSED),
        ("model.refused", Result.REFUSED),
        ("model.too_long", Result.UNANSWERED),
        ("model.unauthorized", Result.UNANSWERED),
    ],
)
def test_what_a_refusal_counts_as(code: str, result: Result) -> None:
    assert refusal_result(code) is result


def test_what_is_equal_near_and_wrong() -> None:
    wanted = {"a.py": "x = 1\ny = 2\n", "b.md": "b\n"}

    def result(**files: str) -> tuple[Result, str]:
        return compared(wanted, {**{"a.py": b"x = 1\ny = 2\n", "b.md": b"b\n"}, **{
            f"{name}.{'py' if name == 'a' else 'md'}": text.encode() for name, text in files.items()
        }})  # fmt: skip

    assert result() == (Result.DONE, "")
    assert result(a="x = 1  \ny = 2") == (Result.NEAR, "a.py")
    assert result(a="x = 1\r\ny = 2\r\n\n") == (Result.NEAR, "a.py")
    assert result(a=" x = 1\ny = 2\n") == (Result.WRONG, "a.py")
    assert result(a="x = 1\n\ny = 2\n") == (Result.WRONG, "a.py")
    assert result(a="x = 1\ny = 2", b="c\n") == (Result.WRONG, "a.py, b.md")
    assert result(c="new\n") == (Result.WRONG, "c.md")
    assert compared(wanted, {"a.py": b"x = 1\ny = 2\n"}) == (Result.WRONG, "b.md")


def test_what_has_to_happen_to_files() -> None:
    assert needed({"a": "1"}, {"a": "2"}) == ("change",)
    assert needed({"a": "1", "b": "2"}, {"a": "1"}) == ("delete",)
    assert needed({"a": "1"}, {"a": "1", "b": "2"}) == ("add",)
    assert needed({"a": "1", "c": "2"}, {"a": "1", "b": "2"}) == ("rename",)
    assert needed({"a": "1"}, {"a": "2", "b": "3"}) == ("add", "change")


def test_a_price_counts_only_where_every_answer_has_one() -> None:
    test, _ = self_test(ScriptedPlanner(packaged_tasks()), Prices({"scripted-planner": Price(1, 1)}))
    outcomes = list(test.run([task for task in packaged_tasks()[:60] if not mistake_in(task, "text")][:2]))
    paid = figures("all", outcomes)
    assert paid.cost == pytest.approx((paid.input_tokens + paid.output_tokens) / 1_000_000)
    free, _ = self_test(ScriptedPlanner(packaged_tasks()))
    outcomes += free.run([task for task in packaged_tasks()[60:90] if not mistake_in(task, "text")][:1])
    assert figures("all", outcomes).cost is None
    assert sum(row.tasks for row in divided(outcomes, "language")) == 3
