"""Whatever the document allows, and what it forbids, is answered as the document says.

CASES says how many requests each operation gets from each person, 50 unless told otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from requests import Session
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

CASES = int(os.environ.get("CASES", "50"))
SEED = 20_261_124
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
WHO = ("anonymous", "employee", "outsider", "asked", "assignee", "staff", "elsewhere", "executive",
       "root")  # fmt: skip
# the rows that the ids in a path may name, by the path's first word
ROWS = {
    "articles": "article",
    "channels": "channel",
    "communities": "community",
    "envelopes": "envelope",
    "insights": "insight",
    "offers": "offer",
    "posts": "thread",
    "round-trips": "trip",
    "threads": "thread",
    "webhooks": "endpoint",
}
QUICK = hypothesis_settings(
    max_examples=CASES,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

pytestmark = pytest.mark.client


@pytest.mark.parametrize("who", WHO)
def test_every_operation_keeps_to_its_document(world, live_server, subtests, who):
    token = world["tokens"].get(who)
    with Session() as session:
        session.headers.update({"Authorization": f"Bearer {token}"} if token else {})
        for operation in _operations():
            with subtests.test(operation.label):
                _try(operation, session, live_server.url, world)


def _operations() -> Iterator[Any]:
    for found in schemathesis.openapi.from_path("docs/openapi.yaml").get_all_operations():
        yield found.ok()


def _try(operation: Any, session: Session, url: str, world: dict[str, Any]) -> None:
    @seed(SEED)
    @hypothesis_settings(QUICK)
    @given(case=_cases(operation, world))
    def ask(case: Any) -> None:
        answer = case.call(base_url=url, session=session, timeout=30)
        case.validate_response(answer, checks=CHECKS)

    ask()


def _cases(operation: Any, world: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Half of them speak of rows that are there; a part of all breaks what the document asks."""
    first = operation.path.removeprefix("/api/v1/").partition("/")[0]
    ids = (
        world["ids"] | world["born"][world["waiting"]]["ids"] | {"conversations": world["waiting"]}
    )
    known = ids.get(ROWS.get(first, first))
    kinds = [operation.as_strategy()]
    if "{pk}" in operation.path and known is not None:
        kinds.append(operation.as_strategy(path_parameters={"pk": str(known), "number": 0}))
    negative = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    if _can(negative):
        kinds.append(negative)
    return st.one_of(kinds)


def _can(strategy: st.SearchStrategy[Any]) -> bool:
    """Where nothing is asked for, nothing can be asked wrongly."""

    @seed(SEED)
    @hypothesis_settings(QUICK, max_examples=1)
    @given(strategy)
    def look(case: Any) -> None:
        pass

    try:
        look()
    except (Unsatisfiable, Exception):
        return False
    return True
