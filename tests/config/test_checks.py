"""Settings that would lose money or leak it: the shop does not start with them."""

from typing import Any

import pytest
from django.db import connection

from config import checks


@pytest.fixture
def public(settings: Any) -> Any:
    """The settings of a shop at a public address, with nothing of the sandbox."""
    settings.SITE_URL = "https://shop.example.com"
    settings.HTTPS, settings.DEBUG = True, False
    settings.SECRET_KEY, settings.TRIAL_PEPPER = "x" * 50, "y" * 50
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = "sk_test_1", ["whsec_1"]
    settings.STRIPE_PUBLISHABLE_KEY = "pk_test_1"
    settings.STRIPE_API_BASE = "https://api.stripe.com"
    settings.STRIPE_JS_URL = "https://js.stripe.com/endive/stripe.js"
    return settings


def found() -> set[str | None]:
    return {message.id for message in checks.settings_make_sense(None)}


class TestAPublicAddress:
    def test_with_stripe_all_is_well(self, public: Any) -> None:
        assert found() == set()

    @pytest.mark.parametrize(
        ("name", "value", "expected"),
        [
            ("STRIPE_SECRET_KEY", "sk_test_sandbox", {"shop.E015"}),
            ("STRIPE_PUBLISHABLE_KEY", "pk_test_sandbox", {"shop.E015"}),
            ("STRIPE_JS_URL", "http://127.0.0.1:8420/js/stripe.js", {"shop.E015"}),
            ("STRIPE_WEBHOOK_SECRETS", ["whsec_1", "whsec_sandbox"], {"shop.E013", "shop.E015"}),
            ("STRIPE_API_BASE", "http://127.0.0.1:8420", {"shop.E015"}),
            ("STRIPE_API_BASE", "http://localhost:8420", {"shop.E015"}),
        ],
    )
    def test_nothing_of_the_sandbox_is_let_through(
        self, public: Any, name: str, value: Any, expected: set[str]
    ) -> None:
        setattr(public, name, value)
        assert found() == expected

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"STRIPE_PUBLISHABLE_KEY": ""}, {"shop.E016"}),
            ({"STRIPE_PUBLISHABLE_KEY": "sk_test_1"}, {"shop.E016"}),
            ({"STRIPE_PUBLISHABLE_KEY": "pk_live_1"}, {"shop.E017"}),
            ({"STRIPE_SECRET_KEY": "sk_live_1"}, {"shop.E017"}),
            ({"STRIPE_SECRET_KEY": "sk_live_1", "STRIPE_PUBLISHABLE_KEY": "pk_live_1"}, set()),
            (
                {
                    "STRIPE_SECRET_KEY": "sk_live_1",
                    "STRIPE_PUBLISHABLE_KEY": "pk_live_1",
                    "STRIPE_JS_URL": "https://js.stripe.com.example.com/stripe.js",
                },
                {"shop.E018"},
            ),
        ],
    )
    def test_the_card_form_speaks_to_the_same_stripe(
        self, public: Any, changes: dict[str, str], expected: set[str]
    ) -> None:
        for name, value in changes.items():
            setattr(public, name, value)
        assert found() == expected

    def test_the_message_names_what_is_wrong_and_says_what_to_do(self, public: Any) -> None:
        public.STRIPE_SECRET_KEY, public.STRIPE_API_BASE = "sk_test_sandbox", "http://127.0.0.1:8420"
        [message] = checks.settings_make_sense(None)
        assert message.msg == "SITE_URL is public, but of the sandbox: STRIPE_SECRET_KEY, STRIPE_API_BASE."
        assert message.hint
        assert "unset STRIPE_API_BASE" in message.hint


class TestALaptop:
    @pytest.mark.parametrize("site", ["http://localhost:8000", "http://127.0.0.1:8000"])
    def test_the_sandbox_belongs_there(self, settings: Any, site: str) -> None:
        settings.SITE_URL, settings.STRIPE_SECRET_KEY = site, "sk_test_sandbox"
        settings.STRIPE_WEBHOOK_SECRETS = ["whsec_sandbox"]
        settings.STRIPE_API_BASE = "http://127.0.0.1:8420"
        settings.STRIPE_PUBLISHABLE_KEY = "pk_test_sandbox"
        settings.STRIPE_JS_URL = "http://127.0.0.1:8420/js/stripe.js"
        assert found() == set()


@pytest.mark.django_db
class TestTimeOuts:
    def missing(self) -> list[str]:
        return [str(message.hint) for message in checks.timeouts_hold(None, databases=["default"])]

    def test_hold_on_this_connection(self) -> None:
        assert self.missing() == []

    def test_are_missed_where_the_role_should_carry_them(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = 0")
        assert self.missing() == [
            "Behind PgBouncer set it on the role: ALTER ROLE <role> SET lock_timeout = '4s';",
        ]

    def test_nothing_is_asked_of_a_database_that_is_not_used(self) -> None:
        assert checks.timeouts_hold(None) == []


class TestPictures:
    def test_a_bucket_is_refused_without_what_speaks_to_it(
        self, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.S3_BUCKET = "pictures"
        assert found() == set()
        monkeypatch.setattr(checks, "find_spec", lambda package: None)
        (refusal,) = [each for each in checks.settings_make_sense(None) if each.id == "shop.E040"]
        assert refusal.msg == "S3_BUCKET is set, but what speaks to S3 is not installed."
        assert "requirements-s3.txt" in str(refusal.hint)

    def test_without_a_bucket_nothing_is_needed(self, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(checks, "find_spec", lambda package: None)
        assert found() == set()

    @pytest.mark.parametrize(
        ("prefix", "expected"),
        [("", set()), ("/protected/", set()), ("/protected", {"shop.E041"}), ("protected/", {"shop.E041"})],
    )
    def test_the_place_where_the_proxy_finds_them_is_a_path(
        self, settings: Any, prefix: str, expected: set[str]
    ) -> None:
        settings.ACCEL_REDIRECT_PREFIX = prefix
        assert found() == expected

    def test_a_proxy_cannot_send_what_is_in_a_bucket(self, settings: Any) -> None:
        settings.ACCEL_REDIRECT_PREFIX, settings.S3_BUCKET = "/protected/", "pictures"
        assert found() == {"shop.E042"}
