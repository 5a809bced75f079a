#!/usr/bin/python3
"""./dev bench compare: the exact set beside what a person would use instead, and its growth.

  run.py [--out RESULTS.json] [--only SUBJECT,...] [--no-growth]

Every subject is a process of its own, verifies each answer, and is timed against a random line of
memory in the same moment. Writes one JSON file, which bench/report.py makes docs/performance.md of.

  DNC_BENCH_NUMBERS    260000000 unless told, in whole millions; growth goes to four times as many
  DNC_BENCH_DIR        where to work, up to 20 GB; build unless told; what it made is removed
  DNC_BENCH_MEMORY_GB  what may be used; nine tenths of what is free unless told
"""

import argparse
import contextlib
import datetime
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import time

import servers

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build/bin"
REGISTRY = 260_000_000
GROWTH_TO_REGISTRY = (1, 10, 100, 260, 500, 1000)  # millions, at a registry of 260 million
# Beside the subject: the truth, the questions and the calibration's memory, in bytes.
HARNESS_BYTES = 1_000_000_000


class Subject:
    """What a subject needs to fit into a run: bytes per number at its peak, and how many numbers a
    second it loads."""

    def __init__(self, name, bytes_a_number, load_rate=None, server=None, threads=1):
        self.name = name
        self.bytes_a_number = bytes_a_number
        self.load_rate = load_rate
        self.server = server
        # These ask again with several threads at once, as many as give the most answers.
        self.threads = threads

    def millions(self, wanted, memory, minutes):
        """Returns the size to measure, and why it is not `wanted`."""
        size, why = wanted, ""
        fits = int((memory - HARNESS_BYTES) / self.bytes_a_number)
        if fits < size:
            size, why = fits, f"{memory / 2**30:.0f} GiB of memory hold no more"
        if self.load_rate is not None and self.load_rate * minutes * 60 < size:
            size = int(self.load_rate * minutes * 60)
            why = f"kept to what may load in {minutes:g} minutes"
        return max(1, size // 1_000_000), why


SUBJECTS = [
    Subject("exact_set", 2),
    Subject("bloom_filter", 2),
    Subject("sorted_vector", 9),
    Subject("unordered_set", 44),
    Subject("flat_hash_set", 20),
    Subject("roaring_map", 3),
    Subject("lmdb_store", 30, load_rate=2_000_000),
    Subject("rocksdb_store", 40, load_rate=2_000_000, threads=2),
    Subject("dncd_server", 15, server="dncd", threads=4),
    Subject("dncd_thin_server", 15, server="dncd", threads=4),
    Subject("redis_server", 80, load_rate=500_000, server="redis", threads=4),
    Subject("postgres_server", 120, load_rate=1_000_000, server="postgres"),
]


def free_memory():
    for line in pathlib.Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("no MemAvailable in /proc/meminfo")


def machine():
    cpu = next((line.split(":", 1)[1].strip()
                for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
                if line.startswith("model name")), "unknown")
    total = int(pathlib.Path("/proc/meminfo").read_text().split()[1]) * 1024
    commit = subprocess.run(["git", "-c", f"safe.directory={ROOT}", "describe", "--always",
                             "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False)
    return {"cpu": cpu, "cores": os.cpu_count(), "kernel": platform.release(),
            "memory_gib": round(total / 2**30, 1), "load_before": os.getloadavg()[0],
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "commit": commit.stdout.strip() or "unknown", **servers.versions()}


def run(program, *arguments):
    command = [str(BIN / f"compare_{program}"), *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"run.py: {' '.join(command)} failed")
    return json.loads(done.stdout)


def serve(subject, folder, memory):
    if subject.server == "dncd":
        return servers.dncd(folder)
    if subject.server == "redis":
        return servers.redis(folder)
    if subject.server == "postgres":
        return servers.postgres(folder, shared_gb=memory / 2**30 / 4)
    return contextlib.nullcontext(str(folder))


def measure(subject, options, folder):
    millions, why = subject.millions(options.numbers, options.memory, options.minutes)
    print(f"{subject.name}: {millions} million", file=sys.stderr, flush=True)
    began = time.monotonic()
    place = folder / subject.name
    if not subject.server:
        place.mkdir(parents=True)
    with serve(subject, place, options.memory) as address:
        result = run(subject.name, "--millions", millions, "--dir", place, "--address", address,
                     *(["--threads", f"1,{subject.threads}"] if subject.threads > 1 else []),
                     *options.short)
    shutil.rmtree(place)
    return {"subject": subject.name, "millions": millions, "smaller_because": why,
            "unix_socket": "/" in address, "took_seconds": round(time.monotonic() - began, 1),
            "load_average": os.getloadavg()[0], **result}


def grow(options):
    """Measures the exact set alone, at sizes around that of the registry."""
    results = []
    for step in GROWTH_TO_REGISTRY:
        millions = max(1, step * options.numbers // REGISTRY)
        if results and results[-1]["millions"] == millions:
            continue
        print(f"growth: {millions} million", file=sys.stderr, flush=True)
        threads = ",".join(str(n) for n in (1, 2) if n <= os.cpu_count())
        result = run("exact_set", "--millions", millions, "--threads", threads,
                     *options.short)
        results.append({"millions": millions, "load_average": os.getloadavg()[0], **result})
    return results


def save(path, results):
    """Saves the results. Called after each subject, so that a run that ends early keeps its
    results."""
    path.write_text(json.dumps(results, indent=1) + "\n")


def parse():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path,
                        help="the results; with --only added to, if it is there")
    parser.add_argument("--only", type=lambda text: text.split(","),
                        help="these subjects, calibration or growth")
    parser.add_argument("--minutes", type=float, default=4, help="that a load may take")
    options = parser.parse_args()
    options.numbers = int(os.environ.get("DNC_BENCH_NUMBERS", REGISTRY))
    options.memory = float(os.environ.get("DNC_BENCH_MEMORY_GB", 0)) * 2**30 or 0.9 * free_memory()
    # This is a smoke test and no measurement, so the rounds are shorter.
    options.short = [] if options.numbers > 20_000_000 else [
        "--seconds", "0.02", "--questions", "400000", "--rounds", "3", "--warm-seconds", "0.2"]
    options.out = options.out or ROOT / "build" / "bench-compare.json"
    return options


def main():
    options = parse()
    # On this signal too, servers must be stopped and folders removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("run.py: ended"))
    known = {subject.name for subject in SUBJECTS} | {"calibration", "growth"}
    if unknown := set(options.only or ()) - known:
        sys.exit(f"run.py: unknown {sorted(unknown)}; there are {sorted(known)}")
    wanted = set(options.only or known)
    results = {"machine": machine(), "subjects": [], "not_built": []}
    if options.only and options.out.exists():
        results = json.loads(options.out.read_text())
    folder = pathlib.Path(os.environ.get("DNC_BENCH_DIR", ROOT / "build")) / "dnc-bench-compare"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    try:
        if "calibration" in wanted:
            results["calibration"] = run("calibration")
        for subject in SUBJECTS:
            if subject.name not in wanted:
                continue
            if not (BIN / f"compare_{subject.name}").exists():
                print(f"{subject.name}: not built, its package is missing", file=sys.stderr)
                results["not_built"].append(subject.name)
                continue
            result = measure(subject, options, folder)
            others = [one for one in results["subjects"] if one["subject"] != subject.name]
            results["subjects"] = others + [result]
            save(options.out, results)
        if "growth" in wanted:
            results["growth"] = grow(options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    save(options.out, results)
    print(options.out)


if __name__ == "__main__":
    main()
