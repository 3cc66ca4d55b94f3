"""Reading a history file line by line, whatever is in it, in flat memory."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from crm.journal.lines import Unfit

CHUNK = 1 << 20
LONGEST_LINE = 8 << 20  # bytes
GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"
UTF16 = (b"\xff\xfe", b"\xfe\xff", b"{\x00", b"\x00{")


class Source:
    """A plain or gzipped file. `position` of `size` bytes are read, for the progress bar."""

    def __init__(self, path: Path) -> None:
        self.size = path.stat().st_size
        self._raw = path.open("rb")
        packed = self._raw.read(2) == GZIP
        self._raw.seek(0)
        self._packed = gzip.GzipFile(fileobj=self._raw) if packed else None

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self._raw.close()

    @property
    def position(self) -> int:
        return self._raw.tell()

    def lines(self) -> Iterator[tuple[int, bytes | Unfit]]:
        """Each line's number and its bytes, or why it can't be read; blank lines are left out."""
        for number, piece in enumerate(self._pieces(), start=1):
            line = piece
            if number == 1 and isinstance(line, bytes):
                if line.startswith(UTF16):
                    yield number, Unfit("the file is UTF-16; it must be UTF-8")
                    return
                line = line.removeprefix(BOM)
            if isinstance(line, Unfit) or line.strip():
                yield number, line

    def _pieces(self) -> Iterator[bytes | Unfit]:
        rest = b""
        skipping = False  # inside a line that is too long
        while True:
            try:
                chunk = self._read()
            except (EOFError, OSError, zlib.error) as error:
                yield Unfit(f"the compressed file is damaged or cut off here: {error}")
                return
            if not chunk:
                break
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                yield TOO_LONG if skipping or len(line) > LONGEST_LINE else line
                skipping = False
            if len(rest) > LONGEST_LINE:
                rest, skipping = b"", True
        if rest or skipping:
            yield TOO_LONG if skipping else rest

    def _read(self) -> bytes:
        if self._packed:
            return self._packed.read1(CHUNK)  # what is there before it raises
        return self._raw.read(CHUNK)


TOO_LONG = Unfit(f"is longer than {LONGEST_LINE >> 20} MiB")


def parse(line: bytes) -> dict[str, Any]:
    """The JSON object of a line, or Unfit."""
    try:
        raw = DECODER.decode(line.decode())
    except UnicodeDecodeError as error:
        raise Unfit(f"is not UTF-8 (byte {error.start + 1} of the line)") from None
    except RecursionError:
        raise Unfit("is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Unfit(f"is not one JSON object: {error.msg} at character {error.pos + 1}") from None
    except ValueError as error:  # a number of thousands of digits
        raise Unfit(f"is not JSON: {error}") from None
    if not isinstance(raw, dict):
        raise Unfit("is not a JSON object")
    return raw


def _no_number(word: str) -> NoReturn:
    raise Unfit(f"{word} is no JSON number")


DECODER = json.JSONDecoder(parse_constant=_no_number)  # made once: `json.loads` makes one a line
