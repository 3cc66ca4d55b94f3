"""An executive's desk: a company with fourteen weeks behind it, and who looks at its page."""

import re

from django.test import Client

from crm.access.models import Role
from crm.organisation.models import Employee
from tests import house

PAGE = "/maturity/"
DAY = {"as_of": "2026-04-13"}


def browser(*roles, language="en", of=None):
    client = Client()
    if roles:
        person = of or house.somebody(house.department(house.unit("Office")), *roles)
        client.force_login(person.user)
    client.cookies["django_language"] = language
    return client


def executive(**more):
    return browser(Role.EXECUTIVE, **more)


def text(answer):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def colleague(name="support1"):
    return Employee.objects.get(key=name)
