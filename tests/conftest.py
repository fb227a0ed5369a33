"""The cast and the stage of every test: real PostgreSQL, and an audit at the end of every test that used it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from accounts.models import User
from tokens import audit

pytest_plugins = ["tests.installed_browser"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser: Playwright's event loop and greenlets upset other tests in the same process."""
    for item in items:
        if "playwright" in getattr(item, "fixturenames", ()):
            item.add_marker("browser")


def pytest_configure(config: pytest.Config) -> None:
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # WhiteNoise warns when it is missing
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture(scope="session", autouse=True)
def _books_can_be_emptied_between_tests(request: pytest.FixtureRequest) -> None:
    """Let the test runner's flush truncate the books; outside tests a trigger refuses that."""
    request.getfixturevalue("django_db_setup")
    if connection.settings_dict["NAME"] != connection.creation._get_test_db_name():  # type: ignore[attr-defined]
        return  # no test asked for the test database, and this is the shop's own
    blocker = request.getfixturevalue("django_db_blocker")
    with blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE tokens_tokentransaction DISABLE TRIGGER token_transaction_is_never_truncated")


@pytest.fixture(autouse=True)
def _the_queue_is_empty_at_the_end(request: pytest.FixtureRequest) -> Iterator[None]:
    """The queue's tables are not the site's, so the test runner's flush does not empty them."""
    marker = request.node.get_closest_marker("django_db")
    transactional = bool(marker and marker.kwargs.get("transaction")) or "transactional_db" in request.fixturenames
    if transactional:
        request.getfixturevalue("transactional_db")
    yield
    if transactional:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


@pytest.fixture(autouse=True)
def _media_of_its_own(tmp_path: Path, settings: Any) -> None:
    storages = {**settings.STORAGES}
    storages["default"] = {**storages["default"], "OPTIONS": {"location": str(tmp_path / "media")}}
    settings.STORAGES = storages


@pytest.fixture(autouse=True)
def _the_books_are_right_at_the_end(request: pytest.FixtureRequest) -> Iterator[None]:
    """Audit the books after every test that could touch them, unless it broke them on purpose."""
    uses_database = bool(
        {"db", "transactional_db", "live_server"} & set(request.fixturenames)
        or request.node.get_closest_marker("django_db")
    )
    if uses_database:
        marker = request.node.get_closest_marker("django_db")
        request.getfixturevalue("transactional_db" if marker and marker.kwargs.get("transaction") else "db")
    yield
    if uses_database and not request.node.get_closest_marker("breaks_the_books"):
        books_alone = request.node.get_closest_marker("books_alone") is not None
        found = [str(found) for found in audit.discrepancies() if _concerns(found, books_alone=books_alone)]
        assert found == []


def _concerns(found: audit.Discrepancy, *, books_alone: bool) -> bool:
    """A test of the ledger alone makes credits without sales and deductions without generations."""
    return not books_alone or found.check.startswith("token_")


@pytest.fixture
def buyer(db: None) -> User:
    """The person whose things must stay theirs."""
    return User.objects.create_user("buyer@example.com", "a-long-passphrase")


@pytest.fixture
def stranger(db: None) -> User:
    """The person who must not see the buyer's things."""
    return User.objects.create_user("stranger@example.com", "a-long-passphrase")


@pytest.fixture
def staff(db: None) -> User:
    """The staff member who may do everything in the admin."""
    return User.objects.create_superuser("staff@example.com", "a-long-passphrase")
