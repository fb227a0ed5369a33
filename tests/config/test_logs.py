"""Logs carry ids; what PostgreSQL quotes stays out of them."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils.module_loading import import_string

from accounts.models import User
from config.logs import RefusalsAreWarnings

SECRET = "ann.gardener@example.com"


@pytest.mark.django_db
def test_a_refused_row_is_logged_without_its_values() -> None:
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(_formatter())
    logger = logging.getLogger("shop.test")
    logger.addHandler(handler)
    User.objects.create_user(SECRET)
    try:
        with transaction.atomic():
            User.objects.create_user(SECRET)
    except DatabaseError:
        logger.exception("refused")
    finally:
        logger.removeHandler(handler)
    assert "user_email_unique_ignoring_case" in out.getvalue()
    assert SECRET not in out.getvalue()
    connection.check_constraints()


@pytest.mark.django_db
class TestWhatDjangoRefusesByItself:
    @pytest.fixture
    def lines(self) -> Iterator[io.StringIO]:
        """What the handler that is configured writes about refused requests."""
        out, handler = io.StringIO(), logging.StreamHandler()
        handler.setStream(out)
        handler.setFormatter(_formatter())
        described = dict(settings.LOGGING["filters"]["refusals"])
        handler.addFilter(import_string(described.pop("()"))())
        logger = logging.getLogger("django.security")
        logger.addHandler(handler)
        yield out
        logger.removeHandler(handler)

    def test_is_no_error_as_anybody_can_send_it(self, client: Client, staff: User, lines: io.StringIO) -> None:
        client.force_login(staff)
        assert client.get("/admin/billing/purchase/?user__password=x").status_code == 400
        assert client.get("/", headers={"host": "evil.example"}).status_code == 400
        levels = [json.loads(line)["level"] for line in lines.getvalue().splitlines()]
        assert levels == ["warning", "warning"]
        assert settings.LOGGING["handlers"]["stderr"]["filters"] == ["refusals"]

    def test_what_is_broken_stays_an_error(self) -> None:
        record = logging.makeLogRecord({"name": "django.request", "levelno": logging.ERROR, "levelname": "ERROR"})
        assert RefusalsAreWarnings().filter(record)
        assert (record.levelno, record.levelname) == (logging.ERROR, "ERROR")


def _formatter() -> logging.Formatter:
    described = dict(settings.LOGGING["formatters"]["structlog"])
    return described.pop("()")(**described)  # type: ignore[no-any-return]
