"""Signed documents of proofs as data: the ledger keeps the exact text that was signed."""

from __future__ import annotations

import json
from typing import Any

from bot.core.errors import CadenceError
from bot.core.json_types import JsonDict
from bot.ledger.chain import canonical


def signed_document(text: str, what: str) -> JsonDict:
    """A stored document as data. Raises CadenceError `proof.bundle` when its text is not what was signed."""
    try:
        data = load_json(text)
    except ValueError:
        data = None
    if not isinstance(data, dict) or canonical(data) != text:
        raise CadenceError(f"the {what} in the ledger is not the text that was signed", code="proof.bundle")
    return data


def load_json(text: str) -> Any:
    """JSON as the standard has it: Python's reader would also take NaN and Infinity. Raises ValueError."""

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)
