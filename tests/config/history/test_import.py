"""Importing a history through the command, as an operator does it."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command

from ambassadors.governance.models import Acknowledgement
from ambassadors.routing.models import Offer
from conversations.editorial.models import Publication
from conversations.inbox.models import Conversation, Correspondent, Delivery, Message, NeedsAnswer
from conversations.knowledge.models import ArticleUse
from conversations.listening.models import Mention
from crm.contacts.models import Contact, ContactUnit, Identity
from crm.organisation.models import CompanyVersion, Employee, EmployeeVersion, Unit
from crm.values import Via
from tests.config.history.files import (
    AT,
    COMPANY,
    HISTORIES,
    counts,
    import_file,
    line,
    message,
    take,
)

pytestmark = pytest.mark.django_db


def test_the_second_import_of_a_file_changes_nothing(tmp_path: Path) -> None:
    lines = [*COMPANY, message("m1", "v1", "in", "c1", "2026-02-01T10:00:00Z")]
    assert take(tmp_path, lines) == []
    before = counts()
    assert take(tmp_path, lines) == []
    assert counts() == before


def test_lines_may_come_in_any_order(tmp_path: Path) -> None:
    lines = [*COMPANY, message("m1", "v1", "in", "c1", "2026-02-01T10:00:00Z")]
    assert take(tmp_path, list(reversed(lines))) == []
    assert Message.objects.get().conversation.key == "v1"


def test_a_dry_run_reports_and_writes_nothing(tmp_path: Path) -> None:
    before = counts()
    rejected = take(
        tmp_path, [*COMPANY, line("training", "t1", employee="e9", course="x")], "--dry-run"
    )
    assert [(r["line"], r["reason"]) for r in rejected] == [(9, "unknown employee: e9")]
    assert counts() == before


def test_own_acts_are_believed_only_when_the_operator_says_so(tmp_path: Path) -> None:
    post = message("m1", "v1", "out", "e1", "2026-02-01T10:00:00Z", own=True)
    take(tmp_path, [*COMPANY, post])
    assert Message.objects.get().via == Via.IMPORT
    Message.objects.all().delete()
    take(tmp_path, [*COMPANY, post], "--trust-own-acts")
    assert Message.objects.get().via == Via.OWN
    assert take(tmp_path, [*COMPANY, post]) == []  # claims no more than is known


def test_a_later_line_of_a_known_employee_is_a_new_version(tmp_path: Path) -> None:
    later = COMPANY[2] | {"at": "2026-03-01T00:00:00Z", "name": "Éva Mo", "social_team": True}
    earlier = COMPANY[2] | {"at": "2025-03-01T00:00:00Z", "name": "E. Mô"}
    assert take(tmp_path, [*COMPANY, later, earlier]) == []
    versions = EmployeeVersion.objects.filter(employee__key="e1").order_by("occurred_at")
    assert [v.name for v in versions] == ["E. Mô", "Éva Mô", "Éva Mo"]
    eva = Employee.objects.get(key="e1")
    assert (eva.name, eva.sort_name, eva.social_team) == ("Éva Mo", "eva mo", True)


def test_another_content_at_the_same_instant_is_rejected(tmp_path: Path) -> None:
    other = COMPANY[2] | {"name": "Somebody else"}
    rejected = take(tmp_path, [*COMPANY, other])
    assert [(r["line"], r["id"]) for r in rejected] == [(9, "e1")]
    assert Employee.objects.get(key="e1").name == "Éva Mô"


def test_a_unit_may_come_before_its_parent_and_a_circle_is_rejected(tmp_path: Path) -> None:
    unit = {"profile": "b2c", "timezone": "UTC"}
    lines = [
        line("unit", "leaf", name="leaf", parent="twig", **unit),
        line("unit", "twig", name="twig", parent="root", **unit),
        line("unit", "root", name="root", **unit),
        line("unit", "x", name="x", parent="y", **unit),
        line("unit", "y", name="y", parent="x", **unit),
    ]
    assert sorted(r["id"] for r in take(tmp_path, lines)) == ["x", "y"]
    assert Unit.objects.get(key="leaf").parent == Unit.objects.get(key="twig")


def test_a_company_without_a_date_is_dated_by_the_first_record(tmp_path: Path) -> None:
    company = {"type": "company", "name": "Nord SA", "headcount": 40}
    assert take(tmp_path, [company, *COMPANY]) == []
    assert take(tmp_path, [company, *COMPANY]) == []
    assert CompanyVersion.objects.get().occurred_at.isoformat() == "2026-01-05T08:00:00+00:00"


def test_a_conversation_is_derived_from_its_messages(tmp_path: Path) -> None:
    lines = [
        message("m3", "v1", "in", "c1", "2026-02-03T10:00:00Z"),
        message("m2", "v1", "out", "e1", "2026-02-02T10:00:00Z", subject="Re: Boots"),
        message("m1", "v1", "in", "c1", "2026-02-01T10:00:00Z", subject="Boots"),
        message("m4", "v1", "in", "c1", "2026-02-04T10:00:00Z"),
        line("needs_answer", "n1", conversation="v1", value=True, by="classifier"),
        line("assignment", "g1", conversation="v1", employee="e2", by="rule",
             accepted_at="2026-02-01T11:00:00Z"),
        line("assignment", "g2", conversation="v1", employee="e1", by="manual",
             accepted_at="2026-02-01T12:00:00Z"),
        line("assignment", "g3", conversation="v1", employee="e2", by="manual",
             declined_at="2026-02-05T12:00:00Z", reason="no time"),
    ]  # fmt: skip
    assert take(tmp_path, [*COMPANY, *lines]) == []
    conversation = Conversation.objects.get()
    assert conversation.status == "open"
    assert conversation.subject == "Boots"
    assert conversation.waiting_since == Message.objects.get(key="m3").occurred_at
    assert conversation.last_message_at == Message.objects.get(key="m4").occurred_at
    assert conversation.updated_at.isoformat() == "2026-02-05T12:00:00+00:00"
    assert conversation.assignee == Employee.objects.get(key="e1")
    assert conversation.identity == Identity.objects.get(handle="ana@client.example")
    assert not conversation.live
    assert list(Offer.objects.filter(live=True)) == []
    assert {o.state for o in Offer.objects.all()} == {"accepted", "declined"}
    assert Correspondent.objects.get().identity == conversation.identity
    assert ContactUnit.objects.get().unit == conversation.unit
    assert NeedsAnswer.objects.get().by is None
    sent = Message.objects.get(key="m2")
    assert sent.sent_at == sent.occurred_at
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("closed", "status"), [("2026-02-03T10:00:00Z", "closed"), ("2026-02-01T11:00:00Z", "waiting")]
)
def test_a_closing_holds_until_the_next_message(tmp_path: Path, closed: str, status: str) -> None:
    lines = [
        line("close", "x1", conversation="v1", by=None) | {"at": closed},
        message("m1", "v1", "in", "c1", "2026-02-01T10:00:00Z"),
        message("m2", "v1", "out", "e1", "2026-02-02T10:00:00Z"),
    ]
    assert take(tmp_path, [*COMPANY, *lines]) == []
    assert Conversation.objects.get().status == status


def test_a_conversation_belongs_where_somebody_outside_first_wrote(tmp_path: Path) -> None:
    poser = line("contact", "c2", name="Luc?", relationship="customer",
                 identities=[{"kind": "email", "handle": "LUC@nord.example"}])  # fmt: skip
    lines = [
        poser,
        message("m1", "v1", "in", "c2", "2026-02-01T10:00:00Z", channel="ch2"),
        message("m2", "v1", "in", "c1", "2026-02-02T10:00:00Z"),
    ]
    assert take(tmp_path, [*COMPANY, *lines]) == []
    conversation = Conversation.objects.get()
    assert conversation.channel.key == "ch1"
    assert conversation.identity is not None
    assert conversation.identity.contact.key == "c1"


def test_who_writes_without_an_address_has_an_author_all_the_same(tmp_path: Path) -> None:
    nobody = line("contact", "c2", name="Walk-in", relationship="other", identities=[])
    wrote = message("m1", "v1", "in", "c2", "2026-02-01T10:00:00Z")
    assert take(tmp_path, [*COMPANY, nobody, wrote]) == []
    identity = Message.objects.get().author_identity
    assert identity is not None
    assert (identity.kind, identity.scope, identity.handle) == ("import", "import", "c2")


def test_an_address_that_two_contacts_have_is_kept_for_both(tmp_path: Path) -> None:
    same = [{"kind": "email", "handle": "ana@client.example"}]
    again = line("contact", "c2", name="Ana bis", relationship="customer", identities=same)
    assert take(tmp_path, [*COMPANY, again]) == []
    shared = Identity.objects.filter(handle="ana@client.example").order_by("pk")
    assert [one.shared for one in shared] == [False, True]


def test_used_articles_are_counted_once_a_message(tmp_path: Path) -> None:
    article = {"title": "Boots", "text": "Wax them.", "author": "e2", "language": "en"}
    lines = [
        line("article", "a1", **article),
        line("article", "a2", **article),
        message("m1", "v1", "out", "e1", "2026-02-01T10:00:00Z", articles=["a2", "a1", "a2"]),
    ]
    assert take(tmp_path, [*COMPANY, *lines]) == []
    uses = ArticleUse.objects.order_by("position")
    assert [use.article.key for use in uses] == ["a2", "a1"]


def test_two_messages_with_one_external_id_are_both_kept(tmp_path: Path) -> None:
    lines = [
        message("m1", "v1", "in", "c1", "2026-02-01T10:00:00Z", external_id="<1@x>"),
        message("m2", "v1", "in", "c1", "2026-02-02T10:00:00Z", external_id="<1@x>"),
    ]
    assert take(tmp_path, [*COMPANY, *lines]) == []
    first, second = Message.objects.order_by("occurred_at")
    assert first.variant == ""
    assert second.variant != ""


def test_an_acknowledgement_names_a_policy_by_id_or_by_name(tmp_path: Path) -> None:
    ack = {"version": "1", "employee": "e1", "session": "s"}
    lines = [
        line("policy", "p1", name="Charter", version="1", text="Be kind."),
        line("acknowledgement", "k1", policy="p1", **ack),
        line("acknowledgement", "k2", policy="Charter", **ack),
        line("acknowledgement", "k3", policy="Charter", **(ack | {"version": "7"})),
        line("acknowledgement", "k4", policy="nothing", **ack),
    ]
    assert [r["id"] for r in take(tmp_path, [*COMPANY, *lines])] == ["k4"]
    rows = Acknowledgement.objects.order_by("key")
    assert [(row.policy_name, row.policy is None) for row in rows] == [
        ("Charter", False),
        ("Charter", False),
        ("Charter", True),
    ]


def test_a_known_id_with_another_content_is_rejected_and_the_first_stays(tmp_path: Path) -> None:
    first = line("mention", "w1", source="s1", text="nice", author="a")
    assert take(tmp_path, [*COMPANY, first]) == []
    assert take(tmp_path, [*COMPANY, first, first | {"text": "awful"}])[0]["line"] == 10
    assert Mention.objects.get().text == "nice"


def test_planned_publications_keep_their_expectation(tmp_path: Path) -> None:
    plan = line("publication", "b1", channel="ch1", author="e1", text="x", planned_at=AT,
                publish_at="2999-01-01T00:00:00Z",
                expected={"metric": "clicks", "value": 12})  # fmt: skip
    assert take(tmp_path, [*COMPANY, plan]) == []
    made = Publication.objects.get()
    assert (made.expected_metric, made.expected_value, made.published_at) == ("clicks", 12, None)


@pytest.mark.skipif(not HISTORIES.exists(), reason="the example histories are not here")
@pytest.mark.parametrize(
    ("name", "lines", "contacts"),
    [("a-quiet-office", 713, 37), ("b-coordinated-workshop", 1931, 34)],
)
def test_example_histories_go_in_without_a_rejected_line(
    tmp_path: Path, name: str, lines: int, contacts: int
) -> None:
    file = tmp_path / "history.jsonl.gz"
    file.write_bytes((HISTORIES / f"{name}.jsonl.gz").read_bytes())
    out = io.StringIO()
    call_command("import_history", str(file), "--trust-own-acts", stdout=out, stderr=io.StringIO())
    assert f"{lines} lines in" in out.getvalue()
    assert Contact.objects.count() == contacts
    before = counts()
    assert import_file(file, "--trust-own-acts") == []
    assert counts() == before
