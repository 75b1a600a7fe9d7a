"""`cadence localize`: the files and lines for an issue, from a repository or a plain folder."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.__main__ import app
from bot.cli.localize_command import KEPT_INDEXES, answer, select
from bot.core.errors import WrongUse

FILES = {
    "shop/cart.py": "def total(items):\n    return sum(items)\n",
    "shop/mail.py": "def send(to):\n    raise ValueError('no server')\n",
    "tests/test_cart.py": "from shop.cart import total\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    for path, text in FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def run(*arguments: str | Path, stdin: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(app, ["localize", *map(str, arguments)], input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout


def issue(folder: Path, text: str = "# The total is wrong\n\n`total` of two items.\n") -> Path:
    path = folder.parent / "issue.md"
    path.write_text(text)
    return path


def test_a_plain_folder_is_ranked_with_lines_and_reasons(folder: Path) -> None:
    code, text = run("--repo", folder, "--issue", issue(folder), "--data-dir", folder.parent / "data")
    assert code == 0 and text.splitlines()[1].startswith("  1  shop/cart.py  1-2  (source: defines what the text names")
    assert not (folder / ".cadence").exists(), "nothing is written into the folder"


def test_json_holds_everything_for_a_script(folder: Path) -> None:
    _, text = run("--repo", folder, "--issue", issue(folder), "--json", "--budget", "500", "--data-dir", folder.parent)
    found = json.loads(text)
    first = found["files"][0]
    assert (found["base"], found["budget"], first["path"], first["ranges"], first["rank"], first["role"]) == (
        None, 500, "shop/cart.py", [[1, 2]], 1, "source",
    )  # fmt: skip
    assert 0 < found["used"] <= 500 and len(first["blob"]) == 40


def test_a_repository_is_read_at_its_head(folder: Path) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "First"]):
        subprocess.run([*git, *arguments], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    (folder / "shop" / "uncommitted.py").write_text("def total(items):\n    pass\n")
    base, found = select(folder, "The `total`", "", 1_000, folder.parent / "data")
    assert base == head and "shop/uncommitted.py" not in [file.path for file in found.files]
    assert found.files[0].path == "shop/cart.py"


def test_standard_input_takes_a_request_and_gives_a_list(folder: Path) -> None:
    request = {"repo_dir": str(folder), "title": "mail", "body": "ValueError: no server", "budget_tokens": 300}
    code, text = run("--stdin", "--data-dir", folder.parent / "data", stdin=json.dumps(request))
    assert code == 0 and json.loads(text)[0] == {"path": "shop/mail.py", "ranges": [[1, 2]]}


@pytest.mark.parametrize(
    ("asked", "cause"),
    [
        ("", "not JSON"),
        ("[]", "not a JSON object"),
        ("{}", "have to be texts"),
        ('{"repo_dir": 1}', "have to be texts"),
        ('{"repo_dir": ".", "budget_tokens": "many"}', "positive integer"),
        ('{"repo_dir": ".", "budget_tokens": true}', "positive integer"),
        ('{"repo_dir": "/nowhere/at/all"}', "is not a folder"),
    ],
)
def test_a_request_that_cannot_be_read_is_refused_with_its_cause(tmp_path: Path, asked: str, cause: str) -> None:
    with pytest.raises(WrongUse, match=cause) as caught:
        answer(asked, tmp_path)
    assert caught.value.remedy


@pytest.mark.parametrize(("raw", "cause"), [(b"", "is empty"), (b"\xff\xfe", "not UTF-8")])
def test_an_issue_that_cannot_be_read_is_refused(folder: Path, raw: bytes, cause: str) -> None:
    path = issue(folder)
    path.write_bytes(raw)
    with pytest.raises(WrongUse, match=cause):
        run("--repo", folder, "--issue", path, "--data-dir", folder.parent / "data")
    with pytest.raises(WrongUse, match="No issue"):
        run("--repo", folder)


def test_indexes_of_folders_that_are_not_asked_about_are_removed(folder: Path) -> None:
    data = folder.parent / "data"
    (data / "context").mkdir(parents=True)
    for number in range(KEPT_INDEXES + 5):
        path = data / "context" / f"local-{number:03}.sqlite"
        path.write_bytes(b"")
        os.utime(path, (1_000 + number, 1_000 + number))
    select(folder, "total", "", 500, data)
    left = sorted(path.name for path in (data / "context").glob("local-*.sqlite"))
    assert len(left) == KEPT_INDEXES + 1 and "local-000.sqlite" not in left and "local-054.sqlite" in left
