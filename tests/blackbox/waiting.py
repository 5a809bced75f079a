"""How tests wait: for a condition, and with an end that only something broken reaches."""

import time

# Seconds, for everything that must end some time: far more than anything takes on a slow machine.
PATIENCE = 300


def wait_until(condition, what="the condition"):
    """The first true value of `condition()`. `what` is told if there is none; it may be a function
    that makes the text then."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < end, (
            f"waited {PATIENCE} s in vain: {what() if callable(what) else what}")
        time.sleep(0.01)
    return value
