"""Which language a text is in, and that what is neither English nor French is not called so."""

import pytest

from crm import language

EN = (
    "Great service from Bivouac, my tent arrived in two days",
    "bivouac tent broke after one night, never again",
    "Anyone tried the new Bivouac stove?",
    "Bivouac opens a shop in Lyon",
    "Love my new boots!",
    "Where is my parcel?",
    "The zip is broken again.",
    "Best customer service ever https://bit.ly/x #boots",
)
FR = (
    "Super service chez Bivouac, ma tente est arrivée en deux jours",
    "la tente bivouac a cassé après une nuit, plus jamais",
    "Quelqu'un a essayé le nouveau réchaud Bivouac ?",
    "Bivouac ouvre une boutique à Lyon",
    "J'adore mes nouvelles chaussures !",
    "Où est mon colis ?",
    "La fermeture est encore cassée.",
    "nul ce sac, à fuir https://t.co/abc",
)
NEITHER = (
    "Toller Service von Bivouac, mein Zelt kam nach zwei Tagen an",
    "El servicio de Bivouac es excelente, mi tienda llegó en dos días",
    "Il servizio di Bivouac è ottimo, la tenda è arrivata in due giorni",
    "De tent van Bivouac is na een nacht kapot gegaan",
    "A barraca da Bivouac chegou em dois dias",
    "ビバークのテントは最高です",
    "Палатка Bivouac пришла за два дня",
    "Namiot Bivouac dotarł w dwa dni",
    "El servei de Bivouac és molt bo, la tenda va arribar",
    "Bivouac 2026 XT-200",
    "https://example.org/a/long/address/of/english/words",
    "🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥🔥",
    "ok",
    "",
)


@pytest.mark.parametrize(
    ("texts", "expected"), [(EN, "en"), (FR, "fr"), (NEITHER, "")], ids=["en", "fr", "neither"]
)
def test_a_language_is_named_where_it_is_certain(texts: tuple[str, ...], expected: str) -> None:
    assert [(text, language.recognise(text)) for text in texts] == [
        (text, expected) for text in texts
    ]


def test_routing_asks_which_of_the_two_is_likelier() -> None:
    assert [language.detect(text) for text in EN] == ["en"] * len(EN)
    assert [language.detect(text) for text in FR] == ["fr"] * len(FR)
    assert language.detect("Merci") == ""
