"""Header values to clean text: encoded words (RFC 2047), raw 8-bit, parameters, ids, dates.

Every function takes the raw value as the parser left it, is linear, and never raises.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import groupby
from urllib.parse import unquote_to_bytes

from conversations.channels.wire.email.limits import MESSAGE_ID_CHARS

# No codec of these decodes text in linear time, or decodes text at all.
REFUSED_CODECS = frozenset(
    {"idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"}
)
CHARSETS = {  # names in the wild that Python does not know
    "ks_c_5601-1987": "cp949",
    "iso-gb2312": "gb18030",
    "gb2312": "gb18030",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "iso-8859-8-i": "iso-8859-8",
    "unicode-1-1-utf-7": "utf-7",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
}
ENCODED_WORD = re.compile(r"=\?([^?*\s]{1,40})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?]*)\?=")
MESSAGE_ID = re.compile(rf"<[^<>\s]{{1,{MESSAGE_ID_CHARS}}}>")
CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
# Where the declared one of these fails, most of the text is still in it.
MULTIBYTE = frozenset(
    {"iso-2022-jp", "euc-jp", "cp932", "iso-2022-kr", "euc-kr", "cp949", "big5", "gbk", "gb18030"}
)
YEARS = range(1971, 2200)
PARAMETERS = 60


def clean(text: str) -> str:
    """Without what no text column can hold (NUL, half surrogates) and other control characters."""
    return CONTROLS.sub("\ufffd", text)


def one_line(text: str, size: int) -> str:
    return " ".join(clean(text[: size * 8]).split())[:size]


def charset_text(raw: bytes, charset: str = "") -> str:
    """Bytes by their declared charset; where it is unknown or lies, UTF-8, else Windows-1252."""
    name = charset.strip().strip("'\"").lower()
    for codec in (CHARSETS.get(name, name), "utf-8"):
        if not codec or codec.replace("-", "_") in REFUSED_CODECS:
            continue
        try:
            return raw.decode(codec)
        except (LookupError, ValueError):
            continue
    codec = CHARSETS.get(name, name)
    return raw.decode(codec if codec in MULTIBYTE else "cp1252", "replace")


def eight_bit(value: str) -> str:
    """A raw value whose 8-bit bytes, here surrogates, were meant as UTF-8 or Windows-1252."""
    if value.isascii():
        return value
    try:
        return charset_text(value.encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        return clean(value)


def unfolded(value: str) -> str:
    return value.replace("\r", "").replace("\n", "")


def decoded(value: str, *, quoted: bool = False) -> str:
    """A value with its encoded words read; `quoted`: each as a quoted string, so that a comma
    or an angle bracket inside it can never become address syntax."""
    pieces = []
    for is_word, group in groupby(_pieces(unfolded(value)), key=lambda piece: piece[0]):
        text = "".join(_texts(group))
        if is_word and quoted:
            text = '"' + text.replace("\\", "").replace('"', "") + '"'
        pieces.append(text)
    return "".join(pieces)


def _pieces(value: str) -> Iterator[tuple[bool, str, bytes, str]]:
    """(is an encoded word, charset, its bytes, or the plain text between)."""
    end = 0
    for found in ENCODED_WORD.finditer(value):
        between = value[end : found.start()]
        if between.strip(" \t") or (between and not end):
            yield False, "", b"", eight_bit(between)
        yield True, found[1].lower(), _word_bytes(found[2], found[3]), ""
        end = found.end()
    if end < len(value):
        yield False, "", b"", eight_bit(value[end:])


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape") if not text.isascii() else text.encode()
    if encoding in "qQ":
        return binascii.a2b_qp(raw, header=True)
    try:
        return binascii.a2b_base64(raw + b"==")
    except binascii.Error:
        return raw


def _texts(pieces: Iterator[tuple[bool, str, bytes, str]]) -> Iterator[str]:
    """Neighbours of one charset are decoded together: mailers cut inside a character."""
    for charset, group in groupby(pieces, key=lambda piece: piece[1]):
        same = list(group)
        yield "".join(text for _, _, _, text in same)
        yield charset_text(b"".join(raw for _, _, raw, _ in same), charset)


def message_ids(value: str) -> list[str]:
    """The ids in a field, in order, angle brackets kept; a lone id may come without them."""
    text = clean(eight_bit(unfolded(value)))
    found = MESSAGE_ID.findall(text)
    if not found and "@" in text and len(text.split()) == 1:
        bare = text.strip().strip("<>")
        found = [f"<{bare}>"] if 0 < len(bare) <= MESSAGE_ID_CHARS else []
    return list(dict.fromkeys(found))


def date(value: str) -> datetime | None:
    """The sender's own date; None when there is none or it is nonsense."""
    try:
        moment = parsedate_to_datetime(eight_bit(unfolded(value[:200])))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC) if moment.year in YEARS else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def parameters(value: str) -> dict[str, str]:
    """The parameters of a Content-Type or Content-Disposition, RFC 2231 pieces joined."""
    raw: dict[str, str] = {}
    for name, text in _raw_parameters(unfolded(value)):
        raw.setdefault(name, text)
        if len(raw) >= PARAMETERS:
            break
    plain = {name: decoded(text) for name, text in raw.items() if "*" not in name}
    return {name: clean(text) for name, text in ({**plain, **_extended(raw)}).items()}


def _raw_parameters(value: str) -> Iterator[tuple[str, str]]:
    at = value.find(";")
    while 0 <= at < len(value):
        end = value.find(";", at + 1)
        equals = value.find("=", at + 1, end if end >= 0 else len(value))
        start = equals + 1
        while equals >= 0 and value[start : start + 1] in {" ", "\t"}:
            start += 1
        if equals >= 0 and value[start : start + 1] == '"':
            text, end = _quoted_string(value, start + 1)
        else:
            text = value[start : end if end >= 0 else len(value)].strip()
        if equals >= 0:
            yield value[at + 1 : equals].strip().lower(), text
        at = end


def _quoted_string(value: str, start: int) -> tuple[str, int]:
    """The string that starts after a quote, and where the next `;` stands (-1: none)."""
    text = []
    at = start
    while at < len(value) and value[at] != '"':
        at += value[at] == "\\"
        text.append(value[at : at + 1])
        at += 1
    return "".join(text), value.find(";", at)


def _extended(raw: dict[str, str]) -> dict[str, str]:
    """name*, name*0, name*0*, name*1 ...: charset'language'percent-encoded, in pieces."""
    joined: dict[str, str] = {}
    for name in {key.partition("*")[0] for key in raw if "*" in key}:
        pieces = [raw[f"{name}*"]] if f"{name}*" in raw else list(_continued(raw, name))
        whole = "".join(pieces)
        charset, _, rest = whole.partition("'")
        _, found, text = rest.partition("'")
        is_encoded = found and (f"{name}*" in raw or f"{name}*0*" in raw)
        joined[name] = charset_text(_percent(text), charset) if is_encoded else eight_bit(whole)
    return joined


def _continued(raw: dict[str, str], name: str) -> Iterator[str]:
    for number in range(PARAMETERS):
        if f"{name}*{number}*" in raw:
            yield raw[f"{name}*{number}*"]
        elif f"{name}*{number}" in raw:
            yield raw[f"{name}*{number}"]
        else:
            return


def _percent(text: str) -> bytes:
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape"))
