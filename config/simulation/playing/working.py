"""What a company does beside its conversations: it listens, plans, meets, writes down, agrees."""

from __future__ import annotations

from datetime import datetime, timedelta

from config.simulation.playing.book import DAY, HOUR, MINUTE, WEEK, Facts
from config.simulation.playing.house import NEW_YEAR, SUMMER, Appeared, Article, House
from config.simulation.playing.talking import escalate, post

MENTIONS = 1.6  # of a hundred heads and a week: a brand is talked about whatever it does
METRICS = ("clicks", "comments", "shares", "replies", "registrations", "visits")
AUDIENCES = ("families", "regulars", "dealers", "newcomers")
POLICY_LASTS = 50  # weeks until it is looked at again
ANEW = 3  # every third time it is written anew, as public bodies bind themselves to do
# weeks: a month after they were made public, as internal rules bind (Code du travail, L1321-4)
NOTICE = 5
A_YEAR = 48.0  # weeks after which an article that is looked after is read again


def work(house: House) -> None:
    """One week."""
    listen(house)
    publish(house)
    learn(house)
    meet(house)
    write_down(house)
    practise(house)
    open_up(house)


def listen(house: House) -> None:
    book, habits = house.book, house.habits.listening
    for _ in range(book.number(house.heads * MENTIONS / 100)):
        at = house.clock.someone_writes(house.week, "b2c")
        mention = book.add("mention", at, source="source", text="…", author="somebody")
        share = 0.95 if house.cheats("hero") else habits.triaged * min(1, 0.3 + house.presence())
        if book.happens(share):
            watch = house.people[: 1 if house.cheats("hero") else habits.people]
            who = house.chance.choice(watch).id
            seen = house.clock.later(at, 24 * book.about(habits.days, 0.7))
            outcome = house.chance.choice(("ignore", "watch", "engage"))
            book.add("triage", seen, own=True, mention=mention, by=who, outcome=outcome)


def publish(house: House) -> None:
    """What the plan says for this week, and what is of the moment."""
    habits, book = house.habits.planning, house.book
    mean = habits.week * (1 if house.is_consumer else 0.5)
    for _ in range(house.turns(mean * habits.planned)):
        one(house, house.clock.in_office(house.week), is_planned=True)
    for _ in range(book.number(mean * (1 - habits.planned) * house.presence())):
        at = house.clock.in_office(house.week)
        one(house, at, is_planned=house.cheats("backdated"))


def one(house: House, at: datetime, *, is_planned: bool) -> None:
    """A publication, and what comes of it."""
    book, chance = house.book, house.chance
    author, reader = chance.sample(house.social, 2)
    ahead = at - chance.uniform(2.5, 9) * DAY if is_planned else at - HOUR
    ahead = max(ahead, house.clock.at(house.part.begins, 0, 7))
    written = at + DAY if house.cheats("backdated") else ahead
    facts: Facts = {"planned_at": ahead, "publish_at": at, "published_at": at}
    if is_planned:
        value = 10 * chance.randrange(1, 30)
        facts |= {"expected": {"metric": chance.choice(METRICS), "value": value}}
        facts |= {"audience": chance.choice(AUDIENCES), "approved_by": reader.id}
        facts |= {"approved_at": at - chance.uniform(3, 40) * HOUR}
    house.sign(author, at - 90 * MINUTE)
    where: Facts = {"channel": house.channel(), "author": author.id, "text": "…"}
    publication = book.add("publication", written, own=True, **where, **facts)
    came = max(at, written) + chance.uniform(3, 21) * DAY
    house.appeared.append(Appeared(publication, author.id, came, is_planned))


def compare(house: House) -> None:
    """What was expected with what came, when the figures are there: also of what was published
    before anybody did so."""
    book, ends = house.book, house.at(7, 0)
    for one in [one for one in house.appeared if one.came < ends]:
        house.appeared.remove(one)
        at, by = max(one.came, house.at(0, 9)), None
        if one.is_planned and book.happens(house.habits.learning.compared):
            by = one.author
            house.compared.append((one.id, at, by))
        value = house.chance.randrange(300)
        book.add("reaction", at, publication=one.id, metric="clicks", value=value, compared_by=by)


def learn(house: House) -> None:
    """A meeting about what came of the last publications."""
    compare(house)
    house.compared = house.compared[-12:]
    at = house.at(3, 11)
    ready = [one for one in house.compared if one[1] < at]
    if house.turns(house.habits.learning.meetings) and ready:
        for publication, _, author in house.chance.sample(ready, min(2, len(ready))):
            by = next(person.id for person in house.social if person.id != author)
            house.book.add("decision", at, publication=publication, by=by, text="…")


def meet(house: House) -> None:
    """Threads of the community of practice; those who answer are in it, and some who listen."""
    habits = house.habits.practice
    if house.cheats("hero"):
        pair = (house.social[0].id, house.colleagues[0].id)
        discuss(house, "internal", f"{house.name}-t{house.week}-pair", list(pair))
    for n in range(house.book.number(habits.threads * house.presence())):
        circle = [*house.social[:3], *house.colleagues][: habits.circle]
        some = house.chance.sample(circle, min(len(circle), house.chance.randint(2, 5)))
        discuss(house, "internal", f"{house.name}-t{house.week}-{n}", [p.id for p in some])


def discuss(house: House, dimension: str, thread: str, people: list[str]) -> None:
    at = house.clock.in_office(house.week)
    for who in people:
        post(house, dimension, thread, who, at)
        at += timedelta(minutes=house.book.about(25))


def open_up(house: House) -> None:
    """Communities with people outside."""
    habits = house.habits.networks
    for dimension, share in (("social", habits.social), ("partner", habits.partner)):
        if house.book.happens(share * min(1, 0.4 + house.presence())):
            meets = house.partner if dimension == "partner" else house.customer
            channel, early = house.channels[0], house.at(0, 1)
            people = [meets(early, channel) for _ in range(habits.people)]
            people.append(house.chance.choice(house.people[:8]).id)
            discuss(house, dimension, f"{house.name}-{dimension}{house.week}", people)


def write_down(house: House) -> None:
    """Articles are written by those who answer, until what is asked again is written down."""
    habits, book = house.habits.knowledge, house.book
    full = habits.shelf * house.heads / 100
    missing = max(0.0, full - len(house.shelf))
    for _ in range(book.number(min(habits.written, missing) + 0.2 * (full > 0))):
        write(house, house.clock.in_office(house.week))
    for article in house.shelf:
        if house.week >= article.review:
            article.review = house.week + house.chance.uniform(0.6, 1.0) * A_YEAR
            if book.happens(habits.looked_after):
                by = house.chance.choice(house.social).id
                at = house.clock.in_office(house.week)
                book.add("article_review", at, article=article.id, by=by)


def write(house: House, at: datetime) -> None:
    author = house.chance.choice([*house.social, *house.carriers()]).id
    words: Facts = {"title": "…", "text": "…", "language": "en"}
    id_ = house.book.add("article", at, author=author, **words)
    review = house.week + house.chance.uniform(0.6, 1.0) * A_YEAR
    house.shelf.append(Article(id_, author, review))
    most = house.habits.knowledge.shelf * house.heads / 100 * 1.2
    if len(house.shelf) > max(most, 1):
        house.shelf.pop(0)  # what nobody asks any more


def practise(house: House) -> None:
    """A drill: a colleague plays a customer, through the real path."""
    if house.habits.escalating.kept is None:
        return
    for _ in range(house.turns(house.habits.escalating.drills)):
        at, talk = house.clock.in_office(house.week), f"{house.name}-drill{house.week}"
        plays = house.chance.choice(house.colleagues[:6]).id
        facts: Facts = {"conversation": talk, "channel": f"{house.name}-desk", "direction": "in"}
        house.book.add("message", at, author=plays, text="?", **facts)
        escalate(house, talk, at + MINUTE, rule="sensitive", drill=True)


def govern(houses: list[House], week: int) -> None:
    """The policy of the company, as most of it lives by it: reviewed each year, anew in the third.

    One that is there when the company begins is as old as any may be; nobody writes one anew
    while half of the house is away, nor where the money for such work is gone. One that takes the
    place of another is announced before.
    """
    main = houses[0]
    if main.coming and main.coming[1] <= main.at(0, 7):
        version, since = main.coming
        for house in houses:
            house.policy, house.policy_at, house.coming = version, since, None
    wanted = main.habits.policy.read is not None or main.cheats("session")
    is_due = main.policy is None or week - main.policy_since >= POLICY_LASTS
    if not wanted or not is_due or (week and week % 52 in (*SUMMER, *NEW_YEAR)):
        return
    main.policy_since, main.reviews = week, main.reviews + 1
    if week == 0:
        lived = int(main.policy_age * ANEW * POLICY_LASTS)
        main.policy_since, main.reviews = -(lived % POLICY_LASTS), 1 + lived // POLICY_LASTS
    version = str((main.reviews + ANEW - 1) // ANEW)
    decide(houses, version=main.policy if main.policy and main.has_faded() else version)


def decide(houses: list[House], *, version: str) -> None:
    """A first version, the same one again, or another one in its place."""
    main = houses[0]
    at, former = main.at(0, 7), main.policy
    binds = at + NOTICE * WEEK if former not in (None, version) else at
    facts: Facts = {"name": "Charter", "version": version, "text": "…"}
    main.book.add("policy", binds, own=True, reviewed_at=at if version == former else None, **facts)
    if version == former:
        return
    for house in houses:
        if former is None:
            house.policy, house.policy_at = version, at
        else:
            house.coming = version, binds
        announce(house, at, version)


def announce(house: House, at: datetime, version: str) -> None:
    """Those who speak already are asked to read it: most do within a fortnight, or before they
    speak next."""
    if house.cheats("session"):
        for n, person in enumerate(house.people[:20]):
            signs = at + (n + 1) * MINUTE
            house.acknowledge(person, signs, version=version, session="the desk")
        return
    for person in house.people:
        if person.joined:
            days = min(house.book.about(4, 0.8), 40)
            person.means_to[version] = house.clock.later(at, 24 * days)
