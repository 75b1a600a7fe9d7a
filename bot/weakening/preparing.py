"""Texts made readable for a grammar: macros and words that it does not know are written as what they mean.

Every line keeps its number.
"""

from __future__ import annotations

import re

_WRAPPED = re.compile(r"^([ \t]*)(?:\w+::)*(\w+)!\s*(?:\w+\s*)?\{(?=[^\n]*$)", re.MULTILINE)
_BATS = re.compile(r"^([ \t]*)@test[ \t]+(?:\"([^\"\n]*)\"|'([^'\n]*)')[ \t]*\{", re.MULTILINE)


def prepared(source: str, language: str, path: str) -> str:
    """The source as its grammar can read it."""
    if language == "rust":
        return _without_wrapping(source)
    if language == "bash" and path.endswith((".bats", ".sh", ".bash")):
        return _BATS.sub(
            lambda hit: f"{hit[1]}bats_{re.sub(r'[^0-9A-Za-z]+', '_', hit[2] or hit[3] or '')}() {{", source
        )
    if language in ("c", "cpp"):
        return re.sub(r"(?m)^([ \t]*\}?[ \t]*)END_TEST\b;?", r"\1", source)
    return source


def _without_wrapping(source: str) -> str:
    """Rust with macros that wrap whole tests (`rt_test! { … }`, `proptest! { … }`) as modules.

    A macro's arguments have no syntax tree, so nothing in them could be compared.
    """
    if "!" not in source or "#[" not in source:
        return source

    def module(hit: re.Match[str]) -> str:
        end = source.find(f"\n{hit[1]}}}", hit.end())
        wraps = re.search(r"#\[(?:\w+::)*\w*test", source[hit.end() : max(end, hit.end())])
        return f"{hit[1]}mod {hit[2]} {{" if wraps and hit[2] != "macro_rules" else hit[0]

    return _WRAPPED.sub(module, source)
