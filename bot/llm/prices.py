"""What models cost: the operator's prices, else those of the package genai-prices for the server that is asked.

https://github.com/pydantic/genai-prices. The package can also fetch newer prices; Cadence never starts that, so prices
change only when the pinned version does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

MILLION = 1_000_000
PACKAGED_VERSION, PACKAGED_AS_OF = "0.2.3", "2026-11"
"""The pinned version of genai-prices and the month of its release; a test compares it with the installed one."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars for a million tokens."""

    input: float
    output: float


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices by model name, as asked for or answered. `servers` are the addresses that the package's prices are for."""

    by_name: Mapping[str, Price] = field(default_factory=dict)
    servers: tuple[str, ...] = ()

    def cost(self, *names: str, input_tokens: int, output_tokens: int) -> float | None:
        """What a call costs in US dollars by the first of `names` that has a price; None where none has.

        A price of the operator goes before every price of the package. Token counts are not negative.
        """
        for name in names:
            price = self.by_name.get(name)
            if price is not None:
                return (input_tokens * price.input + output_tokens * price.output) / MILLION
        packaged = (self._packaged(name, input_tokens, output_tokens) for name in names)
        return next((cost for cost in packaged if cost is not None), None)

    def knows(self, name: str) -> bool:
        """Whether a model has a price."""
        return self.cost(name, input_tokens=0, output_tokens=0) is not None

    def source(self, name: str) -> str:
        """Where a model's price comes from, with its date; empty for a model without one."""
        if name in self.by_name:
            return "CADENCE_MODEL_PRICES"
        return f"genai-prices {PACKAGED_VERSION} of {PACKAGED_AS_OF}" if self.knows(name) else ""

    def _packaged(self, name: str, input_tokens: int, output_tokens: int) -> float | None:
        # Several servers may have a model of that name; the dearest keeps every cap.
        found = (_price_at(one, name, input_tokens, output_tokens) for one in self.servers)
        return max((cost for cost in found if cost is not None), default=None)


def _price_at(server: str, name: str, input_tokens: int, output_tokens: int) -> float | None:
    # Imported here: its table takes 60 ms, and most commands need no price.
    from genai_prices import Usage, calc_price

    try:
        # By the server's address, because without one a model of any provider with a similar name would match.
        usage = Usage(input_tokens=input_tokens, output_tokens=output_tokens)
        found = calc_price(usage, name, provider_api_url=server)
    except (LookupError, ValueError):
        return None
    return float(found.total_price)


def read_prices(text: str, *servers: str) -> Prices:
    """Prices from `NAME=INPUT/OUTPUT, ...`, each in US dollars for a million tokens, for the models of `servers`.

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
    return Prices(found, servers)
