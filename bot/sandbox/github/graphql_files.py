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
    git = reader.world.bare(repo)
    found = git.attempt("rev-parse", "--verify", "--quiet", "--end-of-options", expression)
    if found.returncode:
        return None
    oid = found.stdout.decode().strip()
    kind = git.text("cat-file", "-t", oid).strip().capitalize()
    node = {"__typename": kind, "id": node_id("B", int(oid[:12], 16)), "oid": oid, "abbreviatedOid": oid[:7]}
    return {**node, **_blob(git.git("cat-file", "blob", oid))} if kind == "Blob" else node


def _blob(content: bytes) -> JsonDict:
    binary = b"\0" in content
    text = None if binary else content[:TEXT_LIMIT].decode("utf-8", "replace")
    return {"byteSize": len(content), "isBinary": binary, "isTruncated": len(content) > TEXT_LIMIT, "text": text}
