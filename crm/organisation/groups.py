"""The groups of people that figures about colleagues are shown by: never fewer than five."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from crm.organisation.models import Department, Employee

SMALLEST_SHOWN = 5  # people; smaller departments are shown together
SOCIAL, SMALL, EVERYBODY, NOBODY = "social", "small", "everybody", "nobody"


@dataclass(frozen=True, slots=True)
class Group:
    """people: how many work there now. key: a department's id, or one of the words above."""

    key: str
    name: str
    people: int


GroupOf = Callable[[uuid.UUID | None], str]


def grouped() -> tuple[list[Group], GroupOf]:
    """The groups that may be shown, and which one an employee is in."""
    people = list(Employee.objects.values_list("pk", "department_id", "social_team", "left_at"))
    names = dict(Department.objects.values_list("pk", "name"))
    here: Counter[uuid.UUID] = Counter(dict.fromkeys(names, 0))
    social = 0
    for _pk, department, is_social, left_at in people:
        if left_at is None:
            social += is_social
            here[department] += not is_social
    small = too_small(here)
    hidden = sum(here[department] for department in small)
    home = EVERYBODY if 0 < hidden < SMALLEST_SHOWN else SMALL
    keys = {
        pk: _key(department, is_social, small, home) for pk, department, is_social, _left in people
    }
    shown = [Group(str(pk), names[pk], here[pk]) for pk in names if pk not in small]
    groups = _named(shown, social=social, hidden=hidden, home=home, has_small=bool(small))
    return groups, lambda employee: NOBODY if employee is None else keys.get(employee, home)


def too_small(sizes: Counter[uuid.UUID]) -> set[uuid.UUID]:
    """Departments shown together: the small ones, and of the others the smallest that it takes
    to hide them. All of them, where even together they are few."""
    by_size = sorted(sizes, key=lambda pk: (sizes[pk], str(pk)))
    small = {pk for pk in by_size if sizes[pk] < SMALLEST_SHOWN}
    peopled = sum(sizes[pk] for pk in small)
    for pk in by_size:
        if 0 < peopled < SMALLEST_SHOWN and pk not in small:
            small.add(pk)
            peopled += sizes[pk]
    return small


def _key(department: uuid.UUID, is_social: bool, small: set[uuid.UUID], home: str) -> str:
    if home == EVERYBODY and (is_social or department in small):
        return EVERYBODY
    if is_social:
        return SOCIAL
    return home if department in small else str(department)


def _named(
    shown: list[Group], *, social: int, hidden: int, home: str, has_small: bool
) -> list[Group]:
    ordered = sorted(shown, key=lambda group: (-group.people, group.name))
    if home == EVERYBODY:  # too few outside the social team to be told apart from it
        return [Group(EVERYBODY, _("Everybody who answers"), social + hidden), *ordered]
    together = [Group(SMALL, _("Smaller departments together"), hidden)] if has_small else []
    return [Group(SOCIAL, _("Social team"), social), *ordered, *together]
