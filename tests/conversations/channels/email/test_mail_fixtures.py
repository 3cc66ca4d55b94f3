from collections import Counter

from conversations.channels.wire.contract import Inbound, Refused
from conversations.channels.wire.email import quotes
from conversations.channels.wire.email.html import sanitised

REFUSED = {
    "msg_19.txt": "starts with its text",
    "example13.eml": "spaces before the colons of its header (RFC 2822, obsolete)",
}


def test_every_third_party_mail_is_read_and_what_is_refused_is_known(read, fixtures):
    refused, kinds = set(), Counter()
    for path in sorted((fixtures / "mail").rglob("*")):
        if path.suffix not in {".eml", ".txt"}:
            continue
        try:
            item = read(path.read_bytes())
        except Refused:
            refused.add(path.name)
            continue
        kinds[type(item).__name__] += 1
        if isinstance(item, Inbound):
            assert item.sender.handle
            assert item.external_id
            quotes.fold(item.text)
            sanitised(item.html)
    assert refused == set(REFUSED)
    assert kinds["Inbound"] >= 150
    assert kinds["Receipt"] >= 115
