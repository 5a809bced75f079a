"""The indexes' memory in huge pages: what the metrics, the log and the doctor tell of it."""

import contextlib
import json
import pathlib
import subprocess
import sys
import time

import pytest

from dnc_server import BIN
from list_files import DAY, block, flat, registry_name
from metrics_page import Page, free_port
from waiting import PATIENCE, wait_until

SUBJECT = "memory of the indexes"
NUMBERS = block(201, 555, 1200)

# Has a data folder open as dncd has it, with memory like that of the indexes: asked for in huge
# pages. PR_SET_THP_DISABLE has the kernel give small ones, as if it had no others.
HOLDER = """
import ctypes, fcntl, mmap, sys
folder, size, small = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "small"
lock = open(folder + "/store/LOCK", "w")
fcntl.lockf(lock, fcntl.LOCK_EX)
memory = mmap.mmap(-1, size + (2 << 20))
memory.madvise(mmap.MADV_HUGEPAGE)
if small:
    assert ctypes.CDLL(None).prctl(41, 1, 0, 0, 0) == 0
for at in range(0, size, 4096):
    memory[at] = 1
print("ready", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def holder(folder, size, pages):
    (folder / "store").mkdir()
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(folder), str(size), pages],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"ready\n"
        yield process
        process.stdin.close()


def finding(folder):
    ended = subprocess.run([str(BIN / "dncctl"), "--json", "doctor", "--no-server", "--data-dir",
                            str(folder)], capture_output=True, text=True, check=False,
                           timeout=PATIENCE)
    return next(found for found in json.loads(ended.stdout)["findings"]
                if found["subject"] == SUBJECT)


def started(start_server, folder, source):
    """A server with a list, and `server.page()`."""
    config = pathlib.Path(f"{folder}.source.yaml")
    config.write_text(f"guards: {{min_first_numbers: 0}}\nmemory: {{huge_pages: {source}}}\n")
    address = f"127.0.0.1:{free_port()}"
    server = start_server("--config", str(config), data_dir=folder, metrics_listen=address)
    server.load([(registry_name(time.time() - DAY, "201"), flat(NUMBERS))])
    server.page = lambda: Page(address)
    return server


def test_the_share_is_shown(start_server, folder):
    page = started(start_server, folder, "madvise").page()
    assert page["dnc_index_memory_bytes"] > 10_000
    assert 0 <= page["dnc_index_huge_page_bytes"] <= page["dnc_index_memory_bytes"]
    found = finding(folder)
    assert found["health"] == "ok", found
    assert "in huge pages" in found["text"]


def test_without_huge_pages(start_server, folder):
    page = started(start_server, folder, "off").page()
    assert page["dnc_index_memory_bytes"] > 10_000 and page["dnc_index_huge_page_bytes"] == 0
    found = finding(folder)
    assert found["health"] == "ok" and "memory.huge_pages is off" in found["text"]


def test_reserved_pages_that_are_missing(start_server, folder):
    reserved = int(pathlib.Path("/proc/sys/vm/nr_hugepages").read_text())
    if reserved:
        pytest.skip("this machine has reserved huge pages")
    server = started(start_server, folder, "reserved")
    line = wait_until(lambda: next((line for line in server.log().splitlines()
                                    if "vm.nr_hugepages=" in line), None), server.log)
    missing = int(line.split("vm.nr_hugepages=")[1].split(" ")[0])
    assert missing >= 4 and f" {missing} too few were free" in line
    assert server.verdicts(NUMBERS[:2]) == server.verdicts(NUMBERS[2:4])  # it serves all the same
    assert server.page()["dnc_index_memory_bytes"] > 10_000


@pytest.mark.parametrize("size, health", [(64 << 20, "warning"), (8 << 20, "ok")])
def test_the_doctor_warns_of_much_memory_in_small_pages(folder, size, health):
    """A little is no matter."""
    folder.mkdir(exist_ok=True)
    with holder(folder, size, "small"):
        found = finding(folder)
    assert found["health"] == health, found
    assert found["text"].startswith("0 % of ")
    if health == "warning":
        assert "vm.compact_memory" in found["remedy"] and "Huge pages" in found["remedy"]


def test_the_doctor_is_told_nothing_of_an_unknown_process(folder):
    folder.mkdir(exist_ok=True)
    found = finding(folder)
    assert found["health"] == "unknown" and "start dncd" in found["remedy"]
