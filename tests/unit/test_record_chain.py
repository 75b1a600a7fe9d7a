"""The hash chain: every way of changing it is found, and named for what it is."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ledger.chain import START, ChainEntry, ChainHead, canonical, chain_faults, entry_after, entry_hash

RUN = "1-2-x"


def chain(length: int = 5) -> list[ChainEntry]:
    made: list[ChainEntry] = []
    for number in range(length):
        head = ChainHead(made[-1].seq, made[-1].hash) if made else None
        at = f"2026-11-24T12:00:0{number}.000000+00:00"
        made.append(entry_after(head, run=RUN, at=at, kind="decision", body={"id": number, "näme": "Ünï"}))
    return made


def head(entries: list[ChainEntry], place: int = -1) -> ChainHead:
    return ChainHead(entries[place].seq, entries[place].hash)


def rehashed(entry: ChainEntry, **changes: Any) -> ChainEntry:
    """An entry that somebody changed and gave the right hash to."""
    fields = {**entry.as_dict(), **changes}
    fields.pop("hash")
    return ChainEntry(**fields, hash=entry_hash(**fields))


def test_a_whole_chain_has_no_fault() -> None:
    entries = chain()
    assert chain_faults(RUN, entries, [head(entries), head(entries, 2)]) == ()
    assert [entry.seq for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[0].previous == START
    assert json.loads(entries[0].body) == {"id": 0, "näme": "Ünï"}
    assert chain_faults(RUN, []) == ()


Change = Callable[[list[ChainEntry]], list[ChainEntry]]


@pytest.mark.parametrize(
    "change, expected",
    [
        (lambda c: [*c[:2], *c[3:]], {"gap", "link"}),
        (lambda c: c[1:], {"gap", "link"}),
        (lambda c: [c[0], c[2], c[1], *c[3:]], {"gap", "order", "link"}),
        (lambda c: [*c[:2], c[1], *c[2:]], {"order", "link"}),
        (lambda c: [*c[:2], replace(c[2], body=c[2].body.replace("2", "3")), *c[3:]], {"changed"}),
        (lambda c: [*c[:2], replace(c[2], at=c[2].at.replace("12:", "13:")), *c[3:]], {"changed"}),
        (lambda c: [*c[:2], replace(c[2], kind="verdict"), *c[3:]], {"changed"}),
        (lambda c: [*c[:2], replace(c[2], run="another"), *c[3:]], {"changed"}),
        (lambda c: [*c[:2], rehashed(c[2], body='{"id":9}'), *c[3:]], {"link"}),
        (lambda c: [*c[:4], rehashed(c[4], body='{"id":9}')], {"head"}),
        (lambda c: c[:-1], {"truncated"}),
        (lambda c: c[:0], {"truncated"}),
    ],
    ids=[
        "gap",
        "first gone",
        "swapped",
        "doubled",
        "body",
        "at",
        "kind",
        "run",
        "rehashed",
        "new head",
        "cut",
        "empty",
    ],
)
def test_every_change_is_found(change: Change, expected: set[str]) -> None:
    entries = chain()
    faults = chain_faults(RUN, change(entries), [head(entries)])
    assert {fault.what for fault in faults} == expected


def test_another_runs_chain_is_not_this_ones() -> None:
    assert {fault.what for fault in chain_faults("3-4-y", chain())} == {"changed"}


def test_what_follows_the_signed_head_is_held_to_the_same_rules() -> None:
    entries = chain()
    assert chain_faults(RUN, entries[:4], [head(entries, 2)]) == (), "nobody signed where it ends"
    broken = [*entries[:4], replace(entries[4], body="{}")]
    assert [fault.what for fault in chain_faults(RUN, broken, [head(entries, 2)])] == ["changed"]


@given(st.integers(0, 4), st.sampled_from(["at", "kind", "body", "previous", "hash", "run"]), st.data())
def test_no_byte_of_an_entry_can_change(place: int, field: str, data: st.DataObject) -> None:
    entries = chain()
    text = entries[place].as_dict()[field]
    at = data.draw(st.integers(0, len(text) - 1))
    changed = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
    tampered = [*entries[:place], replace(entries[place], **{field: changed}), *entries[place + 1 :]]
    assert chain_faults(RUN, tampered, [head(entries)])


@pytest.mark.parametrize(
    "data, text",
    [
        ({"b": 1, "a": [True, None, "x"]}, '{"a":[true,null,"x"],"b":1}'),
        ({"ü": "ß"}, '{"ü":"ß"}'),
        ({"a": "\ud800"}, '{"a":"?"}'),
        ({"a": "\n\u2028"}, '{"a":"\\n\u2028"}'),
    ],
)
def test_canonical_json(data: Any, text: str) -> None:
    assert canonical(data) == text


def test_a_number_that_json_lacks_is_refused() -> None:
    with pytest.raises(ValueError):
        canonical({"cost": float("nan")})


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.dictionaries(st.text(), x)))
def test_canonical_json_read_back_is_canonical(data: Any) -> None:
    assert canonical(json.loads(canonical(data))) == canonical(data)
