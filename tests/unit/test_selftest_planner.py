"""The planner's self test with its scripted model, and with a scripted server: what is reported, and how it ends."""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.cli import selftest_planner
from bot.core.errors import ModelUnavailable
from bot.effects.perform import Effects
from bot.llm.counting import count_tokens
from bot.llm.model import Completion, ModelKind, Prompt
from bot.llm.prices import Price, Prices
from bot.plan.selftest.answers import right_answer
from bot.plan.selftest.packaged import packaged_samples, packaged_tasks
from bot.plan.selftest.runner import TRIES, PlannerSelfTest
from bot.plan.selftest.score import Result, compared, divided, figures, needed, refusal_result
from bot.plan.selftest.scripted import MISTAKES, ScriptedPlanner, misjudged, mistake_in
from bot.review.selftest.memory import MemoryEffects
from bot.sandbox.model.script import Asked, Reply, Rule, answer, limited, prose
from bot.sandbox.model.server import ScriptedModel
from tests.fakes.fake_clock import FakeClock

COUNTED = {
    "done": 36,
    "near": 6,
    "wrong edit": 3,
    "refused: format": 11,
    "refused: other": 4,
    "unanswered": 0,
}
"""Two rounds of the mistakes in bot/plan/selftest/scripted.py, each followed by right answers."""
NAMES = [sample.name for sample in packaged_samples()]


def self_test(model: Any, prices: Prices | None = None) -> tuple[PlannerSelfTest, FakeClock]:
    clock = FakeClock()
    effects = Effects(MemoryEffects(), clock, write_interval_ms=0)
    return PlannerSelfTest(model, effects, clock, prices or Prices()), clock


@pytest.mark.parametrize("name", NAMES)
def test_every_scripted_mistake_is_scored_exactly(name: str) -> None:
    of_sample = [task for task in packaged_tasks() if task.name.startswith(f"{name}/")]
    test, _ = self_test(ScriptedPlanner(of_sample))
    outcomes = list(test.run(of_sample))
    assert misjudged(of_sample, outcomes) == []
    assert len(outcomes) == len(of_sample) >= 38


def test_every_known_mistake_is_made_and_most_tasks_are_answered_right() -> None:
    made = Counter(map(mistake_in, packaged_tasks()))
    assert {name: made[name] for name in MISTAKES if made[name] < 4} == {}
    assert 0.3 < made[""] / len(packaged_tasks()) < 0.6


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
    code, out, err = run("--scripted", "--limit", "60", "--json")
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
    monkeypatch.setattr(selftest_planner, "_misjudged", lambda _tasks, _outcomes: ["x: done instead of near"])
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
    assert set(told["form"]) == {"text"}


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
    outcomes = list(test.run([task for task in packaged_tasks()[:60] if not mistake_in(task)][:2]))
    paid = figures("all", outcomes)
    assert paid.cost == pytest.approx((paid.input_tokens + paid.output_tokens) / 1_000_000)
    free, _ = self_test(ScriptedPlanner(packaged_tasks()))
    outcomes += free.run([task for task in packaged_tasks()[60:90] if not mistake_in(task)][:1])
    assert figures("all", outcomes).cost is None
    assert sum(row.tasks for row in divided(outcomes, "language")) == 3
