"""Stages 4 and 5, criterion by criterion."""

import math
from collections import Counter, defaultdict
from datetime import timedelta
from fractions import Fraction

from tests.maturity.reference.counting import DAY, Count, expectation, pick, share
from tests.maturity.reference.law import less_months, midnight
from tests.maturity.reference.lower import accepting, s3_con_1


def s4_cha_1(pool, profile, headcount):
    parties, weeks, kinds = defaultdict(set), defaultdict(set), {}
    for seen in pool:
        for t in seen.talks:
            if seen.in_window(t.began) and seen.is_outside(t.channel) and seen.answers(t):
                parties[t.channel].add(t.contact)
                kinds[t.channel] = seen.channels[t.channel]["kind"]
        for m in seen.outbound:
            if m["id"] in seen.human:
                weeks[m["channel"]].add(seen.week(m["at"]))
    good = [
        c
        for c in parties
        if len(parties[c]) >= pick(profile, 10, 4) and len(weeks[c]) >= pick(profile, 8, 12)
    ]
    return Count(len(good)).clause(len({kinds[c] for c in good}), 2)


def s4_con_1(pool, profile, headcount):
    found = s3_con_1(pool, profile, headcount)
    whole, part = Counter(), Counter()
    for seen in pool:
        for t in seen.due_talks:
            whole[t.channel] += 1
            part[t.channel] += seen.in_time(t)
    shares = [share(part[c], n) for c, n in whole.items() if n >= pick(profile, 10, 4)]
    found.clause(min(shares, default=1), 0.5, 0.4)
    quiet = [
        not came_back(seen, t, x["at"])
        for seen in pool
        for t, x in seen.of_talks("close")
        if seen.in_window(x["at"] + 7 * DAY) and seen.needs_answer(t)
    ]
    return found.clause(share(sum(quiet), len(quiet)), 0.6, 0.5)


def came_back(seen, talk, closed):
    return any(
        m["direction"] == "in"
        and m["author"] == talk.contact
        and m["channel"] == talk.channel
        and closed < m["at"] <= closed + 7 * DAY
        for m in seen.messages
    )


def uses(seen, talk):
    """(article, sender), first message first, then the order of the list; once a message."""
    articles = {x["id"]: x for x in seen.rows("article")}
    for m in talk.messages:
        if m["id"] in seen.human:
            for id_ in dict.fromkeys(m.get("articles") or []):
                x = articles.get(id_)
                if x and x["at"] <= m["at"] and x["author"] != m["author"]:
                    yield id_, m["author"]


def s4_cap_1(pool, profile, headcount):
    cases = []
    for seen in pool:
        last = {}
        for t, x in seen.of_talks("close"):
            last[t.id] = x["at"]
        closed = [t for t in seen.needing if seen.in_window(last.get(t.id))]
        cases += [list(uses(seen, t)) for t in closed]
    first = Counter(found[0][0] for found in cases if found)
    cap = math.ceil(Fraction(len(cases), 20))
    found = Count(sum(min(n, cap) for n in first.values()), len(cases))
    times, senders = Counter(), defaultdict(set)
    for article, sender in (use for some in cases for use in some):
        times[article] += 1
        senders[article].add(sender)
    shared = sum(n >= 2 and len(senders[a]) >= 2 for a, n in times.items())
    found.clause(shared, *pick(profile, (15, 10), (6, 4)))
    fresh = sum(any(is_fresh(seen, a) for seen in pool) for a in times)
    return found.clause(share(fresh, len(times)), 0.5)


def is_fresh(seen, article):
    since = midnight(seen.zone, less_months(seen.day, 12))
    times = [x["at"] for x in seen.rows("article") if x["id"] == article]
    times += [x["at"] for x in seen.rows("article_review") if x["article"] == article]
    return any(since <= at < seen.cut for at in times)


def ambassador_answers(pool):
    for seen in pool:
        for t in seen.talks:
            for m in seen.answers(t):
                if seen.in_window(m["at"]) and seen.is_ambassador(m["author"]):
                    yield seen, t, m


def s4_amb_1(pool, profile, headcount):
    handled, weeks, home = defaultdict(set), defaultdict(set), {}
    after = {id(seen): passed_on(seen) for seen in pool}
    for seen, t, m in ambassador_answers(pool):
        who = m["author"]
        home[who] = seen.department(who)
        weeks[who, t.id].add(seen.human[m["id"]])
        if any(at > m["at"] for at in after[id(seen)](t.id, who)):
            handled[who].add(t.id)
    good = []
    for who, talks in handled.items():
        active = set().union(*(weeks[who, t] for t in talks))
        if len(talks) >= pick(profile, 5, 3) and len(active) >= 3:
            good.append(who)
    return Count(len(good)).clause(len({home[who] for who in good}), pick(profile, 3, 2))


def passed_on(seen):
    """When a person closed a conversation, or when it was assigned to somebody else."""
    closes, given = defaultdict(list), defaultdict(list)
    for t, x in seen.of_talks("close"):
        if x.get("own"):
            closes[t.id, x["by"]].append(x["at"])
    for t, x in seen.of_talks("assignment"):
        given[t.id].append((x["employee"], x["at"]))

    def times(talk, who):
        return closes[talk, who] + [at for other, at in given[talk] if other != who]

    return times


def s4_gov_1(pool, profile, headcount):
    k = n = 0
    for seen in pool:
        for t, x in seen.of_talks("escalation"):
            due = seen.due(x["at"])
            if not seen.in_window(due):
                continue
            n += 1
            approved, reached = x.get("approved_at"), x.get("reached_at")
            if approved and approved < seen.cut and reached and reached <= due:
                k += not any(
                    m["direction"] == "out"
                    and not m.get("automated")
                    and x["at"] < m["at"] < approved
                    for m in t.messages
                )
    return Count(k, n)


def s4_val_1(pool, profile, headcount):
    k = n = decisions = 0
    for seen in pool:
        compared = [x for x in seen.rows("reaction") if x.get("compared_by")]
        for x in seen.published:
            due = x["published_at"] + 30 * DAY
            if expectation(x) and seen.in_window(due):
                n += 1
                k += any(c["publication"] == x["id"] and c["at"] <= due for c in compared)
        ours = {x["id"] for x in seen.past.lines["publication"] if seen.is_ours(x["channel"])}
        for x in seen.rows("decision"):
            if x["publication"] in ours and seen.in_window(x["at"]):
                decisions += any(
                    c["publication"] == x["publication"]
                    and c["at"] <= x["at"]
                    and c["compared_by"] != x["by"]
                    for c in compared
                )
    return Count(k, n).clause(decisions, *pick(profile, (3, 2), (2, 1)))


def s4_crm_1(pool, profile, headcount):
    k = n = 0
    for seen in pool:
        begun = defaultdict(list)
        for t in seen.all_talks.values():
            if t.contact:
                begun[t.contact].append(t.began)
        addresses = {
            id_: {(i["kind"].casefold(), i["handle"].casefold()) for i in x["identities"]}
            for id_, x in seen.past.contacts.items()
        }
        for t in seen.talks:
            if seen.in_window(t.began):
                himself = any(at < t.began for at in begun[t.contact])
                others = [c for c in begun if addresses[c] & addresses[t.contact]]
                k += himself
                n += himself or any(at < t.began for c in others for at in begun[c])
    return Count(k, n)


def s5_amb_1(pool, profile, headcount):
    weeks, home = defaultdict(list), {}
    for seen, _, m in ambassador_answers(pool):
        weeks[m["author"]].append(seen.human[m["id"]])
        home[m["author"]] = seen.department(m["author"])
    active = [who for who, w in weeks.items() if len(w) >= 3 and len(set(w)) >= 2]
    relevant = {x["id"]: x["department"] for seen in pool for x in seen.relevant}
    floor = math.ceil(Fraction(headcount, 5))
    departments = set(relevant.values())
    reached = departments & {home[who] for who in active}
    found = Count(len(active), max(len(relevant), floor))
    return found.clause(share(len(reached), len(departments)), 0.7)


def s5_amb_2(pool, profile, headcount):
    cases = [(seen, m) for seen, _, m in ambassador_answers(pool)]
    k = wrong = 0
    trained = {}
    for seen, m in cases:
        who, at = m["author"], m["at"]
        courses = [x["at"] for x in seen.rows("training") if x["employee"] == who]
        trained[who] = bool(courses)
        wrong += any(x["message"] == m["id"] for x in seen.rows("correction"))
        policies = seen.counting_versions(at)
        signed = [seen.signed(who, name, versions) for name, versions in policies.items()]
        free = not m.get("approved_by") and not m.get("approval_required")
        knows = bool(policies) and all(on is not None and on <= at for on in signed)
        k += bool(free and knows and courses and min(courses) <= at)
    found = Count(k, len(cases))
    found.clause(share(sum(trained.values()), len(trained)), 0.8)
    bad = share(wrong, len(cases))
    return found.clause(None if bad is None else bad <= 0.03, 1)


def s5_net_1(pool, profile, headcount):
    weeks, people = defaultdict(set), defaultdict(set)
    trips = partners = 0
    for seen in pool:
        theirs = [
            x
            for x in seen.posts
            if x["author"] not in seen.past_employees and seen.in_window(x["at"])
        ]
        for x in [*seen.staff_posts, *theirs]:
            dimension = seen.past.communities[x["community"]]["dimension"]
            weeks[dimension].add(seen.week(x["at"]))
            people[dimension].add(x["author"])
        for t, x in seen.of_talks("round_trip"):
            if travelled(seen, t, x):
                trips += 1
                partners += bool(x["partner"])
    crowded = [len(weeks[d]) for d in weeks if len(people[d]) >= pick(profile, 10, 5)]
    found = Count(
        sum(w >= pick(profile, 8, 12) for w in crowded),
        k_stay=sum(w >= pick(profile, 6, 9) for w in crowded),
    )
    found.clause(trips, *pick(profile, (15, 10), (5, 3)))
    return found.clause(partners, pick(profile, 5, 2))


def travelled(seen, talk, x):
    answered, answers = x.get("answered_at"), seen.answers(talk)
    if not seen.in_window(answered) or not answers:
        return False
    if answered > seen.working_days(x["at"], 5):
        return False
    first = next(p for p in seen.past.lines["post"] if p["id"] == x["post"])
    home = seen.department(answers[0]["author"])
    return any(
        (p["community"], p["thread"]) == (first["community"], first["thread"])
        and p.get("own")
        and p["at"] <= answered
        and seen.department(p["author"]) not in (None, home)
        for p in seen.posts
    )


def s5_val_1(pool, profile, headcount):
    found = []
    for seen in pool:
        since = midnight(seen.zone, seen.day - timedelta(days=182))
        for t, x in seen.of_talks("insight"):
            decided, told = x.get("decided_at"), x.get("told_at")
            shipped = t.began and x.get("outcome") == "shipped"
            in_time = decided and since <= decided < seen.cut and told and told < seen.cut
            if shipped and in_time and seen.is_ambassador(x.get("owner")):
                found.append((seen.department(x["owner"]), x["author"]))
    departments, people = {d for d, _ in found}, {a for _, a in found}
    return Count(len(found)).clause(len(departments), 2).clause(len(people), 3)


def s5_cov(pool, profile, headcount):
    """Of one unit: departments with relevant staff, those of them that accept."""
    taking = accepting(pool)
    departments = {x["department"] for seen in pool for x in seen.relevant}
    return Count(sum(taking[d] >= 5 for d in departments), len(departments))
