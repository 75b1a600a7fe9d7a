"""The editor in blocks: what is kept, what is asked for again, and what it is shown when it lacks code."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bot.config.model import RepoConfig
from bot.core.errors import ModelUnusable, Refused
from bot.core.findings import Finding
from bot.core.names import CommitSha, RunId
from bot.llm.model import Completion, ModelKind, Prompt, ToolCall
from bot.plan.answer.blocks import block_example
from bot.plan.blueprint import read_blueprint
from bot.plan.context.pack import ContextPack
from bot.plan.explore.values import Limits, Look
from bot.plan.planner import Planner
from bot.plan.request import Planned, PlanRequest
from tests.fakes.memory_tree import MemoryTree
from tests.unit.test_plan_explore import Hit

GREET = """def greet(name: str) -> str:
    return "Hello " + name


def part(name: str) -> str:
    return "Bye " + name
"""
LONG = "".join(
    f"def step_{n}() -> int:\n    # {'what this step is good for, in many words ' * 3}\n    return {n}\n\n\n"
    for n in range(400)
)
FILES: dict[str, str | bytes] = {"greet.py": GREET, "lib/long.py": LONG, "README.md": "# greet\n"}
MARK = re.compile(r"`BEGIN number ([0-9a-f]+)`")
Answer = Callable[[str], str]


def blocks(*edits: dict[str, Any], texts: Sequence[str] = (), **rest: Any) -> Answer:
    """An answer with the mark of its question."""
    envelope = {"summary": "Greet politely", "plan": "Change greet.", "message": "Politer.", "needs": [], **rest}

    def written(mark: str) -> str:
        parts = [block_example(number, mark, text.split("\n")) for number, text in enumerate(texts, 1)]
        return "\n".join([*parts, "```json", json.dumps({**envelope, "edits": list(edits)}), "```"])

    return written


def replace(old: int, new: int, path: str = "greet.py") -> dict[str, Any]:
    return {"path": path, "operation": "replace", "old": old, "new": new}


class Model:
    """Answers each kind of question in turn, the last answer again; keeps the questions."""

    def __init__(self, *answers: Answer | str | Exception, explore: Sequence[Completion] = ()) -> None:
        self.answers = list(answers)
        self.explore = list(explore)
        self.asked: list[Prompt] = []

    def __call__(self, prompt: Prompt) -> Completion:
        self.asked.append(prompt)
        if prompt.kind is ModelKind.EXPLORE:
            return self.explore.pop(0)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        mark = MARK.search(prompt.messages[0].content)
        text = answer if isinstance(answer, str) else answer(mark[1] if mark else "")
        return Completion(text, "fake", 10, 5, "stop", 1)

    @property
    def edited(self) -> list[Prompt]:
        return [prompt for prompt in self.asked if prompt.kind is ModelKind.PLAN]


class Search:
    """Finds words in the files above."""

    def lines(
        self, text: str, *, regex: bool = False, word: bool = False, globs: Sequence[str] = (), per_file: int = 20
    ) -> Sequence[Hit] | str:
        return [
            Hit(path, number, line)
            for path, content in FILES.items()
            if isinstance(content, str)
            for number, line in enumerate(content.split("\n"), 1)
            if re.search(rf"\b{re.escape(text)}\b", line)
        ]

    def history(self, path: str = "", *, limit: int = 10) -> Sequence[Any]:
        return []


class Kept:
    """What the planner records."""

    def __init__(self) -> None:
        self.findings: list[list[str]] = []
        self.packs: list[ContextPack] = []
        self.looks: list[Look] = []


def plan(model: Model, kept: Kept | None = None, *, body: str = "Greet politely.", **more: Any) -> Planned:
    kept = kept or Kept()

    def findings(_run: RunId, _attempt: int, found: Sequence[Finding]) -> None:
        kept.findings.append([one.code for one in found])

    planner = Planner(
        count_tokens=lambda text: len(text) // 4,
        record_findings=findings,
        record_context=lambda _run, pack: kept.packs.append(pack),
        record_looks=lambda _run, looks: kept.looks.extend(looks),
    )
    request = PlanRequest(
        run=RunId("r"),
        blueprint=read_blueprint("Greet", body),
        guidance="",
        base=CommitSha("a" * 40),
        tree=MemoryTree(FILES),
        config=RepoConfig(),
        token_budget=6_000,
        **more,
    )
    return planner.plan(request, model)


def written(planned: Planned) -> dict[str, str]:
    return {change.path: (change.content or b"").decode() for change in planned.changes}


POLITE = blocks(replace(1, 2), texts=['    return "Hello " + name', '    return "Good day, " + name'])


def test_a_plan_in_blocks_is_applied_and_asked_for_without_a_format() -> None:
    model = Model(POLITE)
    assert written(plan(model)) == {"greet.py": GREET.replace('"Hello "', '"Good day, "')}
    (prompt,) = model.asked
    assert prompt.schema == {} and "numbered blocks" in prompt.messages[0].content
    # The request that the model received has every line that the plan edits.
    assert '    return "Hello " + name' in prompt.messages[1].content


def test_only_the_edit_that_failed_is_asked_for_again() -> None:
    bad = blocks(
        replace(1, 2),
        replace(3, 4),
        texts=['    return "Hello " + name', '    return "Good day, " + name', '    return "Bye "+name', "x"],
    )
    again = blocks(
        replace(1, 2), texts=['    return "Bye " + name', '    return "Farewell, " + name'], summary="", plan=""
    )
    model, kept = Model(bad, again), Kept()
    planned = plan(model, kept)
    assert written(planned) == {"greet.py": GREET.replace('"Hello "', '"Good day, "').replace('"Bye "', '"Farewell, "')}
    assert (planned.summary, planned.attempts, kept.findings) == ("Greet politely", 2, [["contract.replace_missing"]])
    told = model.asked[1].messages[-1].content
    assert "edits[1] (greet.py" in told and "Kept: edit 1 (replace in greet.py)." in told
    assert "the nearest lines are" in told and 'return "Bye " + name' in told


def test_a_correction_that_leaves_the_failed_edit_out_is_refused() -> None:
    bad = blocks(
        replace(1, 2),
        replace(3, 4, "README.md"),
        texts=['    return "Hello " + name', '    return "Good day, " + name', "nowhere", "x"],
    )
    with pytest.raises(Refused) as caught:
        plan(Model(bad, POLITE))
    assert caught.value.code == "contract.empty" and "no edit of README.md" in caught.value.message


def test_a_correction_may_name_the_right_path_in_place_of_one_that_does_not_exist() -> None:
    texts = ['    return "Hello " + name', '    return "Good day, " + name', "# greet", "# greet politely"]
    bad = blocks(replace(1, 2), replace(3, 4, "docs/README.md"), texts=texts)
    again = blocks(replace(1, 2), replace(3, 4, "README.md"), texts=texts)
    planned = plan(Model(bad, again))
    assert written(planned) == {
        "greet.py": GREET.replace('"Hello "', '"Good day, "'),
        "README.md": "# greet politely\n",
    }
    with pytest.raises(Refused) as caught:
        plan(Model(bad, POLITE))
    assert caught.value.code == "contract.empty" and "no edit of docs/README.md" in caught.value.message


def test_a_change_set_as_json_is_accepted_in_place_of_blocks() -> None:
    pair = [{"old": '"Hello "', "new": '"Good day, "'}]
    whole = {"message": "Politer.", "edits": [{"path": "greet.py", "mode": "modify", "replace": pair}]}
    assert written(plan(Model(json.dumps(whole)))) == {"greet.py": GREET.replace('"Hello "', '"Good day, "')}


def test_an_editor_that_lacks_code_is_shown_it_and_asked_again() -> None:
    def step(number: int) -> str:
        return LONG.split("\n\n\n")[number]

    needs = blocks(needs=["step_377"])
    edit = blocks(replace(1, 2, "lib/long.py"), texts=["    return 377", "    return 0"])
    model, kept = Model(needs, edit), Kept()
    planned = plan(model, kept, search=Search(), explore=_none())
    assert step(377) not in model.asked[0].messages[1].content and step(377) in model.asked[1].messages[1].content
    assert written(planned) == {"lib/long.py": LONG.replace("return 377", "return 0")}
    assert planned.attempts == 1 and len(kept.packs) == 2


def test_an_editor_that_asks_for_ever_is_refused_with_what_it_asked_for() -> None:
    with pytest.raises(Refused) as caught:
        plan(Model(blocks(needs=["lib/nowhere.py"], plan="I cannot see it.")), search=Search(), explore=_none())
    assert caught.value.code == "plan.empty"
    assert "I cannot see it." in caught.value.message and "`lib/nowhere.py`" in caught.value.message


def test_what_was_not_shown_is_not_edited() -> None:
    edit = blocks(replace(1, 2, "lib/long.py"), texts=["    return 377", "    return 0"])
    with pytest.raises(Refused) as caught:
        plan(Model(edit))
    assert caught.value.code == "contract.not_shown"


def calls(*asked: tuple[str, dict[str, Any]]) -> Completion:
    made = tuple(ToolCall(str(n), name, json.dumps(values), values) for n, (name, values) in enumerate(asked))
    return Completion("", "m", 1, 1, "stop", 1, calls=made)


def test_the_explorers_citations_come_first_in_the_editors_prompt() -> None:
    said = Completion("lib/long.py:1886-1888 step_377 is wrong", "m", 1, 1, "stop", 1)
    edit = blocks(replace(1, 2, "lib/long.py"), texts=["    return 377", "    return 0"])
    model = Model(edit, explore=[calls(("search", {"text": "step_377"})), said])
    kept = Kept()
    planned = plan(model, kept, search=Search())
    assert written(planned) == {"lib/long.py": LONG.replace("return 377", "return 0")}
    assert [(look.tool, look.round) for look in kept.looks] == [("search", 1)]
    shown = kept.packs[0].excerpts[0]
    assert (shown.path, shown.start_line, shown.reason) == ("lib/long.py", 1886, "explorer: step_377 is wrong")
    assert kept.packs[0].used_tokens <= 6_000


def test_a_plan_in_place_of_a_look_around_is_the_first_answer() -> None:
    pair = [{"old": '"Hello "', "new": '"Good day, "'}]
    whole = {"message": "Politer.", "edits": [{"path": "greet.py", "mode": "modify", "replace": pair}]}
    model = Model(POLITE, explore=[Completion(json.dumps(whole), "m", 1, 1, "stop", 1)])
    assert written(plan(model, search=Search())) == {"greet.py": GREET.replace('"Hello "', '"Good day, "')}
    assert [prompt.kind for prompt in model.asked] == [ModelKind.EXPLORE]


def test_without_tools_the_plan_is_made_from_our_own_choice() -> None:
    class NoTools(Model):
        def __call__(self, prompt: Prompt) -> Completion:
            if prompt.kind is ModelKind.EXPLORE:
                raise ModelUnusable("neither the model nor its server can call tools", code="model.no_tools")
            return super().__call__(prompt)

    planned = plan(NoTools(POLITE), search=Search())
    assert written(planned) and "neither the model nor its server can call tools" in planned.notes


def _none() -> Limits:
    return Limits(calls=0)
