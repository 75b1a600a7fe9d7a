"""What models cost, as the operator configures it. There is no built-in price list, because prices change."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """Money for a million tokens, in the operator's currency."""

    input: float
    output: float


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices by model name, as asked for or as the server answers."""

    by_name: Mapping[str, Price] = field(default_factory=dict)

    def cost(self, *names: str, input_tokens: int, output_tokens: int) -> float | None:
        """What a call cost by the first of `names` that has a price; None where none has."""
        for name in names:
            price = self.by_name.get(name)
            if price is not None:
                return (input_tokens * price.input + output_tokens * price.output) / MILLION
        return None

    def knows(self, name: str) -> bool:
        """Whether a model has a price."""
        return name in self.by_name


def read_prices(text: str) -> Prices:
    """Prices from `NAME=INPUT/OUTPUT, ...`, each the money for a million tokens.

    Raises ValueError that names the entry at fault.
    """
    found: dict[str, Price] = {}
    for entry in (part.strip() for part in text.split(",")):
        if not entry:
            continue
        # From the right, because the name of a model may contain `=`, and `/` as in `owner/model`.
        name, _, both = entry.rpartition("=")
        ask, _, answer = both.partition("/")
        try:
            price = Price(float(ask), float(answer))
        except ValueError:
            raise ValueError(f"`{entry}` is not `NAME=INPUT/OUTPUT`, such as `gpt-5.5=1.25/10`") from None
        # `float` reads `inf` and `nan`, with which no budget would ever be reached:
        # https://docs.python.org/3/library/functions.html#float
        if not name.strip() or not all(math.isfinite(one) and one >= 0 for one in (price.input, price.output)):
            raise ValueError(f"`{entry}` needs a model's name and two amounts that are not negative")
        if name.strip() in found:
            raise ValueError(f"`{name.strip()}` has two prices")
        found[name.strip()] = price
    return Prices(found)
