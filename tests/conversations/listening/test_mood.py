"""Praise and complaint, judged on phrases written as people write them; and what is neither."""

from __future__ import annotations

import pytest

from conversations.listening import mood
from conversations.listening.models import Sentiment

P, N, M, U = Sentiment.POSITIVE, Sentiment.NEGATIVE, Sentiment.MIXED, Sentiment.UNKNOWN
EN = (
    ("Great service, my tent arrived in two days", P),
    ("Love these boots, best I ever had", P),
    ("Can't recommend enough!", P),
    ("No problem at all with the delivery", P),
    ("Not bad for the price", P),
    ("They never disappoint", P),
    ("Kudos to the team, very helpful", P),
    ("The zip broke after one night, never again", N),
    ("Still waiting for my refund", N),
    ("Terrible customer service, rude on the phone", N),
    ("Not happy with the tent", N),
    ("It isn't worth the money", N),
    ("What a waste of money", N),
    ("I am not impressed", N),
    ("Great tent but the delivery was late", M),
    ("Beautiful boots, sadly the sole fell apart", M),
    ("Anyone tried the new stove?", U),
    ("Bivouac opens a shop in Lyon on Monday", U),
    ("Looking for a tent for two", U),
    ("Their headquarters are in Grenoble", U),
)
FR = (
    ("Super service, tente arrivée en deux jours", P),
    ("J'adore mes nouvelles chaussures", P),
    ("Aucun problème, je recommande", P),
    ("Je ne suis pas déçu du tout", P),
    ("Pas mal pour ce prix", P),
    ("Équipe au top, merci !", P),
    ("Impeccable, très content de mon achat", P),
    ("La fermeture a cassé après une nuit, plus jamais", N),
    ("Toujours pas de réponse du service client", N),
    ("Quelle déception, ce sac est nul", N),
    ("Je ne suis pas content de la tente", N),
    ("J'attends depuis trois semaines mon remboursement", N),
    ("À fuir", N),
    ("J'en ai marre d'attendre", N),
    ("Le réchaud ne fonctionne plus", N),
    ("Belle tente, mais livrée en retard", M),
    ("Très bon sac, dommage pour la couture déchirée", M),
    ("Quelqu'un a essayé le nouveau réchaud ?", U),
    ("Bivouac ouvre une boutique à Lyon lundi", U),
    ("Je cherche une tente pour deux", U),
    ("Leur siège est à Grenoble", U),
)


@pytest.mark.parametrize(("language", "phrases"), [("en", EN), ("fr", FR)])
def test_phrases_are_told_apart(language: str, phrases: tuple[tuple[str, Sentiment], ...]) -> None:
    wrong = [(text, said, found.value) for text, said in phrases
             if (found := mood.of(text, language)) != said]  # fmt: skip
    assert wrong == []


def test_what_is_in_no_known_language_has_no_mood() -> None:
    assert mood.of("super great terrible", "") == U
    assert mood.of("super toll", "de") == U


def test_a_text_of_a_megabyte_costs_no_more_than_its_beginning() -> None:
    assert mood.of("not " * 300_000 + "great", "en") == U
