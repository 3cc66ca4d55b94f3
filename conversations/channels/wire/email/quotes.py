"""What of a mail's text is new: quotes and signature at its end are folded for display.

Presentation only, the whole text is kept. One pass over the lines; no pattern spans lines, so
that no text makes it slow. Only what stands at the end is folded: an answer written between
quoted lines needs them to be understood, and a forwarded mail is what the sender wants read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SCANNED_LINES = 2_000
SCANNED_CHARS = 64 * 1024
LINE_CHARS = 400  # what a pattern may look at
SIGNATURE_LINES = 12
ATTRIBUTION_LINES = 4

WROTE = re.compile(
    r"(wrote|writes|a écrit|schrieb|escribió|ha scritto|schreef|escreveu|skrev|napisał(\(a\)|a)?"
    r"|kirjoitti|написал|написала|пише|写道|寫道|のメール)[^\w]{0,3}[:：]\s*$",
    re.IGNORECASE,
)
FIRST_WORD = re.compile(
    r"(on|le|am|el|il|op|den|em|w dniu|dnia|på|fra|från|\d{4})\b", re.IGNORECASE
)
FIELD = re.compile(
    r"[*_>\s]{0,4}(from|sent|date|to|cc|subject|reply-to|de|envoyé|objet|à|von|gesendet|an|betreff"
    r"|enviado|para|asunto|da|inviato|oggetto|van|verzonden|aan|onderwerp|fra|sendt|til|emne|från"
    r"|skickat|till|ämne|od|wysłano|do|temat|assunto|data|datum)[*_\s]{0,4}[:：]",
    re.IGNORECASE,
)
ORIGINAL = re.compile(
    r"[-_=*\s]{2,60}(original message|original appointment|message d'origine|message original"
    r"|ursprüngliche nachricht|originalnachricht|mensaje original|messaggio originale"
    r"|oorspronkelijk bericht|mensagem original|oprindelig meddelelse|ursprungligt meddelande"
    r"|wiadomość oryginalna|reply above this line)",
    re.IGNORECASE,
)
FORWARDED = re.compile(
    r"([-_=*\s]{2,60}(forwarded message|message transféré|weitergeleitete nachricht"
    r"|mensaje reenviado|messaggio inoltrato|doorgestuurd bericht)|begin forwarded message)",
    re.IGNORECASE,
)
SENT_FROM = re.compile(
    r"[*_\s]{0,3}(sent from|sent via|sent using|get outlook for|envoyé de "
    r"|envoyé depuis|envoyé à partir|von meinem .{1,40} gesendet|gesendet von|enviado desde"
    r"|enviado do|inviato da|verzonden vanaf|sendt fra|skickat från|wysłane z|отправлено с)",
    re.IGNORECASE,
)
RULE = re.compile(r"[_\-*=]{10,}\s*$")


@dataclass(frozen=True, slots=True)
class Folded:
    """The three parts of a text; `quoted` and `signature` are "" where nothing is folded."""

    fresh: str
    quoted: str = ""
    signature: str = ""


def fold(text: str) -> Folded:
    """Splits a mail's text for display. Where nothing would be left to read, nothing is folded."""
    lines = text.split("\n")
    scanned = _scanned(lines)
    kinds = list(_kinds(lines[:scanned]))
    kinds += [kinds[-1] if kinds else "fresh"] * (len(lines) - scanned)
    end = len(lines)
    while end and (kinds[end - 1] != "fresh" or not lines[end - 1].strip()):
        end -= 1
    if not end:
        return Folded(text.strip())
    return Folded(
        fresh="\n".join(lines[:end]).strip(),
        quoted=_joined(lines, kinds, end, "quote"),
        signature=_joined(lines, kinds, end, "signature"),
    )


def own_words(text: str) -> str:
    """What the writer added themself, "" when nothing: for text that goes on to somebody else,
    who must not get what was quoted, wherever it stands."""
    kept: list[str] = []
    for line in fold(text).fresh.split("\n"):
        if ORIGINAL.match(line[:LINE_CHARS]) or FORWARDED.match(line[:LINE_CHARS]):
            break
        if not line.startswith(">"):
            kept.append(line)
    lines = "\n".join(kept).strip().split("\n")
    kinds = list(_kinds(lines))  # where all was quoted, nothing was folded
    return "\n".join(
        line for line, kind in zip(lines, kinds, strict=True) if kind == "fresh"
    ).strip()


def _scanned(lines: Sequence[str]) -> int:
    size = 0
    for number, line in enumerate(lines[:SCANNED_LINES]):
        size += len(line)
        if size > SCANNED_CHARS:
            return number + 1
    return min(len(lines), SCANNED_LINES)


def _joined(lines: Sequence[str], kinds: Sequence[str], start: int, kind: str) -> str:
    return "\n".join(lines[n] for n in range(start, len(lines)) if kinds[n] == kind).strip("\n")


def _kinds(lines: Sequence[str]) -> Iterator[str]:
    """fresh, quote or signature, a line each."""
    at = 0
    kind = "fresh"
    while at < len(lines):
        line = lines[at][:LINE_CHARS]
        if FORWARDED.match(line):
            yield from ["fresh"] * (len(lines) - at)
            return
        taken = _attribution(lines, at)
        ends = taken > 0 and not _next_is_quoted(lines, at + taken)
        if ends or _starts_old_mail(lines, at):
            yield from ["quote"] * (len(lines) - at)
            return
        kind = "quote" if taken or line.startswith(">") else _kind(lines, at, kind)
        yield from [kind] * max(taken, 1)
        at += max(taken, 1)


def _kind(lines: Sequence[str], at: int, before: str) -> str:
    """Of a line that is not quoted itself."""
    line = lines[at][:LINE_CHARS]
    if SENT_FROM.match(line):
        return "signature"
    if line.rstrip() in {"--", "—", "- --"}:
        is_short = line.startswith("-- ") or len(lines) - at <= SIGNATURE_LINES
        is_short = is_short or any(
            rest.startswith(">") for rest in lines[at : at + SIGNATURE_LINES]
        )
        return "signature" if is_short else "fresh"
    if before == "signature" or not line.strip():
        return before
    return "fresh"


def _attribution(lines: Sequence[str], at: int) -> int:
    """How many lines "On ... wrote:" takes here; 0 when it is none."""
    joined = ""
    for taken, line in enumerate(lines[at : at + ATTRIBUTION_LINES], start=1):
        if not line.strip() or line.startswith(">"):
            return 0
        joined += line[:LINE_CHARS] + " "
        if _is_attribution(joined[:LINE_CHARS]) and (taken == 1 or FIRST_WORD.match(joined)):
            return taken
    return 0


def _is_attribution(line: str) -> bool:
    bare = line.strip()
    if not any(char.isdigit() for char in bare):
        return False
    return bool(WROTE.search(bare)) or (bare.endswith((">:", ">：", "):")) and "@" in bare)


def _next_is_quoted(lines: Sequence[str], at: int) -> bool:
    following = (line for line in lines[at : at + 12] if line.strip())
    return next(following, "").startswith(">")


def _starts_old_mail(lines: Sequence[str], at: int) -> bool:
    """Outlook's ways: a ruled heading, or a block of From, Sent, To, Subject."""
    line = lines[at][:LINE_CHARS]
    if ORIGINAL.match(line):
        return True
    if RULE.match(line):
        return _fields(lines, at + 1) >= 2
    return bool(FIELD.match(line)) and _fields(lines, at) >= 3


def _fields(lines: Sequence[str], at: int) -> int:
    """How many of the next lines are fields of an old mail's heading, up to the first blank."""
    count = 0
    started = False
    for line in lines[at : at + 8]:
        if not line.strip():
            if started:
                break
            continue
        started = True
        count += bool(FIELD.match(line[:LINE_CHARS]))
    return count
