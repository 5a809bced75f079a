"""Loads that last until a test lets them end, however fast or slow the machine is."""

from dnc_server import BIN


class HeldLoads:
    """While it holds, servers started with its `environment` do not begin to read what was
    uploaded: a load stays in READING, while the rest of the server goes on."""

    def __init__(self, folder):
        self.gate = folder / "hold-loads"
        library = BIN.parent / "tests" / "libheld_loads.so"
        assert library.exists(), f"{library} is missing; build the target held_loads"
        self.environment = {"LD_PRELOAD": str(library), "DNC_TEST_HOLD": str(self.gate)}

    def hold(self):
        self.gate.touch()

    def release(self):
        self.gate.unlink(missing_ok=True)
