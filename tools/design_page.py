"""The generated part of docs/design.md: one line for each folder of `bot/`, and a drawing of who imports whom."""

from __future__ import annotations

from pathlib import Path

from tools.layers import LAYERS, ROOT, Import, imports, modules, package_of, summaries

BEGIN = "<!-- Made by `make docs` from the imports; edit the code instead. -->"
END = "<!-- End of the generated part. -->"


def with_folders(text: str, root: Path = ROOT) -> str:
    """The page's text with the generated part renewed. Raises ValueError where the two marks are missing."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"docs/design.md needs the lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n\n{folders(root)}\n\n{drawing(root)}\n\n{END}{after}"


def folders(root: Path = ROOT) -> str:
    """A table with the first line of every package's docstring, highest layer first."""
    lines = summaries(root)
    rows = [
        f"| {_shown(name, root)} | {lines[name]} |" for layer in reversed(LAYERS) for name in layer if name in lines
    ]
    return "\n".join(["| in `bot/` | what it is |", "|---|---|", *rows])


def _shown(name: str, root: Path) -> str:
    return f"`{name}/`" if modules(root)[name].name == "__init__.py" else f"`{name}.py`"


def drawing(root: Path = ROOT) -> str:
    """A Mermaid flowchart: one row for each layer, one arrow for each import that no longer way implies."""
    edges = package_imports(imports(root))
    there = {name for edge in edges for name in edge}
    lines = ["```mermaid", "flowchart TD"]
    for number, layer in reversed(list(enumerate(LAYERS))):
        names = [name for name in layer if name in there]
        if names:
            lines += [f'  subgraph L{number}[" "]', *(f"    {name.strip('_')}[{name}]" for name in names), "  end"]
    lines += [f"  {by.strip('_')} --> {of.strip('_')}" for by, of in sorted(reduced(edges))]
    return "\n".join([*lines, "```"])


def package_imports(found: list[Import]) -> set[tuple[str, str]]:
    """(importing package, imported package), each pair once."""
    pairs = {(package_of(one.by), package_of(one.of)) for one in found if one.by and one.of}
    return {(by, of) for by, of in pairs if by != of}


def reduced(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """The edges without those that follow from others (transitive reduction; the graph has no circles)."""
    below: dict[str, set[str]] = {}
    for by, of in edges:
        below.setdefault(by, set()).add(of)

    def reaches(start: str, goal: str) -> bool:
        return any(step == goal or reaches(step, goal) for step in below.get(start, ()))

    return {(by, of) for by, of in edges if not any(reaches(step, of) for step in below[by] if step != of)}
