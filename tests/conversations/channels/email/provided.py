"""What providers of mail post, written from their documentation (none was captured): Postmark
(postmarkapp.com/developer/webhooks), Mailgun (documentation.mailgun.com, Receiving and Webhooks),
SendGrid (twilio.com/docs/sendgrid, Inbound Parse and Event Webhook), Mailjet (dev.mailjet.com,
Parse API and Event API), SparkPost (developers.sparkpost.com, Relay and Event Webhooks), Brevo
(developers.brevo.com, Transactional webhooks); each as django-anymail 15.2 reads it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SIGNING_KEY = "key-of-mailgun"
AT = 1_795_500_750
_EC = ec.generate_private_key(ec.SECP256R1())
SENDGRID_KEY = base64.b64encode(
    _EC.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
).decode()


@dataclass(frozen=True)
class Posted:
    esp: str
    what: str
    body: bytes
    headers: Mapping[str, str]


def _json(esp: str, what: str, body: Any, **headers: str) -> Posted:
    said = {"content-type": "application/json", **headers}
    return Posted(esp, what, json.dumps(body).encode(), said)


def form(fields: Mapping[str, str], files: Mapping[str, tuple[str, str, bytes]] = {}) -> Any:
    """(body, content type) of a form of several parts."""
    mark, lines = "0x0x0x0x", []
    for name, value in fields.items():
        lines += [f"--{mark}", f'Content-Disposition: form-data; name="{name}"', "", value]
    body = "\r\n".join([*lines, ""]).encode()
    for name, (filename, kind, data) in files.items():
        head = f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"'
        body += f"{head}\r\nContent-Type: {kind}\r\n\r\n".encode() + data + b"\r\n"
    return body + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"


def signed(token: str = "t0ken") -> dict[str, str]:
    """As Mailgun signs."""
    said = f"{AT}{token}".encode()
    signature = hmac.new(SIGNING_KEY.encode(), said, hashlib.sha256).hexdigest()
    return {"timestamp": str(AT), "token": token, "signature": signature}


def by_sendgrid(body: bytes) -> dict[str, str]:
    signature = _EC.sign(str(AT).encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "x-twilio-email-event-webhook-signature": base64.b64encode(signature).decode(),
        "x-twilio-email-event-webhook-timestamp": str(AT),
    }


# --- a mail that comes in ---


def inbound(mail: bytes, recipient: str, sender: str) -> dict[str, Posted]:
    """The same mail, as each provider posts it."""
    read: Any = message_from_bytes(mail, policy=default)
    text, html = (_body(read, kind) for kind in ("plain", "html"))
    files = list(read.iter_attachments()) if read.is_multipart() else []
    pairs = [(name, str(value)) for name, value in read.items() if name != "Content-Type"]
    raw = mail.decode()
    body_mime = {"recipient": recipient, "sender": sender, "body-mime": raw, **signed("a")}
    parts = {
        f"attachment-{number}": (one.get_filename(), one.get_content_type(), one.get_content())
        for number, one in enumerate(files, start=1)
    }
    fields = {"recipient": recipient, "sender": sender, **signed("b")}
    fields |= {"message-headers": json.dumps(pairs), "body-plain": text, "body-html": html}
    fields |= {"attachment-count": str(len(files))}
    envelope = json.dumps({"to": [recipient], "from": sender})
    relay = {"rcpt_to": recipient, "friendly_from": sender, "msg_from": sender}
    relay["protocol"] = "smtp"
    relay["content"] = {"email_rfc822": raw, "email_rfc822_is_base64": False}  # type: ignore[assignment]
    made = {
        "mailgun mime": ("mailgun", "inbound-mime", *form(body_mime)),
        "mailgun fields": ("mailgun", "inbound", *form(fields, parts)),
        "sendgrid raw": ("sendgrid", "inbound", *form({"email": raw, "envelope": envelope})),
    }
    posted = {
        name: Posted(esp, what, body, {"content-type": kind})
        for name, (esp, what, body, kind) in made.items()
    }
    shown = [{"Name": name, "Value": value} for name, value in pairs]
    envelope_first = [{"Name": "Return-Path", "Value": f"<{sender}>"}]
    common = {"FromFull": {"Email": sender, "Name": "", "MailboxHash": ""}}
    posted["postmark raw"] = _json(
        "postmark",
        "inbound",
        {**common, "OriginalRecipient": recipient, "RawEmail": raw, "Headers": envelope_first},
    )
    skipped = {"From", "To", "Cc", "Subject", "Date", "MIME-Version"}
    posted["postmark fields"] = _json(
        "postmark",
        "inbound",
        {
            **common,
            "OriginalRecipient": recipient,
            "ToFull": [{"Email": recipient, "Name": "", "MailboxHash": ""}],
            "Subject": str(read["Subject"]),
            "Date": str(read["Date"]),
            "TextBody": text,
            "HtmlBody": html,
            "Headers": envelope_first + [each for each in shown if each["Name"] not in skipped],
            "Attachments": [
                {
                    "Name": one.get_filename(),
                    "ContentType": one.get_content_type(),
                    "Content": base64.b64encode(one.get_content()).decode(),
                }
                for one in files
            ],
        },
    )
    posted["sparkpost"] = _json("sparkpost", "inbound", [{"msys": {"relay_message": relay}}])
    lists: dict[str, Any] = {}
    for name, value in pairs:
        lists.setdefault(name, []).append(value)
    parse = {"Sender": sender, "Recipient": recipient, "Text-part": text, "Html-part": html}
    parse |= {
        "Headers": {name: each[0] if len(each) == 1 else each for name, each in lists.items()}
    }
    parse |= {"Parts": []}
    for number, one in enumerate(files, start=1):
        parse[f"Attachment{number}"] = base64.b64encode(one.get_content()).decode()
        head = {
            "Content-Type": f'{one.get_content_type()}; name="{one.get_filename()}"',
            "Content-Disposition": f'attachment; filename="{one.get_filename()}"',
        }
        parse["Parts"].append({"ContentRef": f"Attachment{number}", "Headers": head})
    posted["mailjet"] = _json("mailjet", "inbound", parse)
    return posted


def _body(read: Any, kind: str) -> str:
    part = read.get_body((kind,))
    return str(part.get_content()) if part is not None else ""


# --- what became of a mail of ours ---


def tracked(esp: str, happened: str, *, known_as: str, ours: str, to: str) -> Posted:
    """happened: delivered, bounced, deferred, complained, opened."""
    return _TRACKED[esp](happened, known_as, ours, to)


def _postmark(happened: str, known_as: str, ours: str, to: str) -> Posted:
    said: dict[str, Any] = {"MessageID": known_as, "Metadata": {"relais": ours}}
    bounce = {"RecordType": "Bounce", "ID": 42, "Email": to, "BouncedAt": "2026-11-24T09:00:00Z"}
    kinds: dict[str, dict[str, Any]] = {
        "delivered": {"RecordType": "Delivery", "Recipient": to, "Details": "250 OK"},
        "bounced": {**bounce, "Type": "HardBounce", "Details": "550 5.1.1 no such user"},
        "deferred": {**bounce, "Type": "Transient", "Details": "451 later"},
        "complained": {**bounce, "RecordType": "SpamComplaint", "Type": "SpamComplaint"},
        "opened": {"RecordType": "Open", "Recipient": to, "FirstOpen": True},
    }
    return _json("postmark", "tracking", {**said, **kinds[happened]})


def _mailgun(happened: str, known_as: str, ours: str, to: str) -> Posted:
    told: dict[str, Any] = {"recipient": to, "timestamp": AT, "id": "e1", "user-variables": {}}
    told |= {"message": {"headers": {"message-id": known_as.strip("<>")}}}
    told["user-variables"] = {"relais": ours}
    status = {"code": 550, "message": "5.1.1 no such user"}
    kinds: dict[str, dict[str, Any]] = {
        "delivered": {"event": "delivered", "delivery-status": {"code": 250, "message": "OK"}},
        "bounced": {"event": "failed", "severity": "permanent", "reason": "bounce"},
        "deferred": {"event": "failed", "severity": "temporary", "reason": "generic"},
        "complained": {"event": "complained"},
        "opened": {"event": "opened"},
    }
    told |= kinds[happened]
    if told["event"] == "failed":
        told["delivery-status"] = status
    return _json("mailgun", "tracking", {"signature": signed(happened), "event-data": told})


def _sendgrid(happened: str, known_as: str, ours: str, to: str) -> Posted:
    names = {"bounced": "bounce", "complained": "spamreport", "opened": "open"}
    told = {"event": names.get(happened, happened), "email": to, "timestamp": AT, "relais": ours}
    told |= {"anymail_id": known_as, "sg_event_id": happened, "response": "250 OK"}
    if happened == "bounced":
        told |= {"reason": "550 5.1.1 no such user", "status": "5.1.1", "response": ""}
        del told["response"]
    body = json.dumps([told]).encode()
    headers = {"content-type": "application/json", **by_sendgrid(body)}
    return Posted("sendgrid", "tracking", body, headers)


def _mailjet(happened: str, known_as: str, ours: str, to: str) -> Posted:
    names = {"delivered": "sent", "bounced": "bounce", "complained": "spam", "opened": "open"}
    told: dict[str, Any] = {"event": names.get(happened, happened), "time": AT, "email": to}
    told |= {"MessageID": int(known_as), "Payload": json.dumps({"relais": ours})}
    if happened == "bounced":
        told |= {"blocked": False, "hard_bounce": True, "error_related_to": "recipient"}
        told |= {"error": "user unknown", "comment": "550 5.1.1 no such user"}
    if happened == "deferred":
        told |= {"blocked": False, "hard_bounce": False, "event": "bounce", "error": "x"}
    return _json("mailjet", "tracking", [told])


def _brevo(happened: str, known_as: str, ours: str, to: str) -> Posted:
    names = {"bounced": "hard_bounce", "complained": "spam"}
    told = {"event": names.get(happened, happened), "email": to, "message-id": known_as}
    told |= {"ts_epoch": AT * 1_000, "X-Mailin-custom": json.dumps({"relais": ours})}
    if happened == "bounced":
        told["reason"] = "550 5.1.1 no such user"
    return _json("brevo", "tracking", told)


def _sparkpost(happened: str, known_as: str, ours: str, to: str) -> Posted:
    names = {"delivered": "delivery", "bounced": "bounce", "complained": "spam_complaint"}
    names |= {"deferred": "delay", "opened": "open"}
    group = "track_event" if happened == "opened" else "message_event"
    told: dict[str, Any] = {"type": names[happened], "raw_rcpt_to": to, "transmission_id": known_as}
    told |= {"event_id": happened, "timestamp": str(AT), "rcpt_meta": {"relais": ours}}
    if happened == "bounced":
        told |= {"bounce_class": "10", "raw_reason": "550 5.1.1 no such user"}
    return _json("sparkpost", "tracking", [{"msys": {group: told}}])


_TRACKED = {
    "postmark": _postmark,
    "mailgun": _mailgun,
    "sendgrid": _sendgrid,
    "mailjet": _mailjet,
    "brevo": _brevo,
    "sparkpost": _sparkpost,
}
