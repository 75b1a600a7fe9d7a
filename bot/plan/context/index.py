"""The index of a repository's texts: one SQLite file, keyed by blob id, so that a new commit costs its changed blobs.

The full-text search is SQLite's FTS5. Scores are computed from the postings of the asked tree alone, not by FTS5's own
`bm25()`: that one counts every blob that was ever indexed, and the order would depend on the past of the file.
The index holds no text that is shown: excerpts are always cut from the tree's own blobs.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TypeVar

from bot.plan.context.analysis import Analysis, analyse, decoded, summary_of
from bot.plan.context.words import term_counts

VERSION = 1
"""Raised when what is stored changes its meaning: an index of another version is made again."""
BUSY_SECONDS = 60.0
BATCH_BYTES = 8_000_000
BATCH_FILES = 2_000
STALE_FACTOR = 4
"""An index with this many times more blobs than the asked tree is made again, so that it does not grow for ever."""
STALE_AT_LEAST = 20_000
LARGE_DATA = 200_000
"""Bytes: of a larger data file (JSON, CSV, XML) only the path is searched."""

Read = Callable[[str], bytes]
_Result = TypeVar("_Result")

# A term is in one of four columns, by how often the file has it: 1, 2 to 3, 4 to 8, more. That keeps the index
# small, and `detail=column` leaves positions out. https://www.sqlite.org/fts5.html#the_detail_option
_COLUMNS = ("once", "few", "some", "many")
OCCURRENCES = {"once": 1.0, "few": 2.4, "some": 5.5, "many": 14.0}
"""How often a term is taken to occur, by its column."""

_SCHEMA = f"""
CREATE TABLE blobs (id INTEGER PRIMARY KEY, blob TEXT NOT NULL UNIQUE, terms INTEGER NOT NULL, summary TEXT NOT NULL);
CREATE TABLE analyses (id INTEGER NOT NULL, ending TEXT NOT NULL, data TEXT NOT NULL, PRIMARY KEY (id, ending));
CREATE TABLE stats (path TEXT PRIMARY KEY, size INTEGER NOT NULL, changed INTEGER NOT NULL, inode INTEGER NOT NULL,
  blob TEXT NOT NULL);
CREATE VIRTUAL TABLE words USING fts5({", ".join(_COLUMNS)}, content='', columnsize=0, detail=column,
  tokenize="unicode61 remove_diacritics 0 tokenchars '_'");
CREATE VIRTUAL TABLE places USING fts5vocab(words, instance);
PRAGMA user_version = {VERSION};
"""


@dataclass(frozen=True, slots=True)
class IndexedBlob:
    """One text of the index: its row, how many terms it has, and its summary in one line, empty for none.

    `terms` is -1 for a blob that is not text.
    """

    row: int
    terms: int
    summary: str


class ContextIndex:
    """Opens the file for each use; safe for several threads and processes. A damaged file is deleted and made again."""

    def __init__(self, path: Path | None) -> None:
        """`path` of the file, whose folder is made where it is missing; None keeps the index in memory."""
        self._path = path
        self._kept = self._opened() if path is None else None

    def update(self, blobs: Mapping[str, str], read: Read) -> dict[str, IndexedBlob]:
        """Add what is missing of a tree (`blobs`: blob id by path) and return every indexed blob of it, by blob id.

        `read` gives the bytes of a path; it is called for new blobs only.
        """
        return self._safely(lambda db: self._update(db, blobs, read))

    def postings(self, terms: Iterable[str]) -> dict[str, list[tuple[int, str]]]:
        """By term, the rows that have it, each with the column that says how often."""

        def search(db: sqlite3.Connection) -> dict[str, list[tuple[int, str]]]:
            asked = "SELECT doc, col FROM places WHERE term = ?"
            return {term: db.execute(asked, (term,)).fetchall() for term in terms}

        return self._safely(search)

    def analyses(self, wanted: Mapping[str, int], texts: Mapping[str, str]) -> dict[str, Analysis]:
        """The analyses of files, by path. `wanted` has their rows, `texts` their whole texts; new ones are stored."""
        return self._safely(lambda db: self._analyses(db, wanted, texts))

    def known_stats(self) -> dict[str, tuple[int, int, int, str]]:
        """By path, what was noted of a plain folder's files: size, time of change in ns, inode, blob id."""

        def select(db: sqlite3.Connection) -> dict[str, tuple[int, int, int, str]]:
            rows = db.execute("SELECT path, size, changed, inode, blob FROM stats")
            return {path: (size, changed, inode, blob) for path, size, changed, inode, blob in rows}

        return self._safely(select)

    def note_stats(self, stats: Mapping[str, tuple[int, int, int, str]]) -> None:
        """Keep what `known_stats` returns, in place of what was noted of these paths."""
        rows = [(path, *values) for path, values in stats.items()]

        def insert(db: sqlite3.Connection) -> None:
            with _writing(db):
                db.executemany("INSERT OR REPLACE INTO stats VALUES (?, ?, ?, ?, ?)", rows)

        if rows:
            self._safely(insert)

    def _update(self, db: sqlite3.Connection, blobs: Mapping[str, str], read: Read) -> dict[str, IndexedBlob]:
        known = _known(db)
        if len(known) > max(STALE_AT_LEAST, STALE_FACTOR * len(blobs)):
            with _writing(db):
                _empty(db)
            known = {}
        missing = {blob: path for path, blob in sorted(blobs.items(), reverse=True) if blob not in known}
        if missing:
            paths = iter(sorted((path, blob) for blob, path in missing.items()))
            while batch := _batch(paths, read):
                _store(db, batch)
            known = _known(db)
        return {blob: known[blob] for blob in set(blobs.values()) if blob in known}

    def _analyses(
        self, db: sqlite3.Connection, wanted: Mapping[str, int], texts: Mapping[str, str]
    ) -> dict[str, Analysis]:
        found: dict[str, Analysis] = {}
        new: list[tuple[int, str, str]] = []
        for path, row in wanted.items():
            ending = _ending(path)
            stored = db.execute("SELECT data FROM analyses WHERE id = ? AND ending = ?", (row, ending)).fetchone()
            analysis = _read_back(stored[0]) if stored else None
            if analysis is None:
                analysis = analyse(texts[path], path)
                new.append((row, ending, analysis.dumped()))
            found[path] = analysis
        if new:
            with _writing(db):
                db.executemany("INSERT OR REPLACE INTO analyses VALUES (?, ?, ?)", new)
        return found

    def _safely(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do the work; on a damaged file once again with a new one. The index is a copy of what the blobs say."""
        try:
            return self._once(work)
        except sqlite3.DatabaseError as error:
            if self._path is None or _is_busy(error):
                raise
            self._remove()
        return self._once(work)

    def _once(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        if self._kept is not None:
            return work(self._kept)
        db = self._opened()
        try:
            return work(db)
        finally:
            db.close()

    def _opened(self) -> sqlite3.Connection:
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(
            self._path or ":memory:", timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            # Readers do not wait for a writer. https://www.sqlite.org/wal.html
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            # Other people's data: a crafted index file could otherwise have triggers or views of its own.
            # https://www.sqlite.org/pragma.html#pragma_trusted_schema
            db.execute("PRAGMA trusted_schema = OFF")
            if _version(db) != VERSION:
                with _writing(db):
                    # Another process may have made it while this one waited.
                    if _version(db) != VERSION:
                        _empty(db)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _remove(self) -> None:
        if self._path is not None:
            for ending in ("", "-wal", "-shm"):
                Path(f"{self._path}{ending}").unlink(missing_ok=True)


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _is_busy(error: sqlite3.DatabaseError) -> bool:
    """Whether another process holds the file, or the disk is full: the file itself is sound."""
    return error.sqlite_errorcode & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
    )


@contextmanager
def _writing(db: sqlite3.Connection) -> Iterator[None]:
    """One transaction that holds the only right to write from its beginning, so that it cannot fail in its middle."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _empty(db: sqlite3.Connection) -> None:
    """Remove every table and make the current ones. Inside a transaction."""
    for name in ("places", "words", "stats", "analyses", "blobs"):
        db.execute(f"DROP TABLE IF EXISTS {name}")
    for statement in _SCHEMA.split(";\n"):
        if statement.strip():
            db.execute(statement)


def _known(db: sqlite3.Connection) -> dict[str, IndexedBlob]:
    rows = db.execute("SELECT blob, id, terms, summary FROM blobs")
    return {blob: IndexedBlob(row, terms, summary) for blob, row, terms, summary in rows}


def _batch(paths: Iterator[tuple[str, str]], read: Read) -> list[tuple[str, str, bytes]]:
    """The next (path, blob id, bytes): few enough to be in memory together."""
    found: list[tuple[str, str, bytes]] = []
    size = 0
    for path, blob in islice(paths, BATCH_FILES):
        raw = read(path)
        found.append((path, blob, raw))
        size += len(raw)
        if size >= BATCH_BYTES:
            break
    return found


def _store(db: sqlite3.Connection, batch: Sequence[tuple[str, str, bytes]]) -> None:
    # Counting takes the time, so it is done before the transaction begins.
    rows = [(blob, *_counted(path, raw)) for path, blob, raw in batch]
    with _writing(db):
        for blob, terms, summary, columns in rows:
            done = db.execute(
                "INSERT OR IGNORE INTO blobs (blob, terms, summary) VALUES (?, ?, ?)", (blob, terms, summary)
            )
            # Another process may have stored it since.
            if done.rowcount and any(columns):
                db.execute(
                    "INSERT INTO words (rowid, once, few, some, many) VALUES (?, ?, ?, ?, ?)",
                    (done.lastrowid, *columns),
                )


def _counted(path: str, raw: bytes) -> tuple[int, str, tuple[str, str, str, str]]:
    """How many terms a file has, its summary, and its terms by column."""
    text = decoded(raw)
    if text is None:
        return -1, "", ("", "", "", "")
    if len(raw) > LARGE_DATA and _ending(path) in (
        "json",
        "csv",
        "tsv",
        "xml",
        "ipynb",
        "po",
        "yaml",
        "yml",
        "txt",
        "sql",
    ):
        return 0, "", ("", "", "", "")
    counts = term_counts(text)
    columns: tuple[list[str], ...] = ([], [], [], [])
    for term, number in counts.items():
        columns[0 if number == 1 else 1 if number < 4 else 2 if number < 9 else 3].append(term)
    once, few, some, many = (" ".join(column) for column in columns)
    return sum(counts.values()), summary_of(text, path), (once, few, some, many)


def _read_back(data: str) -> Analysis | None:
    """A stored analysis, or None for one that is damaged, which is then made again."""
    try:
        return Analysis.loaded(data)
    except (ValueError, TypeError):
        return None


def _ending(path: str) -> str:
    return os.path.splitext(path)[1].lower().removeprefix(".")
