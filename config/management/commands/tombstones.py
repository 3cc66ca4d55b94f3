"""What was erased, as keyed digests in a file: kept apart from backups, loaded after a restore."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from crm.privacy import again, erasing


class Command(BaseCommand):
    help = (
        "--dump FILE writes the digests of all that was erased. --load FILE reads them into a "
        "restored database and erases again whoever came back with it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--dump", type=Path, metavar="FILE")
        what.add_argument("--load", type=Path, metavar="FILE")

    def handle(self, *_args: Any, dump: Path | None, load: Path | None, **_options: Any) -> None:
        if dump is not None:
            self._dump(dump)
        elif load is not None:
            self._load(load)

    def _dump(self, file: Path) -> None:
        draft = file.with_name(file.name + ".new")
        draft.touch(mode=0o600)
        count = 0
        with draft.open("w", encoding="ascii") as out:
            for line in again.dumped():
                out.write(f"{line}\n")
                count += 1
        draft.replace(file)
        self.stdout.write(f"{file}: {count} digests.")

    def _load(self, file: Path) -> None:
        if not file.is_file():
            raise CommandError(f"{file} is not a file.")
        with file.open(encoding="ascii") as lines:
            count = again.load(lines)
        begun = again.erase_again()
        done = sum(erasing.carry(pk, seconds=3_600) for pk in begun)
        self.stdout.write(f"{count} digests read; {len(begun)} people came back, {done} erased.")
        if done < len(begun):
            raise CommandError("the worker goes on with the others.")
