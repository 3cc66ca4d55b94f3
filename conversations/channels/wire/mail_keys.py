"""Whether a provider of mail takes our key: a question of its API that changes nothing.

anymail only sends. Asked is what each provider's own reference names for the holder of a key:
Postmark GET /server, Mailgun GET /domains/{domain}, Mailjet GET /v3/REST/apikey, SendGrid
GET /scopes, SparkPost and Brevo GET /account.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from urllib.parse import quote, urljoin

from conversations.channels.wire import calling
from conversations.channels.wire.account import Account
from conversations.channels.wire.calling import Answer
from conversations.channels.wire.contract import SendFailed
from conversations.channels.wire.email.esp import providers
from conversations.channels.wire.provider import Checked, NotConnected
from conversations.channels.wire.values import each, inside, text


def check(account: Account) -> Checked:
    """Whom the key belongs to. Raises NotConnected."""
    keys, provider = account.credentials, providers.of(account.credentials)
    if provider is None:
        raise NotConnected("no provider of mail is named")
    if lacking := provider.lacks(keys):
        raise NotConnected(f"{provider.title}: {', '.join(lacking)} is missing")
    domain = keys.get("esp_domain") or account.address.rpartition("@")[2]
    answer = _asked(account, provider, domain)
    if answer.status in {401, 403}:
        raise NotConnected(_refused(keys["esp"], provider.title, answer.status))
    if answer.status == 404 and keys["esp"] == "mailgun":
        raise NotConnected(f"Mailgun knows no domain {domain} under this key")
    if not answer.is_success:
        passing = answer.status >= 429
        raise NotConnected(f"{provider.title} answers HTTP {answer.status}", passing=passing)
    return _found(keys["esp"], answer, domain)


def _asked(account: Account, provider: providers.Provider, domain: str) -> Answer:
    keys = account.credentials
    options = providers.options(provider.sends, keys)
    api = providers.made(provider.backend, options).api_url
    url = urljoin(api, _path(keys["esp"], domain))
    given = calling.named_by(account) if keys.get("esp_api_url") else None
    try:
        return calling.call("GET", url, headers=_shown(keys), given=given)
    except SendFailed as error:
        raise NotConnected(f"{provider.title}: {error}", passing=True) from error


def _path(esp: str, domain: str) -> str:
    """Below the address of the API, or from its root on."""
    paths = {
        "brevo": "account",
        "mailgun": f"domains/{quote(domain, safe='')}",
        "mailjet": "/v3/REST/apikey",
        "postmark": "server",
        "sendgrid": "scopes",
        "sparkpost": "account",
    }
    return paths[esp]


def _shown(keys: Mapping[str, str]) -> dict[str, str]:
    key = keys["esp_api_key"]
    shown = {
        "brevo": {"api-key": key},
        "mailgun": {"authorization": _basic("api", key)},
        "mailjet": {"authorization": _basic(key, keys.get("esp_secret_key", ""))},
        "postmark": {"x-postmark-server-token": key},
        "sendgrid": {"authorization": f"Bearer {key}"},
        "sparkpost": {"authorization": key},
    }
    return {"accept": "application/json", **shown[keys["esp"]]}


def _basic(name: str, word: str) -> str:
    return f"Basic {base64.b64encode(f'{name}:{word}'.encode()).decode()}"


def _refused(esp: str, title: str, status: int) -> str:
    """Two of them let a key be narrowed to sending, and then refuse any question."""
    said = f"{title} does not take the key (HTTP {status})"
    if esp == "mailgun" or (esp == "sparkpost" and status == 403):
        return f"{said}; one that may only send is refused here as well: then try a mail"
    return said


def _found(esp: str, answer: Answer, domain: str) -> Checked:
    data = answer.data
    if esp == "postmark":
        return Checked(name=text(data, "Name"))
    if esp == "mailgun":
        state = text(inside(data, "domain"), "state")
        unfit = f"Mailgun calls {domain} {state}: its DNS records are not verified"
        return Checked(name=domain, remarks=() if state in {"", "active"} else (unfit,))
    if esp == "mailjet":
        known = [*each(data, "Data")]
        return Checked(name=text(known[0], "Name") if known else "")
    if esp == "sendgrid":
        scopes = data.get("scopes")
        if not (isinstance(scopes, list) and "mail.send" in scopes):
            raise NotConnected("SendGrid’s key may not send: it lacks the scope mail.send")
        return Checked(name="")
    if esp == "sparkpost":
        return Checked(name=text(inside(data, "results"), "company_name"))
    return Checked(name=text(data, "companyName") or text(data, "email"))
