#!/usr/bin/python3
"""./dev bench report RESULTS.json [--out FOLDER]: docs/performance.md and its plots from a file of
./dev bench compare. Standard library only; build/bin/draw_plot draws the plots."""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
DRAW_PLOT = ROOT / "build/bin/draw_plot"

# What a reader calls each subject, and how it is used.
SUBJECTS = {
    "exact_set": ("exact set", "as the server keeps published lists (`server/index`)"),
    "bloom_filter": ("Bloom filter",
                     "split-block, 12 bits a number, AVX2 where there is one; alone it says yes "
                     "wrongly for some numbers, so it could not serve a list"),
    "sorted_vector": ("sorted vector", "64-bit numbers, `std::binary_search`"),
    "unordered_set": ("unordered_set", "`std::unordered_set` with `reserve`"),
    "flat_hash_set": ("flat_hash_set",
                      "`absl::flat_hash_set` with `reserve`, prefetches in groups of 32"),
    "roaring_map": ("CRoaring",
                    "its 64-bit map, `runOptimize` and `shrinkToFit`; it has no call for many "
                    "numbers at once"),
    "lmdb_store": ("LMDB",
                   "integer keys appended in order, one read transaction and cursor, each batch "
                   "asked in ascending order"),
    "rocksdb_store": ("RocksDB",
                      "a key of 8 bytes a number, files made in order, ingested, no compression, "
                      "a Bloom filter of 10 bits, hash indexes in blocks, everything in the block "
                      "cache, `MultiGet`"),
    "dncd_server": ("dncd, end to end",
                    "the server with its verdicts and guarantees; text files of the registry "
                    "written and loaded, durable; asked with the client library over a unix "
                    "socket in requests of up to 10,000 numbers"),
    "dncd_thin_server": ("dncd, thin client",
                         "the same, asked with `dncload`'s thin client instead of the library"),
    "redis_server": ("Redis",
                     "one set over a unix socket; `SMISMEMBER` of up to 1,000 numbers, all of a "
                     "batch sent before the first answer is read; no persistence"),
    "postgres_server": ("PostgreSQL",
                        "an unlogged, frozen table with a unique index over a unix socket; a "
                        "prepared `= ANY($1)` in the binary protocol, checked to be an index-only "
                        "scan; `fsync`, `synchronous_commit` and `full_page_writes` off, a quarter "
                        "of the memory as shared buffers"),
}

NOT_SHOWN = """
What this does not show:
- Apart from the table of numbers a second, the servers answer one client, which asks one batch
  after the other and shares the machine's cores with them.
- Redis would take less memory with a bitmap or a small set of integers for each exchange, at one
  command a number. CRoaring has calls for many numbers in later versions than Debian 12's.
- Writes beside the questions: the exact set is made for lists that change by files, not by calls.
"""


def timing(result, source, batch, threads=1):
    return next((one for one in result["timings"] if one["input"] == source
                 and one["batch"] == batch and one["threads"] == threads), None)


def nanoseconds(one):
    if one is None:
        return "-"
    return f"{one['ns']:,.0f}" if one["ns"] >= 100 else f"{one['ns']:.1f}"


def in_lines(result, one):
    """Expresses a time in random lines of memory, read by the same threads between all rounds of
    the run, so that a disturbed moment of either does not decide."""
    return one["ns"] / statistics.median(
        other["line_ns"] for other in result["timings"] if other["threads"] == one["threads"])


def ratio(result, one):
    if one is None:
        return "-"
    lines = in_lines(result, one)
    return f"{lines:,.0f}" if lines >= 10 else f"{lines:.2f}"


def a_number(result, field):
    return f"{result[field] / result['numbers']:.2f}"


def table(columns, rows):
    return "\n".join(["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns),
                      *("| " + " | ".join(map(str, row)) + " |" for row in rows)])


def batches(results):
    return sorted({one["batch"] for result in results for one in result["timings"]})


def calibration_section(results):
    calibration = results["calibration"]
    rows = [[f"a random line of memory, prefetched in groups of 256, {line['threads']} thread"
             f"{'s' if line['threads'] > 1 else ''}; {100 * line['huge_pages']:.0f} % of the "
             "memory came in huge pages",
             f"{line['ns']:.2f} ns a thread (least {line['least_ns']:.2f})"]
            for line in calibration["lines"]]
    rows.append(["copy (`memcpy` of 256 MiB)", f"{calibration['copy']['gb_a_second']:.1f} GB/s"])
    for trip in calibration["tcp"]:
        rows.append([f"TCP ping-pong on loopback, {trip['bytes_there']:,} bytes there and "
                     f"{trip['bytes_back']:,} back",
                     f"p50 {trip['p50_us']:.1f} µs, p99 {trip['p99_us']:.1f} µs"])
    return ("## The machine itself\n"
            "`./dev bench compare --only calibration` (`build/bin/compare_calibration`). The bytes "
            "of a\nping-pong are those of 1, 1,000 and 10,000 numbers: 8 bytes a number there, a "
            "byte and a bit back.\n\n"
            + table(["what", "measured"], rows) + "\n")


def name_of(result):
    return SUBJECTS[result["subject"]][0]


def comparison_section(results):
    subjects = results["subjects"]
    sizes = batches(subjects)
    lines = []
    for source, title in (
            ("random", "Random numbers, half of them listed"),
            ("campaign", "As campaigns dial: five area codes, runs of neighbours, half listed")):
        rows = [[name_of(result), f"{result['millions']:,}",
                 *(nanoseconds(timing(result, source, size)) for size in sizes),
                 ratio(result, timing(result, source, 1000))] for result in subjects]
        columns = [*(f"{size:,}" for size in sizes), "lines a number at 1,000"]
        lines.append(f"### {title}\nNanoseconds a number, one thread, for batches of\n\n"
                     + table(["", "million listed", *columns], rows) + "\n")
    servers = [result for result in subjects if result["subject"].endswith("_server")]
    inside = [result for result in subjects if result not in servers]
    for name, title, group in (("exact_set", "How many times the exact set's time", inside),
                               ("dncd_server", "How many times dncd's time, end to end", servers)):
        mark = next((one for one in group if one["subject"] == name), None)
        if mark is not None and len(group) > 1:
            lines.append(against_section(title, mark, group))
    lines.append(rate_section(subjects))
    rows = []
    for result in subjects:
        rows.append([name_of(result), f"{result['numbers'] / 1e6:,.1f}",
                     a_number(result, "memory_bytes"), result["memory_source"],
                     a_number(result, "disk_bytes") if result["disk_bytes"] else "-",
                     f"{result['load_seconds']:,.1f}",
                     f"{result['numbers'] / result['load_seconds'] / 1e6:,.1f}"])
    lines.append("### Memory and loading\nBytes a number, and the time to load ascending numbers "
                 "from memory on one thread\n(servers use the other core).\n\n"
                 + table(["", "million listed", "memory", "whose figure", "disk", "load, s",
                          "million a second"], rows) + "\n")
    return ("## The same numbers through each\n`./dev bench compare`; the last table has the "
            "command for each alone.\n\n" + "\n".join(lines))


def rate_section(subjects):
    """Shows numbers a second with several batches under way, for the subjects that were measured
    so."""
    asked = [(result, max(one["threads"] for one in result["timings"])) for result in subjects]
    asked = [(result, threads) for result, threads in asked if threads > 1]
    sizes = (1, 100, 1000, 10000)

    def rate(result, size, threads):
        one = timing(result, "random", size, threads)
        return 0 if one is None else threads * 1e3 / one["ns"]

    def row(result, threads):
        mine = [rate(result, size, threads) for size in sizes]
        mark = next((rate(r, 1000, t) for r, t in asked if r["subject"] == "dncd_server"), 0)
        return [name_of(result), str(threads), *(f"{one:,.2f}" for one in mine),
                f"{mark / mine[2]:,.1f}" if mark and mine[2] else "-"]

    if not asked:
        return ""
    return ("### Numbers a second\nRandom numbers, million numbers a second with a batch of each "
            "thread under way; servers\nand who asks them share the cores. For batches of\n\n"
            + table(["", "threads that ask", *(f"{size:,}" for size in sizes),
                     "dncd is so many times as fast at 1,000"],
                    [row(*one) for one in asked]) + "\n")


def against_section(title, mark, subjects):
    """Shows how many times as long as `mark` the others take."""
    def times(result, size):
        one, other = (in_lines(r, timing(r, "random", size)) for r in (result, mark))
        return f"{one / other:,.1f}"
    sizes = (1, 100, 1000, 10000)
    rows = [[name_of(result), *(times(result, size) for size in sizes)]
            for result in subjects if result is not mark]
    return (f"### {title}\nRandom numbers; each time is taken in lines of its own run, so that a "
            "busier minute of\nthe machine counts for neither. For batches of\n\n"
            + table(["", *(f"{size:,}" for size in sizes)], rows) + "\n")


def growth_section(results):
    rows = []
    for result in results["growth"]:
        mark = timing(result, "random", 1000)
        two = timing(result, "random", 1000, threads=2)
        rows.append([f"{result['numbers'] / 1e6:,.1f}", a_number(result, "memory_bytes"),
                     a_number(result, "resident_bytes"), f"{result['load_seconds']:.1f}",
                     *(nanoseconds(timing(result, "random", size)) for size in batches([result])),
                     ratio(result, mark), nanoseconds(two),
                     "-" if two is None else f"{2000 / two['ns']:,.0f}"])
    sizes = batches(results["growth"])
    return ("## Growth of the exact set\n`./dev bench compare --only growth` "
            "(`build/bin/compare_exact_set --millions N --threads 1,2`).\n"
            "Random numbers, half listed; nanoseconds a number for batches of 1 to 100,000."
            "\n\n" + table(
                ["million listed", "bytes a number", "growth of the process", "load, s",
                 *(f"{size:,}" for size in sizes), "lines at 1,000", "2 threads, 1,000, each",
                 "million a second, both"], rows)
            + "\n\n![Memory over size](performance/growth-memory.svg)\n"
            "![Time over size](performance/growth-time.svg)\n")


def how_section(results):
    rows = []
    for result in results["subjects"]:
        wrong = sum(one["wrong_yes"] for one in result["timings"])
        asked = sum(one["asked"] for one in result["timings"])
        note = "" if result["exact"] else f"; of the unlisted half {200 * wrong / asked:.2f} %"
        if result["subject"] == "dncd_server" and not result.get("unix_socket", True):
            note = "; in this run over TCP on loopback instead"
        smaller = result["smaller_because"]
        rows.append([name_of(result), SUBJECTS[result["subject"]][1] + note,
                     f"smaller: {smaller}" if smaller else "", f"`--only {result['subject']}`"])
    return ("## How each was used\n`./dev bench compare` with what the last column says measures "
            "one alone.\n\n" + table(["", "use", "size", "alone"], rows) + "\n" + NOT_SHOWN)


def head(results):
    machine = results["machine"]
    most = max((result["numbers"] for result in results["subjects"]), default=0)
    redis = machine["redis"].split(" sha")[0]
    measured = results["subjects"] + results.get("growth", [])
    loads = [result["load_average"] for result in measured if "load_average" in result]
    busy = ""
    # The run itself keeps one core busy, and with a server two.
    if loads and max(loads) > machine["cores"] + 0.5:
        busy = f"""
**Not a quiet machine:** other work ran beside (load averages up to {max(loads):.1f} on
{machine['cores']} cores), so times are longer than on an idle one, and two threads had less than
two cores. Trust the ratios more than the times.
"""
    return f"""# Beside what one would use instead

Made by `./dev bench report` from the results of `./dev bench compare`; not written by hand. The
server's own figures are in [benchmarks.md](benchmarks.md).

**Machine:** {machine['cores']} cores of {machine['cpu']}, {machine['memory_gib']} GiB, Linux
{machine['kernel']}, {machine['date']}, commit {machine['commit']}; load average before the run
{machine['load_before']:.1f}. {redis}; {machine['postgres']}.

**Input:** the synthetic registry of `bench/synthetic_registry.h`, {most / 1e6:,.1f} million
numbers where the table says no less: area codes with 356 exchanges, 5 to 35 % of each listed. Asked
are up to 4 million numbers. Every answer is checked, and a wrong one ends the run. A time is the
median of the rounds. *Lines* are times against a random line of memory that the same threads read
between the rounds (median of the run): compare these with another machine's, not nanoseconds.
{busy}"""


def plot(title, x_title, y_title, lines, log_x=False, log_y=False):
    """Draws an SVG document with a line of points for each name."""
    wanted = {"title": title, "x": {"title": x_title, "log": log_x},
              "y": {"title": y_title, "log": log_y},
              "lines": [{"name": name, "points": points} for name, points in lines.items()]}
    return subprocess.run([DRAW_PLOT], input=json.dumps(wanted), stdout=subprocess.PIPE, text=True,
                          check=True).stdout


def plots(results):
    made = {}
    for source in ("random", "campaign"):
        lines = {name_of(result): [(one["batch"], one["ns"]) for one in result["timings"]
                                   if one["input"] == source and one["threads"] == 1]
                 for result in results["subjects"]}
        if lines:
            made[f"batch-{source}"] = plot(
                f"Time a number over the batch, {source} numbers", "numbers a batch",
                "ns a number", lines, log_x=True, log_y=True)
    if results.get("growth"):
        sizes = [(result["numbers"], result) for result in results["growth"]]
        made["growth-memory"] = plot(
            "Memory of the exact set", "million numbers", "MB",
            {"its own count": [(n / 1e6, r["memory_bytes"] / 1e6) for n, r in sizes],
             "growth of the process": [(n / 1e6, r["resident_bytes"] / 1e6) for n, r in sizes]})
        lines = {}
        for threads in (1, 2):
            for batch in (1, 100, 1000, 100000):
                line = [(n, timing(r, "random", batch, threads)) for n, r in sizes]
                if all(one for _, one in line):
                    name = f"{batch:,}, {threads} thread{'s' if threads > 1 else ''}"
                    lines[name] = [(n, one["ns"]) for n, one in line]
        made["growth-time"] = plot(
            "Time of the exact set over its size, by batch", "numbers", "ns a number", lines,
            log_x=True, log_y=True)
    return made


def page(results):
    parts = [head(results)]
    if "calibration" in results:
        parts.append(calibration_section(results))
    if results["subjects"]:
        parts.append(comparison_section(results))
        parts.append("![Time over batch, random](performance/batch-random.svg)\n"
                     "![Time over batch, campaign](performance/batch-campaign.svg)\n")
    if results.get("growth"):
        parts.append(growth_section(results))
    if results["subjects"]:
        parts.append(how_section(results))
    if results["not_built"]:
        parts.append("Not measured, because their packages are missing: "
                     + ", ".join(results["not_built"]) + "\n")
    return "\n".join(parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "docs")
    options = parser.parse_args()
    if not DRAW_PLOT.exists():
        sys.exit(f"no {DRAW_PLOT}, which draws the plots; run ./dev build first")
    results = json.loads(options.results.read_text())
    order = list(SUBJECTS)
    results["subjects"].sort(key=lambda result: order.index(result["subject"]))
    folder = options.out / "performance"
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in plots(results).items():
        (folder / f"{name}.svg").write_text(svg)
    (options.out / "performance.md").write_text(page(results))
    print(options.out / "performance.md")


if __name__ == "__main__":
    main()
