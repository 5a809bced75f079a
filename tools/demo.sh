#!/usr/bin/env bash
# ./dev demo: the server's main job in about a minute, with synthetic numbers.
# Writes to build/demo only; stops the server that it starts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

DEMO="$PWD/build/demo"
BIN="$PWD/build/bin"
NUMBERS=10000000
AREA_CODES=201,212,305,312,404,415,512,602,617,714,818,916
STALE_AREA=808
LEADS=400000
SERVER_PID=

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  BOLD=$'\e[1m' DIM=$'\e[2m' GREEN=$'\e[32m' CYAN=$'\e[36m' OFF=$'\e[0m'
else
  BOLD='' DIM='' GREEN='' CYAN='' OFF=''
fi

title() { printf '\n%s%s%s\n' "$BOLD$CYAN" "$1" "$OFF"; }
note() { printf '  %s%s%s\n' "$DIM" "$1" "$OFF"; }
indent() { sed 's/^/  /'; }
now() { date +%s.%N; }
since() { awk -v a="$1" -v b="$(now)" 'BEGIN { printf "%.1f", b - a }'; }

stop_server() {
  [ -n "$SERVER_PID" ] || return 0
  kill "$SERVER_PID" 2>/dev/null || true
  wait "$SERVER_PID" 2>/dev/null || true
  SERVER_PID=
}
trap stop_server EXIT

generate() {
  title "1. Synthetic registry files"
  rm -rf "$DEMO"
  mkdir -p "$DEMO"
  local base_day
  base_day="$(date -u -d '2 days ago' +%F)"
  CHANGES="$DEMO/$(date -u -d yesterday +%Y-%-m-%-d)_changes_demo.txt"
  "$BIN/dncgen" full --out "$DEMO/full" --numbers "$NUMBERS" --area-codes "$AREA_CODES" \
    --date "$base_day" 2>&1 | indent
  "$BIN/dncgen" full --out "$DEMO/old" --numbers 300000 --area-codes "$STALE_AREA" \
    --date "$(date -u -d '40 days ago' +%F)" 2>&1 | indent
  "$BIN/dncgen" changes --base "$DEMO/full" --adds 15000 --deletes 5000 \
    --date "$(date -u -d yesterday +%F)" --out "$CHANGES" >/dev/null
  note "and a change list: 15000 additions, 5000 deletions"
  "$BIN/dncgen" leads --base "$DEMO/full" --numbers "$LEADS" --hit-rate 0.48 \
    --out "$DEMO/leads.csv" --truth "$DEMO/truth.csv" 2>&1 | indent
}

start_server() {
  title "2. Start dncd on a free port, with an empty data folder"
  "$BIN/dncd" --data-dir "$DEMO/data" --listen 127.0.0.1:0 --metrics-listen "" \
    >"$DEMO/dncd.out" 2>"$DEMO/dncd.log" &
  SERVER_PID=$!
  until grep -q ' listening on ' "$DEMO/dncd.out" 2>/dev/null; do
    if ! kill -0 "$SERVER_PID" 2>/dev/null; then
      echo "dncd did not start:" >&2
      tail -n 20 "$DEMO/dncd.log" >&2
      exit 1
    fi
    sleep 0.1
  done
  indent <"$DEMO/dncd.out"
  DNC_SERVER="$(sed -n 's/.* listening on //p' "$DEMO/dncd.out")"
  export DNC_SERVER
}

load() {
  title "3. Load 12 zipped files as one release"
  local start
  start="$(now)"
  "$BIN/dncctl" load --yes "$DEMO"/full/*.zip 2>&1 | sed -n 1,2p | indent
  note "$(since "$start") s from the first byte to the first answer"
  "$BIN/dncctl" coverage | cut -c1-74 | indent
}

# One line a number. `check` ends with a code other than 0 for all that are not clear.
ask() {  # LABEL NUMBER
  local answer
  answer="$("$BIN/dncctl" check "$2" --json || true)"
  printf '  %-34s %s\n' "$1" "$(/usr/bin/python3 -c '
import json, sys
answer = json.load(sys.stdin)
lists = ", ".join("%s since %s" % (m["list"], m.get("listed_since", "?")) for m in answer["matches"])
why = answer.get("explanation", "").split(": ")[0].rstrip(".")
if answer["rule"] in ("EBR", "OWN_DO_NOT_CALL"): why, lists = "decided by " + answer["rule"], ""
print("%-12s %s" % (answer["verdict"], lists or why))' <<<"$answer")"
}

# The first lead that is listed (1) or not (0), in ten digits.
lead() {
  /usr/bin/python3 - "$1" "$DEMO" <<'PY'
import csv, re, sys
wanted, folder = sys.argv[1:]
with open(folder + "/leads.csv", newline="") as leads, open(folder + "/truth.csv") as truth:
    for lead, known in zip(csv.DictReader(leads), csv.DictReader(truth)):
        if known["listed"] == wanted:
            print(re.sub(r"\D", "", lead["phone"])[-10:])
            break
PY
}

first_change() { grep -m1 "$1\$" "$CHANGES" | cut -d, -f1; }

ask_numbers() {
  title "4. May these numbers be called?"
  ask "on the registry" "$(lead 1)"
  ask "not on it" "$(lead 0)"
  ask "area code without a file" 7025550123
  ask "no number at all" 555-0123
}

change_while_scrubbing() {
  title "5. Apply a change list while a file of $LEADS leads is scrubbed"
  local added deleted scrub start
  added="$(first_change A)"
  deleted="$(first_change D)"
  ask "before: to be added" "$added"
  ask "before: to be deleted" "$deleted"
  "$BIN/dncctl" scrub --in "$DEMO/leads.csv" --out "$DEMO/result.csv" --column phone \
    >"$DEMO/scrub.txt" 2>&1 &
  scrub=$!
  start="$(now)"
  "$BIN/dncctl" load "$CHANGES" >"$DEMO/load.txt" 2>&1 || { cat "$DEMO/load.txt"; exit 1; }
  note "20000 changes visible after $(since "$start") s, the scrub $(
    kill -0 "$scrub" 2>/dev/null && echo 'still running' || echo 'just done')"
  wait "$scrub" || { cat "$DEMO/scrub.txt"; exit 1; }
  indent <"$DEMO/scrub.txt"
  ask "after: added" "$added"
  ask "after: deleted" "$deleted"
}

load_old_file() {
  title "6. Load an area code of 40 days ago: the law allows 31"
  "$BIN/dncctl" load --yes "$DEMO"/old/*.zip 2>&1 | sed -n 1p | indent
  ask "area code of 40 days ago" "${STALE_AREA}5550123"
}

# Every lead that the registry held before and after must not be clear in the result.
compare() {
  title "7. Compare each verdict with what was generated"
  /usr/bin/python3 - "$DEMO" "$CHANGES" <<'PY' | indent
import csv, re, sys
folder, changes = sys.argv[1:]
changed = {line[:10] for line in open(changes)}
same = wrong = skipped = 0
with open(folder + "/result.csv", newline="") as result, open(folder + "/truth.csv") as truth:
    for row, known in zip(csv.DictReader(result), csv.DictReader(truth), strict=True):
        if re.sub(r"\D", "", row["phone"])[-10:] in changed:
            skipped += 1
        elif row["dnc_verdict"] == ("LISTED" if known["listed"] == "1" else "CLEAR"):
            same += 1
        else:
            wrong += 1
print(f"{same} verdicts right, {wrong} wrong ({skipped} leads changed meanwhile)")
sys.exit(wrong > 0)
PY
}

tenants() {
  title "8. A seller, its opt-out, and a relationship that lifts the registry but never the opt-out"
  local added deleted yesterday
  added="$(first_change A)"
  deleted="$(first_change D)"
  yesterday="$(date -u -d yesterday +%F)"
  "$BIN/dncctl" tenants create acme --area-codes all >/dev/null
  DNC_TENANT=acme "$BIN/dncctl" lists create customers --kind ebr >/dev/null
  DNC_TENANT=acme "$BIN/dncctl" add "$added" --list customers --ebr-kind transaction \
    --last-event-at "$yesterday" >/dev/null
  DNC_TENANT=acme ask "a customer of acme" "$added"
  DNC_TENANT=acme "$BIN/dncctl" add "$added" --channel call --reason "asked not to be called" |
    indent
  DNC_TENANT=acme ask "who asked not to be called" "$added"
  DNC_TENANT=acme ask "anybody else, for acme" "$deleted"
}

measure() {
  title "9. 500 calls a second of 1,000 numbers, every answer verified; server and client on this machine"
  "$BIN/dncload" run --base "$DEMO/full" --changes "$CHANGES" --rate 500 --seconds 3 --warm-up 1 \
    --html "$DEMO/load.html" | indent
  echo "The same as a page with plots: build/demo/load.html"
}

main() {
  local start
  start="$(now)"
  generate
  start_server
  load
  ask_numbers
  change_while_scrubbing
  load_old_file
  compare
  tenants
  measure
  stop_server
  printf '\n%sDone in %s s.%s The files are in build/demo; README tells what to try next.\n' \
    "$BOLD$GREEN" "$(since "$start")" "$OFF"
}

main "$@"
