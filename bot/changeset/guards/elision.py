"""Elision and placeholder marks: words in the comment syntax of the language that stand where content was."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from bot.changeset.codes import found
from bot.changeset.findings import Finding, Severity
from bot.changeset.guards import python_code
from bot.changeset.guards.view import FileView

PROSE = frozenset({".md", ".markdown", ".rst", ".txt", ".adoc", ".html", ".htm"})
_LONGEST = 300
"""A mark is short; longer lines would only cost time."""
_NO_COMMENTS = frozenset({".json", ".jsonl", ".ipynb", ".csv", ".tsv", ".lock", ".svg", ".snap", ".map", ".log"})
_COMMENT = re.compile(r"^\s*(?:#+|//+|/\*+|\*(?=\s)|<!--|--(?=\s)|;+|%+|\{/\*|\{#)\s*(.*?)\s*(?:\*/\}?|-->|#\})?\s*$")
_TRAILING_COMMENT = re.compile(r"(?<=\s)(?:#|//)\s*(\.{3}.*|….*|.*\.{3}|.*…)$")
_PROSE_COMMENT = re.compile(r"^\s*(?:<!--)\s*(.*?)\s*(?:-->)?\s*$")
_ELLIPSIS = re.compile(r"\.{3}|…")
_ONLY_ELLIPSIS = re.compile(r"[\s(\[]*(?:\.{3,}|…)[\s)\]]*")
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
    if view.after is None or view.suffix in _NO_COMMENTS:
        return
    code = _code_lines(view)
    for number, line in view.added:
        if len(line) > _LONGEST:
            continue
        if view.suffix not in PROSE and _PLACEHOLDER.search(line):
            yield _finding("loss.placeholder", view, number, line)
            continue
        body = _comment_body(view, number, line, code)
        verdict = _verdict(view, body) if body is not None else None
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
        return comments[number].lstrip("#!: ").strip() if number in comments else None
    pattern = _PROSE_COMMENT if view.suffix in PROSE and view.suffix != ".txt" else _COMMENT
    if (hit := pattern.match(line)) is not None:
        return hit[1].strip()
    trailing = _TRAILING_COMMENT.search(line) if view.suffix not in PROSE else None
    return trailing[1].strip() if trailing else None


def _verdict(view: FileView, body: str) -> Severity | None:
    bare = _ELLIPSIS.sub(" ", body).strip(" \t()[]<>{}-–—.,;:*/")
    dotted = _ELLIPSIS.search(body) is not None
    edge = dotted and (_ELLIPSIS.match(body.lstrip("([<{ ")) or _ELLIPSIS.search(body[-5:]))
    lost = view.before is not None and view.kept < 0.8
    if dotted and edge and bare and len(bare) < 70 and any(p.search(bare) for p in _STRONG):
        return Severity.ERROR
    if _ELLIPSIS.match(body.lstrip("([<{ ")) and bare and len(bare) < 50 and _HINTS.search(bare):
        closed = _ELLIPSIS.search(body[-5:]) or re.match(rf"(?:{_OLD}|rest|same|keep)\b", bare, re.IGNORECASE)
        return Severity.ERROR if closed or lost else Severity.WARNING
    if not dotted and len(bare) < 70 and any(p.search(bare) for p in _STRONG[1:6]):
        return Severity.ERROR if lost else Severity.WARNING
    if _ONLY_ELLIPSIS.fullmatch(body):
        return Severity.ERROR if lost else Severity.WARNING
    return None


def _bare_dots(view: FileView) -> Iterator[Finding]:
    """Lines of nothing but dots in text that is no Python: an elision where the file lost lines or begins with it."""
    if view.suffix == ".py":
        return
    for number, line in view.added:
        if _ONLY_ELLIPSIS.fullmatch(line.strip()) and view.before is not None:
            edge = number in (1, len(view.new_lines))
            if edge or view.kept < 0.8:
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
        real = [s for s in node.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
        dots = [s for s in node.body if isinstance(s, ast.Expr) and _is_dots(s.value) and s.lineno in added]
        if dots and (real or (isinstance(node, ast.Module) and view.before)):
            yield _finding("loss.elision", view, dots[0].lineno, "...")


def _is_dots(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _finding(code: str, view: FileView, number: int, line: str, severity: Severity | None = None) -> Finding:
    message = f"{view.path}:{number} stands for content instead of being it: {line.strip()[:80]}"
    return found(code, message, edit=view.index, path=view.path, line=number, severity=severity)
