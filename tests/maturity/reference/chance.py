"""Small histories put together by chance, full of ties, edges and records that cheat.

Nothing here is a plausible company: the point is that every clause of every criterion is met from
both sides, at its very moment and a second beside it.
"""

import random
from datetime import UTC, datetime, time, timedelta

from tests.maturity.reference.law import local, midnight, working_days_after

ZONES = (
    "Europe/Paris",
    "America/New_York",
    "Pacific/Auckland",
    "Asia/Kolkata",
    "Africa/Cairo",
    "UTC",
)
DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
NO_TIME = timedelta()
KINDS = ("email", "facebook", "sms", "internal")


class Chance:
    """One history; `day`: the date that its edges lie at."""

    def __init__(self, seed):
        self.dice = random.Random(seed)  # noqa: S311 - reproducible, no secret
        self.lines, self.count = [], 0
        self.day = datetime(2026, 1, 1, tzinfo=UTC).date() + timedelta(
            days=self.dice.randrange(300)
        )
        if self.dice.random() < 0.6:
            self.day -= timedelta(days=self.day.weekday())
        self.organisation()
        self.start = midnight(self.zones[0], self.day - timedelta(days=self.dice.choice((95, 190))))
        for part in (self.talks, self.heard, self.shelf, self.plans, self.rules, self.networks):
            part()
        self.dice.shuffle(self.lines)

    # --- words ---

    def add(self, type_, at, own=0.8, **fields):
        self.count += 1
        line = {"type": type_, "id": f"{type_[:2]}{self.count}", "at": self.said(at), **fields}
        if type_ == "heartbeat":
            del line["id"]
        if own and self.dice.random() < own:
            line["own"] = True
        self.lines.append(line)
        return line.get("id")

    def said(self, at):
        shift = self.dice.choice((0, 0, 2, -5, 5.5))
        return (at + timedelta(hours=shift)).isoformat().replace("+00:00", offset(shift))

    def maybe(self, share, value):
        return value if self.dice.random() < share else None

    def moment(self):
        """Some moment, often at an edge of a window."""
        if self.dice.random() < 0.25:
            zone = self.dice.choice(self.zones)
            back = self.dice.choice((0, 7, 14, 28, 30, 91, 91, 182, 98, 105))
            edge = midnight(zone, self.day - timedelta(days=back))
            return edge + self.dice.choice((NO_TIME, -SECOND, SECOND, -HOUR, HOUR))
        span = midnight(self.zones[0], self.day) + 3 * DAY - self.start
        at = self.start + timedelta(seconds=self.dice.randrange(int(span.total_seconds())))
        return at.replace(microsecond=0)

    def after(self, at, *edges):
        """A moment after another one: soon, or at one of the edges, or a second beside it."""
        edges = [*edges, at + 20 * timedelta(minutes=1), at + 3 * HOUR, at + 30 * HOUR, at]
        return self.dice.choice(edges) + self.dice.choice((NO_TIME, NO_TIME, SECOND, -SECOND))

    def person(self):
        return self.dice.choice(self.people)

    # --- structure ---

    def organisation(self):
        dice = self.dice
        self.units = [f"u{n}" for n in range(dice.choice((1, 1, 2, 3)))]
        self.zones = [dice.choice(ZONES) for _ in self.units]
        self.origin = datetime(2025, 1, 1, 3, tzinfo=UTC)
        headcount = dice.choice((None, 12, 40, 720))
        self.add("company", self.origin, id="c", name="C", **given(headcount=headcount))
        for unit, zone in zip(self.units, self.zones, strict=True):
            self.unit(unit, zone)
        self.departments = []
        for unit in self.units:
            for n in range(dice.choice((1, 2, 3))):
                self.departments.append(f"{unit}d{n}")
                self.add("department", self.origin, id=f"{unit}d{n}", name="D", unit=unit)
        if dice.random() < 0.3:
            moved = dice.choice(self.departments)
            self.add("department", self.edge(), id=moved, name="D", unit=dice.choice(self.units))
        self.people = [f"e{n}" for n in range(dice.randrange(4, 11))]
        for who in self.people:
            self.employee(who)
        self.outside()

    def edge(self):
        return midnight(self.zones[0], self.day) - self.dice.choice(
            (SECOND, NO_TIME, DAY, 40 * DAY)
        )

    def unit(self, unit, zone):
        facts = {"name": unit, "profile": self.dice.choice(("b2c", "b2b")), "timezone": zone}
        at = self.origin if self.dice.random() < 0.8 else self.edge()
        headcount = self.dice.choice((None, 9, 30, 333, 1050))
        self.add("unit", at, id=unit, **facts, **given(headcount=headcount))
        if self.dice.random() < 0.25:
            facts["profile"] = self.dice.choice(("b2c", "b2b"))
            facts["timezone"] = self.dice.choice(ZONES)
            known = datetime.combine(self.day, time(1), tzinfo=UTC)
            at = min(at + self.dice.choice((30, 400)) * DAY, known)
            self.add("unit", at, id=unit, **facts)

    def employee(self, who):
        dice = self.dice
        facts = {
            "name": who,
            "email": f"{who}@House.example",
            "department": dice.choice(self.departments),
            "social_team": dice.random() < 0.3,
            "relevant": dice.random() < 0.6,
        }
        left = self.maybe(0.15, self.said(self.edge()))
        self.add("employee", self.origin, id=who, **facts, **given(left_at=left))
        if dice.random() < 0.2:  # at no edge: two units' midnights would read it differently
            facts["email"] = f"{who}.new@house.example"
            at = datetime.combine(self.day, time(15), tzinfo=UTC) - dice.choice((0, 40, 100)) * DAY
            self.add("employee", at, id=who, **facts)
        if dice.random() < 0.3:
            facts["email"] = f"{who}@House.example"
            facts["department"] = dice.choice(self.departments)
            facts["social_team"] = dice.random() < 0.3
            self.add("employee", self.edge(), id=who, **facts)

    def outside(self):
        dice = self.dice
        self.contacts = [f"k{n}" for n in range(dice.choice((5, 14)))]
        for who in self.contacts:
            handles = [f"{who}@Out.example"]
            if dice.random() < 0.15:
                handles.append(
                    dice.choice(self.people) + dice.choice(("", ".new")) + "@HOUSE.example"
                )
            if dice.random() < 0.3:
                handles.append("Shared@out.example")
            identities = [{"kind": dice.choice(("email", "sms")), "handle": h} for h in handles]
            facts = {"name": who, "relationship": "customer", "identities": identities}
            self.add("contact", self.origin - dice.choice((-1, 0, 24, 400)) * HOUR, id=who, **facts)
        self.channels = []
        for unit in self.units:
            for n in range(dice.choice((1, 2, 3))):
                self.channel(f"{unit}c{n}", unit)

    def channel(self, id_, unit):
        dice = self.dice
        kind = dice.choice(KINDS[:3]) if dice.random() < 0.85 else "internal"
        facts = {"kind": kind, "unit": unit, "name": id_, "owned": dice.random() < 0.8}
        self.add("channel", self.origin, id=id_, **facts)
        self.channels.append(id_)
        if dice.random() < 0.15:
            facts |= {"unit": dice.choice(self.units), "owned": dice.random() < 0.5}
            self.add("channel", self.edge(), id=id_, **facts)

    # --- what happens ---

    def message(self, talk, at, way, channel, **more):
        author = self.dice.choice(self.contacts) if way == "in" else self.person()
        if way == "in" and self.dice.random() < 0.07:
            author = self.person()
        fields = {"author": author, "text": f"text {self.dice.randrange(4)}"} | more
        own = 0.85 if way == "out" else 0
        return self.add(
            "message", at, own, conversation=talk, channel=channel, direction=way, **fields
        )

    def talks(self):
        self.talk_ids, self.message_ids, self.articles = [], [], []
        for n in range(self.dice.choice((1, 15, 60))):
            self.articles_and_talk(f"v{n}")
        for _ in range(self.dice.choice((0, 0, 45))):  # one text again and again
            at = self.start + 20 * DAY + timedelta(minutes=self.dice.randrange(9000))
            channel, talk = self.dice.choice(self.channels), self.dice.choice(self.talk_ids)
            self.message(talk, at, "out", channel, text="text 0")

    def articles_and_talk(self, talk):
        dice = self.dice
        if dice.random() < 0.3:
            at = self.moment() - dice.choice((0, 30, 300)) * DAY
            facts = {"title": "T", "text": "…", "author": self.person(), "language": "en"}
            self.articles.append(self.add("article", at, **facts))
        self.talk(talk)

    def talk(self, talk):
        dice = self.dice
        self.talk_ids.append(talk)
        began, channel = self.moment(), dice.choice(self.channels)
        zone = self.zones[0]
        due = dice.choice((began + DAY, *(working_days_after(zone, began, n) for n in (1, 2))))
        if dice.random() < 0.85:
            self.message(talk, began, "in", channel)
        for _ in range(dice.choice((0, 1, 1, 1, 2, 3))):
            where = channel if dice.random() < 0.95 else dice.choice(self.channels)
            at = self.after(began, due)
            more = given(
                automated=self.maybe(0.1, True),
                approved_by=self.maybe(0.1, self.person()),
                approval_required=self.maybe(0.1, True),
                articles=self.maybe(0.4, dice.choices(self.articles, k=2) if self.articles else []),
            )
            self.message_ids.append(self.message(talk, at, "out", where, **more))
        if dice.random() < 0.3:
            self.message(talk, self.after(began, began + 7 * DAY), "in", channel)
        if not any(line.get("conversation") == talk for line in self.lines):
            self.message(talk, began, "out", channel)
        self.around(talk, began, due)

    def around(self, talk, began, due):
        """Assignments, closings, decisions, escalations, ideas."""
        dice = self.dice
        for _ in range(dice.choice((0, 1, 1, 2))):
            at, accepted = (
                self.after(began, due),
                self.maybe(0.8, self.said(self.after(began, due))),
            )
            facts = {"employee": self.person(), "by": "rule", **given(accepted_at=accepted)}
            self.add("assignment", at, conversation=talk, **facts)
        for _ in range(dice.choice((0, 1, 1, 2))):
            closed = self.after(began, due, began - DAY, began + 5 * DAY)
            self.add("close", closed, conversation=talk, by=self.maybe(0.9, self.person()))
        for _ in range(dice.choice((0, 0, 1, 2))):
            at, value = self.after(began, due), dice.random() < 0.6
            self.add("needs_answer", at, conversation=talk, value=value, by="classifier")
        if dice.random() < 0.2:
            facts = given(
                reached_at=self.maybe(0.9, self.said(self.after(began, due))),
                approved_by=self.maybe(0.9, self.person()),
                approved_at=self.maybe(0.9, self.said(self.after(began, due, began + 40 * DAY))),
            )
            at = self.after(began)
            self.add(
                "escalation", at, conversation=talk, rule="r", role="law", drill=False, **facts
            )
        if dice.random() < 0.25:
            facts = given(
                decided_at=self.maybe(0.9, self.said(self.moment())),
                outcome=self.maybe(0.9, dice.choice(("shipped", "shipped", "rejected"))),
                owner=self.maybe(0.9, self.person()),
                told_at=self.maybe(0.9, self.said(self.moment())),
            )
            self.add(
                "insight", self.moment(), conversation=talk, author=self.person(), text="…", **facts
            )

    def heard(self):
        dice = self.dice
        for n in range(dice.choice((1, 2, 3))):
            where = given(unit=self.maybe(0.7, dice.choice(self.units)))
            source = self.add(
                "source", self.origin, id=f"s{n}", kind="listening", name="S", **where
            )
            for _ in range(dice.choice((0, 10, 60))):
                back = dice.randrange(-2, 35)
                hour = dice.choice((NO_TIME, 12 * HOUR, -SECOND))
                at = midnight(dice.choice(self.zones), self.day - timedelta(days=back)) + hour
                self.add("heartbeat", at, 0, source=source)
            for _ in range(dice.choice((0, 10, 30))):
                self.mention(source)

    def mention(self, source):
        at = self.moment()
        mention = self.add("mention", at, 0, source=source, text="…", author="x")
        edges = at + 14 * DAY, *(working_days_after(z, at, 3) for z in self.zones)
        for _ in range(self.dice.choice((0, 1, 1, 2))):
            when = self.after(at, *edges)
            if self.dice.random() < 0.3:  # many in one minute
                when = datetime.combine(local("UTC", at).date() + DAY, time(9), tzinfo=UTC)
                when += self.dice.randrange(59) * SECOND
            who = self.person() if self.dice.random() < 0.6 else self.people[0]
            self.add("triage", when, mention=mention, by=who, outcome="watch")

    def shelf(self):
        for article in self.articles:
            if self.dice.random() < 0.3:
                at = self.moment() - self.dice.choice((0, 300)) * DAY
                self.add("article_review", at, article=article, by=self.person())
        for _ in range(self.dice.choice((0, 3))):
            if self.message_ids:
                facts = {"message": self.dice.choice(self.message_ids), "kind": "corrected"}
                self.add("correction", self.moment(), **facts)

    def plans(self):
        dice = self.dice
        for _ in range(dice.choice((0, 5, 25))):
            published = self.moment()
            planned = published - dice.choice((1, 2, 2, 3)) * DAY + dice.choice((NO_TIME, SECOND))
            written = dice.choice((planned, planned, planned + HOUR, published + DAY))
            value = {"metric": dice.choice("ab"), "value": dice.choice((1, 2))}
            facts = given(
                audience=self.maybe(0.9, "all"),
                expected=self.maybe(0.9, value),
                approved_by=self.maybe(0.9, self.person()),
                approved_at=self.maybe(0.9, self.said(self.after(published - HOUR, published))),
                published_at=self.maybe(0.9, self.said(published)),
            )
            publication = self.add(
                "publication",
                written,
                channel=dice.choice(self.channels),
                author=self.person(),
                text="…",
                planned_at=self.said(planned),
                publish_at=self.said(published),
                **facts,
            )
            self.followed(publication, published)

    def followed(self, publication, published):
        for _ in range(self.dice.choice((0, 1, 2))):
            at = self.after(published, published + 30 * DAY)
            who = given(compared_by=self.maybe(0.8, self.person()))
            self.add("reaction", at, publication=publication, metric="a", value=1, **who)
            if self.dice.random() < 0.4:
                later = self.after(at)
                self.add("decision", later, publication=publication, by=self.person(), text="…")

    def rules(self):
        dice = self.dice
        for name in ("Charter", "Law")[: dice.choice((0, 1, 1, 2))]:
            for version in range(dice.choice((1, 2, 3))):
                at = self.moment() - dice.choice((0, 300, 500)) * DAY
                if dice.random() < 0.3:
                    at = midnight(self.zones[0], self.day - timedelta(days=14))
                known = datetime.combine(self.day, time(1), tzinfo=UTC)
                reviewed = self.maybe(0.3, self.said(min(at + 200 * DAY, known)))
                facts = {"name": name, "version": str(version), "text": "…"}
                policy = self.add("policy", at, **facts, **given(reviewed_at=reviewed))
                self.signed(name, policy, str(version), at)
        for who in self.people:
            if dice.random() < 0.7:
                self.add("training", self.moment() - 60 * DAY, employee=who, course="c")

    def signed(self, name, policy, version, at):
        for who in self.people:
            if self.dice.random() < 0.8:
                session = self.dice.choice(("desk", f"s-{who}", f"s-{who}"))
                when = self.dice.choice((self.moment() - 60 * DAY, self.after(at)))
                named = self.dice.choice((name, policy))
                facts = {"version": version, "employee": who, "session": session}
                self.add("acknowledgement", when, policy=named, **facts)

    def networks(self):
        dice, firsts = self.dice, []
        for n, dimension in enumerate(("internal", "social", "partner")[: dice.choice((0, 1, 3))]):
            facts = {"name": "N", "dimension": dimension, "practice": dice.random() < 0.6}
            community = self.add("community", self.origin, 0, id=f"n{n}", **facts)
            for _ in range(dice.choice((0, 20, 70))):
                author = self.person() if dice.random() < 0.6 else dice.choice(self.contacts)
                thread = f"t{dice.randrange(12)}"
                facts = {"community": community, "thread": thread, "author": author, "text": "…"}
                firsts.append(self.add("post", self.moment(), **facts))
        for _ in range(dice.choice((0, 8, 25)) if firsts else 0):
            at = self.moment()
            answered = self.after(at, working_days_after(self.zones[0], at, 5), at + 3 * DAY)
            facts = {"post": dice.choice(firsts), "partner": dice.random() < 0.5}
            talk = dice.choice(self.talk_ids)
            facts |= given(answered_at=self.maybe(0.95, self.said(answered)))
            self.add("round_trip", at, conversation=talk, **facts)


def given(**fields):
    """Those that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def offset(hours):
    minutes = int(abs(hours) * 60)
    return f"{'-' if hours < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"
