"""The comparison with other stores: it runs, notices wrong answers, and writes its whole page."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import pytest

from dnc_server import BIN, REPO
from waiting import PATIENCE

NEEDS_PACKAGES = ["roaring_map", "lmdb_store", "redis_server", "postgres_server"]
ALWAYS = ["exact_set", "bloom_filter", "sorted_vector", "unordered_set", "flat_hash_set",
          "rocksdb_store", "dncd_server", "dncd_thin_server"]
SHORT = ["--questions", "20000", "--seconds", "0.01", "--rounds", "1", "--warm-seconds", "0.01",
         "--batches", "1,1000"]


def compare(folder, *subjects, out="results.json"):
    environment = {**os.environ, "DNC_BENCH_NUMBERS": "1000000", "DNC_BENCH_DIR": str(folder)}
    done = subprocess.run(
        [sys.executable, str(REPO / "bench/compare/run.py"), "--out", str(folder / out),
         "--only", ",".join(subjects)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / out).read_text())


def subject(name, *arguments):
    return subprocess.run([str(BIN / f"compare_{name}"), *SHORT, *arguments], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE,
                          check=False)


def test_a_wrong_answer_ends_the_run():
    done = subject("forgetful_set")
    assert done.returncode == 1
    assert "wrong answers" in done.stderr and "denied" in done.stderr
    assert not done.stdout, "no figures of a subject that answers wrongly"


def test_a_filter_may_only_say_yes_wrongly():
    done = subject("bloom_filter")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert not result["exact"]
    assert sum(one["wrong_yes"] for one in result["timings"]) > 0, "of 80,000 answers about 100"


def test_the_page_shows_every_subject_and_the_growth(tmp_path):
    results = compare(tmp_path, *ALWAYS, "calibration", "growth")
    assert [one["subject"] for one in results["subjects"]] == ALWAYS
    assert not (tmp_path / "dnc-bench-compare").exists(), "it cleans up"
    subprocess.run([sys.executable, str(REPO / "bench/report.py"), str(tmp_path / "results.json"),
                    "--out", str(tmp_path)], check=True, timeout=PATIENCE)
    page = (tmp_path / "performance.md").read_text()
    for name in ("exact set", "Bloom filter", "sorted vector", "unordered_set", "flat_hash_set",
                 "RocksDB", "dncd, end to end", "dncd, thin client"):
        assert f"| {name} |" in page
    plots = list((tmp_path / "performance").glob("*.svg"))
    assert {plot.name for plot in plots} >= {"batch-random.svg", "batch-campaign.svg"}
    for plot in plots:
        assert f"performance/{plot.name}" in page
        assert xml.etree.ElementTree.parse(plot).getroot().tag.endswith("svg")


@pytest.mark.parametrize("name", NEEDS_PACKAGES)
def test_subjects_of_other_packages(name):
    if not (BIN / f"compare_{name}").exists():
        pytest.skip("needs its package of deploy/bench-packages.txt: ./dev bench compare installs "
                    "it and builds")
    program = {"redis_server": "/usr/bin/redis-server",
               "postgres_server": "/usr/lib/postgresql/15/bin/postgres"}.get(name)
    if program and not os.path.exists(program):
        pytest.skip(f"needs {program}: ./dev bench compare installs it")
    # pytest's own folders are only for one user, and the servers run as others.
    with tempfile.TemporaryDirectory(prefix="dnc-bench-") as made:
        folder = pathlib.Path(made)
        folder.chmod(0o755)
        results = compare(folder, name)
        assert results["subjects"][0]["numbers"] > 500_000
        assert not (folder / "dnc-bench-compare").exists(), "server stopped, folder removed"
