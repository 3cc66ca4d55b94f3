"""A sheet of paper with our few ways of writing on it: headings, lines, tables, polygons."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from django.conf import settings
from fpdf import FPDF
from fpdf.enums import XPos, YPos

INK, QUIET, LINE, BRAND = (23, 38, 42), (90, 107, 112), (205, 214, 214), (11, 110, 105)
SOFT, PASSED, WARN = (228, 234, 234), (191, 225, 220), (138, 83, 0)
MARGIN, HEIGHT = 15.0, 5.2  # mm
CORE = "Helvetica"  # in every reader, for Western European text

Colour = tuple[int, int, int]


class Paper(FPDF):
    """A4. Texts that the font has no letters for are written with the nearest ones."""

    def __init__(self, *, title: str, language: str, made_at: datetime, foot: str) -> None:
        super().__init__(format="A4")
        self.foot = foot
        self.family = self._load()
        self.set_title(title)
        self.set_lang(language)
        self.set_creator("Relais")
        self.set_creation_date(made_at)
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, margin=18)
        self.add_page()

    def _load(self) -> str:
        """A font with more letters where PDF_FONT names one, in both weights."""
        self.core_fonts_encoding = "cp1252"
        plain = Path(settings.PDF_FONT) if settings.PDF_FONT else None
        if plain is None or not plain.is_file():
            return CORE
        bold = plain.with_name(f"{plain.stem}-Bold{plain.suffix}")
        self.add_font("ours", "", str(plain))
        self.add_font("ours", "B", str(bold if bold.is_file() else plain))
        return "ours"

    def footer(self) -> None:
        self.set_y(-12)
        self.ink(QUIET, 7.5)
        self.cell(0, 4, self.fit(f"{self.foot} · {self.page_no()}"), align="C")

    def fit(self, text: str) -> str:
        """As it is, or in letters that the core font has: arrows and accents of other scripts."""
        if self.family != CORE:
            return text
        text = text.translate({0x2192: ">", 0x2190: "<", 0x202F: " ", 0x2009: " "})
        return "".join(_nearest(letter) for letter in text)

    def ink(self, colour: Colour = INK, size: float = 10, style: str = "") -> None:
        self.set_text_color(*colour)
        self.set_font(self.family, style, size)

    def heading(self, text: str) -> None:
        if self.will_page_break(24):
            self.add_page()
        self.ln(4)
        self.ink(INK, 12.5, "B")
        self.write_line(text, 7)

    def write_line(self, text: str, height: float = HEIGHT) -> None:
        """Over the whole width, broken where it must be."""
        self.multi_cell(0, height, self.fit(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def entries(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.ink(INK, 9.5)
            self.write_line(f"· {text}")

    def grid(
        self, head: Sequence[str], lines: Iterable[Sequence[str]], widths: Sequence[int]
    ) -> None:
        self.ink(INK, 8.2)
        self.set_draw_color(*LINE)
        self.set_fill_color(255, 255, 255)
        with self.table(
            col_widths=tuple(widths),
            line_height=4.4,
            borders_layout="HORIZONTAL_LINES",
            text_align="LEFT",
            first_row_as_headings=True,
        ) as table:
            for line in (head, *lines):
                cells = table.row()
                for text in line:
                    cells.cell(self.fit(text))

    def shape(self, points: Sequence[tuple[float, float]], colour: Colour) -> None:
        self.set_fill_color(*colour)
        self.set_draw_color(255, 255, 255)
        self.polygon(points, style="DF")

    def written(self) -> bytes:
        return bytes(self.output())


def _nearest(letter: str) -> str:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        plain = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
        return plain or "?"
    return letter
