"""The desk and its provider."""

from collections.abc import Iterator

import pytest

from tests.conversations.editorial.plan import Desk, Double, desk, provider


@pytest.fixture(name="desk")
def _desk(db: None) -> Desk:
    return desk()


@pytest.fixture(name="provider")
def _provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Double]:
    with provider(monkeypatch) as double:
        yield double
