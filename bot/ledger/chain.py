"""The hash chain of one run: an entry for every record of the ledger, each bound to the entry before it.

An entry's hash is the sha256 of the canonical JSON of everything else in it, the hash of the entry before it included.
So no byte can change, and no entry can be moved or removed, without some hash being wrong. A chain alone does not show
that its end was cut off: a signed document therefore names the number and hash of the newest entry (`ChainHead`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from bot.core.names import Digest, sha256

START = Digest("0" * 64)
"""`previous` of a run's first entry."""


def canonical(data: Any) -> str:
    """JSON with sorted keys and without white space: the text whose sha256 names the data.

    Half a surrogate pair becomes `?`. Raises ValueError for NaN and Infinity, TypeError for what is not JSON data.
    """
    # RFC 8785 (https://www.rfc-editor.org/rfc/rfc8785) would spell some numbers otherwise. Proofs were signed in this
    # form, so it stays. JSON may hold half a surrogate pair, which has no UTF-8 bytes to hash.
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "replace").decode()


def time_text(time: datetime) -> str:
    """A time as every table and chain holds it: ISO 8601 in UTC with microseconds, so that its text sorts by time."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True, slots=True)
class ChainEntry:
    """One record of a run. `seq` counts from 1; `at` is ISO 8601 in UTC; `body` is canonical JSON."""

    run: str
    seq: int
    at: str
    kind: str
    body: str
    previous: str
    hash: str

    def as_dict(self) -> dict[str, Any]:
        """The entry as JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The end of a chain at some time: the number and the hash of its newest entry."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class ChainFault:
    """A fault of a chain. `seq` is the number of the entry, or its place where the number itself is wrong."""

    what: str
    """`changed`, `gap`, `order`, `link`, `truncated` or `head`."""
    seq: int
    text: str


def entry_hash(*, run: str, seq: int, at: str, kind: str, body: str, previous: str) -> Digest:
    """The hash of an entry with exactly these fields."""
    fields = {"at": at, "body": body, "kind": kind, "previous": previous, "run": run, "seq": seq}
    return sha256(canonical(fields))


def entry_after(head: ChainHead | None, *, run: str, at: str, kind: str, body: Mapping[str, Any]) -> ChainEntry:
    """The entry that follows a head; None begins the chain."""
    seq, previous = (1, START) if head is None else (head.seq + 1, head.hash)
    text = canonical(dict(body))
    made = entry_hash(run=run, seq=seq, at=at, kind=kind, body=text, previous=previous)
    return ChainEntry(run, seq, at, kind, text, previous, made)


def chain_faults(run: str, entries: Sequence[ChainEntry], heads: Sequence[ChainHead] = ()) -> tuple[ChainFault, ...]:
    """Every fault of a run's chain, in the order of the entries; empty when it is whole.

    `heads` are signed heads: the chain must reach each of them, with exactly that hash. Entries after the last head
    follow the same rules, but a cut among them cannot be seen.
    """
    faults = []
    previous: str = START
    for place, entry in enumerate(entries, start=1):
        faults += _faults_of(run, entry, place, previous)
        previous = entry.hash
    hashes = {entry.seq: entry.hash for entry in entries}
    for head in heads:
        if head.seq not in hashes:
            text = f"the chain ends at {max(hashes, default=0)}, before the signed head {head.seq}"
            faults.append(ChainFault("truncated", head.seq, text))
        elif hashes[head.seq] != head.hash:
            text = f"entry {head.seq} is not the one that was signed as the head"
            faults.append(ChainFault("head", head.seq, text))
    return tuple(faults)


def _faults_of(run: str, entry: ChainEntry, place: int, previous: str) -> list[ChainFault]:
    faults = []
    if entry.seq > place:
        faults.append(ChainFault("gap", place, f"entry {entry.seq} is in the place of {place}: entries are missing"))
    elif entry.seq < place:
        faults.append(ChainFault("order", place, f"entry {entry.seq} is in the place of {place}: out of order"))
    made = entry_hash(run=run, seq=entry.seq, at=entry.at, kind=entry.kind, body=entry.body, previous=entry.previous)
    if entry.run != run or made != entry.hash:
        faults.append(ChainFault("changed", entry.seq, f"entry {entry.seq} does not have the hash it is filed under"))
    if entry.previous != previous:
        faults.append(ChainFault("link", entry.seq, f"entry {entry.seq} does not follow the entry before it"))
    return faults
