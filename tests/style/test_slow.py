"""tests/slow.sh slows a command down, and leaves nothing behind."""

import os
import pathlib
import subprocess
import sys
import time

SLOW = pathlib.Path(__file__).resolve().parents[1] / "slow.sh"
TELL = """
import os, time
parent = os.getppid()
others = set(open(f"/proc/{parent}/task/{parent}/children").read().split()) - {str(os.getpid())}
print(len(os.sched_getaffinity(0)), os.getpid(), *others, flush=True)
time.sleep(%d)
raise SystemExit(7)
"""


def is_there(pid):
    try:
        os.kill(pid, 0)
        return True
    except ProcessLookupError:
        return False


def all_end(pids):
    end = time.monotonic() + 300
    while any(is_there(pid) for pid in pids):
        assert time.monotonic() < end, "they compute on"
        time.sleep(0.05)


def test_one_core_is_shared_and_the_code_is_the_commands():
    done = subprocess.run(["bash", SLOW, "3", sys.executable, "-c", TELL % 0], text=True,
                          stdout=subprocess.PIPE, check=False)
    cores, _, *others = map(int, done.stdout.split())
    assert done.returncode == 7 and cores == 1 and len(others) == 2
    all_end(others)


def test_the_others_end_however_it_ends():
    with subprocess.Popen(["bash", SLOW, "2", sys.executable, "-c", TELL % 600], text=True,
                          stdout=subprocess.PIPE) as slow:
        _, command, *others = map(int, slow.stdout.readline().split())
        slow.kill()
        os.kill(command, 9)
    assert len(others) == 1
    all_end(others)


def test_usage():
    for arguments in (["0", "true"], ["x", "true"], ["4"], []):
        done = subprocess.run(["bash", SLOW, *arguments], capture_output=True, text=True,
                              check=False)
        assert done.returncode == 2 and "usage" in done.stderr
