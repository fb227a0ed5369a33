"""What so many tokens cost when somebody chooses the number: the catalog's rate for that quantity."""

import pytest

from billing import catalog
from billing.models import TokenPackage

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("tokens", "cents"),
    [
        (10, 980),  # below the smallest package: its rate, $0.98 each
        (50, 4900),
        (99, 9702),
        (100, 8900),
        (101, 8989),
        (250, 19900),
        (251, 19980),  # $0.796 each, a part of a cent is a whole one
        (500, 34900),
        (1000, 69800),
    ],
)
def test_the_rate_is_that_of_the_largest_package_not_larger(tokens: int, cents: int) -> None:
    assert catalog.price_of(tokens) == (cents, "usd")


def test_every_package_costs_its_price() -> None:
    packages = catalog.packages_on_sale()
    assert [catalog.price_of(package.tokens)[0] for package in packages] == [p.price_cents for p in packages]


def test_a_price_is_never_below_what_stripe_takes() -> None:
    TokenPackage.objects.filter(code="package_50").update(price_cents=50)
    assert catalog.price_of(10) == (50, "usd")


def test_a_withdrawn_package_gives_no_rate() -> None:
    TokenPackage.objects.exclude(code="package_50").update(on_sale=False)
    assert catalog.price_of(500) == (49000, "usd")


def test_nothing_on_sale_has_no_price() -> None:
    TokenPackage.objects.update(on_sale=False)
    with pytest.raises(catalog.NotOnSale):
        catalog.price_of(10)
