from uuid import UUID

import pytest

from conversations.channels.wire.email import tokens

SUBJECT = UUID("0193c0f0-1111-7222-8333-444455556666")


def test_a_token_names_its_subject_in_any_case_and_fits_a_local_part():
    token = tokens.sign("key", SUBJECT, purpose=tokens.REPLY)
    assert tokens.verify("key", token.upper(), purpose=tokens.REPLY) == SUBJECT
    address = tokens.tagged("customer-service@x.example", token, purpose=tokens.REPLY)
    assert address == f"customer-service+c.{token}@x.example"
    assert len(address.partition("@")[0]) <= 64
    assert token == token.lower()


def test_another_key_purpose_or_letter_is_no_token():
    token = tokens.sign("key", SUBJECT, purpose=tokens.REPLY)
    other = ("b" if token[5] != "b" else "c").join([token[:5], token[6:]])
    assert tokens.verify("other", token, purpose=tokens.REPLY) is None
    assert tokens.verify("key", token, purpose=tokens.BOUNCE) is None
    assert tokens.verify("key", other, purpose=tokens.REPLY) is None


@pytest.mark.parametrize("token", ["", "a", "1" * 42, "é" * 42, "a" * 42, "=" * 42, "a" * 10_000])
def test_nonsense_is_no_token(token):
    assert tokens.verify("key", token, purpose=tokens.REPLY) is None
