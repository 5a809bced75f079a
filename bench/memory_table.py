"""Prints the table of bench/memory.sh: memory_table.py FOLDER, with the results of each state."""

import json
import pathlib
import statistics
import sys

STATES = (("fresh", "memory as it is"), ("left", "chopped up, left as it came"),
          ("gathered", "chopped up, gathered as dncd does"))
ALL = "BM_HandlerAllLists/1000/"


def runs(folder, state):
    """Returns the single runs of each benchmark."""
    by_name = {}
    for run in json.loads((folder / f"{state}.json").read_text())["benchmarks"]:
        if run["run_type"] == "iteration":
            by_name.setdefault(run["run_name"], []).append(run)
    return by_name


def median(results, field):
    return statistics.median(run[field] for run in results)


def main():
    folder = pathlib.Path(sys.argv[1])
    print("| memory | in huge pages, after | a random line | engine | handler of 1,000 | "
          "all lists | a record that the filter lets through |")
    print("|---|---|---|---|---|---|---|")
    for state, text in STATES:
        by_name = runs(folder, state)
        line = median(by_name["BM_Floor/1000"], "per_number")
        if median(by_name["BM_Floor/1000"], "huge_page_share") < 0.99:
            text += " (the line itself is not in huge pages)"
        lines = [f"{median(by_name[name], 'per_number') / line:.2f} lines"
                 for name in ("BM_Engine/1000", "BM_Handler/1000", ALL + "0")]
        handlers = by_name["BM_Handler/1000"] + by_name[ALL + "0"]
        share = min(run["huge_page_share"] for run in handlers)
        seconds = max(run["gather_seconds"] for run in handlers)
        read = median(by_name[ALL + "1"], "records_read_a_batch")
        passed = median(by_name[ALL + "0"], "records_read_a_batch")
        record = (median(by_name[ALL + "1"], "cpu_time") -
                  median(by_name[ALL + "0"], "cpu_time")) / (read - passed)
        print(f"| {text} | {100 * share:.1f} %, {seconds:.1f} s | {1e9 * line:.1f} ns | "
              f"{' | '.join(lines)} | {record:.2f} µs |")


if __name__ == "__main__":
    main()
