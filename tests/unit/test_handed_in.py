"""Whatever is handed in, it is read or rejected with findings; nothing else is raised."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.changeset.rejected import ChangeSetRejected
from bot.cli.submitted import Submitted, read_submitted
from bot.core.codes.lookup import CHANGESET_CODES

KEYS = st.sampled_from(
    ["change_set", "changes", "edits", "message", "version", "base", "meta", "summary", "plan", "diff", "patch", "file",
     "before", "after", "path", "mode", "replace", "old", "new", "count", "rename_from", "executable", "removes",
     "title", "description", "repo_dir", "error", "before_sha", "after_base64", "author", "x"]
)  # fmt: skip
SCALARS = (
    st.none() | st.booleans() | st.integers(-1, 3) | st.floats(allow_nan=True)
    | st.sampled_from(["", "add", "modify", "delete", "src/a.py", "\ud800", "\x00", "2", "{}", "0" * 40])
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=25
)
EDITS = st.lists(st.dictionaries(KEYS, SCALARS | VALUES, max_size=6) | VALUES, max_size=3)
NEARLY = st.fixed_dictionaries({"message": SCALARS, "edits": EDITS}, optional={"version": SCALARS, "base": SCALARS})


def outcome(raw: bytes) -> Submitted | ChangeSetRejected:
    try:
        return read_submitted(raw)
    except ChangeSetRejected as error:
        return error


@settings(max_examples=300, deadline=None)
@given(value=VALUES | NEARLY | st.fixed_dictionaries({"change_set": NEARLY}))
def test_any_json_is_read_or_rejected(value: object) -> None:
    read = outcome(json.dumps(value).encode())
    if isinstance(read, ChangeSetRejected):
        assert read.findings and all(finding.code in CHANGESET_CODES for finding in read.findings)
    else:
        assert [read.change_set, read.one_file, read.patch].count(None) == 2


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_rejected(raw: bytes) -> None:
    assert isinstance(outcome(raw), ChangeSetRejected)


def test_deeply_nested_json_is_rejected() -> None:
    assert isinstance(outcome(b"[" * 200_000), ChangeSetRejected)
    assert isinstance(outcome(b'{"edits":' * 50_000 + b"1" + b"}" * 50_000), ChangeSetRejected)


def test_huge_numbers_are_rejected() -> None:
    assert isinstance(outcome(b'{"message": "m", "edits": [], "version": ' + b"9" * 5000 + b"}"), ChangeSetRejected)
