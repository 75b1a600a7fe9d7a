"""`cadence plan` as a person uses it: on real repositories, with a model on this machine."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.cli.issue_file import split_issue
from bot.llm.counting import count_tokens
from bot.plan.measured_form import FormFigures, MeasuredForm, keep_form
from bot.plan.request import Form
from bot.sandbox.model.script import Asked, Reply, Rule, answer
from bot.sandbox.model.server import ScriptedModel
from bot.settings import Settings

GREET = 'def greet(name: str) -> str:\n    return "Hello " + name\n'
ISSUE = "# Greet politely\n\ngreet() in greet.py should end in an exclamation mark.\n"
EMPTY = {"after": None, "replace": None, "rename_from": None, "executable": None, "removes": None}
EDIT = {
    **EMPTY, "path": "greet.py", "mode": "modify",
    "replace": [{"old": '"Hello " + name', "new": 'f"Hello {name}!"', "count": None}],
}  # fmt: skip
GOOD = {"summary": "Greet politely", "plan": "greet() ends in a mark.", "message": "Politer.", "edits": [EDIT]}
OWN = {"message": "Add x.", "edits": [{"path": "new/x.py", "mode": "add", "after": "x = 1\n"}]}


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


Run = Callable[..., Ended]


def git(directory: Path, *args: str) -> str:
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")} | {
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    identity = ("-c", "user.name=P", "-c", "user.email=p@example.org")
    return subprocess.run(
        ["git", *identity, *args], cwd=directory, env=env, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    path = tmp_path / "repo"
    path.mkdir()
    git(path, "init", "-q", "-b", "main")
    for name, text in {"greet.py": GREET, "README.md": "# greet\n", "run.sh": "#!/bin/sh\n"}.items():
        (path / name).write_text(text)
    (path / "run.sh").chmod(0o755)
    git(path, "add", "-A")
    git(path, "commit", "-q", "-m", "m")
    return path


@pytest.fixture
def issue(tmp_path: Path) -> Path:
    path = tmp_path / "issue.md"
    path.write_text(ISSUE)
    return path


@pytest.fixture
def model() -> Iterator[ScriptedModel]:
    made = ScriptedModel(count=count_tokens)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path, model: ScriptedModel
) -> Run:
    monkeypatch.chdir(tmp_path)
    for name in [one for one in os.environ if one.startswith(("CADENCE_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CADENCE_DATA_DIR", str(tmp_path / "data"))

    def cadence(*args: object, key: bool = True, **env: str) -> Ended:
        given = {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.url} if key else {}
        for name, value in {**given, "CADENCE_MODEL": model.name, **env}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["cadence", "plan", *map(str, args)])
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        out, err = capfdbinary.readouterr()
        return Ended(code, out.decode(), err.decode())

    return cadence


def everything(directory: Path) -> dict[str, tuple[int, bytes]]:
    """Every file below, with its time of change: an index that was only refreshed differs too."""
    return {str(p): (p.stat().st_mtime_ns, p.read_bytes()) for p in sorted(directory.rglob("*")) if p.is_file()}


def checked_out(directory: Path) -> dict[str, tuple[int, bytes]]:
    """The same without git's own files: git notes in the time of an object that it was asked for again."""
    return {path: what for path, what in everything(directory).items() if "/.git/" not in path}


def test_a_plan_shows_its_context_the_diff_and_the_price_and_changes_nothing(
    run: Run, repo: Path, issue: Path, model: ScriptedModel
) -> None:
    model.add(Rule("change_set", answer(GOOD)))
    before = everything(repo)
    ended = run("--repo", repo, "--issue", issue, CADENCE_MODEL_PRICES=f"{model.name}=10/20")
    assert ended.code == 0, ended.err
    assert everything(repo) == before
    for said in (
        "Greet politely\n", "greet() ends in a mark.", "Shown to the model: ", "greet.py",
        "ChangeSet: 1 file modified", '-    return "Hello " + name\n', '+    return f"Hello {name}!"\n', ", $0.0",
        "Nothing was changed. --apply writes this into the work tree.",
    ):  # fmt: skip
        assert said in ended.out, said
    steps = [line.split()[0] for line in ended.err.splitlines()]
    assert steps == ["reading", "context", "context", "looking", "answered", "asking", "answered", "guards"]
    assert "\x1b[" not in ended.out + ended.err, "a pipe gets no colours"


def test_show_prompt_is_exactly_what_the_model_gets_and_needs_no_key(
    run: Run, repo: Path, issue: Path, model: ScriptedModel
) -> None:
    model.add(Rule("change_set", answer(GOOD)))
    shown = run("--repo", repo, "--issue", issue, "--show-prompt", key=False)
    data = json.loads(run("--repo", repo, "--issue", issue, "--show-prompt", "--json", key=False).out)
    assert not model.requests
    assert run("--repo", repo, "--issue", issue).code == 0
    # The look around found nothing, so the plan was asked for with Cadence's own choice.
    looked, asked = model.requests
    assert looked.kind == "cadence_explore"
    sent = list(asked.messages)
    assert sent == [(one["role"], one["content"]) for one in data["messages"]]
    assert shown.out == "".join(f"[{role}]\n{content}\n" for role, content in sent)
    assert GREET in shown.out and data["schema_name"] == "cadence_change_set"


def test_the_form_of_the_answer_is_the_measured_one_or_the_set_one(
    run: Run, repo: Path, issue: Path, model: ScriptedModel
) -> None:
    def asked(**env: str) -> str:
        model.add(Rule("change_set", answer(GOOD)))
        assert run("--repo", repo, "--issue", issue, **env).code == 0
        return "json" if "one JSON object in the given schema" in model.requests[-1].text else "text"

    assert asked() == "text"
    settings = Settings.load(dotenv=None)
    figures: dict[Form, FormFigures] = {"text": FormFigures(9, 40, 1000), "json": FormFigures(1, 50, 2000)}
    keep_form(settings, settings.data_dir, MeasuredForm("json", 60, "2026-01-02T03:04:05", "small", figures))
    assert asked() == "json"
    assert asked(CADENCE_MODEL_PLAN_FORM="text") == "text"


def test_without_a_key_it_says_what_works(run: Run, repo: Path, issue: Path) -> None:
    ended = run("--repo", repo, "--issue", issue, key=False)
    assert (ended.code, ended.out) == (1, "")
    assert "cadence: model.absent: OPENAI_API_KEY is not set" in ended.err
    assert "--show-prompt and --export-context FILE work" in ended.err
    refused = json.loads(run("--repo", repo, "--issue", issue, "--json", key=False).out)
    assert (refused["accepted"], refused["code"]) == (False, "model.absent")


def test_a_change_set_in_the_issue_needs_no_key(run: Run, repo: Path, issue: Path) -> None:
    issue.write_text(f"Add x\n\nAdd it.\n\n```json cadence\n{json.dumps(OWN)}\n```\n")
    ended = run("--repo", repo, "--issue", issue, "--apply", key=False)
    assert ended.code == 0, ended.err
    assert "No model was asked" in ended.out and "Shown to the model" not in ended.out
    assert (repo / "new/x.py").read_text() == "x = 1\n"
    ended = run("--repo", repo, "--issue", issue, "--show-prompt", key=False)
    assert ended.code == 2 and "no model would get anything" in ended.err


def test_export_context_writes_what_a_model_would_see(run: Run, repo: Path, issue: Path, tmp_path: Path) -> None:
    file = tmp_path / "context.json"
    ended = run("--repo", repo, "--issue", issue, "--export-context", file, "--show-prompt", key=False)
    assert ended.code == 0, ended.err
    data = json.loads(file.read_text())
    assert data["base"] == git(repo, "rev-parse", "HEAD").strip()
    shown = {one["path"]: one for one in (*data["excerpts"], *data["documents"])}
    assert shown["greet.py"]["text"] == GREET and shown["greet.py"]["start_line"] == 1
    ended = run("--repo", repo, "--issue", issue, "--export-context", tmp_path / "no" / "dir.json", key=False)
    assert ended.code == 2 and "cannot be written" in ended.err


def test_json_holds_a_change_set_that_apply_takes(
    run: Run, repo: Path, issue: Path, model: ScriptedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.add(Rule("change_set", answer(GOOD)))
    data = json.loads(run("--repo", repo, "--issue", issue, "--json").out)
    assert (data["accepted"], data["origin"], data["attempts"], data["applied"]) == (True, "model", 1, False)
    assert data["model"]["calls"] == 2 and data["model"]["input_tokens"] > 0 and data["model"]["cost"] is None
    assert data["context"]["files"][0]["path"] == "greet.py"
    file = tmp_path / "change_set.json"
    file.write_text(json.dumps(data["change_set"]))
    monkeypatch.setattr(sys, "argv", ["cadence", "apply", "--repo", str(repo), "--branch", "made", str(file)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert "Hello {name}!" in git(repo, "show", "made:greet.py")


EDITS = [
    EDIT,
    {**EMPTY, "path": "docs/new.md", "mode": "add", "after": "# new\n"},
    {**EMPTY, "path": "README.md", "mode": "delete"},
    {**EMPTY, "path": "bin/run.sh", "mode": "modify", "rename_from": "run.sh"},
]


def test_apply_writes_the_change_into_the_work_tree_and_stages_nothing(
    run: Run, repo: Path, issue: Path, model: ScriptedModel
) -> None:
    model.add(Rule("change_set", answer({**GOOD, "edits": EDITS})))
    index = (repo / ".git/index").read_bytes()
    ended = run("--repo", repo, "--issue", issue, "--apply")
    assert ended.code == 0, ended.err
    assert "Written to " in ended.out
    assert (repo / "greet.py").read_text() == GREET.replace('"Hello " + name', 'f"Hello {name}!"')
    assert (repo / "docs/new.md").read_text() == "# new\n" and not (repo / "README.md").exists()
    assert os.access(repo / "bin/run.sh", os.X_OK) and not (repo / "run.sh").exists()
    assert not os.access(repo / "greet.py", os.X_OK)
    assert (repo / ".git/index").read_bytes() == index
    assert sorted(git(repo, "status", "--porcelain").splitlines()) == [
        " D README.md", " D run.sh", " M greet.py", "?? bin/", "?? docs/",
    ]  # fmt: skip


def _dirty(repo: Path) -> None:
    (repo / "greet.py").write_text(GREET + "# mine\n")


def _untracked(repo: Path) -> None:
    (repo / "docs").mkdir()
    (repo / "docs/new.md").write_text("mine\n")


def _linked_folder(repo: Path) -> None:
    (repo.parent / "elsewhere").mkdir()
    (repo / "docs").symlink_to(repo.parent / "elsewhere")


def _gone(repo: Path) -> None:
    (repo / "README.md").unlink()


@pytest.mark.parametrize("spoil", [_dirty, _untracked, _linked_folder, _gone])
def test_apply_refuses_files_with_changes_of_ones_own_and_writes_none(
    spoil: Callable[[Path], None], run: Run, repo: Path, issue: Path, model: ScriptedModel
) -> None:
    model.add(Rule("change_set", answer({**GOOD, "edits": EDITS})))
    spoil(repo)
    before = checked_out(repo)
    ended = run("--repo", repo, "--issue", issue, "--apply")
    assert ended.code == 1 and "worktree.dirty" in ended.err
    assert checked_out(repo) == before
    assert not (repo.parent / "elsewhere").exists() or not list((repo.parent / "elsewhere").iterdir())


def test_apply_leaves_other_changes_alone(run: Run, repo: Path, issue: Path, model: ScriptedModel) -> None:
    model.add(Rule("change_set", answer(GOOD)))
    (repo / "README.md").write_text("half done\n")
    assert run("--repo", repo, "--issue", issue, "--apply").code == 0
    assert (repo / "README.md").read_text() == "half done\n"


def test_a_write_that_fails_is_taken_back(
    run: Run, repo: Path, issue: Path, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.add(Rule("change_set", answer({**GOOD, "edits": EDITS})))
    whole = Path.replace

    def full(self: Path, target: Path) -> Path:
        if Path(target).name == "run.sh":
            raise OSError(28, "No space left on device", str(target))
        return whole(self, target)

    monkeypatch.setattr(Path, "replace", full)
    ended = run("--repo", repo, "--issue", issue, "--apply")
    assert ended.code == 1 and "No space left on device" in ended.err
    assert git(repo, "status", "--porcelain") == ""


def test_a_refused_plan_shows_what_it_was_made_from(run: Run, repo: Path, issue: Path, model: ScriptedModel) -> None:
    model.add(Rule("change_set", answer({**GOOD, "plan": "I need other.py.", "edits": []})))
    ended = run("--repo", repo, "--issue", issue, "--apply")
    assert ended.code == 1 and "plan.empty" in ended.err and "I need other.py." in ended.err
    assert "greet.py" in ended.err.partition("shown")[2]
    refused = json.loads(run("--repo", repo, "--issue", issue, "--json").out)
    assert refused["code"] == "plan.empty" and refused["model"]["calls"] == 2
    assert "greet.py" in [one["path"] for one in refused["context"]["files"]]


def test_a_question_that_does_not_fit_a_cap_is_not_sent(
    run: Run, repo: Path, issue: Path, model: ScriptedModel
) -> None:
    ended = run("--repo", repo, "--issue", issue, CADENCE_BUDGET_CALL_TOKENS="100")
    assert ended.code == 1 and "budget" in ended.err and "CADENCE_BUDGET_CALL_TOKENS" in ended.err
    assert not model.requests


def test_the_data_directory_in_the_repository_does_not_show_in_its_status(
    run: Run, repo: Path, issue: Path, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.add(Rule("change_set", answer(GOOD)))
    monkeypatch.chdir(repo)
    monkeypatch.delenv("CADENCE_DATA_DIR")
    assert run("--issue", issue).code == 0
    assert git(repo, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--issue", "missing.md"], "missing.md cannot be read"),
        (["--issue", "empty.md"], "empty.md is empty"),
        (["--issue", "issue.md", "--base", "nowhere"], "base.missing"),
        (["--issue", "issue.md", "--show-prompt", "--apply"], "Give only one of them"),
        (["--issue", "issue.md", "--repo", "."], "repository.missing"),
        (["--issue", "issue.md", "--repo", "bare.git", "--apply"], "this repository is bare"),
    ],
)
def test_wrong_use_is_named(
    arguments: list[str], said: str, run: Run, repo: Path, issue: Path, tmp_path: Path, model: ScriptedModel
) -> None:
    (tmp_path / "empty.md").write_text("\n")
    git(tmp_path, "clone", "-q", "--bare", str(repo), "bare.git")
    arguments = arguments if "--repo" in arguments else [*arguments, "--repo", str(repo)]
    ended = run(*arguments)
    assert ended.code == 2 and said in ended.err, ended.err
    assert not model.requests


def test_ctrl_c_stops_while_the_model_works_and_leaves_nothing(
    repo: Path, issue: Path, tmp_path: Path, model: ScriptedModel
) -> None:
    asked, go = threading.Event(), threading.Event()

    def slowly(_: Asked) -> Reply:
        asked.set()
        go.wait(60)
        return answer(GOOD)

    model.add(Rule("change_set", slowly))
    before = everything(repo)
    env = {k: v for k, v in os.environ.items() if not k.startswith(("CADENCE_", "OPENAI_"))}
    env |= {"OPENAI_API_KEY": model.key, "OPENAI_BASE_URL": model.url, "CADENCE_MODEL": model.name}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot", "plan", "--repo", str(repo), "--issue", str(issue), "--apply"],
        env=env | {"CADENCE_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(Path(__file__).parents[2])},
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert asked.wait(60)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    finally:
        go.set()
        process.kill()
        process.wait()
    assert (process.returncode, out) == (130, ""), err
    assert err.splitlines()[-1] == "cadence: stopped."
    assert everything(repo) == before


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("# A title\n\nText.\n", "A title", "Text."),
        ("## A title ##\nText.", "A title", "Text."),
        ("A title\n\n# Not it\n", "A title", "# Not it"),
        ("<!-- Thank you\nfor this -->\n\n# A title\r\n\r\nText.", "A title", "Text."),
        ("#12 is not a heading\n", "#12 is not a heading", ""),
        (" \n<!-- nothing -->\n", "", ""),
    ],
)
def test_the_first_line_is_the_title(text: str, title: str, body: str) -> None:
    assert split_issue(text) == (title, body)


def test_the_index_of_one_repository_is_shared_by_its_work_trees(repo: Path, tmp_path: Path) -> None:
    from bot.git_store.local import LocalRepository

    git(repo, "worktree", "add", "-q", str(tmp_path / "second"))
    first, second = LocalRepository.open(repo), LocalRepository.open(tmp_path / "second")
    assert first.identity == second.identity
    assert (first.work_tree, second.work_tree) == (repo.resolve(), (tmp_path / "second").resolve())
    first.close()
    second.close()


def test_a_removed_line_that_looks_like_a_heading_is_red() -> None:
    from bot.cli.plan_text import _styled

    patch = "diff --git a/x.sql b/x.sql\n--- a/x.sql\n+++ b/x.sql\n@@ -1 +1 @@\n--- old\n+++ new\n same\n"
    assert [style for _, style in _styled(patch)] == ["bold", "bold", "bold", "cyan", "red", "green", ""]
