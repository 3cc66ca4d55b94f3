"""What a simulation says of a company, and the page that is kept of a hundred."""

import io
import re
from datetime import timedelta

from django.conf import settings
from django.core.management import call_command

from config.simulation.judging import Judged
from config.simulation.playing.book import FIRST_DAY
from config.simulation.playing.stories import Part, Story
from config.simulation.report import Figures, agreement, text
from maturity.scoring.stages import Transition

PAGE = settings.BASE_DIR / "docs" / "simulation.md"


def told(moves, *, phases=((0, 2), (40, 3)), weeks=80, outages=()):
    """moves: (week, stage) in which the stage became that."""
    story = Story("climb", "b2c", 1, (Part(phases),), outages=outages)
    stages, transitions, stage, moves = [], [], None, dict(moves)
    for week in range(1, weeks + 1):
        if week in moves:
            came_from, stage = stage, moves[week]
            on = FIRST_DAY + timedelta(weeks=week)
            transitions.append(Transition(on, came_from, stage, ("S2-CHA-1",)))
        stages.append((week, stage))
    return Judged(story, weeks, 1, stages, transitions)


def test_a_company_that_is_told_right_has_a_delay_and_no_excess():
    found = Figures([told([(4, 1), (9, 2), (52, 3)])])
    assert found.delays("b2c") == {(2, 3): [12.0]}
    assert found.delays("b2b") == {}
    assert found.restless() == []
    assert agreement(found.confusion()) == (30, 30, 30)  # weeks 26 to 40 and 66 to 80


def test_weeks_soon_after_a_change_and_without_a_source_are_apart():
    one = told([(4, 2), (30, None), (34, 2)], phases=((0, 2),), outages=((28, 32),))
    weeks = list(one.at_rest())
    assert len(weeks) == (28 - 26 + 1) + (80 - (32 + 26) + 1)
    assert set(weeks) == {(2, 2)}


def test_a_stage_that_wavers_or_is_wrong_is_seen():
    wavers = told([(4, 1), (9, 2), (30, 3), (35, 2)])
    found = Figures([wavers])
    ((_, segment),) = found.restless()
    assert (segment.steps, segment.needed, segment.excess) == (3, 1, 2)
    assert found.confusion()[2, 3] == 5
    assert found.delays("b2c") == {(2, 3): [float("inf")]}
    assert agreement(Figures([told([(4, 1), (50, 5)])]).confusion())[1] == 15  # two off is not near
    assert "| median weeks from 2 to 3, B2C (1) | 15 | never | **no** |" in text([wavers])
    assert "3 changes, down: 3 to 2 in week 35 (S2-CHA-1)" in text([wavers])


def headings(page):
    return re.findall(r"^(?:##? .*|\|[^|]*(?=\|))", page, re.MULTILINE)


def test_the_page_kept_is_of_the_form_that_the_command_prints():
    out = io.StringIO()
    call_command("simulate", companies=2, years=1, processes=2, stdout=out, stderr=io.StringIO())
    page, printed = PAGE.read_text(), out.getvalue()
    assert "\n100 companies, 156 weeks each" in page
    wanted = {line for line in headings(printed) if line.startswith("## ")}
    assert len(wanted) >= 4
    assert wanted <= set(headings(page))
    for line in ("| what | must be | is | holds |", "| exact, at rest | 85 % |"):
        assert line in printed
        assert line in page


def test_the_confusion_matrix_kept_is_whole():
    matrix = PAGE.read_text().partition("## The confusion matrix")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (\d) \|(.*)\|.*\|$", matrix, re.MULTILINE)
    assert [played for played, _ in rows] == ["1", "2", "3", "4", "5"]
    assert all(sum(int(n) for n in re.findall(r"\d+", cells)) > 300 for _, cells in rows)
