"""What the head's files say about which tests a runner collects."""

from __future__ import annotations

from collections.abc import Iterator

from bot.changeset.tree import TreeReader
from bot.core.errors import GitFailed

# https://docs.pytest.org/en/stable/reference/customize.html#configuration-file-formats
_PYTEST_CONFIGS = ("pytest.ini", "pytest.toml", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")


class RunnerSettings:
    """What the head's files say about which tests a runner collects; read once, when first asked for."""

    def __init__(self, tree: TreeReader) -> None:
        self._tree = tree
        self._texts: dict[str, str] = {}
        self._pytest: dict[str, str] = {}

    def text(self, path: str) -> str:
        """The file's text; empty where it is absent or its content is missing."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: str) -> str:
        try:
            entry = self._tree.entry(path)
            return (
                self._tree.read(path).decode("utf-8", "replace") if entry is not None and entry.size < 500_000 else ""
            )
        except GitFailed as error:
            if error.code != "git.missing_object":
                raise
            return ""

    def above(self, path: str, name: str) -> Iterator[str]:
        """The texts of the files of a name in the path's folder and every folder above."""
        parts = path.split("/")[:-1]
        for depth in range(len(parts), -1, -1):
            yield self.text("/".join([*parts[:depth], name]))

    def pytest(self, path: str) -> str:
        """All texts that may configure pytest for a path."""
        folder = path.rpartition("/")[0]
        if folder not in self._pytest:
            texts = (text for name in _PYTEST_CONFIGS for text in self.above(path, name))
            self._pytest[folder] = "\n".join(text for text in texts if text)
        return self._pytest[folder]
