"""Plays a story week by week and answers the lines of its history."""

from __future__ import annotations

from typing import Any

from config.simulation.playing.book import HOUR, Book
from config.simulation.playing.house import House
from config.simulation.playing.stories import Story
from config.simulation.playing.talking import talk
from config.simulation.playing.working import govern, work, write

READ = 0.985  # of the days on which the source could be read


def play(story: Story, *, weeks: int) -> list[dict[str, Any]]:
    """Lines in the format of histories, in the order in which they were written."""
    book = Book(story.seed)
    houses: list[House] = []
    for week in range(weeks):
        for n, part in enumerate(story.parts):
            if part.begins == week:
                houses.append(settle(book, story, n, houses))
        if week == 0:
            found(book, houses)
        for house in houses:
            house.begin_week(week)
        govern(houses, week)
        for house in houses:
            live(house, is_out=story.is_out(week))
        listen_in(book, houses[0], is_out=story.is_out(week))
    return book.lines


def settle(book: Book, story: Story, n: int, houses: list[House]) -> House:
    """A unit begins, with the articles that a company of its phase has."""
    house = House(book, story, story.parts[n], f"unit{n}")
    if houses:
        house.policy, house.policy_at = houses[0].policy, houses[0].policy_at
        house.coming = houses[0].coming
        if house.part.bought:
            house.buyer, house.policy_at = houses[0], house.at(0, 7)
    for _ in range(round(house.habits.knowledge.shelf * house.heads / 100)):
        write(house, house.at(0, 7))
        house.shelf[-1].review = house.week + house.chance.uniform(0, 48)
    return house


def found(book: Book, houses: list[House]) -> None:
    begun = houses[0].at(0, 6)
    heads = sum(house.heads for house in houses)
    book.add("company", begun, id="company", name="Company", headcount=heads)
    book.add("source", begun, id="source", kind="listening", name="Everywhere")


def live(house: House, *, is_out: bool) -> None:
    """While no source is read, nothing comes in, and nothing that it would have brought."""
    house.expect(house.at(0, 7) + HOUR)
    if not is_out:
        talk(house)
        work(house)
    house.catch_up(house.at(7, 0))


def listen_in(book: Book, house: House, *, is_out: bool) -> None:
    for day in range(7):
        if not is_out and book.happens(READ):
            book.add("heartbeat", house.at(day, 5), source="source")
