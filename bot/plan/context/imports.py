"""Which files import which, as far as names tell. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from bot.plan.context.analysis import Analysis
from bot.plan.context.paths import stem_of

_IMPORTED = re.compile(r"[\w-]+")


def import_edges(analyses: Mapping[str, Analysis]) -> dict[str, list[str]]:
    """Which of the files import which other ones, as far as their names tell, in path order."""
    by_stem: dict[str, list[str]] = defaultdict(list)
    for path in sorted(analyses):
        by_stem[stem_of(path)].append(path)
    edges: dict[str, list[str]] = {}
    for path in sorted(analyses):
        found: set[str] = set()
        for statement in analyses[path].imports:
            for name in by_stem.keys() & set(_IMPORTED.findall(statement)):
                found.update(one for one in by_stem[name] if _meant(one, path, statement, by_stem[name]))
        found.discard(path)
        if found:
            edges[path] = sorted(found)
    return edges


def _meant(target: str, by: str, statement: str, same: Sequence[str]) -> bool:
    """Whether an import statement of the file `by` can mean `target`, of the files of the same name."""
    folders = dotted_name(target).split(".")[:-1]
    return (
        len(same) == 1
        or target.rpartition("/")[0] == by.rpartition("/")[0]
        or (bool(folders) and folders[-1] in statement)
    )


def dotted_name(path: str) -> str:
    """`src/shop/cart.py` -> `src.shop.cart`; of a package's main file the package."""
    stem = re.sub(r"\.\w+$", "", path)
    return re.sub(r"/(__init__|index|mod|lib)$", "", stem).replace("/", ".")
