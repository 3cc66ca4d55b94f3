"""Stages 1 to 3, criterion by criterion: k, n, and whether the further clauses hold."""

from collections import Counter, defaultdict
from datetime import timedelta
from itertools import combinations

from tests.maturity.reference.counting import DAY, Count, expectation, pick
from tests.maturity.reference.law import less_months, midnight


def s1_ins(pool, profile, headcount):
    best = 0
    for seen in pool:
        days = defaultdict(set)
        for x in seen.rows("heartbeat"):
            if seen.is_from_here(x["source"]) and x["at"] >= midnight(
                seen.zone, seen.day - timedelta(days=28)
            ):
                days[x["source"]].add(seen.day_of(x["at"]))
        best = max([best, *(len(d) for d in days.values())])
    return Count(best, 28)


def triages(seen):
    """Own acts, with whether they were among the first ten of that person in that minute."""
    minutes = Counter()
    for x in seen.rows("triage"):
        if x.get("own"):
            minute = x["by"], x["at"].replace(second=0, microsecond=0)
            minutes[minute] += 1
            yield x, minutes[minute] <= 10


def mention_cases(pool, deadline, paced):
    """Mention -> people who triaged it in time."""
    cases = defaultdict(set)
    for seen in pool:
        due = {x["id"]: deadline(seen, x["at"]) for x in seen.mentions}
        due = {id_: at for id_, at in due.items() if seen.in_window(at)}
        for id_ in due:
            cases[id_] |= set()
        for x, counts in triages(seen):
            if x["mention"] in due and x["at"] <= due[x["mention"]] and (counts or not paced):
                cases[x["mention"]].add(x["by"])
    return cases


def s1_lis(pool, profile, headcount):
    cases = mention_cases(pool, lambda seen, at: at + 14 * DAY, False)
    return Count(sum(bool(p) for p in cases.values()), len(cases))


def s3_lis_1(pool, profile, headcount):
    cases = mention_cases(pool, lambda seen, at: seen.working_days(at, 3), True)
    found = Count(sum(bool(p) for p in cases.values()), len(cases))
    each = Counter(person for people in cases.values() for person in people)
    return found.clause(sum(n >= 5 for n in each.values()), 2)


def s2_cha_1(pool, profile, headcount):
    weeks = []
    for seen in pool:
        said = [m for m in seen.outbound if m["id"] in seen.human and seen.owns(m["channel"])]
        shown = [x for x in seen.published if x.get("own") and seen.owns(x["channel"])]
        times = [m["at"] for m in said] + [x["published_at"] for x in shown]
        weeks += [seen.week(at) for at in times if seen.in_window(at)]
    return Count(len(set(weeks)), sample=len(weeks))


def s2_cha_2(pool, profile, headcount):
    heard = set()
    for seen in pool:
        inbound = [
            m for m in seen.our_messages if m["direction"] == "in" and seen.owns(m["channel"])
        ]
        authors = {m["author"] for m in inbound if seen.in_window(m["at"])}
        heard |= {author for author in authors if seen.is_external(author)}
    return Count(len(heard))


def s2_gov_1(pool, profile, headcount):
    rows = [(seen, m) for seen in pool for m in seen.outbound]
    return Count(sum(seen.is_own(m) for seen, m in rows), len(rows))


def s3_con_1(pool, profile, headcount):
    cases = [(seen, t) for seen in pool for t in seen.due_talks]
    return Count(sum(seen.in_time(t) for seen, t in cases), len(cases))


def acceptances(seen):
    """Cases of S3-GOV-2 -> departments that accepted in time."""
    cases = {}
    for t in seen.needing:
        due = seen.working_days(t.began, 1)
        if seen.in_window(due):
            cases[t.id] = due, set()
    for _, x in seen.of_talks("assignment"):
        if x["conversation"] in cases and x.get("own") and x.get("accepted_at"):
            due, departments = cases[x["conversation"]]
            if x["accepted_at"] <= due and seen.department(x["employee"]):
                departments.add(seen.department(x["employee"]))
    return [departments for _, departments in cases.values()]


def accepting(pool):
    return Counter(d for seen in pool for accepted in acceptances(seen) for d in accepted)


def s3_gov_2(pool, profile, headcount):
    cases = [accepted for seen in pool for accepted in acceptances(seen)]
    found = Count(sum(bool(accepted) for accepted in cases), len(cases))
    return found.clause(sum(n >= 5 for n in accepting(pool).values()), 2)


def s3_gov_1(pool, profile, headcount):
    latest = {}
    for seen in pool:
        spoke = [
            (m["author"], m["at"])
            for m in seen.outbound
            if m["author"] in seen.past_employees and not m.get("automated")
        ]
        spoke += [
            (x["author"], x["published_at"])
            for x in seen.published
            if seen.in_window(x["published_at"])
        ]
        for who, at in spoke:
            if who not in latest or at > latest[who][0]:
                latest[who] = at, seen
    k = 0
    for who, (at, seen) in latest.items():
        counting = seen.counting_versions(seen.cut)
        signed = [seen.signed(who, name, versions) for name, versions in counting.items()]
        k += bool(counting) and all(on is not None and on < at for on in signed)
    return Count(k, len(latest)).clause(all(policies_are_fresh(seen) for seen in pool), 1)


def policies_are_fresh(seen):
    since = midnight(seen.zone, less_months(seen.day, 18))
    for name, versions in seen.policies.items():
        version, dated = versions[-1]
        times = [dated]
        rows = [x for x in seen.rows("policy") if (x["name"], x["version"]) == (name, version)]
        times += [x["reviewed_at"] for x in rows if x.get("reviewed_at")]
        if not any(since <= at < seen.cut for at in times):
            return False
    return bool(seen.policies)


def s3_gov_3(pool, profile, headcount):
    people, threads = {}, defaultdict(set)
    for seen in pool:
        for x in seen.staff_posts:
            if seen.past.communities[x["community"]]["practice"]:
                people[x["author"]] = seen.department(x["author"])
                threads[seen.week(x["at"]), x["community"], x["thread"]].add(x["author"])
    pairs = defaultdict(set)
    for (week, _, _), authors in threads.items():
        for pair in combinations(sorted(authors), 2):
            if people[pair[0]] != people[pair[1]]:
                pairs[week].add(pair)
    single = Counter(next(iter(met)) for met in pairs.values() if len(met) == 1)
    several = sum(len(met) > 1 for met in pairs.values())
    found = Count(several + sum(min(n, pick(profile, 4, 6)) for n in single.values()))
    found.clause(len(set(people.values())), pick(profile, 3, 2))
    return found.clause(len(people), pick(profile, 5, 3))


def s3_val_1(pool, profile, headcount):
    n, items = 0, defaultdict(list)
    for seen in pool:
        for x in seen.published:
            if seen.in_window(x["published_at"]):
                n += 1
                if is_planned(x):
                    items[expectation(x)].append(seen.week(x["published_at"]))
    cap = 3 * n // 10
    return Count(sum(min(len(w), max(cap, len(set(w)))) for w in items.values()), n)


def is_planned(x):
    ahead = x["published_at"] - max(x["planned_at"], x["at"]) >= timedelta(hours=48)
    second = x.get("approved_by") and x["approved_by"] != x["author"]
    approved = second and x.get("approved_at") and x["approved_at"] <= x["published_at"]
    return bool(ahead and approved and x.get("audience") and expectation(x))
