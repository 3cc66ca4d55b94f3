"""What the API's document shows of connecting a channel."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample

_AT = "2026-11-24T09:30:00Z"


def _example(name: str, value: Any, *, asked: bool = False) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=asked, response_only=not asked)


KINDS = _example(
    "One network",
    {
        "results": [
            {
                "kind": "telegram",
                "title": "Telegram",
                "fields": [
                    {
                        "name": "bot_token",
                        "label": "Bot token",
                        "help": "What @BotFather answered to /newbot, such as 123456:ABC-DEF.",
                        "secret": True,
                        "required": True,
                    }
                ],
                "steps": ["Write /newbot to @BotFather in Telegram and choose a name."],
                "longest": 4096,
                "window_hours": None,
                "has_door": True,
            }
        ]
    },
)
CONNECT = _example(
    "A bot",
    {
        "kind": "telegram",
        "unit": "brand-a",
        "name": "Telegram of Brand A",
        "values": {"bot_token": "123456:ABC-DEF"},
    },
    asked=True,
)
CHANGE = _example("A new token", {"values": {"bot_token": "123456:NEW-ONE"}}, asked=True)
HEALTH = _example(
    "It works",
    {
        "door": "https://crm.example/hooks/telegram/UfZFPnzArnga18pX5MGNgsAG7yylygbY/",
        "given": ["bot_token"],
        "works": True,
        "name": "@brand_bot",
        "cause": "",
        "remarks": [],
        "checked_at": _AT,
        "expires_at": None,
        "last_read_at": None,
        "last_in_at": _AT,
        "last_out_at": None,
        "received": 41,
        "failed": 0,
    },
)
_DOOR = "/hooks/email/UfZFPnzArnga18pX5MGNgsAG7yylygbY/postmark/"
_MAIL: dict[str, Any] = {
    "given": ["esp", "esp_api_key"],
    "provider": "postmark",
    "by_provider": True,
    "webhooks": [
        {"what": "tracking", "url": f"https://crm.example{_DOOR}tracking/"},
        {"what": "inbound", "url": f"https://crm.example{_DOOR}inbound/"},
    ],
    "works": None,
    "cause": "",
    "checked_at": None,
    "expires_at": None,
}
MAIL = _example("Carried by a provider", _MAIL)
MAIL_CHANGE = _example(
    "Postmark carries it",
    {"keys": {"esp": "postmark", "esp_api_key": "7a0c5c2e-server-token"}},
    asked=True,
)
MAIL_TRIED = _example(
    "One way works, the other does not",
    {
        "tried": [
            {"way": "fetching", "works": True, "said": "imap.example", "remarks": []},
            {
                "way": "sending",
                "works": False,
                "said": "Postmark does not take the key (HTTP 401)",
                "remarks": [],
            },
        ]
    },
)
MAIL_MADE = _example(
    "The addresses, told once",
    {
        **_MAIL,
        "webhooks": [
            {"what": each, "url": f"https://relais:2f1c9be0@crm.example{_DOOR}{each}/"}
            for each in ("tracking", "inbound")
        ],
    },
)
