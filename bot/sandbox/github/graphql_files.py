"""GraphQL objects of files: blobs and trees by `commit:path`."""

from __future__ import annotations

from bot.core.json_types import JsonDict
from bot.sandbox.github.accounts import node_id
from bot.sandbox.github.graphql_nodes import Reader
from bot.sandbox.github.state import Repository

TEXT_LIMIT = 512_000
"""Bytes. GitHub cuts the text of a longer blob and says `isTruncated`."""


def object_at(reader: Reader, repo: Repository, expression: str) -> JsonDict | None:
    """The blob or tree that `commit:path` names."""
    found = reader.world.bare(repo).object(*expression.split(":", 1))
    if found is None:
        return None
    oid, kind, content = found
    node = {
        "__typename": kind.capitalize(),
        "id": node_id("B", int(oid[:12], 16)),
        "oid": oid,
        "abbreviatedOid": oid[:7],
    }
    return {**node, **_blob(content)} if kind == "blob" else node


def _blob(content: bytes) -> JsonDict:
    binary = b"\0" in content
    text = None if binary else content[:TEXT_LIMIT].decode("utf-8", "replace")
    return {"byteSize": len(content), "isBinary": binary, "isTruncated": len(content) > TEXT_LIMIT, "text": text}
