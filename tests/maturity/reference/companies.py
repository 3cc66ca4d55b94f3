"""Companies that behave, week after week, as one of the stages would; and some that cheat.

`Company(seed, units=[Plan(...)])` writes lines of history. Nothing here knows a threshold.
"""

import random
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from tests.maturity.reference.law import wall

START = date(2025, 1, 6)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@dataclass
class Plan:
    """level: (from week, stage that is played). silent: weeks without any act; deaf: without a
    source. cheats: hero, bots, relabelled, backdated, session, mass, staff.
    """

    levels: list = field(default_factory=lambda: [(0, 3)])
    profile: str = "b2b"
    zone: str = "Europe/Paris"
    begins: int = 0
    silent: range = range(0)
    deaf: range = range(0)
    cheats: tuple = ()
    people: int = 18


class Company:
    def __init__(self, seed, plans, weeks):
        self.dice = random.Random(seed)  # noqa: S311 - reproducible, no secret
        self.lines, self.count = [], 0
        self.add("company", self.at("UTC", 0, 6), id="company", name="C", headcount=60)
        for number, plan in enumerate(plans):
            Unit(self, f"u{number}", plan).live(weeks)
        self.dice.shuffle(self.lines)

    def add(self, type_, at, *, own=False, **fields):
        self.count += 1
        line = {"type": type_, "id": f"{type_[:3]}{self.count:06}", "at": at.isoformat(), **fields}
        if own:
            line["own"] = True
        if type_ == "heartbeat":
            del line["id"]
        self.lines.append(line)
        return line.get("id")

    def at(self, zone, day, hour):
        """A working hour of the day of that number."""
        naive = datetime.combine(START + timedelta(days=day), time(hour))
        return wall(zone, naive) + timedelta(seconds=self.dice.randrange(3000))


class Unit:
    def __init__(self, company, name, plan):
        self.c, self.name, self.plan, self.dice = company, name, plan, company.dice
        self.articles, self.talks, self.week = [], 0, plan.begins
        self.structure()

    def now(self, day, hour):
        return self.c.at(self.plan.zone, self.week * 7 + day, hour)

    def level(self):
        return max((w, level) for w, level in self.plan.levels if w <= self.week)[1]

    def cheats(self, how):
        return how in self.plan.cheats

    def chance(self, share):
        return self.dice.random() < share

    def structure(self):
        add, name, begun = self.c.add, self.name, self.now(0, 6)
        facts = {"profile": self.plan.profile, "timezone": self.plan.zone}
        add("unit", begun, id=name, name=name, headcount=40, **facts)
        self.departments = [f"{name}-d{n}" for n in range(4)]
        for department in self.departments:
            add("department", begun, id=department, name="D", unit=name)
        self.people = []
        for n in range(self.plan.people):
            who = f"{name}-e{n:02}"
            facts = {"department": self.departments[n % 4], "social_team": n in (0, 4)}
            facts |= {"email": f"{who}@house.example", "relevant": n < 16}
            add("employee", begun, id=who, name=who, **facts)
            self.people.append(who)
        kinds = ("email", "facebook", "sms", "mastodon")
        self.channels = [f"{name}-c{n}" for n in range(4)]
        for channel, kind in zip(self.channels, kinds, strict=True):
            add("channel", begun, id=channel, kind=kind, unit=name, name="C", owned=True)
        add("source", begun, id=f"{name}-s", kind="listening", unit=name, name="S")
        self.customers = [f"{name}-k{n}" for n in range(24)]
        for n, who in enumerate(self.customers):
            handle = f"{who}@out.example"
            if self.cheats("staff") and n % 2:
                handle = f"{self.people[n % len(self.people)]}@House.example"
            identities = [{"kind": "email", "handle": handle}]
            add("contact", begun, id=who, name=who, relationship="customer", identities=identities)
        for dimension in ("internal", "social", "partner"):
            practice = dimension == "internal"
            facts = {"name": dimension, "dimension": dimension, "practice": practice}
            add("community", begun, id=f"{name}-{dimension}", **facts)
        self.charter(begun)

    def charter(self, begun):
        policy = self.c.add("policy", begun, own=True, name="Charter", version="1", text="…")
        for n, who in enumerate(self.people):
            session = "desk" if self.cheats("session") else f"{who}-1"
            signed = {"policy": policy, "version": "1", "employee": who, "session": session}
            if self.level() >= 3 or n < 3:
                at = begun + HOUR + n * MINUTE
                self.c.add("acknowledgement", at, own=True, **signed)
            if n < 16:
                self.c.add("training", begun + 2 * HOUR, employee=who, course="c")

    def live(self, weeks):
        for week in range(self.plan.begins, weeks):
            self.week = week
            for day in range(7):
                if self.week not in self.plan.deaf and self.chance(0.97):
                    self.c.add("heartbeat", self.now(day, 5), source=f"{self.name}-s")
            if self.week not in self.plan.silent:
                self.speak()
            self.hear()

    def speak(self):
        level = self.level()
        for _ in range((0, 1, 2, 3, 6, 8)[level]):
            self.talk(level)
        for _ in range((0, 0, 0, 1, 2, 2)[level]):
            self.publish(level)
        if level >= 3:
            self.meet(level)
        if level >= 4 or self.chance(0.2):
            self.hit(level)
        if level >= 5:
            self.travel()

    def hear(self):
        level = self.level()
        for _ in range(2):
            at = self.now(self.dice.randrange(5), 9)
            facts = {"source": f"{self.name}-s", "text": "…", "author": "x"}
            mention = self.c.add("mention", at, **facts)
            if self.chance((0, 0.3, 0.6, 0.9, 0.95, 0.95)[level]):
                who = self.people[0] if self.cheats("hero") else self.dice.choice(self.people[:2])
                when = at + self.dice.choice((4 * HOUR, DAY, DAY, DAY, 9 * DAY))
                self.c.add("triage", when, own=True, mention=mention, by=who, outcome="watch")

    def answerer(self, level):
        if self.cheats("hero") and self.chance(0.9):
            return self.people[1]
        return self.dice.choice(self.people[: (1, 1, 3, 5, 12, 16)[level]])

    def talk(self, level):
        self.talks += 1
        talk, add = f"{self.name}-v{self.talks}", self.c.add
        channel = self.dice.choice(self.channels[: (1, 1, 2, 2, 4, 4)[level]])
        began = self.now(self.dice.randrange(5), 9)
        facts = {"conversation": talk, "channel": channel}
        customer = self.dice.choice(self.customers)
        add("message", began, direction="in", author=customer, text="?", **facts)
        who = self.answerer(level)
        accepted = began + 30 * MINUTE
        if self.chance((0, 0.2, 0.3, 0.85, 0.95, 0.95)[level]):
            of = {"conversation": talk, "employee": who, "by": "rule"}
            own = not self.cheats("backdated")
            add("assignment", began, own=own, accepted_at=accepted.isoformat(), **of)
        if not self.chance((0, 0.4, 0.4, 0.75, 0.92, 0.95)[level]):
            if self.cheats("relabelled"):
                late = began + 5 * DAY
                add("needs_answer", late, conversation=talk, value=False, by=who)
            return
        self.answer(talk, facts, who, began, level)

    def answer(self, talk, facts, who, began, level):
        at = began + self.dice.choice((HOUR, 3 * HOUR, 20 * HOUR))
        more = {"text": "Thank you!" if self.cheats("mass") else f"answer {talk}"}
        if self.cheats("bots") and self.chance(0.8):
            more["automated"] = True
        if level >= 4 and self.articles and self.chance(0.6):
            more["articles"] = [self.dice.choice(self.articles)]
        if level == 4 and self.chance(0.5):
            more["approval_required"] = True
        said = self.c.add("message", at, own=True, direction="out", author=who, **facts, **more)
        if self.chance(0.02):
            self.c.add("correction", at + DAY, message=said, kind="corrected")
        if self.chance(0.9):
            self.c.add("close", at + HOUR, own=True, conversation=talk, by=who)
        if level >= 4 and self.chance(0.4) and len(self.articles) < 40:
            words = {"title": "T", "text": "…", "author": who, "language": "en"}
            self.articles.append(self.c.add("article", at + 2 * HOUR, **words))
        if level >= 5 and self.chance(0.2):
            self.idea(talk, at)

    def idea(self, talk, at):
        owner, author = self.dice.choice(self.people[5:]), self.dice.choice(self.people)
        facts = {"conversation": talk, "author": author, "owner": owner, "text": "…"}
        times = {"decided_at": (at + 2 * DAY).isoformat(), "told_at": (at + 3 * DAY).isoformat()}
        self.c.add("insight", at + DAY, outcome="shipped", **facts, **times)

    def publish(self, level):
        published = self.now(self.dice.randrange(5), 12)
        planned = published - self.dice.choice((5, 5, 1)) * DAY
        written = published + DAY if self.cheats("backdated") else planned
        author, approver = self.people[0], self.people[1]
        facts = {
            "channel": self.channels[0],
            "author": author,
            "text": "…",
            "planned_at": planned.isoformat(),
            "publish_at": published.isoformat(),
            "published_at": published.isoformat(),
            "approved_by": approver,
            "approved_at": (published - HOUR).isoformat(),
            "audience": "all",
            "expected": {"metric": "clicks", "value": self.dice.randrange(4)},
        }
        publication = self.c.add("publication", written, own=True, **facts)
        at = max(written, published) + 6 * DAY
        compared = {"compared_by": author} if level >= 4 else {}
        met = {"publication": publication, "metric": "clicks", "value": 3}
        self.c.add("reaction", at, own=True, **met, **compared)
        if self.chance(0.2):
            later = at + DAY
            self.c.add("decision", later, publication=publication, by=approver, text="…")

    def meet(self, level):
        for _ in range(2):
            thread = f"{self.name}-t{self.week}-{self.c.count}"
            pair = self.people[:2] if self.cheats("hero") else self.dice.sample(self.people[:9], 3)
            for who in pair:
                self.post("internal", thread, who)
        if level >= 5:
            for dimension in ("social", "partner"):
                for who in (*self.dice.sample(self.customers, 3), self.dice.choice(self.people)):
                    self.post(dimension, f"{self.name}-x{self.week}", who)

    def post(self, dimension, thread, who, at=None):
        facts = {"community": f"{self.name}-{dimension}", "thread": thread, "text": "…"}
        at = at or self.now(self.dice.randrange(5), 14)
        return self.c.add("post", at, own=who in self.people, author=who, **facts)

    def hit(self, level):
        talk = f"{self.name}-v{max(self.talks, 1)}"
        if not self.talks:
            return
        at = self.now(2, 9)
        late = 0 if self.chance((0, 0, 0, 0.3, 0.95, 0.95)[level]) else 5
        times = {
            "reached_at": (at + late * DAY + HOUR).isoformat(),
            "approved_at": (at + 2 * MINUTE).isoformat(),
        }
        facts = {"rule": "law", "role": "legal", "drill": True, "approved_by": self.people[2]}
        self.c.add("escalation", at, conversation=talk, **facts, **times)

    def travel(self):
        """A customer's question goes inside and comes back."""
        at, thread = self.now(1, 9), f"{self.name}-trip{self.week}"
        channel, talk = self.channels[0], f"{self.name}-trip{self.week}"
        facts = {"conversation": talk, "channel": channel}
        customer, asked = self.dice.choice(self.customers), self.people[1]
        self.c.add("message", at, direction="in", author=customer, text="?", **facts)
        first = self.post("internal", thread, asked, at + HOUR)
        self.post("internal", thread, self.dice.choice(self.people), at + 2 * HOUR)
        said = at + 3 * HOUR
        self.c.add("message", said, own=True, direction="out", author=asked, text=talk, **facts)
        facts = {"conversation": talk, "post": first, "answered_at": said.isoformat()}
        self.c.add("round_trip", at + HOUR, partner=self.chance(0.5), **facts)
