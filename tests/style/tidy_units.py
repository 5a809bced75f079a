"""What clang-tidy reads, a line each: a file that the build compiles, and the sources in it.

The build compiles several sources as one file (cmake/DncTargets.cmake, dnc_join), and clang-tidy
reads the same: most of its time goes to headers from elsewhere. Tests and fuzzers are left out.
Writes the commands for clang-tidy to build/tidy.
"""

import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROOMS = tuple(str(ROOT / room) + "/" for room in ("server", "clients", "tools"))


def sources(unit):
    if "/Unity/" not in unit:
        return [unit]
    return re.findall(r'^#include "(.+)"', pathlib.Path(unit).read_text(), re.M)


def without_what_is_for_gcc(command):
    """Removes GCC's compiled headers, which clang-tidy cannot read (the sources include all
    headers), and GCC's own parameters."""
    return re.sub(r" -Winvalid-pch| -include \S*/cmake_pch\.hxx| --param=\S+", "", command)


entries = json.loads((ROOT / "build/compile_commands.json").read_text())
(ROOT / "build/tidy/compile_commands.json").write_text(json.dumps(
    [entry | {"command": without_what_is_for_gcc(entry["command"])} for entry in entries]))
for entry in entries:
    members = [member for member in sources(entry["file"]) if member.startswith(ROOMS)]
    if members and not members[0].endswith(("_test.cc", "_fuzz.cc")):
        print(entry["file"], *members)
