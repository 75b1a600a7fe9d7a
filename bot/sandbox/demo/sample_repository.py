"""The sample repository and its blueprints, as they lie in the package.

Python files are stored as `name.py.txt` and dotfiles as `dot-name`, so that no tool takes them for Cadence's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable

SAMPLE_NAME = "tally"
SAMPLE_TEST_COMMAND = "python -m unittest discover"


def sample_files() -> dict[str, str]:
    """Path -> text of every file of the sample repository."""
    return dict(sorted(_walk(files("bot.sandbox.demo") / "sample" / "repository", "")))


def sample_blueprint(name: str) -> tuple[str, str]:
    """Title and body of a blueprint kept with the sample."""
    text = (files("bot.sandbox.demo") / "sample" / "blueprints" / f"{name}.md").read_text(encoding="utf-8")
    return split_blueprint(text)


def split_blueprint(text: str) -> tuple[str, str]:
    """A Markdown file's first heading or line, without the marks, and what follows it.

    Raises ValueError for a text without a visible line.
    """
    head, _, rest = text.lstrip().partition("\n")
    title = head.lstrip("#").strip()
    if not title:
        raise ValueError("a blueprint begins with a title")
    return title, rest.strip() + "\n"


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        name = entry.name
        if name.startswith("dot-"):
            name = "." + name.removeprefix("dot-")
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{name}/")
        else:
            if name.endswith(".py.txt"):
                name = name.removesuffix(".txt")
            yield prefix + name, entry.read_text(encoding="utf-8")
