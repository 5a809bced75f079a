"""A server whose clock is wrong (tests/support/clock_shift.c)."""

import os
import shutil
import struct
import subprocess

import pytest

from dnc_server import REPO


class ShiftedClock:
    """A wrong clock; `env` is for the programs that are to have it."""

    def __init__(self, folder):
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        if compiler is None:
            pytest.skip("needs a C compiler, cc")
        library = folder / "clock_shift.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-o", library,
                        REPO / "tests" / "support" / "clock_shift.c"], check=True)
        self.path = folder / "clock_shift"
        self.path.write_bytes(struct.pack("<q", 0))
        self.env = {**os.environ, "LD_PRELOAD": str(library), "CLOCK_SHIFT": str(self.path),
                    # This only asks about the order of libraries, not what they do.
                    "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def set(self, seconds):
        """Sets the clock, also for servers that are running."""
        with self.path.open("r+b") as file:
            file.write(struct.pack("<q", int(seconds)))
