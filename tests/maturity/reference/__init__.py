"""A second evaluator of the maturity model, written from the law alone.

It shares nothing with `maturity/`: no thresholds, no arithmetic, no order of work. It is slow and
says what the law says, sentence by sentence; histories are read by both and must give the same.
"""
