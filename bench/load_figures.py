#!/usr/bin/python3
"""The figures of one run of dncload, for the scripts beside this: reads its JSON report from the
standard input and prints a line of JSON. Calls are told a second and times in microseconds. The
server refused what is `refused`, the client's own bound kept back what is `unsent`."""

import json
import sys

run = json.load(sys.stdin)["runs"][0]
calls, seconds = run["calls"], run["seconds"]
figures = {name: calls[name] / seconds for name in ("refused", "unsent", "timed_out", "failed")}
figures |= {"offered": run["offered_per_s"], "answered": run["answered_per_s"],
            "good": run["good_per_s"]}
figures |= {name: run["latency_us"][name] for name in ("p50", "p99", "p99_9")}
figures["refusal_p99"] = run["refusal_us"]["p99"]
figures["client_late_p99"] = run["client"]["late_us"]["p99"]
print(json.dumps(figures))
