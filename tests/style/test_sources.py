"""Habits that the compiler does not check: short files, one way of includes, tidy text."""

import functools
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAX_LINES = 600
TEXT_SUFFIXES = {".cc", ".h", ".py", ".sh", ".proto", ".cmake", ".md", ".yaml", ".yml", ".txt",
                 ".go", ".java", ".js"}

# The rooms of the server; an include goes only to a room that stands before or in its own.
ROOMS = ["base", "wire", "numbers", "index", "formats", "storage", "rules", "scrub", "registry",
         "intake", "tenants", "records", "service", "rpc", "telemetry", "http", "dialer", "rest",
         "config", "assembly"]
# Rooms must not know these, so that they can be read and tested alone.
FOREIGN = {
    "base": ("grpc", "rocksdb/", "dnc/v1/"),
    "wire": ("grpc/", "grpcpp/", "rocksdb/", "dnc/v1/", "google/"),
    "numbers": ("grpc", "rocksdb/", "dnc/v1/"),
    "index": ("grpc", "rocksdb/", "dnc/v1/"),
    "scrub": ("grpc", "rocksdb/", "dnc/v1/"),
    "formats": ("grpc", "rocksdb/", "dnc/v1/"),
    "storage": ("grpc",),
    "registry": ("grpc", "rocksdb/"),
    "intake": ("grpc", "rocksdb/"),
    "rules": ("grpc", "rocksdb/", "dnc/v1/"),
    "tenants": ("grpc", "rocksdb/"),
    "records": ("grpc", "rocksdb/"),
    "service": ("grpc", "rocksdb/", "dnc/v1/"),
}


@functools.cache
def tracked_files():
    """Returns the files of the repository: those that git knows and those that it would add."""
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True)
    paths = (ROOT / line for line in listed.stdout.splitlines())
    return sorted(path for path in paths if path.is_file())


def files(*suffixes, under=""):
    """Returns our own files: copies of other projects' contracts are in folders named protos."""
    return [p for p in tracked_files() if p.suffix in suffixes and (ROOT / under) in p.parents
            and "protos" not in p.parts and "google" not in p.parts]


def name(path):
    return str(path.relative_to(ROOT))


def includes(path):
    return re.findall(r'^#include [<"]([^>"]+)[>"]', path.read_text(), re.M)


def test_files_are_short():
    long = {name(p): n for p in files(".cc", ".h", ".py", ".sh")
            if (n := len(p.read_text().splitlines())) > MAX_LINES}
    assert not long, f"above {MAX_LINES} lines; look for the missing part: {long}"


def test_lines_end_clean():
    bad = []
    for path in tracked_files():
        if path.suffix not in TEXT_SUFFIXES and path.name not in ("dev", "run", "CMakeLists.txt"):
            continue
        if "corpus" in path.parts:
            continue
        text = path.read_bytes()
        bad += [f"{name(path)}:{i}: blanks at the end" for i, line in enumerate(
            text.split(b"\n"), 1) if line != line.rstrip()]
        if text and not text.endswith(b"\n"):
            bad.append(f"{name(path)}: no line end at the end")
        if path.suffix in (".cc", ".h", ".py") and b"\t" in text:
            bad.append(f"{name(path)}: a tab")
    assert not bad, "\n".join(bad)


def test_lines_are_not_wide():
    bad = [f"{name(p)}:{i}" for p in files(".cc", ".h", ".py", ".proto")
           for i, line in enumerate(p.read_text().splitlines(), 1) if len(line) > 100]
    assert not bad, f"wider than 100 columns: {bad}"


@pytest.mark.parametrize("room", ROOMS)
def test_includes_go_one_way(room):
    allowed = ROOMS[: ROOMS.index(room) + 1]
    bad = []
    for path in files(".cc", ".h", under=f"server/{room}"):
        for include in includes(path):
            match = re.match(r"server/([a-z_]+)/", include)
            if match and match[1] not in allowed:
                bad.append(f"{name(path)} includes {include}")
            if include.startswith(("clients/", "tools/")):
                bad.append(f"{name(path)} includes {include}")
    assert not bad, "\n".join(bad)


@pytest.mark.parametrize("room", sorted(FOREIGN))
def test_rooms_do_not_know_what_is_above_them(room):
    bad = [f"{name(path)} includes {include}"
           for path in files(".cc", ".h", under=f"server/{room}")
           for include in includes(path) if include.startswith(FOREIGN[room])]
    assert not bad, "\n".join(bad)


def test_client_stands_alone():
    bad = [f"{name(path)} includes {include}" for path in files(".cc", ".h", under="clients/cpp")
           for include in includes(path) if include.startswith(("server/", "tools/"))]
    assert not bad, "\n".join(bad)


def test_dear_headers_are_read_by_sources_alone():
    """Each file that reads CLI11 takes four seconds longer to compile, and each that logs by spdlog
    three: headers name CLI11's types by tools/cli/cli11_names.h, libraries of a tool do without
    it, and the rooms log by server/base/log_line.h."""
    bad = [name(path) for path in files(".h") if "CLI/CLI.hpp" in includes(path)]
    assert not bad, f"include tools/cli/cli11_names.h instead of CLI/CLI.hpp: {bad}"
    programs = ("command_", "commands.cc", "main.cc")
    bad = [name(path) for tool in ("dncctl", "dncgen", "dncload")
           for path in files(".cc", under=f"tools/{tool}")
           if "CLI/CLI.hpp" in includes(path) and not path.name.startswith(programs)]
    assert not bad, f"options are added by the sources of the program itself: {bad}"
    bad = [name(path) for path in files(".cc", ".h", under="server")
           if not path.name.endswith("_test.cc") and path.name not in ("log_line.cc", "log.cc")
           and any(include.startswith("spdlog/") for include in includes(path))]
    assert not bad, f"log by server/base/log_line.h: {bad}"


def test_headers_begin_with_their_contract():
    """A header says what it is for before any code, and is included only once."""
    bad = [name(p) for p in files(".h")
           if not re.match(r"(//.*\n)+#pragma once\n", p.read_text())]
    assert not bad, f"no comment and `#pragma once` at the top: {bad}"


def test_sources_are_built():
    """There are no dead files: a CMakeLists.txt of its folder or above it names each source."""
    dead = []
    for path in files(".cc"):
        lists = [folder / "CMakeLists.txt" for folder in path.parents if folder != ROOT.parent]
        text = "".join(p.read_text() for p in lists if p.is_file())
        # A loop in CMake may add the `_test` or `fuzz_` to a common stem.
        stem = re.sub(r"^fuzz_|_test$", "", path.stem)
        if not re.search(rf"\b({re.escape(path.stem)}|{re.escape(stem)})\b", text):
            dead.append(name(path))
    assert not dead, f"not in any CMakeLists.txt: {dead}"


def test_markdown_links_lead_somewhere():
    bad = []
    for path in files(".md"):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text()):
            if "://" not in target and not (path.parent / target).exists():
                bad.append(f"{name(path)} -> {target}")
    assert not bad, "\n".join(bad)


def test_dashboards_and_alerts_name_what_exists():
    served = {name for path in files(".cc", under="server/telemetry")
              for name in re.findall(r'"(dnc_[a-z_]+)"', path.read_text())}
    documented = set(re.findall(r"^\| `(dnc_[a-z_]+)`", (
        ROOT / "docs/metrics.md").read_text(), re.M))
    assert served == documented, served ^ documented
    runbook = (ROOT / "docs/operations.md").read_text()
    bad = []
    for path in [*(ROOT / "deploy/prometheus").iterdir(), *(ROOT / "deploy/grafana").iterdir()]:
        text = path.read_text()
        for metric in set(re.findall(r"\bdnc_[a-z_]+", text)):
            if re.sub(r"_(bucket|sum|count)$", "", metric) not in served:
                bad.append(f"{name(path)}: no metric {metric}")
        for alert in re.findall(r"alert: (\w+)", text):
            if f"### {alert}\n" not in runbook:
                bad.append(f"docs/operations.md: no section {alert}")
            # All have one base, so that a single replacement makes all of them right.
            section = f"https://dncd.example.org/docs/operations.md#{alert.lower()}"
            if f"runbook_url: {section}\n" not in text:
                bad.append(f"{name(path)}: {alert} does not name its section")
    assert not bad, "\n".join(bad)
