"""What a measure answers, and small words of all of them."""

from datetime import timedelta

DAY = timedelta(days=1)


class Count:
    def __init__(self, k, n=None, *, sample=None, k_stay=None):
        self.k, self.n, self.sample, self.k_stay = k, n, sample, k_stay
        self.enter = self.stay = True

    def clause(self, number, enter, stay=None):
        """`number` None: a share of nothing."""
        stay = enter if stay is None else stay
        self.enter &= number is not None and number >= enter
        self.stay &= number is not None and number >= stay
        return self


def share(part, whole):
    return part / whole if whole else None


def pick(profile, b2c, b2b):
    return b2c if profile == "b2c" else b2b


def expectation(x):
    expected = x.get("expected") or {}
    if expected.get("metric") and expected.get("value") is not None:
        return expected["metric"], float(expected["value"])
    return None
