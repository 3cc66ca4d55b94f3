"""Contacts that may be one person: proposed with evidence, merged field by field, undone."""

from __future__ import annotations

import uuid

import pytest
from django.test import Client
from django.utils import timezone

from conversations.channels import claiming
from conversations.inbox import tasks as inbox_tasks
from conversations.inbox.models import Conversation, Status
from conversations.inbox.services import reply
from crm.access.models import Role, RoleGrant
from crm.contacts import duplicates, merging
from crm.contacts.kin import kin
from crm.contacts.measures import merges
from crm.contacts.models import Contact, ContactMerge, Duplicate, DuplicateState, Identity
from crm.contacts.services import block, note_units
from crm.contacts.tasks import find_duplicates
from crm.errors import Conflict, Forbidden, Invalid
from crm.journal.models import Act
from crm.organisation.models import Unit, User
from tests import house

pytestmark = pytest.mark.django_db


def contact(unit: Unit, name: str, *addresses: tuple[str, str], **more: object) -> Contact:
    made = Contact.objects.create(name=name, occurred_at=timezone.now(), **more)
    for kind, handle in addresses:
        taken = Identity.objects.filter(kind=kind, scope="", handle=handle).exists()
        Identity.objects.create(contact=made, kind=kind, handle=handle, shared=taken)
    note_units([(made.pk, unit.pk)])
    return made


def staff_of(unit: Unit, name: str = "Staff") -> house.Somebody:
    person = house.somebody(house.department(unit, name), name=name)
    RoleGrant.objects.create(user=person.user, role=Role.STAFF, unit=unit)
    User.objects.filter(pk=person.user.pk).update(is_staff=True)
    return house.Somebody(User.objects.get(pk=person.user.pk), person.employee)


def proposed() -> dict[frozenset[str], list[str]]:
    rows = Duplicate.objects.filter(state=DuplicateState.OPEN).select_related("one", "other")
    return {frozenset((row.one.name, row.other.name)): row.evidence for row in rows}


def test_pairs_are_proposed_with_what_they_have_alike_and_nobody_is_merged() -> None:
    home = house.unit()
    contact(home, "A Mail", ("email", "jane@a.example"))
    contact(home, "B Mail", ("shop", "jane@a.example"))
    contact(home, "C Phone", ("sms", "+33 6 12 34 56 78"))
    contact(home, "D Phone", ("whatsapp", "33612345678"))
    contact(home, "E Account", ("mastodon", "@jane_doe"))
    contact(home, "F Account", ("bluesky", "jane_doe"))
    contact(home, "Gina Same", ("email", "g@a.example"), organization="Atelier")
    contact(home, "gina same", ("email", "g2@a.example"), organization="ATELIER")
    contact(home, "Hans Only", ("sms", "0612345678"), organization="Other")
    contact(home, "Hans Only", ("sms", "0612345679"))  # no organisation, no country
    contact(home, "I Plain", ("mastodon", "jane"))
    contact(home, "J Plain", ("bluesky", "jane"))
    for number in range(7):  # a shared mailbox says nothing about any two
        contact(home, f"K {number}", ("email", "info@big.example"))
    find_duplicates()
    assert proposed() == {
        frozenset(("A Mail", "B Mail")): ["mail"],
        frozenset(("C Phone", "D Phone")): ["phone"],
        frozenset(("E Account", "F Account")): ["account"],
        frozenset(("Gina Same", "gina same")): ["name"],
    }
    assert not ContactMerge.objects.exists()
    find_duplicates()  # once more: nothing new
    assert Duplicate.objects.count() == 4
    staff = staff_of(home)
    pair = Duplicate.objects.get(one__name="A Mail")
    duplicates.dismiss(pair, by=staff.acting)
    with pytest.raises(Conflict):
        duplicates.dismiss(pair, by=staff.acting)
    find_duplicates()
    assert frozenset(("A Mail", "B Mail")) not in proposed()  # judged
    Contact.objects.filter(name__endswith=" Mail").update(name="Jane Doe", organization="Atelier")
    find_duplicates()
    assert proposed()[frozenset(("Jane Doe",))] == ["mail", "name"]  # but not with this evidence


def test_a_merge_is_field_by_field_goes_through_open_conversations_and_is_undone() -> None:
    home = house.unit()
    staff = staff_of(home)
    channel = house.webhook_channel(home)
    for number, handle in enumerate(("bob", "bobby")):
        said = house.message(f"m{number}", thread=f"t{number}")
        said["from"] = {"handle": handle, "name": handle.title()}
        house.post_webhook(channel, house.event(said))
    claiming.ingest()
    bob, bobby = (Contact.objects.get(name=name) for name in ("Bob", "Bobby"))
    Contact.objects.filter(pk=bobby.pk).update(organization="Atelier")
    one, other = sorted((bob.pk, bobby.pk))
    Duplicate.objects.create(one_id=one, other_id=other, evidence=["mail"], found_at=timezone.now())
    with pytest.raises(Invalid):
        merging.merge(bob, bobby, choices={"id": "other"}, by=staff.acting)
    made = merging.merge(bob, bobby, choices={"organization": "other"}, by=staff.acting)
    assert kin([bobby.pk]) == {bob.pk, bobby.pk}
    assert Duplicate.objects.get().state == DuplicateState.MERGED
    both = Contact.objects.order_by("pk").values_list("name", "organization")
    assert set(both) == {("Bob", "Atelier")}
    with pytest.raises(Conflict) as twice:
        merging.merge(bobby, bob, choices={}, by=staff.acting)
    assert twice.value.code == "same_person"
    # both conversations go on as they are, each with its own address
    conversations = Conversation.objects.order_by("thread")
    assert [str(row.identity) for row in conversations] == ["bob", "bobby"]
    assert reply(conversations[1], text="Yes.", by=staff.acting)
    # one block is for all of the person's addresses
    block(bob, blocked=True, by=staff.acting)
    inbox_tasks.settle_blocks()
    assert {row.status for row in Conversation.objects.all()} == {Status.SPAM}
    block(Contact.objects.get(pk=bobby.pk), blocked=False, by=staff.acting)
    Contact.objects.filter(pk=bob.pk).update(name="Robert")  # since then somebody knew better
    merging.undo(made, by=staff.acting)
    again = dict(Contact.objects.values_list("pk", "name"))
    assert again == {bob.pk: "Robert", bobby.pk: "Bobby"}
    assert Contact.objects.get(pk=bob.pk).organization == ""
    assert kin([bobby.pk]) == {bobby.pk}
    with pytest.raises(Conflict):
        merging.undo(made, by=staff.acting)
    [row] = merges()  # dated, for the measures of the past
    assert row.undone_at is not None
    verbs = Act.objects.filter(subject_type="contact").order_by("pk").values_list("verb", flat=True)
    assert [v for v in verbs if "merge" in v] == ["contacts_merged", "merge_undone"]


def test_three_are_one_person_and_only_one_link_is_undone() -> None:
    home = house.unit()
    staff = staff_of(home)
    one, two, three = (contact(home, name) for name in ("One", "Two", "Three"))
    merging.merge(one, two, choices={}, by=staff.acting)
    second = merging.merge(three, two, choices={"name": "other"}, by=staff.acting)
    assert kin([one.pk]) == {one.pk, two.pk, three.pk}
    assert set(Contact.objects.values_list("name", flat=True)) == {"One"}
    merging.undo(second, by=staff.acting)
    assert kin([one.pk]) == {one.pk, two.pk}
    assert Contact.objects.get(pk=three.pk).name == "Three"


def test_only_who_serves_a_unit_of_both_merges_and_sees_the_pair(client: Client) -> None:
    here, there = house.unit("Here"), house.unit("There")
    one = contact(here, "Jane Doe", ("email", "j@a.example"), organization="A")
    other = contact(there, "Jane Doe", ("email", "j2@a.example"), organization="A")
    mine = contact(here, "Jane Doe", ("email", "j3@a.example"), organization="A")
    find_duplicates()
    staff, both = staff_of(here), staff_of(here, "Both")
    RoleGrant.objects.create(user=both.user, role=Role.STAFF, unit=there)
    assert duplicates.open_to(staff.user).count() == 1
    assert duplicates.open_to(both.user).count() == 3
    with pytest.raises(Forbidden):
        merging.merge(one, other, choices={}, by=staff.acting)
    assert not ContactMerge.objects.exists()
    client.force_login(staff.user)
    page = client.get("/admin/crm/contact/duplicates/").content.decode()
    assert page.count("Compare") == 1
    assert client.get(f"/admin/crm/contact/{one.pk}/merge/{other.pk}/").status_code == 404
    where = f"/admin/crm/contact/{one.pk}/merge/{mine.pk}/"
    assert "the same name and organisation" in client.get(where).content.decode()
    assert client.post(where, {"name": "other"}).status_code == 302
    made = ContactMerge.objects.get()
    assert (made.into, made.absorbed) == (one, mine)
    person = client.get(f"/admin/crm/contact/{one.pk}/change/").content.decode()
    assert "Undo" in person
    undone = client.post(f"/admin/crm/contact/{one.pk}/do/unmerge/", {"merge": made.pk})
    assert undone.status_code == 302
    made.refresh_from_db()
    assert made.undone_at is not None
    nobody = uuid.uuid4()
    assert client.get(f"/admin/crm/contact/{nobody}/merge/{mine.pk}/").status_code == 404
