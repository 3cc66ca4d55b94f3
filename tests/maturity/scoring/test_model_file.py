import hashlib

import pytest

from maturity.scoring.definition import (
    MODEL_FILE,
    Bar,
    Kind,
    ModelError,
    Profile,
    Role,
    load,
    parse,
)

TEXT = MODEL_FILE.read_text(encoding="utf-8")


def changed(old, new):
    assert old in TEXT
    return TEXT.replace(old, new, 1).encode()


def test_the_file_names_every_criterion_in_the_order_of_the_table():
    assert [criterion.id for criterion in load().criteria] == [
        *("S1-INS", "S1-LIS"),
        *("S2-CHA-1", "S2-CHA-2", "S2-GOV-1"),
        *("S3-LIS-1", "S3-CON-1", "S3-GOV-1", "S3-GOV-2", "S3-GOV-3", "S3-VAL-1"),
        *("S4-CHA-1", "S4-CON-1", "S4-CAP-1", "S4-AMB-1", "S4-GOV-1", "S4-VAL-1", "S4-CRM-1"),
        *("S5-AMB-1", "S5-AMB-2", "S5-NET-1", "S5-VAL-1", "S5-COV"),
    ]


def test_the_model_says_that_it_is_uncalibrated_and_carries_the_hash_of_its_file():
    model = load()
    assert model.version == "1"
    assert model.calibrated is False
    assert model.sha256 == hashlib.sha256(MODEL_FILE.read_bytes()).hexdigest()


def test_every_criterion_speaks_both_languages():
    for criterion in load().criteria:
        assert set(criterion.words) == {"en", "fr"}
        assert criterion.words["en"].question.endswith("?")
        assert criterion.words["fr"].question.endswith("?")


def test_supporting_criteria_are_no_gates():
    roles = {criterion.id: criterion.role for criterion in load().criteria}
    assert [found for found, role in roles.items() if role is Role.SUPPORTING] == [
        "S1-LIS",
        "S2-GOV-1",
        "S4-CRM-1",
    ]
    assert roles["S1-INS"] is Role.VALIDITY


def test_a_changed_threshold_is_an_edit_of_the_file_and_changes_its_hash():
    edited = parse(changed("enter = 0.50\nstay = 0.35", "enter = 0.55\nstay = 0.35"))
    assert edited.by_id["S1-LIS"].bar(Profile.B2C, 0) == Bar(0.55, 0.35)
    assert edited.sha256 != load().sha256


@pytest.mark.parametrize(
    ("profile", "headcount", "enter"),
    [("b2c", 0, 5), ("b2c", 720, 7.2), ("b2c", 9000, 30), ("b2b", 300, 3), ("b2b", 9000, 18)],
)
def test_the_bar_for_ambassadors_grows_with_the_headcount_and_is_not_rounded(
    profile, headcount, enter
):
    bar = load().by_id["S4-AMB-1"].bar(Profile(profile), headcount)
    assert bar.enter == pytest.approx(enter)
    assert bar.stay == pytest.approx(0.7 * enter)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('id = "S1-LIS"', 'id = "S1-INS"', "twice"),
        ("enter = 0.50\nstay = 0.35", "enter = 0.50\nstay = 0.55", "STAY lies above"),
        ('effort = "low"', 'effort = "none"', "effort"),
        ('dimension = "listening"', 'dimension = "hearing"', "unknown dimension"),
        ('name = "Instrumented"', 'name = " "', "empty sentence"),
        ("minimum = { b2c = 20, b2b = 5 }", "minimum = { b2c = 20 }", "names both"),
        ("settled_share = [0.60, 0.50]", "settled_share = [0.60]", "threshold"),
    ],
)
def test_a_model_whose_parts_do_not_fit_is_refused(old, new, reason):
    with pytest.raises(ModelError, match=reason):
        parse(changed(old, new))


def test_counts_have_no_share_and_shares_have_bounds():
    kinds = {criterion.id: criterion.kind for criterion in load().criteria}
    assert kinds["S3-CON-1"] is Kind.SHARE
    assert kinds["S3-GOV-1"] is Kind.CENSUS
    assert kinds["S4-AMB-1"] is Kind.COUNT
