"""The reasons of routing are read in one's own language."""

import pytest
from django.utils import translation

from ambassadors.routing.said import in_words

SENTENCES = [
    "no rule fits",
    "no active rule: left to staff",
    "Parcels: in French: for staff",
    "Parcels: 3 people were asked",
    "Parcels: offered to Ada",
    "Parcels: waits for somebody (hours 3, topic 12)",
    "Parcels: nobody left to ask (nobody addressed)",
    "no longer asked for after a wait: glue",
    "taken back from Ada: no answer",
    "left to the role Press",
]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_reason_is_said_in_french_with_its_names_kept(sentence):
    with translation.override("fr"):
        said = in_words(sentence)
    assert said != sentence
    for name in ("Parcels", "Ada", "glue", "Press", "12"):
        assert (name in said) == (name in sentence)


def test_what_is_not_known_stands_as_it_is():
    with translation.override("fr"):
        assert in_words("routed by hand in 2019") == "routed by hand in 2019"
    with translation.override("en"):
        assert in_words("Parcels: offered to Ada") == "Parcels: offered to Ada"
