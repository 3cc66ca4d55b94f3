"""Files go out as each network takes them; what it took once is never sent again."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from conversations.channels.wire.account import Account
from conversations.channels.wire.contract import File, Outbound, Party, SendFailed, Sent
from conversations.channels.wire.email.adapter import Email
from conversations.channels.wire.meta.page import Page
from conversations.channels.wire.meta.whatsapp import WhatsApp
from conversations.channels.wire.registry import CHANNELS
from conversations.channels.wire.slack import Slack
from conversations.channels.wire.takes import Attaches, AttachesInPublic
from conversations.channels.wire.telegram.adapter import Telegram
from tests.conversations.channels.wire.samples import sample_of

PICTURE = File("parcel.png", "image/png", b"\x89PNG picture")
OFFER = File("offer.pdf", "application/pdf", b"%PDF offer")
ID = "0199f3a2-7c1e-7b44-9d5c-3f2a1b0e0001"


class Network:
    """What it was asked for, by the last word of the address; `fails` at that turn."""

    def __init__(self, answers: dict[str, Any], *, fails: int = 0) -> None:
        self.asked: list[tuple[str, httpx.Request]] = []
        self._answers, self._fails = answers, fails

    def __call__(self, request: httpx.Request) -> httpx.Response:
        word = request.url.path.rpartition("/")[2]
        self.asked.append((word, request))
        if len(self.asked) == self._fails:
            return httpx.Response(503, json={})
        answer = self._answers[word]
        if isinstance(answer, list):
            return httpx.Response(200, json=answer.pop(0))
        return httpx.Response(200, json=answer)

    @property
    def words(self) -> list[str]:
        return [word for word, _ in self.asked]

    def body(self, number: int) -> Any:
        return json.loads(self.asked[number][1].content)


def _message(kind: str, *files: File, text: str = "Here it is.", **more: Any) -> Outbound:
    sample = sample_of(kind)
    return Outbound(
        id=ID,
        external_id="",
        thread=sample.thread,
        to=Party(sample.handle),
        text=text,
        files=files,
        **more,
    )


def _send(adapter: Callable[..., Any], network: Network, message: Outbound, kind: str) -> Sent:
    made = adapter(httpx.MockTransport(network))
    return made.send(sample_of(kind).account(), message)  # type: ignore[no-any-return]


def test_whatsapp_takes_the_bytes_first_and_the_words_below_the_first_file() -> None:
    sent = [{"messages": [{"id": f"wamid.{n}"}]} for n in (1, 2)]
    network = Network({"media": [{"id": "m1"}, {"id": "m2"}], "messages": sent})
    found = _send(WhatsApp, network, _message("whatsapp", PICTURE, OFFER), "whatsapp")
    assert found == Sent("wamid.1", ("wamid.1", "wamid.2"))
    assert network.words == ["media", "messages", "media", "messages"]
    form = network.asked[0][1].content
    assert b'name="messaging_product"' in form
    assert PICTURE.data in form
    assert network.body(1)["image"] == {"id": "m1", "caption": "Here it is."}
    assert network.body(3)["document"] == {"id": "m2", "filename": "offer.pdf"}
    assert {network.body(n)["biz_opaque_callback_data"] for n in (1, 3)} == {ID}


def test_words_that_fit_below_no_file_go_before_it() -> None:
    voice = File("voice.ogg", "audio/ogg", b"OggS")
    for message in (
        _message("whatsapp", voice),
        _message("whatsapp", PICTURE, text="x" * 1_025),
    ):
        sent = [{"messages": [{"id": f"wamid.{n}"}]} for n in (1, 2)]
        network = Network({"media": {"id": "m1"}, "messages": sent})
        assert _send(WhatsApp, network, message, "whatsapp").external_id == "wamid.1"
        assert network.words == ["messages", "media", "messages"]
        assert network.body(0)["text"]["body"] == message.text


def test_telegram_shows_pictures_and_passes_documents_on() -> None:
    result = [{"ok": True, "result": {"message_id": n}} for n in (901, 902)]
    network = Network({"sendPhoto": [result[0]], "sendDocument": [result[1]]})
    found = _send(Telegram, network, _message("telegram", PICTURE, OFFER), "telegram")
    assert found == Sent("1111111:901", ("1111111:901", "1111111:902"))
    form = network.asked[0][1].content
    assert b"Here it is." in form
    assert b'name="photo"; filename="parcel.png"' in form
    assert b"caption" not in network.asked[1][1].content


def test_messenger_takes_words_and_files_one_by_one_under_our_own_id() -> None:
    sent = [{"message_id": f"m_{n}"} for n in (1, 2)]
    network = Network({"messages": sent})
    found = _send(Page, network, _message("facebook", OFFER), "facebook")
    assert found == Sent("m_1", ("m_1", "m_2"))
    form = network.asked[1][1].content
    assert OFFER.data in form
    assert b'"type": "file"' in form
    assert ID.encode() in form


def test_a_picture_goes_along_below_a_post_and_a_second_one_is_a_comment_of_its_own() -> None:
    below = {"thread": "post:5_7", "in_reply_to": "7_9"}
    message = dataclasses.replace(_message("facebook", PICTURE, PICTURE), **below)
    network = Network({"comments": [{"id": "7_10"}, {"id": "7_11"}]})
    assert _send(Page, network, message, "facebook") == Sent("7_10", ("7_10", "7_11"))
    forms = [request.content for _, request in network.asked]
    assert [PICTURE.data in form for form in forms] == [True, True]
    assert [b"Here it is." in form for form in forms] == [True, False]
    assert all(b'name="source"; filename="parcel.png"' in form for form in forms)
    assert network.asked[0][1].url.path.endswith("/7_9/comments")

    network = Network({"comments": [{"id": "7_10"}, {"id": "7_11"}]}, fails=2)
    with pytest.raises(SendFailed) as failed:
        _send(Page, network, message, "facebook")
    assert failed.value.parts == ("7_10", "")
    again = Network({"comments": [{"id": "7_11"}]})
    message = dataclasses.replace(message, parts=failed.value.parts)
    assert _send(Page, again, message, "facebook").parts == ("7_10", "7_11")
    assert b"Here it is." not in again.asked[0][1].content
    assert isinstance(CHANNELS["facebook"], AttachesInPublic)
    assert CHANNELS["facebook"].takes_in_public.largest_of("application/pdf") == 0
    assert CHANNELS["facebook"].takes.largest_of("application/pdf") > 0


def test_slack_gets_all_files_as_one_message_in_the_thread() -> None:
    places = [
        {"ok": True, "upload_url": f"https://files.slack.com/upload/u{n}", "file_id": f"F{n}"}
        for n in (1, 2)
    ]
    network = Network(
        {
            "files.getUploadURLExternal": places,
            "u1": {},
            "u2": {},
            "files.completeUploadExternal": {"ok": True, "files": []},
        }
    )
    assert _send(Slack, network, _message("slack", PICTURE, OFFER), "slack") == Sent()
    assert next(each for word, each in network.asked if word == "u1").content == PICTURE.data
    assert "authorization" not in network.asked[1][1].headers  # the place is not the API
    assert network.body(-1) == {
        "files": [{"id": "F1", "title": "parcel.png"}, {"id": "F2", "title": "offer.pdf"}],
        "channel_id": "C2147483705",
        "initial_comment": "Here it is.",
        "thread_ts": "1700000000.000100",
    }
    elsewhere = {"ok": True, "upload_url": "https://slack.com.evil.example/u", "file_id": "F"}
    with pytest.raises(SendFailed, match="no place of its own"):
        _send(
            Slack,
            Network({"files.getUploadURLExternal": elsewhere}),
            _message("slack", OFFER),
            "slack",
        )


def test_a_mail_carries_them_along(tmp_path: Any) -> None:
    account = Account(address="support@relais.example", options={"mail_url": tmp_path.as_uri()})
    message = Outbound(
        id=ID,
        external_id="<a@relais.example>",
        thread="",
        to=Party("lea@customer.example"),
        text="Here.",
        files=(OFFER,),
    )
    Email().send(account, message)
    [mail] = tmp_path.glob("*.eml")
    assert b'filename="offer.pdf"' in mail.read_bytes()


def test_what_was_taken_before_a_failure_is_not_sent_again() -> None:
    """The second file fails three times, in each of its two steps; then the rest goes."""
    sent = [{"messages": [{"id": f"wamid.{n}"}]} for n in (1, 2)]
    answers = {"media": {"id": "m"}, "messages": sent}
    message = _message("whatsapp", PICTURE, OFFER)
    network = Network(answers, fails=3)
    with pytest.raises(SendFailed) as failed:
        _send(WhatsApp, network, message, "whatsapp")
    assert (failed.value.parts, failed.value.unknown) == (("wamid.1", ""), False)
    message = _message("whatsapp", PICTURE, OFFER, parts=failed.value.parts)
    network = Network(answers)
    assert _send(WhatsApp, network, message, "whatsapp") == Sent("wamid.1", ("wamid.1", "wamid.2"))
    assert network.words == ["media", "messages"]
    assert network.body(1)["document"]["filename"] == "offer.pdf"


def test_handing_bytes_over_is_seen_by_nobody_and_may_be_done_again() -> None:
    def lost(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow")

    for adapter, kind in ((WhatsApp, "whatsapp"), (Slack, "slack")):
        with pytest.raises(SendFailed) as failed:
            adapter(httpx.MockTransport(lost)).send(
                sample_of(kind).account(), _message(kind, OFFER)
            )
        assert failed.value.unknown is False


def test_every_network_that_takes_files_says_how_many_and_how_large() -> None:
    taking = {kind: each.takes for kind, each in CHANNELS.items() if isinstance(each, Attaches)}
    assert set(taking) >= {
        "email", "facebook", "slack", "telegram", "webchat", "webhook", "whatsapp",
    }  # fmt: skip
    assert not {"sms", "instagram"} & set(taking)  # they fetch files from public addresses only
    for takes in taking.values():
        assert takes.most >= 1
        assert 0 < takes.largest <= takes.together <= 20 * 1024 * 1024
    assert taking["whatsapp"].largest_of("image/png") == 5 * 1024 * 1024
    assert taking["whatsapp"].largest_of("application/x-msdownload") == 0
    assert taking["facebook"].largest_of("image/webp") == 8 * 1024 * 1024
