#!/usr/bin/env python3
"""Answer from a terminal: a small client of the Relais API. Standard library only.

    export RELAIS_URL=http://127.0.0.1:8000 RELAIS_TOKEN=...
    ./ambassador.py live                       what is offered to you, as it happens
    ./ambassador.py offers                     what waits for your yes or no
    ./ambassador.py accept OFFER               take the conversation
    ./ambassador.py decline OFFER REASON [COMMENT]
    ./ambassador.py reasons                    what an offer may be declined with
    ./ambassador.py show CONVERSATION          what was said so far
    ./ambassador.py suggest CONVERSATION       articles that may answer it
    ./ambassador.py answer CONVERSATION TEXT   write to the person outside ("-": from the input)
    ./ambassador.py note CONVERSATION TEXT     write to colleagues
    ./ambassador.py close CONVERSATION

Ids may be shortened to any beginning or end that one row of your list has alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

PAUSE = 2  # seconds between two streams
PATIENCE = 90  # seconds without a word before a stream is opened again


class Refused(Exception):
    """The server's answer, in the words it has for people."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(problem.get("detail") or f"HTTP {status}")
        self.status, self.code = status, problem.get("code", "")


class Api:
    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url.rstrip("/") + "/api/v1/", token

    def get(self, path: str, **query: str) -> Any:
        asked = f"?{urllib.parse.urlencode(query)}" if query else ""
        return self._send("GET", path + asked)

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Safe when the line breaks: the same key acts once, so it is sent again."""
        key = str(uuid.uuid4())
        for attempt in range(3):
            try:
                return self._send("POST", path, body or {}, {"Idempotency-Key": key})
            except (urllib.error.URLError, TimeoutError):
                if attempt == 2:
                    raise
                time.sleep(1 + attempt)
        raise AssertionError

    def events(self, after: str = "") -> Iterator[tuple[str, str, Any]]:
        """(id, name, data) of each event; goes on where the last stream ended."""
        while True:
            headers = {"Accept": "text/event-stream", **({"Last-Event-ID": after} if after else {})}
            try:
                with self._open("GET", "stream/", None, headers, PATIENCE) as lines:
                    for number, name, data in _read_events(lines):
                        after = number or after
                        yield number, name, json.loads(data)
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                print("The line is cut; trying again.", file=sys.stderr)
            time.sleep(PAUSE)

    def _send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Any:
        with self._open(method, path, body, headers or {}, 30) as answer:
            return json.load(answer)

    def _open(
        self, method: str, path: str, body: Any, headers: dict[str, str], patience: float
    ) -> Any:
        data = None if body is None else json.dumps(body).encode()
        said = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        if data is not None:
            said["Content-Type"] = "application/json"
        request = urllib.request.Request(  # noqa: S310 - the person's own server
            self.url + path, data=data, method=method, headers=said | headers
        )
        try:
            return urllib.request.urlopen(request, timeout=patience)  # noqa: S310
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(error.code, _problem(error.read())) from None


def _problem(body: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(body))
    except (ValueError, TypeError):
        return {}


def _read_events(lines: Any) -> Iterator[tuple[str, str, str]]:
    fields = {"id": "", "event": "message", "data": ""}
    for raw in lines:
        line = raw.decode().rstrip("\r\n")
        if line:
            name, _, value = line.partition(":")
            fields[name] = value.removeprefix(" ")
        elif fields["data"]:
            yield fields["id"], fields["event"], fields["data"]
            fields = {"id": "", "event": "message", "data": ""}


def offers(api: Api) -> None:
    found = api.get("offers/", state="open")["results"]
    if not found:
        print("Nothing is offered to you.")
    for offer in found:
        _print_offer(api, offer)


def _print_offer(api: Api, offer: dict[str, Any]) -> None:
    said = api.get(f"conversations/{offer['conversation']}/messages/")["results"]
    question = next((each["text"] for each in reversed(said) if each["direction"] == "in"), "")
    until = f", until {offer['expires_at']}" if offer["expires_at"] else ""
    print(f"offer {offer['id']}{until}")
    print(f"  conversation {offer['conversation']}")
    print(f"  {' '.join(question.split())[:200]}")


def live(api: Api) -> None:
    """What waits now, then what comes. Ends with Ctrl-C."""
    looked = False
    for _, name, said in api.events():
        if name == "stream.reset" or not looked:  # once the line stands: nothing falls between
            looked = True
            offers(api)
            print("Listening; Ctrl-C ends.")
        elif name == "offer.made":
            with suppress(Refused):  # it may have gone to somebody else meanwhile
                _print_offer(api, api.get(f"offers/{said['data']['offer']}/"))
        elif not name.startswith("stream."):
            print(f"{name}: conversation {said['data'].get('conversation', '')}")
        sys.stdout.flush()


def accept(api: Api, offer: str) -> None:
    taken = api.post(f"offers/{_whole(api, 'offers/', offer)}/accept/")
    print(f"Yours now: conversation {taken['conversation']}")


def decline(api: Api, offer: str, reason: str, comment: str = "") -> None:
    body = {"reason": reason, **({"comment": comment} if comment else {})}
    api.post(f"offers/{_whole(api, 'offers/', offer)}/decline/", body)
    print("Declined; a colleague is asked.")


def reasons(api: Api) -> None:
    for reason in api.get("decline-reasons/")["results"]:
        print("  ".join(str(value) for value in reason.values() if isinstance(value, str)))


def show(api: Api, conversation: str) -> None:
    where = f"conversations/{_whole(api, 'conversations/', conversation)}/messages/"
    for message in api.get(where)["results"]:
        state = f" ({message['delivery']['state']})" if message["delivery"] else ""
        kind = " [note]" if message["kind"] == "note" else ""
        print(f"{message['received_at'][:16]} {message['author']['name']}{kind}{state}:")
        print("  " + message["text"].replace("\n", "\n  "))
    _print_terms(api, conversation)


def _print_terms(api: Api, conversation: str) -> None:
    terms = api.get(f"conversations/{_whole(api, 'conversations/', conversation)}/")["answering"]
    if terms["why_not"]:
        print(f"-- {terms['why_not']}")
        return
    if terms["is_public"]:
        print("-- Everybody can read what you answer here.")
    if terms["replaces"]:
        print("-- Your answer takes the place of the one before.")
    if terms["window_until"]:
        print(f"-- This network takes answers until {terms['window_until']}.")


def suggest(api: Api, conversation: str) -> None:
    where = f"conversations/{_whole(api, 'conversations/', conversation)}/suggestions/"
    found = api.get(where)["results"]
    if not found:
        print("No article fits.")
    for article in found:
        print(f"{article['title']}  ({article['id']})")


def answer(api: Api, conversation: str, text: str, kind: str = "reply") -> None:
    text = sys.stdin.read() if text == "-" else text
    where = f"conversations/{_whole(api, 'conversations/', conversation)}/messages/"
    message = api.post(where, {"text": text, "kind": kind})
    print(f"Written: {message['delivery']['state'] if message['delivery'] else 'a note'}")


def note(api: Api, conversation: str, text: str) -> None:
    answer(api, conversation, text, kind="note")


def close(api: Api, conversation: str) -> None:
    api.post(f"conversations/{_whole(api, 'conversations/', conversation)}/close/")
    print("Closed.")


def _whole(api: Api, where: str, part: str) -> str:
    """The id that `part` begins or ends; a whole one needs no look."""
    if len(part) == 36:
        return part
    ids = [row["id"] for row in api.get(where, page_size="200")["results"]]
    found = [each for each in ids if each.startswith(part) or each.endswith(part)]
    if len(found) != 1:
        raise SystemExit(f"{part} names {len(found) or 'none'} of your {where.rstrip('/')}.")
    return str(found[0])


COMMANDS: dict[str, Callable[..., None]] = {
    one.__name__: one
    for one in (live, offers, accept, decline, reasons, show, suggest, answer, note, close)
}


def main(arguments: list[str]) -> int:
    url, token = os.environ.get("RELAIS_URL", ""), os.environ.get("RELAIS_TOKEN", "")
    if not arguments or arguments[0] not in COMMANDS or not url or not token:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        COMMANDS[arguments[0]](Api(url, token), *arguments[1:])
    except TypeError:
        print(__doc__, file=sys.stderr)
        return 2
    except Refused as error:
        print(f"Refused: {error} ({error.status} {error.code})", file=sys.stderr)
        return 1
    except (urllib.error.URLError, TimeoutError) as error:
        print(f"{url} does not answer: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
