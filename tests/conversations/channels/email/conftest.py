from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import Inbound, Item
from conversations.channels.wire.email.parsing import parse

ACCOUNT = Account(address="support@relais.example", secret="a channel's secret")
SHARED = Path(__file__).resolve().parents[5] / "shared" / "fixtures"


@pytest.fixture
def account() -> Account:
    return ACCOUNT


@pytest.fixture
def read() -> Callable[..., Inbound]:
    """Parses a mail written as text lines; its one item."""

    def parsed(mail: str | bytes, headers: Mapping[str, str] | None = None) -> Item:
        raw = mail if isinstance(mail, bytes) else mail.encode()
        (item,) = parse(ACCOUNT, raw, headers or {})
        return item

    return parsed


@pytest.fixture
def fixtures() -> Path:
    """Third parties' mails; they lie beside the checkout, where they are at hand."""
    if not SHARED.is_dir():
        pytest.skip("the third-party mails are not here")
    return SHARED
