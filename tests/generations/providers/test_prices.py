"""What a generation cost us, from what was counted and what the settings say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generations.costs import in_dollars
from generations.engines import Usage
from generations.engines.remote.prices import MOST, Prices, UnreadablePrices


class TestACost:
    def test_a_dollar_a_million_is_a_microdollar_each(self) -> None:
        prices = Prices.read({"input": "1", "output": "2", "image": "0.04"})
        assert prices.usage(input_tokens=10, output_tokens=100, images=1) == Usage(10, 100, 10 + 200 + 40_000)

    def test_it_is_rounded_up_once(self) -> None:
        assert Prices.read({"input": "0.1", "output": "0.1"}).usage(input_tokens=1, output_tokens=1) == Usage(1, 1, 1)

    def test_without_prices_none_is_known(self) -> None:
        assert Prices.read({}).usage(input_tokens=10, output_tokens=5) == Usage(10, 5, None)

    @given(st.integers() | st.none(), st.integers() | st.none(), st.integers(0, 10))
    def test_whatever_a_provider_says_fits_the_books(self, read: int | None, written: int | None, images: int) -> None:
        usage = Prices.read({"input": "10000", "output": "10000", "image": "10000"}).usage(
            input_tokens=read, output_tokens=written, images=images
        )
        assert usage.cost_microdollars is not None
        assert all(0 <= number <= MOST for number in (usage.input_tokens, usage.output_tokens, usage.cost_microdollars))

    @pytest.mark.parametrize(
        "written", [{"inputs": "1"}, {"input": "cheap"}, {"output": "-1"}, {"image": "NaN"}, {"image": "Infinity"}]
    )
    def test_what_is_no_price_is_refused(self, written: dict[str, str]) -> None:
        with pytest.raises(UnreadablePrices):
            Prices.read(written)

    @pytest.mark.parametrize(("cost", "said"), [(38_736, "$0.0387"), (0, "$0.0000"), (None, "-")])
    def test_staff_read_dollars(self, cost: int | None, said: str) -> None:
        assert in_dollars(cost) == said
