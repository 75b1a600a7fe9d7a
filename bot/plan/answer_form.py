"""The two forms in which an editor answers."""

from __future__ import annotations

from typing import Literal

Form = Literal["text", "json"]
"""How the editor answers: blocks of text and an envelope, or a ChangeSet as JSON."""
FORMS: tuple[Form, ...] = ("text", "json")
