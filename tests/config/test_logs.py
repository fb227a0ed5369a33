"""Logs carry ids; what PostgreSQL quotes stays out of them."""

import io
import logging

import pytest
from django.conf import settings
from django.db import DatabaseError, connection, transaction

from accounts.models import User

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


def _formatter() -> logging.Formatter:
    described = dict(settings.LOGGING["formatters"]["structlog"])
    return described.pop("()")(**described)  # type: ignore[no-any-return]
