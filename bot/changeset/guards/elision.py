"""Comments such as `rest unchanged` or placeholders in the place of content (`loss.elision`, `loss.placeholder`)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from bot.changeset.guards.syntax import is_loose_json
from bot.changeset.guards.view import FileView
from bot.core.findings import Finding, Severity
from bot.syntax import python_code

PROSE = frozenset({".md", ".markdown", ".rst", ".txt", ".adoc", ".html", ".htm"})
_LONGEST = 300
"""A mark is short; longer lines would only cost time."""
_NO_COMMENTS = frozenset({
    ".json", ".jsonl", ".ipynb", ".csv", ".tsv", ".lock", ".svg", ".snap", ".map", ".log", ".stderr", ".stdout", ".out",
})  # fmt: skip
"""Formats without comments: RFC 8259 has none for JSON, and the others are data or recorded output."""
# The comment openings of all languages at once: a mark in the wrong language's syntax is a mark too.
_COMMENT = re.compile(r"^\s*(?:#+|//+|/\*+|\*(?=\s)|<!--|--(?=\s)|;+|%+|\{/\*|\{#)\s*(.*?)\s*(?:\*/\}?|-->|#\})?\s*$")
_TRAILING_COMMENT = re.compile(r"(?<=\s)(?:#|//)\s*(\.{3}.*|….*|.*\.{3}|.*…)$")
_PROSE_COMMENT = re.compile(r"^\s*(?:<!--|\.\.(?=\s))\s*(.*?)\s*(?:-->)?\s*$")
_PROSE_ASIDE = re.compile(r"^\s*(?:[-*>]\s+)?(?:\[(.*)\]|\((.*)\)|_(.*)_|\*{1,3}(.*?)\*{1,3})\s*$")
_ELLIPSIS = re.compile(r"\.{3}|…")
_ONLY_ELLIPSIS = re.compile(r"\A[\s(\[]*(?:\.{3,}|…)[\s)\]]*")
_THINGS = (
    r"(?:code|codes|file|files|imports?|methods?|functions?|class(?:es)?|module|content|contents|implementation|logic|"
    r"definitions?|body|script|tests?|fields?|entries|sections?|lines|setup|config(?:uration)?|text|document|helpers?|"
    r"args|arguments|params|parameters|options|cases|routes|handlers|cycle|loop|block|attributes|properties|docs?|"
    r"__init__|constructor|dependencies|requirements|items|stuff|things|keys|values|rules|steps)"
)
_OLD = (
    r"(?:existing|previous|prior|earlier|original|current|other|remaining|unchanged|old|"
    r"rest of(?: the| your)?|all other)"
)
_UNSAID = (
    r"(?:unchanged|as before|as is|as-is|omitted|elided|truncated|snipped|same as before|same as above|"
    r"remains? the same|stays? the same|go(?:es)? here|here|as it was|unmodified|not shown|continues?|is the same)"
)
# Phrases that say that text is missing; each was seen in answers of models.
_STRONG = tuple(
    re.compile(p, re.IGNORECASE)
    for p in (
        rf"^(?:\(|\[|<)?(?:the |all |your |any )*{_OLD}\s+(?:[\w.()]+\s+){{0,3}}?{_THINGS}?\s*"
        rf"[^.]{{0,24}}\b{_UNSAID}\b",
        rf"\brest of (?:the |this |your |our )?(?:[\w.()]+\s+){{0,3}}?{_THINGS}\b.{{0,30}}$",
        r"^(?:the )?rest (?:is |are |remains |stays |as |of it )?(?:unchanged|the same|before|omitted|here)\b",
        r"\b(?:omitted|elided|truncated|shortened|abbreviated) for (?:brevity|clarity|space)\b",
        rf"^(?:keep|leave|retain|preserve)\s+(?:the |all |your )*(?:rest|{_OLD})\b",
        rf"^(?:\w+\s+){{0,4}}{_THINGS}\s+(?:remains? |stays? |is |are )?(?:unchanged|as before|the same as before)\s*$",
        rf"^{_UNSAID}\.?$",
        r"^(?:snip|snipped|cut here|truncated)\b.{0,12}$",
    )
)
# A remark counts only when every word is in one of these lists, so that a sentence with `rest` in it is not one.
_KEYS = (
    "existing previous prior earlier original rest remaining remainder unchanged unmodified same identical "
    "continues continue continued snip snipped etc omitted elided truncated keep retained preserved untouched "
    "before others"
)
_OTHERS = (
    "the of as is are was stays stay remain remains this that these those your my all any other above below here "
    "there no changes change needed for in to and or more code codes file files import imports method methods "
    "function functions class classes module content contents implementation logic definition definitions body "
    "script test tests field fields entry entries section sections line lines setup config configuration text "
    "document helper helpers option options case cases route routes handler handlers block blocks property "
    "properties docs documentation item items row rows key keys value values rule rules step steps table tables "
    "heading headings paragraph paragraphs part parts brevity clarity space todo goes go exactly it its so on "
    "from where left"
)
_KEY_WORDS = frozenset(_KEYS.split(" "))
_MARK_WORDS = _KEY_WORDS | frozenset(_OTHERS.split(" "))
_HINTS = re.compile(
    rf"\b(?:{_OLD}|rest|same|unchanged|as before|omitted|keep|more|etc|within|handle|{_THINGS})\b", re.IGNORECASE
)
_PLACEHOLDER = re.compile(
    r"^\s*<\s*(?:full|complete|entire|new|updated|your|insert|the)\b[^<>]{0,60}>\s*$"
    r"|^\s*(?:#|//)\s*(?:your|insert|add|put)\s+(?:your\s+)?(?:code|implementation|logic|content)\s+(?:goes\s+)?here\b"
    r"|\b(?:from|import|require\(|use)\s*[\"'(]*(?:your|my)_(?:module|package|project|app|library)\b",
    re.IGNORECASE,
)


def elision_findings(view: FileView) -> Iterator[Finding]:
    """Marks in added lines. A mark that says what it hides is an error; a bare `...` only where lines vanished too."""
    if view.after is None or (view.suffix in _NO_COMMENTS and not is_loose_json(view.path)):
        return
    if view.before is not None and _stands_for_all(view.after) and len(view.old_lines) > 3:
        yield _finding("loss.placeholder", view, 1, view.after.strip())
        return
    code = _code_lines(view)
    for number, line in view.added:
        if len(line) > _LONGEST:
            continue
        if view.suffix not in PROSE and _PLACEHOLDER.search(line):
            yield _finding("loss.placeholder", view, number, line)
            continue
        body = _comment_body(view, number, line, code)
        verdict = _verdict(view, number, body) if body is not None else None
        if verdict is not None:
            yield _finding("loss.elision", view, number, line, verdict)
    yield from _bare_dots(view)
    if view.suffix == ".py":
        yield from _python_dots(view)


def _code_lines(view: FileView) -> dict[int, str] | None:
    """Real comments of a Python file by line; None where comments must be told by their look."""
    found_comments = python_code.comments(view.after or "") if view.suffix == ".py" else None
    return dict(found_comments) if found_comments is not None else None


def _comment_body(view: FileView, number: int, line: str, comments: dict[int, str] | None) -> str | None:
    if comments is not None:
        if number not in comments:
            inner = line.strip().lstrip("# ")
            return inner if line.lstrip().startswith("#") and _is_mark(inner) and _hides(view, number) else None
        return comments[number].lstrip("#!: ").strip()
    pattern = _PROSE_COMMENT if view.suffix in PROSE and view.suffix != ".txt" else _COMMENT
    if view.suffix in PROSE and (aside := _PROSE_ASIDE.match(line)) is not None:
        inner = next(group for group in aside.groups() if group is not None)
        return inner.strip() if _is_mark(inner) and _hides(view, number) else None
    if (hit := pattern.match(line)) is not None:
        return hit[1].strip()
    trailing = _TRAILING_COMMENT.search(line) if view.suffix not in PROSE else None
    return trailing[1].strip() if trailing else None


def _stands_for_all(text: str) -> bool:
    """Whether the whole text only names the file it should be."""
    words = re.findall(r"[a-z_]+", text.casefold()) if len(text) < 120 else []
    return bool(words) and all(w in _MARK_WORDS or w in ("full", "complete", "entire", "updated", "new") for w in words)


def _is_mark(body: str) -> bool:
    """Whether a remark is made of nothing but words about text that is not shown."""
    words = re.findall(r"[a-z_]+", body.casefold())
    if len(words) > 12 or not all(w in _MARK_WORDS for w in words):
        return False
    if _ELLIPSIS.search(body) is not None:
        return True
    told = not _KEY_WORDS.isdisjoint(words) or re.search(r"\bno (?:other |more )?changes?\b", body, re.IGNORECASE)
    return bool(told) and (len(words) > 1 or words[0] not in ("continue", "keep", "before", "rest", "same"))


def _hides(view: FileView, number: int) -> bool:
    """Whether more vanished at this place than came: the mark stands for it."""
    # A remark that replaces one line is a comment; one that replaces several is what is left of them.
    gone, come = view.replaced_at(number)
    return gone >= 2 and gone >= 2 * come


def _verdict(view: FileView, number: int, body: str) -> Severity | None:
    bare = _ELLIPSIS.sub(" ", body).strip(" \t()[]<>{}-–—.,;:*/")
    dotted = _ELLIPSIS.search(body) is not None
    edge = dotted and (_ELLIPSIS.match(body.lstrip("([<{ ")) or _ELLIPSIS.search(body[-5:]))
    if dotted and edge and bare and len(bare) < 70 and any(p.search(bare) for p in _STRONG):
        return Severity.ERROR
    if not _may_be_mark(body, bare, dotted):
        return None
    return Severity.ERROR if _is_closed(body, bare) or _hides(view, number) or _lost(view) else Severity.WARNING


def _may_be_mark(body: str, bare: str, dotted: bool) -> bool:
    if _is_mark(body) or _ONLY_ELLIPSIS.fullmatch(body):
        return True
    if dotted and _ELLIPSIS.match(body.lstrip("([<{ ")) and bare and len(bare) < 50 and _HINTS.search(bare):
        return True
    return not dotted and len(bare) < 70 and any(p.search(bare) for p in _STRONG[1:6])


def _is_closed(body: str, bare: str) -> bool:
    """Dots, words about other text, dots: hardly ever anything but an elision."""
    if not _ELLIPSIS.match(body.lstrip("([<{ ")) or not bare or len(bare) >= 50 or not _HINTS.search(bare):
        return False
    return bool(_ELLIPSIS.search(body[-5:]) or re.match(rf"(?:{_OLD}|rest|same|keep)\b", bare, re.IGNORECASE))


def _lost(view: FileView) -> bool:
    return view.before is not None and view.kept < 0.8 and view.share < 0.85 and view.suffix not in PROSE


def _bare_dots(view: FileView) -> Iterator[Finding]:
    """Lines of nothing but dots in text that is not Python: an elision where lines vanished or at the file's edge."""
    if view.suffix == ".py" or view.before is None:
        return
    for number, line in view.added:
        if _ONLY_ELLIPSIS.fullmatch(line.strip()):
            edge = number in (1, len(view.new_lines))
            if edge or _hides(view, number) or _lost(view):
                yield _finding("loss.elision", view, number, line)


def _python_dots(view: FileView) -> Iterator[Finding]:
    """`...` among other statements of a module or function. As the whole body of anything it is plain Python."""
    tree = python_code.module(view.after)
    if tree is None:
        return
    added = {number for number, _ in view.added}
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        # `...` alone is the body of a stub or of a Protocol's method: https://docs.python.org/3/library/constants.html#Ellipsis
        real = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        dots = [s for s in node.body if isinstance(s, ast.Expr) and _is_dots(s.value) and s.lineno in added]
        if dots and (real or (isinstance(node, ast.Module) and view.before)):
            yield _finding("loss.elision", view, dots[0].lineno, "...")


def _is_dots(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _finding(code: str, view: FileView, number: int, line: str, severity: Severity | None = None) -> Finding:
    message = f"{view.path}:{number} replaces real content: {line.strip()[:80]}"
    return view.finding(code, message, line=number, severity=severity)
