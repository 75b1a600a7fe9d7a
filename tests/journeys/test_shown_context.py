"""What the model was shown is listed in the pull request and by `cadence runs show`, also after the base moved."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from markdown_it import MarkdownIt

from bot.__main__ import main
from bot.changeset.check import check
from bot.changeset.guards.guard_config import GuardConfig
from bot.core.names import CommitSha
from tests.fakes.edited_lines import edited_lines
from tests.journeys.world import FILES, OWNER, WRITER, World


def body(world: World) -> str:
    return str(world.repo.issue(world.pull().number).body)


def section(world: World) -> str:
    """The folded part of the newest pull request's text."""
    found = re.findall(r"<details>.*?</details>", body(world), re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def test_the_pull_request_lists_what_the_model_was_shown(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    base = world.run(issue).base_sha
    text = section(world)
    assert text.startswith("<details>\n<summary>What the model was shown: 3 files, ")
    assert f"Made from the base `{base[:12]}`." in text and "is now" not in text
    html = MarkdownIt("commonmark").enable("table").render(body(world))
    assert "<td><code>greet.py</code></td>" in html and "<td>all 3</td>" in html
    assert html.index("</details>") < html.index("What happens next"), "nothing below is folded away"


def test_the_model_received_every_line_that_the_plan_edits(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    run = world.run(issue)
    tree = world.services.git.mirror(run.repository_id).tree(CommitSha(run.base_sha))
    change_set = world.ledger.changeset(run.changeset_digest)
    assert change_set is not None
    (request,) = world.asked("change_set")
    lines = edited_lines(tree, check(change_set, tree, GuardConfig()).changes)
    assert len(lines) == 2
    assert all(line in request for _, line in lines)


def test_after_the_base_moved_it_says_which_shown_files_changed(world: World) -> None:
    world.script_all()
    issue = world.label_blueprint()
    first = world.run(issue).base_sha
    world.repo.push_commit({"README.md": "# greet\n\nSays hello politely.\n", "new.py": "x = 1\n"}, by=OWNER)
    world.settle()
    world.later(3)
    run = world.run(issue)
    assert run.base_sha != first
    text = section(world)
    assert f"Made from the base `{first[:12]}`." in text
    assert f"The base is now `{run.base_sha[:12]}`; of these files, `README.md` changed in between." in text
    assert len(world.ledger.contexts_of(run.run_id)) == 1, "the same ChangeSet: no model was asked again"


def test_a_base_that_moved_elsewhere_changed_none_of_them(world: World) -> None:
    world.script_all()
    world.label_blueprint()
    world.repo.push_commit({"new.py": "x = 1\n"}, by=OWNER)
    world.settle()
    world.later(3)
    assert "none of these files changed in between." in section(world)


def test_use_adds_files_and_what_cannot_be_shown_is_listed(make_world: Callable[..., World]) -> None:
    world = make_world(files={**FILES, "docs/style.md": "Write short words.\n", "logo.png": "\x00"})
    world.script_all()
    issue = world.label_blueprint()
    world.comment(issue, "/cadence use docs/style.md lost.md logo.png", by=WRITER)
    world.comment(issue, "/cadence replan", by=WRITER)
    text = section(world)
    assert "| `docs/style.md` |" in text
    assert "- `lost.md`: No file matches" in text and "(`context.no_match`)" in text
    assert "- `logo.png`: " in text and "(`context.not_text`)" in text


def test_a_blueprint_with_its_own_change_set_shows_no_model_anything(world: World) -> None:
    world.script_all()
    own = {"message": "Add.", "edits": [{"path": "new.py", "mode": "add", "after": "x = 1\n"}]}
    issue = world.label_blueprint(body=f"Add it.\n\n```json cadence\n{json.dumps(own)}\n```\n")
    assert "<details>" not in body(world)
    assert world.ledger.contexts_of(world.run(issue).run_id) == []


def test_runs_show_lists_the_files_and_what_changed_since(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.script_all()
    issue = world.label_blueprint()
    run = world.run(issue)
    monkeypatch.setenv("CADENCE_DATA_DIR", str(world.settings.data_dir))

    def shown(*more: str) -> str:
        monkeypatch.setattr("sys.argv", ["cadence", "runs", "show", run.run_id, *more])
        with pytest.raises(SystemExit) as ended:
            main()
        assert not ended.value.code
        return capsys.readouterr().out

    text = shown()
    assert re.search(r"shown to the model: [\d,]+ of 24,000 tokens, from the base " + run.base_sha[:12], text)
    assert re.search(r"\n +\d  greet\.py +all 3 ", text), text
    assert "the base is now" not in text
    world.repo.push_commit({"README.md": "# greet\n\nSays hello politely.\n"}, by=OWNER)
    world.settle()
    world.later(3)
    assert "changed in between: README.md" in shown()
    data = json.loads(shown("--json"))
    assert data["base_moved"]["changed"] == ["README.md"]
    (context,) = data["contexts"]
    assert context["base"] == run.base_sha and context["budget"] == 24_000
    assert {one["path"] for one in context["files"]} >= {"greet.py", "README.md"}
    assert all({"ranges", "rank", "reason", "blob"} <= one.keys() for one in context["files"])
