"""One person who left something in every room, and another who must not be touched."""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from ambassadors.communities import round_trips
from ambassadors.communities.insights import note_insight
from ambassadors.communities.services import open_community, write_post
from ambassadors.governance.approvals import ask as ask_approval
from ambassadors.governance.approvals import send_back
from ambassadors.governance.ladder import Ladder
from ambassadors.governance.models import NamedRole
from ambassadors.governance.vouching import vouch
from ambassadors.routing import services as routing
from ambassadors.routing import tasks as routing_tasks
from ambassadors.routing.models import Offer, RoutingCase
from conversations.channels import claiming
from conversations.channels.doors.mail import mailbox, store
from conversations.channels.models import Envelope, Source
from conversations.channels.services import LARGEST_IN_ROW, receive
from conversations.channels.wire.contract import Mentioned
from conversations.editorial import life as plan
from conversations.inbox import tasks as inbox_tasks
from conversations.inbox.models import (
    Attachment,
    Conversation,
    Delivery,
    Message,
    UnmatchedReceipt,
)
from conversations.inbox.services import note, reply
from conversations.knowledge.flags import flag
from conversations.knowledge.models import ReadyAnswer
from conversations.knowledge.ready import keep
from conversations.knowledge.services import write_article
from conversations.listening.hearing import take, watches_of
from conversations.listening.models import Mention
from conversations.listening.promotion import promote
from crm.access.models import Role
from crm.contacts.models import Contact, ContactMerge, Identity
from crm.organisation.models import User
from tests import house
from tests.api.hands import Caller, a_key
from tests.conversations.knowledge import shelf

MAIL = "quillon.vandermeer@customer.example"
NAME = "Quillon Vandermeer"
ACCOUNT = "quillon_v77"
WORDS = (MAIL, NAME, ACCOUNT, "Vandermeer", "zanzibar")  # the last: only they ever said it
BOX = "support@relais.example"
OTHER = "other@elsewhere.example"


def mail(
    text: str,
    *,
    sender: str = f"{NAME} <{MAIL}>",
    number: int = 1,
    file: bytes = b"",
    **fields: str,
) -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, BOX, f"About {text[:40]}"
    made["Message-ID"] = (
        f"<m{number}.{sender[-12:-1].strip('<>').replace('@', '.')}@mailer.example>"
    )
    for name, value in fields.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    if file:
        made.add_attachment(file, maintype="text", subtype="plain", filename=f"{NAME}.txt")
    return made.as_bytes()


def put(raw: bytes, *, key: str = "") -> None:
    there = mailbox(BOX)
    assert there is not None
    store(there, raw, recipient=BOX, sender=None, key=key)
    claiming.ingest()


class Life:
    """`theirs`, `others`: the two conversations. `raw`: what the first was made of."""

    def __init__(self) -> None:
        self.unit = house.unit()
        self.desk = house.department(self.unit, "Desk")
        self.staff = house.somebody(self.desk, Role.STAFF, name="Camille")
        self.second = house.somebody(self.desk, Role.STAFF, name="Sam")
        self.ada = house.ambassador(self.desk, name="Ada")
        self.root = User.objects.create_superuser("root@company.example", "x", name="Root")
        self.channel = house.mail_channel(self.unit, BOX)
        self.shop = house.webhook_channel(self.unit)
        self._write()
        self._work()
        self._learn()
        self._elsewhere()
        self._traces()

    def _write(self) -> None:
        self.raw = mail("Where is zanzibar?", file=b"my zanzibar papers")
        put(self.raw)
        put(self.raw, key="the same mail by another door")
        self.theirs = Conversation.objects.get()
        self.person = Contact.objects.get()
        put(mail("Hello", sender=f"Olga <{OTHER}>", Cc=f"{NAME} <{MAIL}>"))
        self.others = Conversation.objects.exclude(pk=self.theirs.pk).get()
        first = self.others.messages.get().external_id
        both = mail(
            "I am zanzibar too", number=2, file=b"the same papers", In_Reply_To=first,
            References=first,
        )  # fmt: skip
        put(both)
        self.inside = Message.objects.get(text__contains="zanzibar too")
        shared = mail("Mine", number=3, sender=f"Olga <{OTHER}>", file=b"the same papers")
        put(shared.replace(NAME.encode(), b"papers"))
        self.events = house.event(
            house.message(
                "w1", "zanzibar on the shop", **{"from": {"handle": ACCOUNT, "name": NAME}}
            )
        )
        house.post_webhook(self.shop, self.events, delivery="first")
        house.post_webhook(self.shop, self.events, delivery="doubled")
        claiming.ingest()
        account = Identity.objects.get(handle=ACCOUNT)
        ContactMerge.objects.create(
            absorbed=account.contact, into=self.person, occurred_at=timezone.now()
        )
        large = house.event(house.message("w2", "x" * LARGEST_IN_ROW))
        large = large.replace(b'"bob"', f'"{ACCOUNT}"'.encode()).replace(b"Bob", NAME.encode())
        receive(self.shop, body=large, headers={"x-from": MAIL})
        receive(self.channel, body=f"no mail at all of {MAIL}".encode(), headers={})
        claiming.ingest()
        self.unread = Envelope.objects.get(reason__contains="no header")
        Envelope.objects.filter(pk=self.unread.pk).update(reason=f"of {MAIL}")

    def _work(self) -> None:
        house.rule()
        routing_tasks.route_due()
        offer = Offer.objects.filter(conversation=self.theirs).first()
        if offer is not None:
            routing.decline(offer, reason="other", comment=f"I know {NAME}", by=self.ada.acting)
        RoutingCase.objects.filter(conversation=self.theirs).update(reasons=[f"{NAME} asked"])
        self.sent = reply(self.theirs, text="Dear Quillon, it is there.", by=self.staff.acting)
        inbox_tasks.deliver_due()
        same = reply(self.others, text="Dear Olga, it is there.", by=self.staff.acting)
        Message.objects.filter(pk=same.pk).update(text=self.sent.text)  # word for word the same
        inbox_tasks.deliver_due()
        Delivery.objects.filter(message=self.sent).update(cause=f"550 <{MAIL}> unknown")
        role = NamedRole.objects.create(name="Mentors")
        Ladder.objects.create(unit=self.unit, role=role)
        vouch(self.ada.employee, trusted=False, by=self.staff.acting)
        routing.assign(self.theirs, employee=self.ada.employee, by=self.staff.acting)
        held = reply(self.theirs, text=f"Draft for {NAME}", by=self.ada.acting)
        ask_approval(held, at=timezone.now())
        send_back(held, comment=f"{NAME} is called so", by=self.staff.acting)
        self.queued = reply(self.theirs, text=f"Yours, {NAME}", by=self.staff.acting)
        note(self.others, text=f"Like {MAIL}, also called {NAME}.", by=self.staff.acting)
        note(self.theirs, text="zanzibar again", by=self.staff.acting)
        caller = Caller(self.staff.user)
        path = f"conversations/{self.theirs.pk}/messages/"
        body = {"text": "A note on zanzibar", "kind": "note"}
        assert caller.post(path, body, key=a_key()).status_code == 201

    def _learn(self) -> None:
        self.article = write_article(
            "How Vandermeer found it",
            text=f"Quillon wrote and {MAIL} was answered.",
            conversation=self.theirs,
            by=self.staff.acting,
        )
        flag_of = shelf.published("Other", text=f"Ask {NAME}", by=self.staff, reviewer=self.second)
        flag(flag_of, text=f"{NAME} says no", by=self.ada.acting, conversation=self.theirs)
        keep(
            ReadyAnswer(), name="thanks", text=f"As {MAIL} said", language="en", unit=None,
            shared=True, by=self.staff.acting,
        )  # fmt: skip
        circle = open_community("Circle", dimension="internal", by=self.staff.acting)
        trip = round_trips.ask_inside(
            self.theirs, community=circle, title="Of zanzibar", text="Where is zanzibar?",
            by=self.staff.acting,
        )  # fmt: skip
        write_post(trip.post, text="Tell Quillon it is there", by=self.second.acting)
        note_insight(
            self.theirs, text="Sell what Vandermeer wants", owner=None, by=self.staff.acting
        )

    def _elsewhere(self) -> None:
        source = Source.objects.create(
            kind="feed", unit=self.unit, name="Feed", occurred_at=timezone.now()
        )
        said = [
            Mentioned(
                external_id=f"https://{ACCOUNT}.example/{number}",
                text=f"{NAME} on zanzibar, part {number}",
                author=NAME,
                handle=ACCOUNT if number == 1 else "",
                url=f"https://{ACCOUNT}.example/{number}",
            )
            for number in (1, 2)
        ]
        self.source, self.said = source, said
        self.hear()
        promote(Mention.objects.get(handle=""), by=self.staff.acting)
        promoted = Conversation.objects.latest("occurred_at").identity
        assert promoted is not None
        ContactMerge.objects.create(
            absorbed=promoted.contact, into=self.person, occurred_at=timezone.now()
        )
        publication = plan.plan(
            self.shop, text=f"Thanks to {MAIL}!", publish_at=timezone.now(), by=self.staff.acting
        )
        assert publication.pk

    def hear(self) -> None:
        take(
            self.said, source=self.source, matcher=watches_of(self.source), takes_all=True,
            at=timezone.now(),
        )  # fmt: skip

    def _traces(self) -> None:
        LogEntry.objects.create(
            user=self.root,
            content_type_id=_content_type(),
            object_id=str(self.person.pk),
            object_repr=NAME,
            action_flag=CHANGE,
            change_message="[]",
        )
        UnmatchedReceipt.objects.create(
            channel=self.channel, references=["<x@y>"], state="failed", cause=f"{MAIL} unknown"
        )

    def untouched(self) -> Any:
        """What is the other person's, word for word."""
        messages = self.others.messages.filter(author_identity__handle=OTHER)
        files = Attachment.objects.filter(message__author_identity__handle=OTHER)
        return [
            list(messages.order_by("pk").values_list("pk", "text", "subject", "digest")),
            list(files.order_by("pk").values_list("pk", "name", "file", "sha256")),
            list(Identity.objects.filter(handle=OTHER).values_list("pk", "contact__name")),
        ]


def _content_type() -> int:
    return ContentType.objects.get_for_model(Contact).pk
