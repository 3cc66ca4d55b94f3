import json
from time import process_time

import pytest

from conversations.channels.wire.email.quotes import Folded, fold

AGREED = 28  # cases of the third parties' in which three reference implementations agree
AGREED_HERE = 27  # the other starts with the heading of a quote, and has no answer at all


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Hello\n\nthere", Folded("Hello\n\nthere")),
        (
            "Thanks!\n\nOn Tue, 24 Nov 2026 at 10:00, Support <s@x.example> wrote:\n> Hello\n> You",
            Folded(
                "Thanks!",
                "On Tue, 24 Nov 2026 at 10:00, Support <s@x.example> wrote:\n> Hello\n> You",
            ),
        ),
        (
            "Merci\n\nLe mar. 24 nov. 2026 à 10:00, Support\n<s@x.example> a écrit :\n\nBonjour",
            Folded(
                "Merci",
                "Le mar. 24 nov. 2026 à 10:00, Support\n<s@x.example> a écrit :\n\nBonjour",
            ),
        ),
        (
            "Ok\n\n-- \nLéa Martin\n+33 1\n\n-----Original Message-----\nFrom: x\nold",
            Folded("Ok", "-----Original Message-----\nFrom: x\nold", "-- \nLéa Martin\n+33 1"),
        ),
        (
            "Ok\n\nDe : Support\nEnvoyé : mardi\nÀ : Léa\nObjet : RE\n\nold",
            Folded("Ok", "De : Support\nEnvoyé : mardi\nÀ : Léa\nObjet : RE\n\nold"),
        ),
        ("Ok\n\nSent from my iPhone", Folded("Ok", "", "Sent from my iPhone")),
        ("Fine -- this is no signature", Folded("Fine -- this is no signature")),
    ],
)
def test_quotes_and_signatures_at_the_end_are_folded(text, folded):
    assert fold(text) == folded


def test_an_answer_between_quoted_lines_keeps_them():
    text = "> How many?\nTwo.\n> Which colour?\nBlue."
    assert fold(text) == Folded(text)


def test_a_forwarded_mail_is_not_folded():
    text = "See below\n\n---------- Forwarded message ---------\nFrom: a@b.example\nDate: x\n\nhi"
    assert fold(text) == Folded(text)


def test_where_all_is_quoted_nothing_is_folded():
    text = "> only\n> quoted"
    assert fold(text) == Folded(text)


@pytest.mark.parametrize(
    "text",
    [
        "On " * 200_000 + "\n" * 200_000 + " wrote",
        ">" * 500_000,
        "\n" * 500_000,
        "On 1\n" * 100_000,
        ("_" * 300 + "\n") * 3_000,
        "From:\n" * 100_000,
        "a 1 " * 100_000 + "wrote:",
        ("x" * 39 + " gesendet") * 20_000,
        "*" * 500_000,
    ],
)
def test_no_text_makes_folding_slow(text):
    started = process_time()
    fold(text)
    assert process_time() - started < 0.7


def test_the_reference_implementations_mostly_agree(fixtures):
    def flat(text: str) -> str:
        return " ".join(text.split())

    agreed = same = 0
    for folder in sorted((fixtures / "replies").iterdir()):
        cases = json.loads((folder / "reference_outputs.json").read_text())["cases"]
        for name, outputs in cases.items():
            visible = {flat(each) for each in outputs.values() if isinstance(each, str)}
            if len(visible) == 1:
                agreed += 1
                text = (folder / name).read_text(errors="replace")
                same += flat(fold(text).fresh) in visible
    print(f"quotes: {same} of {agreed} cases as all reference implementations")
    assert (agreed, same) == (AGREED, AGREED_HERE)
