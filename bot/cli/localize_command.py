"""`cadence localize`: the files and lines of a repository that matter for an issue, best first. No model, no GitHub."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bot.plan.context.selection import Chosen, Selection

CHARACTERS_PER_TOKEN = 3.6
"""Loading the exact vocabulary takes longer than everything else of this command."""
DEFAULT_BUDGET = 24_000
KEPT_INDEXES = 50
"""Indexes of local folders; those of the least recently used ones are removed."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("localize")(localize)


def localize(
    repo: Annotated[Path, typer.Option(help="A repository, or a plain folder without one.")] = Path(),
    issue: Annotated[
        Path | None, typer.Option(help="A Markdown file: the title in its first line, then the text.")
    ] = None,
    budget: Annotated[int, typer.Option(min=1, help="Tokens that the lines may take together.")] = DEFAULT_BUDGET,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")] = False,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read {repo_dir, title, body, budget_tokens} as JSON.")
    ] = False,
    data_dir: Annotated[
        Path | None,
        typer.Option(
            envvar="CADENCE_DATA_DIR", help="Where indexes are kept.  [default: ~/.cache/cadence]", show_default=False
        ),
    ] = None,
) -> None:
    """List the files and lines that matter for an issue, best first, as a planner is shown them. Needs no model.

    Reads the commit HEAD of a repository, or the files of a plain folder. --stdin is for benchmarks: it prints a list
    of {path, ranges}. Exit codes: 0 fine, 2 wrong use.
    """
    directory = data_dir or Path.home() / ".cache" / "cadence"
    if stdin:
        typer.echo(answer(sys.stdin.read(), directory))
        return
    from bot.core.errors import WrongUse

    if issue is None:
        raise WrongUse("No issue was given.", remedy="Name a Markdown file with --issue FILE.md.")
    title, body = _read_issue(issue)
    base, selection = select(repo, title, body, budget, directory)
    typer.echo(_json(base, budget, selection) if as_json else _text(base, budget, selection))


def answer(asked: str, data_dir: Path) -> str:
    """The JSON list for one request of --stdin. Raises WrongUse for a request that cannot be read."""
    from bot.core.errors import WrongUse

    shape = 'Send {"repo_dir": "…", "title": "…", "body": "…", "budget_tokens": 24000}.'
    try:
        request = json.loads(asked)
    except ValueError as error:
        raise WrongUse(f"Standard input is not JSON: {error}.", remedy=shape) from None
    if not isinstance(request, dict):
        raise WrongUse("Standard input is not a JSON object.", remedy=shape)
    texts = [request.get(name, "") for name in ("repo_dir", "title", "body")]
    budget = request.get("budget_tokens", DEFAULT_BUDGET)
    if not all(isinstance(text, str) for text in texts) or not texts[0]:
        raise WrongUse("`repo_dir`, `title` and `body` have to be texts.", remedy=shape)
    if not isinstance(budget, int) or isinstance(budget, bool) or budget < 1:
        raise WrongUse("`budget_tokens` has to be a positive integer.", remedy=shape)
    _, selection = select(Path(texts[0]), texts[1], texts[2], budget, data_dir)
    return json.dumps([{"path": file.path, "ranges": [list(part) for part in file.ranges]} for file in selection.files])


def select(repo: Path, title: str, body: str, budget: int, data_dir: Path) -> tuple[str, Selection]:
    """The commit that was read (empty for a plain folder) and what was selected from it.

    Raises WrongUse for a folder that does not exist, and what opening a repository raises.
    """
    from bot.core.errors import WrongUse
    from bot.plan.context.folder import FolderTree
    from bot.plan.context.index import ContextIndex
    from bot.plan.context.question import read_question
    from bot.plan.context.selection import Request, Selector

    if not repo.is_dir():
        raise WrongUse(f"{repo} is not a folder.", remedy="Name one with --repo DIR.")
    index = ContextIndex(_index_path(repo, data_dir))
    question = read_question(title, body)
    if not ((repo / ".git").exists() or (repo / "HEAD").is_file()):
        return "", Selector(FolderTree(repo, index), index).select(Request(question, budget, _estimated))

    from bot.git_store.local import LocalRepository

    repository = LocalRepository.open(repo)
    try:
        base = repository.commit("HEAD")
        recent = repository.mirror.recent_paths(base)
        selector = Selector(repository.mirror.tree(base), index)
        return base, selector.select(Request(question, budget, _estimated, recent=recent))
    finally:
        repository.close()


def _estimated(text: str) -> int:
    return round(len(text) / CHARACTERS_PER_TOKEN)


def _index_path(repo: Path, data_dir: Path) -> Path:
    """The file of a folder's index. Removes those of folders that were not asked about for the longest time."""
    import hashlib

    folder = data_dir / "context"
    name = hashlib.sha256(str(repo.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:20]
    path = folder / f"local-{name}.sqlite"
    others = sorted(folder.glob("local-*.sqlite"), key=lambda one: one.stat().st_mtime, reverse=True)
    for old in [one for one in others if one != path][KEPT_INDEXES:]:
        for ending in ("", "-wal", "-shm"):
            Path(f"{old}{ending}").unlink(missing_ok=True)
    return path


def _read_issue(path: Path) -> tuple[str, str]:
    """Title and text of an issue file; the title may be a Markdown heading."""
    from bot.core.errors import WrongUse

    try:
        text = path.read_text("utf-8-sig").replace("\r\n", "\n").lstrip("\n")
    except UnicodeDecodeError:
        raise WrongUse(f"{path} is not UTF-8 text.", remedy="Save it as UTF-8.") from None
    title, _, body = text.partition("\n")
    if not text.strip():
        raise WrongUse(f"{path} is empty.", remedy="Write the title in its first line and the text below.")
    return title.lstrip("# ").strip(), body.strip("\n")


def _json(base: str, budget: int, selection: Selection) -> str:
    files = [
        {
            "path": file.path,
            "role": file.role,
            "rank": file.rank,
            "reason": file.reason,
            "ranges": [list(part) for part in file.ranges],
            "blob": file.blob,
        }
        for file in selection.files
    ]
    shown: dict[str, Any] = {"base": base or None, "budget": budget, "used": selection.used, "files": files}
    return json.dumps(shown, indent=2)


def _text(base: str, budget: int, selection: Selection) -> str:
    lines = [f"{selection.used} of {budget} tokens" + (f", commit {base[:12]}" if base else "")]
    lines += [_line(file) for file in selection.files]
    if not selection.files:
        lines.append("No text file was found.")
    return "\n".join(lines)


def _line(file: Chosen) -> str:
    shown = _ranges(file.ranges) if file.ranges else "not shown"
    return f"{file.rank:3}  {_printable(file.path)}  {shown}  ({file.role}: {file.reason})"


def _ranges(ranges: Sequence[tuple[int, int]]) -> str:
    return ", ".join(f"{start}-{end}" for start, end in ranges)


def _printable(path: str) -> str:
    """The path without characters that would change the terminal."""
    return "".join(char if char.isprintable() else "?" for char in path)
