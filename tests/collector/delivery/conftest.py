"""A receiver for each test of delivery."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.collector.delivery.answering import Answering
from tests.collector.delivery.receiver import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def there() -> Iterator[Answering]:
    made = Answering()
    yield made
    made.close()
