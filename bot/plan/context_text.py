"""A context pack as the text that a model reads: a listing, summaries, outlines, excerpts, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator

from bot.plan.context.pack import ContextPack, Excerpt, Outline

BLOB_CHARACTERS = 7
"""Of a blob's id: enough to tell two versions of a file apart."""


def context_texts(pack: ContextPack) -> Iterator[str]:
    """Every text of the pack that came from the repository: none of them may hold the fence."""
    for excerpt in (*pack.documents, *pack.excerpts):
        yield from (excerpt.path, excerpt.text)
    for outline in pack.outlines:
        yield from (outline.path, *outline.lines)
    for summary in pack.summaries:
        yield from (summary.path, summary.text)
    yield from pack.listing
    for one in pack.left_out:
        yield from (one.path, one.message)


def context_text(pack: ContextPack, fence: str) -> str:
    """The pack's text, in an order that is the same for equal packs, each part of the repository between fences.

    First what changes least between two questions about one repository, so that a server can use its cache again.
    """
    parts = [
        _listing(pack, fence),
        _block("What some files are for", "\n".join(f"{one.path}: {one.text}" for one in pack.summaries), fence),
        *(_excerpt(one, fence) for one in pack.documents),
        *_files(pack, fence),
        _block(
            "What was asked for and is not shown, or only in part",
            "\n".join(f"{one.path}: {one.message}" for one in pack.left_out),
            fence,
        ),
    ]
    return "\n\n".join(part for part in parts if part) or "Nothing of it is shown."


def _files(pack: ContextPack, fence: str) -> Iterator[str]:
    """The excerpts in their order, the outline of a file before its first one."""
    outlines = {one.path: one for one in pack.outlines}
    for excerpt in pack.excerpts:
        if outline := outlines.pop(excerpt.path, None):
            yield _outline(outline, fence)
        yield _excerpt(excerpt, fence)
    # Of a file without a single excerpt, and of a document, the outline alone may fit.
    yield from (_outline(one, fence) for one in outlines.values())


def _outline(outline: Outline, fence: str) -> str:
    heading = f"Outline of {outline.path}, {_lines(outline.total_lines)}, blob {outline.blob_id[:BLOB_CHARACTERS]}"
    return _block(heading, "\n".join(outline.lines), fence)


def _excerpt(excerpt: Excerpt, fence: str) -> str:
    """One excerpt between fences, byte for byte, because `replace` texts have to match it exactly."""
    text = excerpt.text
    parts = [f"File {excerpt.path}", _range(excerpt), f"blob {excerpt.blob_id[:BLOB_CHARACTERS]}"]
    # A model does not see line ends, and `replace` has to match them.
    parts += ["lines end with CRLF"] if "\r\n" in text else []
    parts += ["no line end after its last line"] if text and not text.endswith("\n") else []
    end = "" if text.endswith("\n") or not text else "\n"
    return f"{', '.join(parts)}:\n{fence}\n{text}{end}{fence}"


def _range(excerpt: Excerpt) -> str:
    if not excerpt.text:
        return "empty"
    if excerpt.whole:
        return f"the whole file, {_lines(excerpt.total_lines)}"
    if excerpt.start_line == excerpt.end_line:
        return f"line {excerpt.start_line} of {excerpt.total_lines}"
    return f"lines {excerpt.start_line}-{excerpt.end_line} of {excerpt.total_lines}"


def _lines(count: int) -> str:
    return f"{count} line{'' if count == 1 else 's'}"


def _listing(pack: ContextPack, fence: str) -> str:
    more = f", {pack.unlisted} more are not listed" if pack.unlisted else ""
    return _block(f"Paths of the repository{more}", "\n".join(pack.listing), fence)


def _block(heading: str, text: str, fence: str) -> str:
    return f"{heading}:\n{fence}\n{text}\n{fence}" if text else ""
