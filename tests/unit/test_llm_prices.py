"""What models cost, as the operator writes it down."""

from importlib.metadata import version

import pytest

from bot.llm.prices import PACKAGED_AS_OF, PACKAGED_VERSION, Price, Prices, read_prices


def test_prices_are_for_a_million_tokens() -> None:
    prices = read_prices("gpt-5.5=1.25/10, org/small:v=2=0.25/2 ,")
    assert prices.by_name == {"gpt-5.5": Price(1.25, 10.0), "org/small:v=2": Price(0.25, 2.0)}
    assert prices.cost("gpt-5.5", input_tokens=2_000_000, output_tokens=100_000) == pytest.approx(3.5)


def test_the_first_name_with_a_price_counts() -> None:
    prices = read_prices("asked=1/1")
    assert prices.cost("asked-2026-01-01", "asked", input_tokens=1_000_000, output_tokens=0) == pytest.approx(1.0)
    assert prices.cost("other", input_tokens=5, output_tokens=5) is None
    assert prices.knows("asked") and not prices.knows("other")


def test_a_model_of_a_known_server_has_a_packaged_price_and_its_date() -> None:
    prices = read_prices("", "https://api.openai.com/v1")
    assert prices.cost("gpt-5.5", input_tokens=30_000, output_tokens=16_000) == pytest.approx(0.63)
    assert prices.source("gpt-5.5") == f"genai-prices {version('genai-prices')} of {PACKAGED_AS_OF}"
    assert not prices.knows("no-such-model") and prices.source("no-such-model") == ""


def test_the_date_of_the_packaged_prices_is_that_of_the_installed_version() -> None:
    # After an update: the month of the new release goes into PACKAGED_AS_OF and docs/operators.md.
    assert version("genai-prices") == PACKAGED_VERSION


def test_the_operators_price_goes_before_the_packaged_one() -> None:
    prices = read_prices("gpt-5.5=1/1", "https://api.openai.com/v1")
    cost = prices.cost("gpt-5.5-2026-04-01", "gpt-5.5", input_tokens=1_000_000, output_tokens=0)
    assert cost == pytest.approx(1.0) and prices.source("gpt-5.5") == "CADENCE_MODEL_PRICES"


def test_a_server_that_is_not_known_has_no_packaged_prices() -> None:
    assert not read_prices("", "http://127.0.0.1:1234/v1").knows("gpt-5.5")


def test_no_prices() -> None:
    assert read_prices("") == Prices()


@pytest.mark.parametrize(
    "text", ["gpt", "gpt=1", "gpt=a/b", "=1/2", "gpt=-1/2", "gpt=nan/1", "gpt=1/inf", "a=1/1,a=2/2"]
)
def test_what_is_no_price_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="`"):
        read_prices(text)
