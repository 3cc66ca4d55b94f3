"""An empty list says what to do about it, and nothing that can't be done."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from crm.access.models import Role
from tests import house

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    sam = house.somebody(house.department(house.unit()), Role.STAFF, name="Sam")
    client.force_login(sam.user)
    return client


def test_nobody_is_told_to_add_what_nobody_can_add(staff: Client) -> None:
    shown = staff.get(reverse("admin:conversations_delivery_changelist")).content.decode()
    assert "It is listed here once there is something." in shown
    assert "Reset filters" not in shown


def test_where_one_can_the_way_is_there(staff: Client) -> None:
    shown = staff.get(reverse("admin:conversations_watch_changelist")).content.decode()
    assert "What you add is listed here." in shown
    assert f'href="{reverse("admin:conversations_watch_add")}"' in shown


def test_what_was_narrowed_to_nothing_can_be_widened(staff: Client) -> None:
    page = reverse("admin:conversations_delivery_changelist")
    shown = staff.get(page, {"state__exact": "failed"}).content.decode()
    assert "Try fewer words or other filters." in shown
    assert 'href="?"' in shown
