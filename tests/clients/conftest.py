"""A company and the people who sign in to the API of a server that runs beside the test."""

from __future__ import annotations

from typing import Any

import pytest
from knox.models import AuthToken

from tests.api import matrix


@pytest.fixture
def world(transactional_db: None, settings: Any) -> dict[str, Any]:
    settings.STREAM_SECONDS = 0
    settings.API_PER_MINUTE = settings.API_PER_MINUTE_A_TOKEN = settings.API_WRONG_TOKENS = 0
    world = matrix.furnish()
    world["tokens"] = {
        who: AuthToken.objects.create(user=person.user)[1]
        for who, person in world["people"].items()
    }
    return world
