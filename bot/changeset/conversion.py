"""What git itself would store for a file's content, as `.gitattributes` says. Pure but for the tree.

The rules are those of gitattributes(5) and of git's convert.c: line ends, `ident` and `working-tree-encoding` are done
here as git does them; a `filter` is a program of the repository's people, which Cadence does not run.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence

from bot.changeset.tree import AttributeReader, TreeReader

Attributes = Mapping[str, str]
NAMES = ("filter", "text", "crlf", "eol", "working-tree-encoding", "ident")
# https://git-scm.com/docs/gitattributes#_ident: the checkout fills `$Id: …$` in, the commit holds `$Id$`.
_IDENT = re.compile(rb"\$Id:[^$\n]*\$")
# A pointer of Git LFS begins so: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md
_STORED_ELSEWHERE = ((b"version https://git-lfs.github.com/spec/v", "lfs"), (b"\0GITCRYPT\0", "git-crypt"))
# What convert.c counts as not printable: all of C0 but BS, TAB, LF, FF, CR and ESC, and DEL.
_UNPRINTABLE = (*(byte for byte in range(32) if byte not in b"\b\t\n\f\r\x1b"), 127)


class NotStorable(Exception):
    """The content is not what git could have stored at the path; the message says why and follows the path."""


def attributes_of(
    tree: TreeReader, paths: Sequence[str], files: Mapping[str, bytes | None]
) -> Mapping[str, Attributes]:
    """What `.gitattributes` says of the paths; nothing where the tree cannot tell."""
    return tree.attributes(paths, NAMES, files) if isinstance(tree, AttributeReader) and paths else {}


def filter_of(attributes: Attributes, content: bytes | None = None) -> str:
    """The filter that a path goes through, or "": the attribute, or what a stored content shows of one."""
    named = attributes.get("filter", "unset")
    if named not in ("set", "unset", ""):
        return named
    return next((name for mark, name in _STORED_ELSEWHERE if content is not None and content.startswith(mark)), "")


def stored(attributes: Attributes, content: bytes, in_index: bytes | None) -> bytes:
    """The content as git would store it; `in_index` is what the path holds before the change. Raises NotStorable."""
    encoding = attributes.get("working-tree-encoding", "unset")
    if encoding not in ("set", "unset", ""):
        content = _from_utf8(content, encoding, in_index)
    content = _line_ends(attributes, content, in_index)
    return _IDENT.sub(b"$Id$", content) if attributes.get("ident") == "set" else content


def _from_utf8(content: bytes, encoding: str, in_index: bytes | None) -> bytes:
    """The content, which must be UTF-8 in the commit and fit into the encoding that a checkout writes."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        raise NotStorable(f"must be UTF-8 in the commit: its working-tree-encoding is {encoding}") from None
    if text.startswith("\ufeff") and not (in_index or b"").startswith(codecs.BOM_UTF8):
        text = text[1:]
    try:
        text.encode(re.sub(r"(?i)(utf-?(?:16|32)[lb]e)-bom$", r"\1", encoding))
    except LookupError:
        if not text.isascii():
            raise NotStorable(f"has the working-tree-encoding {encoding}, which is unknown here") from None
    except UnicodeEncodeError as error:
        missing = ascii(error.object[error.start])
        raise NotStorable(f"has the working-tree-encoding {encoding}, which lacks {missing}") from None
    return text.encode()


def _line_ends(attributes: Attributes, content: bytes, in_index: bytes | None) -> bytes:
    """CRLF as LF where the path is text by its attributes (convert.c, crlf_to_git)."""
    if b"\r\n" not in content:
        return content
    kind = _kind(attributes)
    # `text=auto` leaves a file alone that has CRLF in the index: https://git-scm.com/docs/gitattributes#_text
    if kind == "auto" and (_is_binary(content) or (in_index is not None and _has_crlf(in_index))):
        return content
    return content.replace(b"\r\n", b"\n") if kind else content


def _kind(attributes: Attributes) -> str:
    """`text`, `auto`, or "" for content that git leaves as it is (convert.c, convert_attrs)."""
    known = {"set": "text", "input": "text", "unset": "binary", "auto": "auto"}
    kind = known.get(attributes.get("text", ""), "") or known.get(attributes.get("crlf", ""), "")
    if kind == "binary":
        return ""
    if not kind and attributes.get("eol") in ("lf", "crlf"):
        return "text"
    return kind


def _has_crlf(content: bytes) -> bool:
    return b"\r\n" in content and not _is_binary(content)


def _is_binary(content: bytes) -> bool:
    """git's own guess (convert.c, convert_is_binary): a lone CR, a NUL, or many control characters."""
    if b"\0" in content or content.count(b"\r") != content.count(b"\r\n"):
        return True
    # An old DOS end-of-file mark does not count.
    body = content.removesuffix(b"\x1a")
    odd = sum(body.count(byte) for byte in _UNPRINTABLE)
    plain = len(body) - odd - body.count(b"\r") - body.count(b"\n")
    return plain >> 7 < odd
