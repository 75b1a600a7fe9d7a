"""The planner with a model that answers as told: what is accepted, repaired, and refused with which code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from bot.config.model import PlanConfig, RepoConfig
from bot.core.errors import ModelAbsent, ModelUnavailable, ModelUnusable, Refused
from bot.core.findings import Finding
from bot.core.names import CommitSha, RunId
from bot.llm.model import Completion, Prompt
from bot.plan import planner as planner_module
from bot.plan.blueprint import read_blueprint
from bot.plan.context.pack import ContextPack
from bot.plan.planner import Planner
from bot.plan.request import Planned, PlanRequest
from tests.fakes.edited_lines import edited_lines
from tests.fakes.memory_tree import MemoryTree
from tests.fakes.packs import Shown, pack_of

GREET = 'def greet(name: str) -> str:\n    return "Hello " + name\n'
FILES = {"greet.py": GREET, "README.md": "# greet\n"}


def answer(*edits: dict[str, Any], **rest: Any) -> str:
    empty = {"after": None, "replace": None, "rename_from": None, "executable": None, "removes": None}
    whole = {"summary": "Greet politely", "plan": "Change greet.", "message": "Politer.", **rest}
    return json.dumps({**whole, "edits": [{**empty, **edit} for edit in edits]})


def replace(old: str, new: str, path: str = "greet.py") -> dict[str, Any]:
    return {"path": path, "mode": "modify", "replace": [{"old": old, "new": new, "count": None}]}


GOOD = answer(replace('"Hello "', '"Good day, "'))
NO_MATCH = answer(replace("nowhere", "x"))
ESCAPES = answer({"path": "../x.py", "mode": "add", "after": "x = 1\n"})
PROTECTED = answer({"path": ".github/workflows/ci.yml", "mode": "add", "after": "on: push\n"})


class Model:
    """Answers in turn and remembers what it was asked; an exception is raised instead."""

    def __init__(self, *replies: str | Exception, finish: str = "stop") -> None:
        self._replies = list(replies)
        self._finish = finish
        self.asked: list[Prompt] = []

    def __call__(self, prompt: Prompt) -> Completion:
        self.asked.append(prompt)
        reply = self._replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return Completion(reply, "fake", 10, 5, self._finish, 1)


class Record:
    """Keeps findings as the ledger does."""

    def __init__(self) -> None:
        self.attempts: list[tuple[int, list[str]]] = []
        self.packs: list[ContextPack] = []

    def record_context(self, run_id: RunId, pack: ContextPack) -> None:
        self.packs.append(pack)

    def record_findings(self, run_id: RunId, attempt: int, found: Sequence[Finding]) -> None:
        self.attempts.append((attempt, [one.code for one in found]))


def plan(model: Model, body: str = "Greet politely in greet.py.", record: Record | None = None, **rest: Any) -> Planned:
    request = PlanRequest(
        RunId("r"), read_blueprint("Greet politely", body), rest.pop("guidance", ""), CommitSha("a" * 40),
        rest.pop("tree", MemoryTree(FILES)), rest.pop("config", RepoConfig()), **rest,
    )  # fmt: skip
    record = record or Record()
    planner = Planner(
        count_tokens=lambda text: len(text) // 4,
        record_findings=record.record_findings,
        record_context=record.record_context,
    )
    return planner.plan(request, model)


def refused(model: Model, body: str = "Greet politely in greet.py.", record: Record | None = None) -> Refused:
    with pytest.raises(Refused) as caught:
        plan(model, body, record)
    assert caught.value.remedy
    return caught.value


def test_a_good_answer_is_a_plan() -> None:
    model = Model(GOOD)
    planned = plan(model)
    assert (planned.summary, planned.plan, planned.origin, planned.attempts) == (
        "Greet politely", "Change greet.", "model", 1,
    )  # fmt: skip
    (change,) = planned.changes
    assert (change.path, change.content) == ("greet.py", GREET.replace("Hello ", "Good day, ").encode())
    assert planned.files_read == ("greet.py", "README.md")
    assert planned.change_set.edits[0].before_sha == MemoryTree(FILES).entry("greet.py").sha  # type: ignore[union-attr]


def test_the_model_is_shown_the_files_it_may_change_and_the_guidance() -> None:
    model = Model(GOOD)
    plan(model, guidance="Say Good day.")
    (prompt,) = model.asked
    assert GREET in prompt.messages[1].content
    assert "Greet politely in greet.py." in prompt.messages[1].content
    assert "Say Good day." in prompt.messages[1].content
    assert ".github/workflows/**" in prompt.messages[0].content


DOCS = {"docs/style.md": "Write short words.\n", "docs/long.md": "word " * 2_000}


def test_the_model_is_always_shown_the_context_docs_and_the_plan_says_which_it_was_not() -> None:
    config = RepoConfig(plan=PlanConfig(context_docs=("docs/style.md", "docs/long.md", "docs/gone.md")))
    model = Model(GOOD)
    planned = plan(model, tree=MemoryTree(FILES | DOCS), config=config, token_budget=400)
    (prompt,) = model.asked
    assert DOCS["docs/style.md"] in prompt.messages[1].content and "word word" not in prompt.messages[1].content
    assert "docs/style.md" in planned.files_read
    assert planned.plan.splitlines() == [
        "Change greet.",
        "`plan.context_docs`, `docs/long.md`: It is not text that may be shown. (`context.not_text`)",
        "`plan.context_docs`, `docs/gone.md`: No file matches. (`context.no_match`)",
    ]


@pytest.mark.parametrize(
    ("bad", "code", "told"),
    [
        ("I would change the greeting.", "model.prose", "prose"),
        (f"First:\n```json\n{GOOD}\n```\nor\n```json\n{GOOD}\n```", "model.prose", "2 fenced blocks"),
        (GOOD[:-9], "model.truncated", "line 1"),
        ('{"answer": 42}', "contract.not_a_change_set", "`answer`"),
        ('{"error": "quota"}', "contract.error_reply", "quota"),
        (answer({"path": "greet.py", "mode": "frobnicate"}), "contract.", "frobnicate"),
        (answer({"path": 5, "mode": "modify"}), "contract.", "path"),
        (NO_MATCH, "contract.replace_missing", "replace[0].old"),
        (ESCAPES, "path.", "../x.py"),
        (answer({"path": "/etc/passwd", "mode": "add", "after": "x\n"}), "path.", "/etc/passwd"),
        (answer({"path": ".git/config", "mode": "add", "after": "x\n"}), "path.", ".git/config"),
        (PROTECTED, "protected.", ".github/workflows/ci.yml"),
        (ModelUnusable("the model gave an empty answer", code="model.empty"), "model.empty", "nothing"),
    ],
)
def test_a_bad_answer_is_repaired_with_the_exact_error(bad: str | Exception, code: str, told: str) -> None:
    model, record = Model(bad, GOOD), Record()
    planned = plan(model, record=record)
    assert planned.attempts == 2
    ((attempt, codes),) = record.attempts
    assert attempt == 1
    assert codes[0].startswith(code), codes
    again = model.asked[1].messages
    assert again[:2] == model.asked[0].messages[:2]
    assert codes[0] in again[-1].content and told in again[-1].content
    shown = [turn.content for turn in again if turn.role == "assistant"]
    assert shown == ([] if isinstance(bad, Exception) else [bad])


def test_fenced_json_is_read_without_a_repair() -> None:
    assert plan(Model(f"Here it is:\n\n```json\n{GOOD}\n```\n")).attempts == 1


def test_an_answer_that_the_server_cut_off_is_repaired() -> None:
    model = Model(GOOD, finish="length")
    model._replies += [NO_MATCH, NO_MATCH]
    assert refused(model).code == "model.truncated"


def test_two_repairs_and_then_a_refusal_with_the_last_code() -> None:
    model, record = Model("prose", NO_MATCH, ESCAPES), Record()
    error = refused(model, record=record)
    assert error.code.startswith("path.")
    assert "All 3 attempts failed" in error.summary
    assert [attempt for attempt, _ in record.attempts] == [1, 2, 3]
    assert any("../x.py" in detail for detail in error.details)
    assert len(model.asked) == 3


def test_the_same_fault_twice_stops() -> None:
    model = Model("prose", "other prose", GOOD)
    error = refused(model)
    assert error.code == "model.prose" and "exactly like an earlier one" in error.summary
    assert len(model.asked) == 2


def test_the_third_failing_as_the_first_stops_too() -> None:
    model = Model("prose", NO_MATCH, "prose again")
    assert "exactly like an earlier one" in refused(model).summary


def test_no_edits_is_an_answer_that_gives_its_reason() -> None:
    error = refused(Model(answer(plan="Nothing needs to be changed: it is polite already.")))
    assert error.code == "plan.empty" and "polite already" in error.summary


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ModelAbsent("no model is configured", remedy="Set OPENAI_API_KEY."), "model.absent"),
        (ModelUnusable("declined", code="model.refused", remedy="Ask otherwise."), "model.refused"),
        (ModelUnusable("too long", code="model.too_long", remedy="Use a smaller blueprint."), "model.too_long"),
    ],
)
def test_no_answer_that_a_repair_could_mend_is_refused_at_once(error: Exception, code: str) -> None:
    assert refused(Model(error)).code == code


def test_an_outage_passes_through_so_that_the_run_can_wait() -> None:
    with pytest.raises(ModelUnavailable):
        plan(Model(ModelUnavailable("429", after=7.0)))


# -- files that the model was not shown -----------------------------------------------------------------------------
HIDDEN = MemoryTree({**FILES, "big.py": "x = 1\n" * 90_000, "logo.png": b"\x89PNG\0"})


@pytest.mark.parametrize(
    "edit",
    [
        replace("x = 1", "x = 2", "big.py"),
        {"path": "big.py", "mode": "modify", "after": "x = 2\n"},
        {"path": "logo.png", "mode": "delete"},
        {"path": "moved.png", "mode": "modify", "rename_from": "logo.png"},
    ],
)
def test_an_edit_of_a_file_that_was_not_shown_is_refused_with_a_code(edit: dict[str, Any]) -> None:
    model, record = Model(answer(edit), GOOD), Record()
    assert plan(model, record=record, tree=HIDDEN).attempts == 2
    ((_, codes),) = record.attempts
    assert codes[0] == "contract.not_shown"
    assert "exists, and its content was not shown" in model.asked[1].messages[-1].content


# -- lines that the model was not shown ------------------------------------------------------------------------------
LONG = "".join(f"line_{number} = {number}\n" for number in range(1, 901))
PARTLY = {**FILES, "long.py": LONG, "dos.py": LONG.replace("\n", "\r\n")}
SEEN: Shown = {"long.py": [(100, 110), (111, 120), (300, 300)], "dos.py": [(7, 9)], "greet.py": None}


@pytest.fixture
def partly(monkeypatch: pytest.MonkeyPatch) -> MemoryTree:
    """A tree of which the model is shown some lines only."""
    monkeypatch.setattr(planner_module, "build_context", lambda *_, **__: pack_of(PARTLY, SEEN))
    return MemoryTree(PARTLY)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (
            replace("line_99 = 99\n", "line_99 = 0\n", "long.py"),
            "is in line 99 of long.py, and only lines 100-120, 300",
        ),
        (replace("line_99 = 99\nline_100 = 100\n", "x = 0\n", "long.py"), "is in lines 99-100 of long.py"),
        (replace("line_120 = 120\nline_121", "line_121", "long.py"), "is in lines 120-121 of long.py"),
        (replace("line_9 = 9\nline_10 = 10\n", "x = 0\n", "dos.py"), "is in lines 9-10 of dos.py"),
        (
            {"path": "long.py", "mode": "modify", "after": LONG + "x = 1\n"},
            "replaced as a whole, and only lines 100-120",
        ),
        ({"path": "long.py", "mode": "delete"}, "long.py is deleted, and only lines 100-120, 300 of it were shown"),
    ],
)
def test_an_edit_of_lines_that_were_not_shown_is_refused_with_the_lines(
    edit: dict[str, Any], said: str, partly: MemoryTree
) -> None:
    model, record = Model(answer(edit), GOOD), Record()
    assert plan(model, record=record, tree=partly).attempts == 2
    assert record.attempts[0][1][0] == "contract.not_shown"
    assert said in model.asked[1].messages[-1].content


@pytest.mark.parametrize(
    "edit",
    [
        replace("line_110 = 110\nline_111 = 111\n", "line_110 = 0\n", "long.py"),
        replace("line_300 = 300\n", "line_300 = 0\n", "long.py"),
        replace("line_8 = 8\n", "line_8 = 0\n", "dos.py"),
        {"path": "longer.py", "mode": "modify", "rename_from": "long.py"},
    ],
)
def test_lines_that_were_shown_may_be_edited(edit: dict[str, Any], partly: MemoryTree) -> None:
    model = Model(answer(edit))
    planned = plan(model, tree=partly)
    assert planned.attempts == 1
    prompt = model.asked[0].messages[1].content
    lines = edited_lines(partly, planned.changes)
    assert lines or edit.get("rename_from")
    assert all(line in prompt for _, line in lines)


def test_a_text_that_occurs_in_lines_that_were_not_shown_is_not_unique(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {**FILES, "twice.py": "a = 1\nb = 2\n" + "c = 3\n" * 50 + "a = 1\n"}
    monkeypatch.setattr(planner_module, "build_context", lambda *_, **__: pack_of(files, {"twice.py": [(1, 2)]}))
    model, record = Model(answer(replace("a = 1\n", "a = 2\n", "twice.py")), NO_MATCH, "prose"), Record()
    with pytest.raises(Refused):
        plan(model, record=record, tree=MemoryTree(files))
    assert record.attempts[0][1] == ["contract.replace_ambiguous"]


def test_what_the_model_is_shown_is_recorded_before_it_is_asked() -> None:
    record = Record()

    def ask(prompt: Prompt) -> Completion:
        assert [pack.shown_paths() for pack in record.packs] == [("greet.py", "README.md")]
        assert record.packs[0].base == "a" * 40
        return Completion(answer(plan="Nothing to do."), "fake", 10, 5, "stop", 1)

    with pytest.raises(Refused):
        plan(ask, record=record)  # type: ignore[arg-type]


def test_a_file_that_cannot_be_shown_may_be_deleted_where_the_blueprint_names_it() -> None:
    planned = plan(Model(answer({"path": "logo.png", "mode": "delete"})), "Delete logo.png.", tree=HIDDEN)
    assert [change.path for change in planned.changes] == ["logo.png"]


def test_a_person_may_edit_a_file_that_no_model_was_shown() -> None:
    own = json.dumps(
        {"message": "Less.", "edits": [{"path": "big.py", "mode": "modify", "after": "x = 1\ny = 2\n" * 60_000}]}
    )
    assert plan(Model(), carrying(own), tree=HIDDEN).changes[0].path == "big.py"


def test_an_empty_message_is_taken_from_the_summary() -> None:
    planned = plan(Model(answer(replace('"Hello "', '"Good day, "'), message="")))
    assert (planned.attempts, planned.change_set.message) == (1, "Greet politely")


# -- the blueprint's own ChangeSet ----------------------------------------------------------------------------------
def carrying(change_set: str) -> str:
    return f"Greet politely.\n\n```json cadence\n{change_set}\n```\n"


OWN = json.dumps(
    {"message": "Politer.", "edits": [{"path": "greet.py", "mode": "modify", "after": GREET + "\n\nX = 1\n"}]}
)


def test_a_blueprints_own_change_set_needs_no_model() -> None:
    planned = plan(Model(), carrying(OWN))
    assert (planned.origin, planned.files_read, planned.summary) == ("blueprint", (), "Politer.")
    assert planned.changes[0].content == (GREET + "\n\nX = 1\n").encode()


@pytest.mark.parametrize(
    ("change_set", "code"),
    [
        ("not json", "contract."),
        ("{}", "contract."),
        (ESCAPES, "path."),
        (PROTECTED, "protected."),
        (OWN.replace('"mode": "modify"', '"mode": "add"'), ""),
    ],
)
def test_a_blueprints_own_change_set_is_refused_with_its_findings(change_set: str, code: str) -> None:
    record, model = Record(), Model(GOOD)
    error = refused(model, carrying(change_set), record)
    assert error.code.startswith(code) and error.details
    assert record.attempts and record.attempts[0][1][0] == error.code
    assert not model.asked, "a model is no way around a ChangeSet that a person wrote"


def test_two_blocks_are_refused() -> None:
    assert refused(Model(GOOD), carrying(OWN) + carrying(OWN)).code == "contract.block"
