"""The self test with scripted reviewers: one sees everything, one nothing, one distrusts everything."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.core.errors import ModelUnavailable
from bot.effects.perform import Effects
from bot.llm.counting import count_tokens
from bot.llm.model import Completion, ModelKind, Prompt
from bot.review.measured import UNMEASURED, measured_in
from bot.review.review_kinds import ReviewKind
from bot.review.reviewer import Judge
from bot.review.selftest.memory import MemoryEffects
from bot.review.selftest.packaged import packaged_seeds
from bot.review.selftest.runner import TRIES, SelfTest
from bot.review.selftest.score import Result
from bot.review.selftest.seeds import Seed
from bot.sandbox.model.script import Asked, Reply, Rule, answer, limited, review
from bot.sandbox.model.server import ScriptedModel
from tests.fakes.fake_clock import FakeClock

R, E = ReviewKind.REASONING, ReviewKind.EFFICIENCY
SEEDS = packaged_seeds()
DEFECTS = {kind: [s for s in SEEDS if kind in s.reviewers and not s.clean] for kind in ReviewKind}
CLEAN = [seed for seed in SEEDS if seed.clean]


def rejecting(path: str | None, message: str = "This is wrong.") -> dict[str, Any]:
    finding = {"severity": "error", "message": message, "path": path, "line": None}
    return {"verdict": "reject", "summary": "No.", "findings": [finding]}


APPROVING = {"verdict": "approve", "summary": "Fine.", "findings": []}


def seed_of(asked: Asked) -> Seed:
    """The seed that a question is about."""
    (found,) = [
        seed
        for seed in SEEDS
        if seed.diff in asked.text and seed.blueprint.strip() in asked.text and _plan_fits(seed, asked)
    ]
    return found


def _plan_fits(seed: Seed, asked: Asked) -> bool:
    return "efficiency" in asked.kind or seed.plan.strip() in asked.text


def knowing(asked: Asked) -> Reply:
    """Sees everything."""
    seed = seed_of(asked)
    return review(APPROVING if seed.clean else rejecting(seed.paths[0] if seed.paths else None))(asked)


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    server = ScriptedModel(count=count_tokens, name="scripted-9")
    server.start()
    yield server
    server.stop()


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    model: ScriptedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", model.key)
    monkeypatch.setenv("OPENAI_BASE_URL", model.url)
    monkeypatch.setenv("CADENCE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CADENCE_MODEL", "configured")

    def cadence(*args: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["cadence", "selftest", "reviewers", *args])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return cadence


def told(run: Run, *args: str) -> dict[str, dict[str, Any]]:
    code, out, _ = run("--json", *args)
    assert code == 0
    return {one["kind"]: one for one in json.loads(out)["reviewers"]}


def test_one_who_sees_everything_catches_everything_and_never_cries_wolf(
    model: ScriptedModel, run: Run, tmp_path: Path
) -> None:
    model.add(Rule("review", knowing))
    for kind, one in told(run).items():
        assert (one["caught"], one["defects"]) == (len(DEFECTS[ReviewKind(kind)]),) * 2
        assert (one["missed"], one["false_alarms"], one["unreadable"]) == ([], [], [])
        assert (one["clean"], one["model"]) == (len(CLEAN), "scripted-9")
        kept = measured_in(tmp_path / "data")(ReviewKind(kind), "scripted-9")
        assert kept == one["measured"]
        assert kept.startswith(f"caught {one['defects']} of {one['defects']}, false alarms 0 of {len(CLEAN)} (2")
    assert not model.unmatched
    assert {asked.model for asked in model.requests} == {"configured"}


def test_a_blind_one_misses_everything(model: ScriptedModel, run: Run) -> None:
    model.add(Rule("review", review(APPROVING)))
    for kind, one in told(run).items():
        assert one["caught"] == 0 and one["false_alarms"] == []
        assert one["missed"] == [seed.name for seed in DEFECTS[ReviewKind(kind)]]


def test_one_who_distrusts_everything_is_all_false_alarms_and_lucky_only_where_no_file_must_be_named(
    model: ScriptedModel, run: Run
) -> None:
    model.add(Rule("review", review(rejecting(None, "I do not like it."))))
    for kind, one in told(run).items():
        lucky = [seed.name for seed in DEFECTS[ReviewKind(kind)] if not seed.paths]
        assert one["false_alarms"] == [seed.name for seed in CLEAN]
        assert one["caught"] == len(lucky) < one["defects"]
        assert not set(lucky) & set(one["missed"])


def test_a_rejection_that_points_elsewhere_is_no_catch_and_an_unmet_line_that_points_there_is(
    model: ScriptedModel, run: Run
) -> None:
    def pointing(asked: Asked) -> Reply:
        seed = seed_of(asked)
        if seed.clean:
            return review(APPROVING)(asked)
        if seed.name == "pages: off by one":
            unmet = [{"number": 1, "text": "", "answer": "no", "evidence": [{"path": "pages.py", "line": 14}]}]
            return review({**APPROVING, "acceptance": unmet})(asked)
        return review(rejecting("elsewhere.py"))(asked)

    model.add(Rule("review", pointing))
    one = told(run, "--kind", "reasoning")["reasoning"]
    pathless = [seed for seed in DEFECTS[R] if not seed.paths]
    assert one["caught"] == 1 + len(pathless)
    assert "pages: off by one" not in one["missed"] and one["false_alarms"] == []


def test_only_the_asked_reviewer_by_the_named_model_and_as_often_as_said(model: ScriptedModel, run: Run) -> None:
    model.add(Rule("review", knowing))
    code, out, err = run("--kind", "efficiency", "--model", "other", "--samples", "2")
    defects, clean = 2 * len(DEFECTS[E]), 2 * len(CLEAN)
    assert code == 0
    assert {(asked.model, asked.kind) for asked in model.requests} == {("other", "cadence_review_efficiency")}
    assert len(model.requests) == defects + clean
    assert f"caught {defects} of {defects}, false alarms 0 of {clean}" in out
    assert err.splitlines()[-1].startswith(f"efficiency {defects + clean}/{defects + clean}  ")
    assert "reasoning" not in out


def test_the_table_names_what_was_missed_and_what_was_rejected_without_a_reason(model: ScriptedModel, run: Run) -> None:
    def fallible(asked: Asked) -> Reply:
        seed = seed_of(asked)
        if seed.name == "stock: a loop in a loop":
            return review(APPROVING)(asked)
        if seed.name == "csv: as asked":
            return review(rejecting("csv.js"))(asked)
        return knowing(asked)

    model.add(Rule("review", fallible))
    code, out, _ = run("--kind", "efficiency")
    assert code == 0
    assert "missed: stock: a loop in a loop" in out
    assert "false alarms: csv: as asked" in out
    assert out.splitlines()[0].split() == ["review", "model", "seeds", "caught", "false", "alarms", "unreadable"]
    assert out.splitlines()[1].split()[:2] == ["efficiency", "scripted-9"]


def test_a_server_that_cuts_prompts_measures_nothing_and_leaves_the_old_figures(
    model: ScriptedModel, run: Run, tmp_path: Path
) -> None:
    model.add(Rule("review", knowing))
    assert run("--kind", "efficiency")[0] == 0
    before = measured_in(tmp_path / "data")(E, "scripted-9")
    cut = {**APPROVING, "first_word": "w0", "last_word": "never seen"}
    model.add(Rule("efficiency", answer(cut)), Rule("reasoning", answer({**cut, "acceptance": []})), first=True)
    code, out, err = run()
    assert code == 1
    assert "no usable answers" in out
    assert "unreadable" in err and "missed" not in err
    assert measured_in(tmp_path / "data")(E, "scripted-9") == before
    assert measured_in(tmp_path / "data")(R, "scripted-9") == UNMEASURED


def test_some_unreadable_answers_are_counted_and_shown(model: ScriptedModel, run: Run) -> None:
    def now_and_then(asked: Asked) -> Reply:
        return answer({}) if seed_of(asked).name == "csv: as asked" else knowing(asked)

    model.add(Rule("review", now_and_then))
    one = told(run, "--kind", "efficiency")["efficiency"]
    assert one["unreadable"] == ["csv: as asked"]
    assert f"unreadable 1 of {len(DEFECTS[E]) + len(CLEAN)}" in one["measured"]


def test_a_busy_server_is_asked_again_and_a_key_that_does_not_serve_ends_it(
    model: ScriptedModel, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.add(Rule("review", limited(0.01), times=1), Rule("review", knowing))
    one = told(run, "--kind", "efficiency")["efficiency"]
    assert one["unreadable"] == [] and one["caught"] == one["defects"]
    monkeypatch.setenv("OPENAI_API_KEY", "another")
    code, out, err = run("--kind", "efficiency")
    assert (code, out) == (1, "")
    assert "model.unauthorized" in err and "OPENAI_API_KEY" in err


class Busy:
    """A model whose server never has room."""

    def asked_name(self, kind: ModelKind) -> str:
        return "busy"

    def complete(self, prompt: Prompt) -> Completion:
        raise ModelUnavailable("no room", after=7.0)


def test_a_server_that_never_has_room_is_waited_for_as_it_says_and_then_counts_as_unreadable() -> None:
    clock = FakeClock()
    judge = Judge(count_tokens=count_tokens, measured=lambda _kind, _model: UNMEASURED)
    test = SelfTest(judge, Busy(), Effects(MemoryEffects(), clock, write_interval_ms=0), clock)
    started = clock.monotonic()
    (outcome,) = test.run(E, [CLEAN[0]])
    assert (outcome.result, outcome.model) == (Result.UNREADABLE, "") and "no room" in outcome.why
    assert clock.monotonic() - started == 7.0 * (TRIES - 1)


def test_without_a_key_it_says_what_is_missing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    code, out, err = run()
    assert (code, out) == (2, "")
    assert "OPENAI_API_KEY is needed" in err
