"""FILE.rejected.jsonl: what could not be taken, with its line number and the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import IO


def path_beside(file: Path) -> Path:
    stem = file.name.removesuffix(".gz").removesuffix(".jsonl")
    return file.with_name(f"{stem}.rejected.jsonl")


class Rejects:
    """Written as they are found; the file appears with the first, an older one goes away."""

    def __init__(self, file: Path, *, fallback: Path) -> None:
        self.path = path_beside(file)
        self.count = 0
        self._fallback = fallback / self.path.name
        self._out: IO[str] | None = None

    def add(self, number: int, reason: str, *, type_: object = None, id_: object = None) -> None:
        self.count += 1
        said = {"line": number, "reason": reason, "type": type_, "id": id_}
        kept = {k: v for k, v in said.items() if isinstance(v, int) or (isinstance(v, str) and v)}
        self._file().write(json.dumps(kept) + "\n")

    def close(self) -> None:
        if self._out:
            self._out.close()
        elif self.path.exists():
            self.path.unlink()

    def _file(self) -> IO[str]:
        if self._out is None:
            try:
                self._out = self.path.open("w", encoding="utf-8")
            except OSError:  # a read-only folder
                self.path = self._fallback
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._out = self.path.open("w", encoding="utf-8")
        return self._out
