"""`python -m tools.docs_pages`: writes the pages under docs/ that are made from the code. A test compares them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from bot.cli.published_schemas import schema_text, schemas
from bot.core.codes.lookup import SECTIONS
from bot.core.codes.reason_code import ReasonCode, Section
from bot.core.command_table import COMMANDS, WHO_WORDS
from bot.core.states import AT_THE_GATE, BUILDING, ENDINGS, FINAL, NOT_ENTERED, TERMINAL, WAITING, RunState, moves
from tools.design_page import with_folders

DOCS = Path(__file__).resolve().parents[1] / "docs"
_MADE = "<!-- Made by `make docs`; edit the code instead. -->"
_COMMANDS_BEGIN = "<!-- The commands: made by `make docs` from bot/core/command_table.py. -->"
_COMMANDS_END = "<!-- End of the commands. -->"
_CHANGE_SET_FAMILIES = {
    "contract": "The form of a ChangeSet",
    "stale": "Files that have changed",
    "path": "Paths",
    "protected": "Protected paths",
    "size": "Size",
    "secret": "Secrets",
    "message": "The commit message",
    "loss": "Lost content",
    "syntax": "Syntax",
    "imports": "Imports",
}


def pages() -> dict[str, str]:
    """Every generated file's text by its path under docs/."""
    made = {"codes.md": codes_page(), "states.md": states_page(), "design.md": design_page()}
    made["authors.md"] = with_commands((DOCS / "authors.md").read_text("utf-8"))
    return made | {f"schemas/{name}.json": schema_text(name) for name in schemas()}


def design_page() -> str:
    """docs/design.md: written by people, but for the list of folders and the drawing."""
    return with_folders((DOCS / "design.md").read_text("utf-8"))


def with_commands(page: str) -> str:
    """docs/authors.md: written by people, but for the table of commands between its two markers."""
    before, _, rest = page.partition(_COMMANDS_BEGIN)
    _, end, after = rest.partition(_COMMANDS_END)
    if not end:
        raise ValueError("docs/authors.md lacks the markers of the table of commands")
    rows = [
        (f"`/cadence {row.form}`", WHO_WORDS[row.who], " and ".join(row.where), row.what, row.answer)
        for row in COMMANDS
        if not row.later
    ]
    table = _table(("command", "who", "where", "what", "answer"), rows)
    return f"{before}{_COMMANDS_BEGIN}\n\n{table}\n\n{end}{after}"


def codes_page() -> str:
    """docs/codes.md: every section of the table of reason codes; the ChangeSet's with their severities."""
    parts = [
        "# Reason codes",
        _MADE,
        "Scripts may depend on these codes: new ones may be added, but none is renamed or gets another meaning.",
    ]
    for section in SECTIONS:
        parts += [f"## {section.title}", section.shown]
        if section.rows[0].severity is None:
            rows = [(f"`{row.code}`", row.meaning, row.who, row.next_step) for row in section.rows]
            parts.append(_table(("code", "what it means", "who can act", "next step"), rows))
        else:
            parts += _by_family(section)
    return "\n\n".join(parts) + "\n"


def _by_family(section: Section) -> Iterable[str]:
    families: dict[str, list[ReasonCode]] = {name: [] for name in _CHANGE_SET_FAMILIES}
    for row in section.rows:
        families[row.code.partition(".")[0]].append(row)
    for name, rows in families.items():
        yield f"### {_CHANGE_SET_FAMILIES[name]}"
        cells = [(f"`{row.code}`", row.meaning, row.next_step, str(row.severity)) for row in rows]
        yield _table(("code", "what it means", "what to do", "severity"), cells)


def states_page() -> str:
    """docs/states.md: every state of a run, what kind it is, and the moves out of it."""
    rows = [(f"`{state}`", _kind(state), _next(state)) for state in RunState]
    endings = ", ".join(f"`{state}`" for state in RunState if state in ENDINGS)
    parts = [
        "# States of a run",
        _MADE,
        f"Every move is recorded in the ledger. Any unfinished run may also end as {endings}.",
        _table(("state", "kind", "leads to"), rows),
        "`/cadence replan` starts a finished run again where the table gives it a next state.",
    ]
    return "\n\n".join(parts) + "\n"


def _kind(state: RunState) -> str:
    # In order: a final state is finished too, and the narrower word is shown.
    kinds = (
        ("final", FINAL),
        ("finished", TERMINAL),
        ("waiting", WAITING),
        ("building", BUILDING),
        ("at the gate", AT_THE_GATE),
    )
    kind = next(name for name, states in kinds if state in states)
    return f"{kind}; no run enters it yet" if state in NOT_ENTERED else kind


def _next(state: RunState) -> str:
    # Every unfinished state may come to every ending; the page says it once above the table.
    hidden = ENDINGS if state not in TERMINAL else frozenset()
    return ", ".join(f"`{to}`" for to in RunState if to in moves(state) - hidden) or "–"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    # A bar ends a cell, in code too: https://github.github.com/gfm/#tables-extension-
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main() -> None:
    """Write every page whose text changed and say which."""
    for name, text in pages().items():
        path = DOCS / name
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        sys.stdout.write(f"wrote docs/{name}\n")


if __name__ == "__main__":
    main()
