"""Changes of the company through its pages leave dated versions and lines in the journal."""

from __future__ import annotations

import pytest
from django.test import Client

from conversations.channels.models import Channel, ChannelVersion
from crm.access.models import Role, RoleGrant
from crm.contacts.models import Contact
from crm.journal.models import Act
from crm.organisation.models import Department, Employee, EmployeeVersion, User
from tests import house


@pytest.fixture
def owner(client: Client) -> User:
    user = User.objects.create_superuser("root@company.example", "x", name="Root")
    client.force_login(user)
    return user


@pytest.fixture
def workshop() -> Department:
    return house.department(house.unit())


def _fields(employee: Employee, **changes: str) -> dict[str, str]:
    inline = {f"versions-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    facts = {
        "name": employee.name,
        "email": employee.email,
        "department": str(employee.department_id),
        "relevant": "on",
    }
    return {**facts, **inline, **changes}


@pytest.mark.django_db
def test_a_changed_employee_is_readable_as_before(
    client: Client, owner: User, workshop: Department
) -> None:
    blank = Employee(name="Ada", email="ada@company.example", department=workshop)
    assert client.post("/admin/crm/employee/add/", _fields(blank)).status_code == 302
    ada = Employee.objects.get()
    page = f"/admin/crm/employee/{ada.pk}/change/"
    assert client.post(page, _fields(ada, name="Ada Lindqvist")).status_code == 302
    assert client.post(page, _fields(ada, name="Ada Lindqvist")).status_code == 302
    names = EmployeeVersion.objects.order_by("occurred_at").values_list("name", flat=True)
    assert list(names) == ["Ada", "Ada Lindqvist"]
    ada.refresh_from_db()
    assert ada.name == "Ada Lindqvist"
    acts = Act.objects.filter(subject_type="employee").order_by("pk")
    assert [act.verb for act in acts][:2] == ["employee_added", "employee_changed"]
    assert {act.actor for act in acts} == {owner}


@pytest.mark.django_db
def test_a_channel_is_opened_paused_and_its_secret_shown_on_record(
    client: Client, owner: User, workshop: Department
) -> None:
    form = {"kind": "webhook", "unit": str(workshop.unit_id), "name": "Shop", "options": "{}"}
    answer = client.post("/admin/conversations/channel/add/", form, follow=True)
    channel = Channel.objects.get()
    assert channel.is_open
    assert channel.secret in answer.content.decode()
    page = f"/admin/conversations/channel/{channel.pk}"
    assert channel.secret not in client.get(f"{page}/change/").content.decode()
    assert f"/hooks/{channel.token}/" in client.get(f"{page}/change/").content.decode()
    assert channel.secret not in client.get(f"{page}/reveal_secret/").content.decode()
    assert not Act.objects.filter(verb="channel_secret_shown").exists()
    shown = client.post(f"{page}/reveal_secret/", follow=True)
    assert channel.secret in shown.content.decode()
    client.get(f"{page}/pause_or_resume/")  # a link alone changes nothing
    channel.refresh_from_db()
    assert channel.paused_at is None
    client.post(f"{page}/pause_or_resume/")
    channel.refresh_from_db()
    assert channel.paused_at
    verbs = set(Act.objects.values_list("verb", flat=True))
    assert {"channel_opened", "channel_secret_shown", "channel_paused"} <= verbs


@pytest.mark.django_db
def test_a_renamed_channel_gets_a_version_and_a_bad_callback_is_refused(
    client: Client, owner: User, workshop: Department
) -> None:
    channel = house.webhook_channel(workshop.unit)
    page = f"/admin/conversations/channel/{channel.pk}/change/"
    form = {"unit": str(workshop.unit_id), "name": "Boutique", "options": "{}"}
    assert client.post(page, form | {"callback_url": "ftp://x.example/"}).status_code == 200
    channel.refresh_from_db()
    assert channel.name == "Shop"
    assert client.post(page, form).status_code == 302
    names = ChannelVersion.objects.order_by("occurred_at").values_list("name", flat=True)
    assert list(names) == ["Shop", "Boutique"]


@pytest.mark.django_db
def test_a_mailbox_is_set_kept_and_given_up_and_its_password_never_shown(
    client: Client, owner: User, workshop: Department
) -> None:
    url = "imaps://lea:pass%40word@imap.example.org:993/INBOX"
    form = {"unit": str(workshop.unit_id), "name": "Mail", "options": "{}"}
    form |= {"address": "support@relais.example"}
    new = form | {"kind": "email", "inbox_url": url}
    assert client.post("/admin/conversations/channel/add/", new).status_code == 302
    channel = Channel.objects.get()
    page = f"/admin/conversations/channel/{channel.pk}/change/"
    assert "pass%40word" not in client.get(page).content.decode()
    for given, kept, status in (
        ("", url, 302),
        ("https://x.example", url, 200),
        ("imaps://:bad", url, 200),
        ("-", "", 302),
    ):
        assert client.post(page, form | {"inbox_url": given}).status_code == status
        channel.refresh_from_db()
        assert channel.inbox_url == kept
    changed = Act.objects.filter(verb="channel_changed", data__fields__contains="inbox_url")
    assert changed.count() == 2


@pytest.mark.django_db
def test_staff_sees_no_secret(client: Client, workshop: Department) -> None:
    channel = house.webhook_channel(workshop.unit)
    client.force_login(house.somebody(workshop, Role.STAFF).user)
    page = f"/admin/conversations/channel/{channel.pk}"
    assert client.get(f"{page}/change/").status_code == 200
    assert client.post(f"{page}/reveal_secret/").status_code == 403
    assert not Act.objects.filter(verb="channel_secret_shown").exists()


@pytest.mark.django_db
def test_a_role_given_to_staff_opens_the_admin(
    client: Client, owner: User, workshop: Department
) -> None:
    person = house.somebody(workshop)
    form = {"user": str(person.user.pk), "role": "staff", "unit": ""}
    assert client.post("/admin/crm/rolegrant/add/", form).status_code == 302
    assert RoleGrant.objects.get().role == Role.STAFF
    person.user.refresh_from_db()
    assert person.user.is_staff
    taken = {"action": "delete_selected", "_selected_action": str(RoleGrant.objects.get().pk)}
    client.post("/admin/crm/rolegrant/", taken | {"post": "yes"})
    assert not RoleGrant.objects.exists()
    verbs = Act.objects.filter(subject_type="user").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["role_granted", "role_taken"]


@pytest.mark.django_db
def test_contacts_are_blocked_from_their_list(client: Client, workshop: Department) -> None:
    channel = house.webhook_channel(workshop.unit)
    house.post_webhook(channel, house.event(house.message()))
    house.drain()
    client.force_login(house.somebody(workshop, Role.STAFF).user)
    contact = Contact.objects.get()
    form = {"action": "block_chosen", "_selected_action": str(contact.pk)}
    client.post("/admin/crm/contact/", form)
    contact.refresh_from_db()
    assert contact.blocked_at
