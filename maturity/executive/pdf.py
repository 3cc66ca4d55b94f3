"""The executive page as a PDF of two or three sheets: what a board reads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.http import HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from maturity.executive import charts
from maturity.executive.asking import Asked
from maturity.executive.page import Page
from maturity.executive.paper import BRAND, INK, LINE, MARGIN, PASSED, QUIET, SOFT, WARN, Paper
from maturity.executive.rows import Row
from maturity.executive.wording import language
from maturity.scoring.definition import Stage

CURVE_HEIGHT, CURVE_WIDTH = 46.0, 180.0  # mm
STEPS = 30


def pdf(page: Page, asked: Asked) -> bytes:
    """In the language that is active."""
    day = date_format(asked.as_of, "DATE_FORMAT")
    title = f"{page.name or _('Your company')} · {_('Social maturity')} · {day}"
    paper = Paper(
        title=title, language=language(), made_at=page.picture.made_at, foot=foot(page, day)
    )
    head(paper, page, day)
    if page.is_empty:
        paper.write_line(_("Nothing is known yet, and that is no low level"))
        return paper.written()
    draw_curve(paper, page)
    risk(paper, page)
    path(paper, page)
    changes(paper, page)
    units(paper, page)
    criteria(paper, page)
    paper.heading(_("Not used for the stage"))
    paper.ink(QUIET, 9)
    paper.write_line(
        _(
            "Followers, likes and impressions, numbers of posts or articles, tick boxes, "
            "uploaded documents, self-ratings. Nobody is ranked."
        )
    )
    return paper.written()


def answer(page: Page, asked: Asked) -> HttpResponse:
    told = HttpResponse(pdf(page, asked), content_type="application/pdf")
    named = f"maturity-{asked.as_of.isoformat()}.pdf"
    told["Content-Disposition"] = f'inline; filename="{named}"'
    return told


def foot(page: Page, day: str) -> str:
    model = page.model
    words = _("model v%(version)s") % {"version": model.version}
    if not model.calibrated:
        words += f", {_('uncalibrated')}"
    return f"Relais · {day} · {words} · {model.sha256[:12]}"


def named(stage: Stage) -> str:
    return stage.name[language()]


def head(paper: Paper, page: Page, day: str) -> None:
    paper.ink(QUIET, 10)
    paper.write_line(f"{page.name or _('Your company')} · {day}")
    paper.ink(INK, 26, "B")
    paper.write_line(named(page.stage), 12)
    paper.ink(QUIET, 11)
    paper.write_line(page.stage.line[language()])
    paper.ln(1)
    paper.ink(INK, 10.5, "B")
    for flag in flags(page):
        paper.write_line(flag)


def flags(page: Page) -> Iterator[str]:
    if page.next_stage:
        counted = {"met": page.met, "all": len(page.wanted), "next": named(page.next_stage)}
        yield _("%(met)s of %(all)s gates met towards %(next)s") % counted
    if page.is_at_risk:
        yield _("at risk")
    if page.is_provisional and not page.is_empty:
        yield f"{_('provisional')}: {_('until four weekly evaluations were made live')}"
    if page.without_exemption:
        yield _("A gate is exempted. Without the exemption: %(stage)s.") % {
            "stage": named(page.without_exemption)
        }


def draw_curve(paper: Paper, page: Page) -> None:
    """The drawing of the page, scaled to the sheet's width."""
    top, scale = paper.get_y() + 2, CURVE_WIDTH / charts.WIDTH
    floor = top + CURVE_HEIGHT - 10

    def place(deviation: float) -> tuple[float, float]:
        x = MARGIN + charts.across(deviation) * scale
        return x, floor - (charts.FLOOR - charts.height(deviation)) * scale

    for segment, right, left in zip(page.curve, charts.BOUNDS, charts.BOUNDS[1:], strict=False):
        points = [place(left + (right - left) * step / STEPS) for step in range(STEPS + 1)]
        colour = BRAND if segment.is_here else PASSED if segment.is_passed else SOFT
        paper.shape([(points[0][0], floor), *points, (points[-1][0], floor)], colour)
        paper.ink(BRAND if segment.is_here else INK, 8.5, "B" if segment.is_here else "")
        paper.set_xy(MARGIN + segment.middle * scale - 20, floor + 1)
        paper.cell(40, 4, paper.fit(named(segment.stage)), align="C")
    paper.set_xy(MARGIN, floor + 6)
    paper.ink(QUIET, 7.5)
    paper.write_line(
        f"{_('← read from right to left')} · "
        f"{_('2011, large companies: a drawing of the study, not a benchmark')}"
    )


def risk(paper: Paper, page: Page) -> None:
    if not page.slipping:
        return
    paper.heading(_("At risk") if page.is_at_risk else _("To be watched"))
    paper.ink(WARN, 9.5)
    for row in page.slipping:
        paper.write_line(f"{row.words.name}: {row.figure}. {row.missing}")


def path(paper: Paper, page: Page) -> None:
    following = page.next_stage
    if not (page.path or page.coverage_blocks):
        return
    paper.heading(
        _("The path left to %(next)s") % {"next": named(following)}
        if following
        else _("The path left")
    )
    for number, row in enumerate(page.path, start=1):
        paper.ink(INK, 10, "B")
        paper.write_line(f"{number}. {row.words.name}")
        paper.ink(INK, 9.5)
        paper.write_line(row.words.action)
        paper.ink(QUIET, 9)
        paper.write_line(row.figure if row.is_withheld else f"{row.figure} — {row.missing}")
    if page.coverage_blocks:
        paper.entries([_("Coverage by units")])


def changes(paper: Paper, page: Page) -> None:
    if not page.changes:
        return
    paper.heading(_("Three years, and why each step was made"))
    lines = [
        (
            date_format(change.on, "SHORT_DATE_FORMAT"),
            f"{named(change.came_from)} → {named(change.to)}",
            change.because,
        )
        for change in page.changes
    ]
    paper.grid((_("Date"), _("Stage"), _("Why")), lines, (22, 48, 110))


def units(paper: Paper, page: Page) -> None:
    if not page.grid:
        return
    paper.heading(_("Units and dimensions"))
    lines = [
        (
            line.name,
            named(line.stage) + (f" ({_('at risk')})" if line.at_risk else ""),
            *(f"{cell.met}/{len(cell.rows)}" if cell.known else "–" for _name, cell in line.cells),
        )
        for line in page.grid
    ]
    paper.grid(
        (_("Unit"), _("Stage"), *page.dimensions),
        lines,
        (28, 26, *([126 // len(page.dimensions)] * len(page.dimensions))),
    )
    paper.ink(QUIET, 8)
    paper.write_line(_("Criteria met of all; – is not enough data."))


def criteria(paper: Paper, page: Page) -> None:
    paper.heading(_("Every criterion"))
    paper.set_draw_color(*LINE)
    head = ("", _("Criterion"), _("Outcome"), _("Measured"), _("Threshold"))
    paper.grid(head, [criterion(row) for row in page.rows], (22, 52, 26, 36, 44))
    weeks = page.model.walk
    counted = {"up": weeks.confirmations, "down": weeks.losses}
    paper.ink(QUIET, 8)
    paper.write_line(
        ngettext(
            "A gate opens after %(up)s weekly evaluation, and closes after %(down)s losses.",
            "A gate opens after %(up)s weekly evaluations, and closes after %(down)s losses.",
            weeks.confirmations,
        )
        % counted
    )


def criterion(row: Row) -> Sequence[str]:
    said = f"{row.figure} ({row.interval})" if row.interval else row.figure
    return (row.criterion.id, row.words.name, row.outcome_word, said, row.threshold)
