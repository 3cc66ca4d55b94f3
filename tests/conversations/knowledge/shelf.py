"""Articles to test with: somebody writes, somebody else has read them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from conversations.knowledge import services
from conversations.knowledge.models import Article
from crm.access.models import Role
from crm.organisation.models import Department
from crm.values import Actor
from tests import house


def reader(of: Department, name: str = "Rita") -> house.Somebody:
    """Somebody of the staff who reviews what others write."""
    return house.somebody(of, Role.STAFF, name=name)


def submitted(
    title: str, *, text: str, by: Actor, at: datetime | None = None, **more: Any
) -> Article:
    article = services.write_article(title, text=text, by=by, at=at, **more)
    return services.submit(article, by=by, at=at)


def published(
    title: str,
    *,
    text: str,
    by: house.Somebody,
    reviewer: house.Somebody | None = None,
    at: datetime | None = None,
    **more: Any,
) -> Article:
    """Written by `by`, approved by a colleague of the same department."""
    reviewer = reviewer or reader(by.employee.department)
    article = submitted(title, text=text, by=by.acting, at=at, **more)
    return services.approve(article, number=1, by=reviewer.acting, at=at)
