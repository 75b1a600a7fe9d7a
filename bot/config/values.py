"""What to write instead of a value of the wrong kind in `.github/cadence.yml`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_TRUE = frozenset({"yes", "y", "on", "true", "1"})
_FALSE = frozenset({"no", "n", "off", "false", "0"})


def value_hint(error: Mapping[str, Any]) -> str:
    """A sentence on what to write, for one error of pydantic's; "" where its own words are enough."""
    given, kind = error.get("input"), error["type"]
    if given is None and kind.endswith("_type"):
        return "it is empty: write a value, or leave the key out"
    if kind in ("bool_type", "bool_parsing"):
        return _boolean(given)
    if kind in ("int_type", "float_type") and isinstance(given, str) and re.fullmatch(r"\s*-?\d+(\.\d+)?\s*", given):
        return f"it is text: write {given.strip()} without quotes"
    if kind == "string_type" and isinstance(given, bool | int | float):
        shown = str(given).lower() if isinstance(given, bool) else str(given)
        return f'it is not text: write "{shown}" in quotes'
    if kind in ("tuple_type", "list_type") and isinstance(given, str):
        return f'write a list: ["{given[:60]}"]'
    if kind == "string_pattern_mismatch" and isinstance(given, str):
        if not given.strip():
            return "it is empty: write a name, or leave the key out"
        return f'write it on one line without blanks around it: "{" ".join(given.split())[:60]}"'
    return ""


def _boolean(given: Any) -> str:
    """YAML 1.2 has only true and false; `yes` and `on` are text in it."""
    # https://yaml.org/spec/1.2.2/#10212-boolean
    word = str(given).strip().casefold()
    if isinstance(given, str | int) and word in _TRUE | _FALSE:
        return f"write {'true' if word in _TRUE else 'false'}, without quotes"
    return "write true or false"
