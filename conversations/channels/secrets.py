"""Secrets at rest: encrypted with SECRETS_KEY (several keys, newest first, for rotation)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


def _cipher() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.SECRETS_KEYS])


if TYPE_CHECKING:  # the class takes parameters in its stubs only
    _TextField = models.TextField[str, str]
else:
    _TextField = models.TextField


class EncryptedTextField(_TextField):
    """Text that is clear in Python and encrypted in the database. Can't be searched.

    A value that no key opens raises: a wrong SECRETS_KEY must be seen, not sent as a secret.
    """

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return _cipher().encrypt(value.encode()).decode() if value else value

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        if not value:
            return value
        try:
            return _cipher().decrypt(value.encode()).decode()
        except InvalidToken as error:
            raise ValueError("a stored secret is not readable with SECRETS_KEY") from error
