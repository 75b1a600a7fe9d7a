"""What models cost, as the operator writes it down."""

import pytest

from bot.llm.prices import Price, Prices, read_prices


def test_prices_are_for_a_million_tokens() -> None:
    prices = read_prices("gpt-5.5=1.25/10, org/small:v=2=0.25/2 ,")
    assert prices.by_name == {"gpt-5.5": Price(1.25, 10.0), "org/small:v=2": Price(0.25, 2.0)}
    assert prices.cost("gpt-5.5", input_tokens=2_000_000, output_tokens=100_000) == pytest.approx(3.5)


def test_the_first_name_with_a_price_counts() -> None:
    prices = read_prices("asked=1/1")
    assert prices.cost("asked-2026-01-01", "asked", input_tokens=1_000_000, output_tokens=0) == pytest.approx(1.0)
    assert prices.cost("other", input_tokens=5, output_tokens=5) is None
    assert prices.knows("asked") and not prices.knows("other")


def test_no_prices() -> None:
    assert read_prices("") == Prices()


@pytest.mark.parametrize(
    "text", ["gpt", "gpt=1", "gpt=a/b", "=1/2", "gpt=-1/2", "gpt=nan/1", "gpt=1/inf", "a=1/1,a=2/2"]
)
def test_what_is_no_price_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="`"):
        read_prices(text)
