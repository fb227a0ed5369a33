"""What the tests of people share: no limit hit by one test slows the next."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _limits_start_fresh(db: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()
