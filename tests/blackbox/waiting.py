"""How tests wait: for a condition, and with a limit that only something broken reaches."""

import time

# A limit in seconds for everything that must end some time: far more than anything takes on a slow
# machine.
PATIENCE = 300


def wait_until(condition, what="the condition"):
    """Returns the first true value of `condition()`. `what` is reported if there is none; it may be
    a function that then makes the text."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < end, (
            f"waited {PATIENCE} s in vain: {what() if callable(what) else what}")
        time.sleep(0.01)
    return value
