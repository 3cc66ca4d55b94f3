"""What one unit sees on one day: its records before its own midnight."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from functools import cached_property

from tests.maturity.reference.law import WINDOW, local, midnight, week, working_days_after

VERSIONED = ("company", "unit", "department", "employee", "channel")
TIMES = (
    "accepted_at",
    "answered_at",
    "approved_at",
    "decided_at",
    "left_at",
    "planned_at",
    "published_at",
    "reached_at",
    "reviewed_at",
    "told_at",
)


def instant(text):
    return datetime.fromisoformat(text).astimezone(UTC)


class Past:
    """All lines of a history, by type, in the order of time and id."""

    def __init__(self, lines):
        self.lines = defaultdict(list)
        dated = [instant(x["at"]) for x in lines if x.get("at")]
        for raw in {repr(sorted(x.items(), key=repr)): x for x in lines}.values():
            line = dict(raw)
            line["at"] = instant(line["at"]) if line.get("at") else min(dated)
            for name in TIMES:
                if line.get(name):
                    line[name] = instant(line[name])
            self.lines[line["type"]].append(line)
        for some in self.lines.values():
            some.sort(key=lambda x: (x["at"], str(x.get("id"))))
        self.first = min(dated, default=None)
        self.contacts = {x["id"]: x for x in self.lines["contact"]}
        self.policy_names = {x["id"]: x["name"] for x in self.lines["policy"]}
        self.communities = {x["id"]: x for x in self.lines["community"]}
        self.sources = {x["id"]: x for x in self.lines["source"]}

    @cached_property
    def units(self):
        return sorted({x["id"] for x in self.lines["unit"]})

    def unit_version(self, unit, day):
        """The version in force at its own midnight of that day, else None."""
        found = None
        for x in self.lines["unit"]:
            if x["id"] == unit and x["at"] < midnight(x["timezone"], day):
                found = x
        return found

    def first_version(self, unit):
        return next(x for x in self.lines["unit"] if x["id"] == unit)


class Talk:
    """One conversation as it stood at a cut."""

    def __init__(self, id_, messages, seen):
        self.id = id_
        self.messages = messages
        outside = [m for m in messages if m["direction"] == "in" and seen.is_external(m["author"])]
        self.first = outside[0] if outside else None
        self.channel = (self.first or messages[0])["channel"]
        self.contact = self.first["author"] if self.first else None
        self.began = self.first["at"] if self.first else None


class Seen:
    """One unit on the day D."""

    def __init__(self, past, unit, day):
        self.past, self.unit, self.day = past, unit, day
        version = past.unit_version(unit, day)
        self.takes_part = version is not None
        shape = version or past.first_version(unit)
        self.zone, self.profile = shape["timezone"], shape["profile"]
        self.unit_headcount = version.get("headcount") if version else None
        self.cut = midnight(self.zone, day)
        self.start = midnight(self.zone, day - timedelta(days=WINDOW[self.profile]))

    def rows(self, type_):
        return [x for x in self.past.lines[type_] if x["at"] < self.cut]

    def in_window(self, at):
        return at is not None and self.start <= at < self.cut

    def week(self, at):
        return week(self.zone, at)

    def day_of(self, at):
        return local(self.zone, at).date()

    def due(self, at):
        """In time: 24 hours, or 2 working days."""
        if self.profile == "b2c":
            return at + timedelta(hours=24)
        return working_days_after(self.zone, at, 2)

    def working_days(self, at, days):
        return working_days_after(self.zone, at, days)

    @cached_property
    def employees(self):
        return {x["id"]: x for x in self.rows("employee")}

    @cached_property
    def mails(self):
        return {x["email"].casefold() for x in self.rows("employee")}

    @cached_property
    def staff(self):
        everybody = self.employees.values()
        return [x for x in everybody if not x.get("left_at") or x["left_at"] >= self.cut]

    @cached_property
    def home_unit(self):
        return {x["id"]: x["unit"] for x in self.rows("department")}

    @cached_property
    def own_staff(self):
        return [x for x in self.staff if self.home_unit.get(x["department"]) == self.unit]

    @cached_property
    def relevant(self):
        return [x for x in self.own_staff if x["relevant"]]

    def department(self, employee):
        return self.employees[employee]["department"] if employee in self.employees else None

    def is_ambassador(self, employee):
        return employee in self.employees and not self.employees[employee]["social_team"]

    def is_external(self, contact):
        if contact not in self.past.contacts:
            return False
        handles = self.past.contacts[contact]["identities"]
        return not any(x["handle"].casefold() in self.mails for x in handles)

    @cached_property
    def channels(self):
        """In force at the midnight of the unit that each names."""
        found = {}
        for x in self.past.lines["channel"]:
            version = self.past.unit_version(x["unit"], self.day)
            version = version or self.past.first_version(x["unit"])
            if x["at"] < midnight(version["timezone"], self.day):
                found[x["id"]] = x
        return found

    def zone_of(self, unit):
        version = self.past.unit_version(unit, self.day) or self.past.first_version(unit)
        return version["timezone"]

    def is_ours(self, channel):
        return channel in self.channels and self.channels[channel]["unit"] == self.unit

    def is_outside(self, channel):
        return channel in self.channels and self.channels[channel]["kind"] != "internal"

    def owns(self, channel):
        return (
            self.is_ours(channel) and self.is_outside(channel) and self.channels[channel]["owned"]
        )

    @cached_property
    def messages(self):
        return self.rows("message")

    @cached_property
    def our_messages(self):
        return [m for m in self.messages if self.is_ours(m["channel"])]

    @cached_property
    def outbound(self):
        """Ours, in W."""
        ours = [m for m in self.our_messages if m["direction"] == "out"]
        return [m for m in ours if self.in_window(m["at"])]

    def is_own(self, message):
        named = message["author"] in self.past_employees
        return bool(message.get("own")) and not message.get("automated") and named

    @cached_property
    def past_employees(self):
        return {x["id"] for x in self.past.lines["employee"]}

    @cached_property
    def human(self):
        """Ids of human messages of any unit -> ISO week by the clock of its channel's unit."""
        sent, found = Counter(), {}
        for m in self.messages:
            if m["direction"] != "out" or m["channel"] not in self.channels:
                continue
            unit = self.channels[m["channel"]]["unit"]
            when = week(self.zone_of(unit), m["at"])
            sent[unit, when, m["text"]] += 1
            is_mass = sent[unit, when, m["text"]] > 20
            if self.is_outside(m["channel"]) and self.is_own(m) and not is_mass:
                found[m["id"]] = when
        return found

    @cached_property
    def all_talks(self):
        by_id = defaultdict(list)
        for m in self.messages:
            by_id[m["conversation"]].append(m)
        return {id_: Talk(id_, messages, self) for id_, messages in by_id.items()}

    @cached_property
    def talks(self):
        """Ours."""
        return [t for t in self.all_talks.values() if self.is_ours(t.channel)]

    def answers(self, talk):
        """Human answers, oldest first."""
        if talk.began is None:
            return []
        after = [m for m in talk.messages if m["at"] > talk.began]
        return [m for m in after if m["id"] in self.human]

    @cached_property
    def decisions(self):
        found = defaultdict(list)
        for x in self.rows("needs_answer"):
            found[x["conversation"]].append(x)
        return found

    def needs_answer(self, talk):
        if talk.began is None or not self.is_outside(talk.channel):
            return False
        early = [x for x in self.decisions[talk.id] if x["at"] < self.due(talk.began)]
        return early[0]["value"] if early else True

    @cached_property
    def needing(self):
        return [t for t in self.talks if self.needs_answer(t)]

    @cached_property
    def due_talks(self):
        return [t for t in self.needing if self.in_window(self.due(t.began))]

    def in_time(self, talk):
        answers = self.answers(talk)
        return bool(answers) and answers[0]["at"] <= self.due(talk.began)

    def of_talks(self, type_):
        """Records of our conversations, with them."""
        for x in self.rows(type_):
            talk = self.all_talks.get(x["conversation"])
            if talk is not None and self.is_ours(talk.channel):
                yield talk, x

    def is_from_here(self, source):
        unit = self.past.sources[source].get("unit")
        return unit is None or unit == self.unit

    @cached_property
    def mentions(self):
        return [x for x in self.rows("mention") if self.is_from_here(x["source"])]

    @cached_property
    def published(self):
        """Ours, before D, whatever the record's own time."""
        rows = [x for x in self.past.lines["publication"] if x.get("published_at")]
        ours = [x for x in rows if self.is_ours(x["channel"])]
        return [x for x in ours if x["published_at"] < self.cut]

    @cached_property
    def policies(self):
        """Policy name -> [(version, dated)], oldest first."""
        found = defaultdict(dict)
        for x in self.rows("policy"):
            found[x["name"]].setdefault(x["version"], x["at"])
        return {name: sorted(v.items(), key=lambda p: p[1]) for name, v in found.items()}

    def counting_versions(self, at):
        """Policy name -> versions whose acknowledgement counts at that time."""
        found = {}
        for name, versions in self.policies.items():
            dated = [(v, on) for v, on in versions if on < at]
            if dated:
                young = at - dated[-1][1] < timedelta(days=14)
                found[name] = {v for v, _ in (dated[-2:] if young else dated[-1:])}
        return found

    @cached_property
    def signatures(self):
        """[(employee, policy name, version, at)]: one session is that of its first employee."""
        sessions, found = {}, []
        for x in self.rows("acknowledgement"):
            if x.get("own") and sessions.setdefault(x["session"], x["employee"]) == x["employee"]:
                name = self.past.policy_names.get(x["policy"], x["policy"])
                found.append((x["employee"], name, x["version"], x["at"]))
        return found

    def signed(self, employee, name, versions):
        """When first, or None."""
        times = [
            at
            for who, n, v, at in self.signatures
            if (who, n) == (employee, name) and v in versions
        ]
        return min(times, default=None)

    @cached_property
    def posts(self):
        return self.rows("post")

    @cached_property
    def staff_posts(self):
        """Own acts of our employees in W."""
        own = [x for x in self.posts if x["author"] in self.employees and x.get("own")]
        return [x for x in own if self.in_window(x["at"]) and self.may_see(x["author"])]

    def has(self, kind):
        """Some record of that kind lies before D."""
        if kind == "message":
            return bool(self.our_messages)
        if kind == "publication":
            return bool(self.published)
        if kind == "mention":
            return bool(self.mentions)
        if kind == "heartbeat":
            return any(self.is_from_here(x["source"]) for x in self.rows("heartbeat"))
        if kind == "post":
            return any(self.may_see(x["author"]) for x in self.posts)
        return any(True for _ in self.of_talks(kind))

    def may_see(self, author):
        if author in self.past_employees:
            return self.home_unit.get(self.department(author)) == self.unit
        return True
