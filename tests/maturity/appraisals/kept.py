"""What the records say of a day when nothing that was kept is looked at."""

from datetime import UTC, datetime

from maturity.appraisals import derivation
from maturity.appraisals.known import Known
from maturity.appraisals.services import PastReading
from maturity.appraisals.storing import live_evaluations
from maturity.facts.ledger import Ledger
from maturity.facts.records import Records, read
from maturity.scoring.definition import load


def by_scan(as_of, *, reading):
    """The whole object of an appraisal, by a scan of all records."""
    records, model, now = read(), load(), datetime.now(UTC)

    def recorded_before(cut):
        known = records.recorded_before(cut) if cut else Records()
        return Ledger(known, model, scan=True)

    days = seen = Ledger(records, model, scan=True)
    if reading == PastReading.KNOWN:
        days = Known(days)
        days.ledger_before = days.recorded_before = recorded_before  # no week shares a ledger
        seen = days.ledger_at(as_of)
    live = live_evaluations(as_of)
    derived = derivation.derive(days, as_of, now=now, live=live, units_at=seen.units_at)
    return derivation.appraisal(derived, reading=reading.value)
