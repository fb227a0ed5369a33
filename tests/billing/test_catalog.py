"""What is on sale, and how its prices are written."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from billing import catalog
from billing.models import TokenPackage
from billing.templatetags.money import money, price_per_token


@pytest.mark.django_db
class TestTheFirstOffer:
    @pytest.mark.parametrize(
        ("name", "offer"),
        [
            (
                "landscape",
                [
                    ("package_50", 50, "$49.00", "$0.98", ""),
                    ("package_100", 100, "$89.00", "$0.89", "Most Popular"),
                    ("package_250", 250, "$199.00", "$0.80", ""),
                    ("package_500", 500, "$349.00", "$0.70", "Best Value"),
                ],
            ),
            (
                "chat",
                [
                    ("starter", 100, "$5.00", "$0.05", ""),
                    ("standard", 500, "$20.00", "$0.04", "25% bonus"),
                    ("premium", 1500, "$50.00", "$0.03", "50% bonus"),
                ],
            ),
        ],
    )
    def test_each_catalog_is_complete(self, settings: Any, name: str, offer: list[Any]) -> None:
        settings.CATALOG = name
        assert offer == [
            (
                package.code,
                package.tokens,
                money(package.price_cents, package.currency),
                price_per_token(package),
                package.badge,
            )
            for package in catalog.packages_on_sale()
        ]

    def test_migrating_again_keeps_what_staff_changed(self) -> None:
        TokenPackage.objects.filter(code="package_50").update(price_cents=5900, on_sale=False)
        call_command("migrate", verbosity=0)
        package = TokenPackage.objects.get(code="package_50")
        assert (package.price_cents, package.on_sale) == (5900, False)
        assert TokenPackage.objects.count() == 7

    def test_a_withdrawn_package_is_not_shown(self, settings: Any) -> None:
        TokenPackage.objects.filter(code="package_50").update(on_sale=False)
        assert [package.code for package in catalog.packages_on_sale()] == ["package_100", "package_250", "package_500"]


@pytest.mark.django_db
class TestWhatPostgresqlRefuses:
    @pytest.mark.parametrize(
        ("fields", "rule"),
        [
            ({"tokens": 0}, "token_package_tokens_positive"),
            ({"price_cents": 49}, "token_package_price_at_least_50_cents"),
            ({"currency": "USD"}, "token_package_currency_is_a_code"),
        ],
    )
    def test_an_offer_that_makes_no_sense(self, fields: dict[str, Any], rule: str) -> None:
        with pytest.raises(IntegrityError, match=rule), transaction.atomic():
            TokenPackage.objects.filter(code="package_50").update(**fields)


class TestMoney:
    @pytest.mark.parametrize(
        ("cents", "currency", "written"),
        [
            (4900, "usd", "$49.00"),
            (5, "usd", "$0.05"),
            (123456789, "usd", "$1,234,567.89"),
            (4900, "eur", "€49.00"),
            (4900, "gbp", "£49.00"),
            (4900, "jpy", "¥4,900"),
            (4900, "krw", "4,900 KRW"),
            (4900, "kwd", "4.900 KWD"),
            (4900, "chf", "49.00 CHF"),
            (0, "usd", "$0.00"),
        ],
    )
    def test_it_is_written_as_people_do(self, cents: int, currency: str, written: str) -> None:
        assert money(cents, currency) == written

    @pytest.mark.parametrize(
        ("cents", "tokens", "currency", "written"),
        [(199_00, 250, "usd", "$0.80"), (25, 1000, "usd", "$0.00"), (5, 10, "usd", "$0.01"), (4900, 50, "jpy", "¥98")],
    )
    def test_the_price_per_token_is_rounded_half_up(self, cents: int, tokens: int, currency: str, written: str) -> None:
        assert price_per_token(TokenPackage(price_cents=cents, tokens=tokens, currency=currency)) == written
