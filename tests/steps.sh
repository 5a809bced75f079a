#!/usr/bin/env bash
# The steps of ./dev test. Runs those named as arguments, or all of them, and goes on after a
# failure, so that one run shows everything. The last line is `N passed, N failed`, and how many
# were skipped; before it is what the skipped ones need. The exit code is 1 if any failed.
set -uo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
JOBS="${JOBS:-$(nproc)}"
FUZZ_SECONDS="${FUZZ_SECONDS:-5}"
PYTHON=/usr/bin/python3
RESULTS=build/test-results
ALL_STEPS=(lint build fast unit blackbox interop console crash fuzz sanitize)

# Runs a check that is no test program of its own: check NAME COMMAND...
check() {
  local name="$1" start=$SECONDS
  shift
  if "$@"; then
    echo "pass $name" >>"$RESULTS/checks.txt"
    echo "   ok   $name ($((SECONDS - start)) s)"
  else
    echo "fail $name" >>"$RESULTS/checks.txt"
    echo "   FAIL $name ($((SECONDS - start)) s)"
  fi
}

# Runs ctest in a build directory, with a result file per program: run_ctest NAME DIRECTORY
# ARGUMENTS...
run_ctest() {
  local name="$1" directory="$2"
  shift 2
  local out="$PWD/$RESULTS/$name"
  mkdir -p "$out/gtest"
  GTEST_OUTPUT="xml:$out/gtest/" ctest --test-dir "$directory" --output-on-failure \
    --no-tests=error --output-junit "$out/ctest.xml" "$@" >"$out/log.txt" 2>&1
  local code=$?
  # If it passes it is quiet, and if it fails it shows everything.
  if [ $code -eq 0 ]; then tail -n 4 "$out/log.txt"; else cat "$out/log.txt"; fi
  # The result files tell about failed tests, but not that there were none at all.
  [ -f "$out/ctest.xml" ] || echo "fail ctest $name" >>"$RESULTS/checks.txt"
}

run_pytest() {  # NAME DIRECTORY ARGUMENTS...
  local out="$PWD/$RESULTS/$1" directory="$2"
  shift 2
  mkdir -p "$out"
  if ! find "$directory" -name 'test_*.py' 2>/dev/null | grep -q .; then
    echo "   no Python tests in $directory"
    return 0
  fi
  "$PYTHON" -m pytest -q -p no:cacheprovider "$directory" --junitxml="$out/pytest.xml" "$@" 2>&1 |
    tail -n 60
  # A pytest that ended without a report has not tested anything.
  [ -f "$out/pytest.xml" ] || echo "fail pytest $directory" >>"$RESULTS/checks.txt"
}

check_scripts() {
  find dev .ci/run bench clients deploy tests tools \( -name '*.sh' -o -name dev -o -name run \) -type f \
    -exec shellcheck -x -S warning {} +
}

step_lint() {
  check "clang-format" bash tests/style/format.sh
  check "shellcheck" check_scripts
  check "configure" configure release build
  check "generated sources" cmake --build build --target generate -- -j"$JOBS" --quiet
  check "clang-tidy" bash tests/style/tidy.sh "$JOBS"
  run_pytest style tests/style
}

configure() {  # PRESET DIRECTORY
  [ -f "$2/build.ninja" ] || cmake --preset "$1" >/dev/null
}

step_build() {
  check "configure" configure release build
  check "release build" cmake --build build -- -j"$JOBS" --quiet
  BUILT=1
}

# Builds what the later steps need when they are run alone. The tour (./dev demo) leaves a part of
# it; for what is there already this takes a moment.
built() { [ -n "${BUILT:-}" ] || step_build; }

# Checks that no hot path costs more instructions than was recorded.
step_fast() {
  built
  check "kept fast" bash bench/kept_fast.sh
}

step_unit() {
  built
  run_ctest unit build -LE 'blackbox|crash' -j"$JOBS"
}

# Runs side by side, three per core: these tests wait for their servers more than they compute. If
# there is only one job (DNC_SLOW), they run one at a time.
step_blackbox() {
  built
  local workers=$((JOBS > 1 ? 3 * JOBS : 1))
  run_ctest blackbox build -L blackbox -j"$JOBS" &
  run_pytest blackbox_python tests/blackbox -n "$workers" --dist loadfile
  # The Python client with Debian's own runtimes; the others, and its helpers for tables, are tried
  # in the step `interop`.
  PYTHONPATH=clients/python/src run_pytest python_client clients/python/tests -n "$workers" \
    --ignore clients/python/tests/test_tables.py
  wait
}

# Clients of other languages, and h2spec. What can't be had here is a skipped test.
step_interop() {
  built
  check "install clients" bash tests/interop/install.sh
  run_pytest interop tests/interop -n $((3 * JOBS)) --dist load
}

# The console in Debian's Chromium, by clicks and keys.
step_console() {
  built
  run_pytest console tests/console -n "$JOBS" --dist loadfile
}

step_crash() {
  built
  run_ctest crash build -L crash -j"$JOBS"
  run_pytest crash_python tests/crash
}

fuzz_one() {  # PROGRAM: new inputs go to the build tree, known ones are read from the corpus
  local name corpus
  name="$(basename "$1")"
  corpus="build-asan/corpus/$name"
  mkdir -p "$corpus"
  local known=()
  [ -d "tests/fuzz/corpus/$name" ] && known=("tests/fuzz/corpus/$name")
  "$1" -max_total_time="$FUZZ_SECONDS" -rss_limit_mb=2048 -timeout=300 -print_final_stats=1 \
    -artifact_prefix="build-asan/" "$corpus" "${known[@]}" >"$RESULTS/fuzz_$name.txt" 2>&1 ||
    { tail -n 40 "$RESULTS/fuzz_$name.txt"; return 1; }
}

step_fuzz() {
  local fuzzers program
  check "configure asan" configure asan build-asan
  mapfile -t fuzzers < <(ninja -C build-asan -t targets all | sed -n 's/^\(fuzz\/[^:]*\): .*/\1/p')
  [ "${#fuzzers[@]}" -gt 0 ] || { echo "fail no fuzzers" >>"$RESULTS/checks.txt"; return; }
  check "build fuzzers" ninja -C build-asan --quiet -j"$JOBS" "${fuzzers[@]}"
  # A fuzzer has one thread and lasts as long as it is told, so one runs on each core.
  for program in "${fuzzers[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$JOBS" ]; do wait -n; done
    check "fuzz ${program#fuzz/}" fuzz_one "build-asan/$program" &
  done
  wait
}

# Builds and runs the tests of some folders under a preset: sanitize PRESET FOLDER...
sanitize() {
  local preset="$1" folder targets=()
  shift
  check "configure $preset" configure "$preset" "build-$preset"
  for folder in "$@"; do targets+=("$folder/all"); done
  check "build $preset" cmake --build "build-$preset" --target "${targets[@]}" -- -j"$JOBS" --quiet
  for folder in "$@"; do
    run_ctest "$preset-${folder//\//-}" "build-$preset/$folder" -j"$JOBS"
  done
}

step_sanitize() {
  export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1
  export UBSAN_OPTIONS=print_stacktrace=1
  export TSAN_OPTIONS="suppressions=$PWD/tests/tsan.supp:history_size=4"
  sanitize asan server/{wire,numbers,index,formats,scrub,storage,registry,intake,tenants,records,rpc,http,dialer,rest} clients/cpp
  sanitize tsan server/{wire,index,scrub,registry,intake,tenants,records,service,rpc,http,dialer,rest}
}

# What all steps until now have taken of the processor, theirs and their programs'.
processor_seconds() {
  awk '{ split($1, u, /[ms]/); split($2, s, /[ms]/); sum += u[1] * 60 + u[2] + s[1] * 60 + s[2] }
       END { printf "%.0f", sum }' "$RESULTS/times.txt"
}

main() {
  local steps=("$@") step began=$SECONDS start
  if [ -n "${DNC_SLOW:-}" ]; then
    # One test runs at a time; otherwise each would get less than the share that was asked for.
    JOBS="${DNC_JOBS:-1}" exec env -u DNC_SLOW bash tests/slow.sh "$DNC_SLOW" \
      bash tests/steps.sh "$@"
  fi
  [ $# -gt 0 ] || steps=("${ALL_STEPS[@]}")
  mkdir -p build
  exec 9>build/test.lock
  if ! flock -n 9; then
    echo "dev: another ./dev test runs in this tree; wait for its end" >&2
    exit 2
  fi
  rm -rf "$RESULTS"
  mkdir -p "$RESULTS"
  for step in "${steps[@]}"; do
    if ! declare -F "step_$step" >/dev/null; then
      echo "dev: no step '$step'; there are: ${ALL_STEPS[*]}" >&2
      exit 2
    fi
    start=$SECONDS
    echo "== $step"
    "step_$step"
    times >"$RESULTS/times.txt"
    echo "== $step took $((SECONDS - start)) s, $(processor_seconds) s of processor so far"
  done
  echo "== all took $((SECONDS - began)) s"
  "$PYTHON" tests/count_results.py "$RESULTS"
}

main "$@"
