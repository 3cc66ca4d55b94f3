"""A small company whose past can be written down week by week, in the format of histories."""

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.core.management import call_command

START = datetime(2026, 1, 5, 8, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)


class Company:
    """Lines of one B2B unit; each call adds some and answers nothing."""

    def __init__(self, *, profile="b2b", zone="Europe/Paris", headcount=40):
        self.lines = []
        self.count = 0
        self.add("company", id="company", at=START, name="Atelier", headcount=headcount)
        self.add("unit", id="u", at=START, name="Atelier", profile=profile, timezone=zone)
        for name in ("support", "sales", "workshop"):
            self.add("department", id=name, at=START, name=name, unit="u")
            for number in (1, 2):
                self.employee(f"{name}{number}", name, social_team=name == "support")
        self.add("source", id="s", at=START, kind="listening", unit="u", name="Watch")
        self.channel("mail", "email")

    def add(self, type_, *, at, own=False, **fields):
        self.count += 1
        line = {"type": type_, "id": f"{type_[0]}{self.count:05}", "at": said(at), **fields}
        if own:
            line["own"] = True
        if type_ == "heartbeat":
            del line["id"]
        self.lines.append(line)
        return line.get("id")

    def employee(self, id_, department, **facts):
        facts = {"social_team": False, "relevant": True} | facts
        email = f"{id_}@atelier.example"
        self.add(
            "employee", id=id_, at=START, name=id_, email=email, department=department, **facts
        )

    def channel(self, id_, kind, *, owned=True):
        self.add("channel", id=id_, at=START, kind=kind, unit="u", name=id_, owned=owned)

    def contact(self, id_, at, handle=None):
        identities = [{"kind": "email", "handle": handle or f"{id_}@elsewhere.example"}]
        self.add("contact", id=id_, at=at, name=id_, relationship="customer", identities=identities)

    def heartbeats(self, days, *, first=0):
        for day in range(first, first + days):
            self.add("heartbeat", at=START + day * DAY, source="s")

    def asks(self, conversation, at, *, contact="bob", channel="mail", text="Where is it?"):
        self.add(
            "message",
            at=at,
            conversation=conversation,
            channel=channel,
            direction="in",
            author=contact,
            text=text,
        )

    def answers(self, conversation, at, *, by="support1", channel="mail", own=True, **more):
        more = {"text": f"An answer, {self.count}"} | more
        self.add(
            "message",
            at=at,
            own=own,
            conversation=conversation,
            channel=channel,
            direction="out",
            author=by,
            **more,
        )

    def accepts(self, conversation, at, *, by="support1", own=True):
        self.add(
            "assignment",
            at=at,
            own=own,
            conversation=conversation,
            employee=by,
            by="manual",
            accepted_at=said(at),
        )

    def busy_weeks(self, weeks, *, a_week=4, people=("support1", "sales1")):
        """Healthy, spoken to by several people, answering all of them within an hour."""
        self.heartbeats(7 * weeks)
        for number in range(a_week):
            self.contact(f"customer{number}", START)
        for week in range(weeks):
            for number in range(a_week):
                at = START + week * 7 * DAY + number * DAY + timedelta(hours=2)
                name, who = f"v{week}-{number}", people[number % len(people)]
                self.asks(name, at, contact=f"customer{number}")
                self.accepts(name, at + timedelta(minutes=20), by=who)
                self.answers(name, at + timedelta(hours=1), by=who)
                self.add("close", at=at + timedelta(hours=2), own=True, conversation=name, by=who)

    def take_in(self, folder: Path):
        """Imports the lines, own acts trusted."""
        file = folder / "history.jsonl"
        file.write_text("\n".join(json.dumps(line) for line in self.lines), encoding="utf-8")
        out = io.StringIO()
        call_command("import_history", str(file), "--trust-own-acts", stdout=out, stderr=out)


def said(at):
    return at.isoformat() if isinstance(at, datetime) else at


def criterion(appraisal, id_):
    return next(one for one in appraisal["criteria"] if one["id"] == id_)


def a_mute_one_that_buys_a_shop() -> Company:
    """A company whose own source is not heard buys a shop whose source is."""
    company = Company()
    company.busy_weeks(14)
    company.lines = [line for line in company.lines if line["type"] != "heartbeat"]
    at = START + timedelta(weeks=9)
    company.add("unit", id="shop", at=at, name="Shop", profile="b2b", timezone="Europe/Paris")
    company.add("source", id="ear", at=at, kind="listening", unit="shop", name="Ear")
    for day in range(35):
        company.add("heartbeat", at=at + timedelta(days=day), source="ear")
    return company
