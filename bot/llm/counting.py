"""Token counts by the vocabulary that OpenAI's models use; it ships with the library and needs no network."""

from __future__ import annotations

import warnings
from functools import cache
from typing import Any

PIECE = 50_000
"""Characters encoded at a time: the library refuses long inputs. A cut costs a token at most."""


@cache
def _encoding() -> Any:
    with warnings.catch_warnings():
        # Its loader uses a deprecated function of importlib.resources, which a caller cannot change.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Imported at the first use: the vocabulary takes time to load, and most commands count nothing.
        import bpe_openai

        return bpe_openai.get_encoding("o200k_base")


def count_tokens(text: str) -> int:
    """How many tokens a text has (o200k). The vocabulary is loaded once per process.

    Text that spells a control token (`<|endoftext|>`) is counted as the plain text it is.
    """
    encoding = _encoding()
    return sum(len(encoding.encode_ordinary(text[at : at + PIECE])) for at in range(0, len(text), PIECE))
