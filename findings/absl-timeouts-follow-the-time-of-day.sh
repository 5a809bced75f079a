#!/usr/bin/env bash
# Finding: absl::Mutex's waits with a timeout end by the time of day, not after the time that was
# asked for.
#
# Packages:  libabsl-dev and libabsl20220623 20220623.1-1+deb12u2, g++-12, strace 6.1-0.1 (Debian 12).
# Expected:  mutex.AwaitWithTimeout(condition, absl::Seconds(1)) returns after a second at the latest,
#            whatever happens to the machine's clock: its argument is a duration, and
#            std::condition_variable::wait_for, which it replaces, waits by the steady clock.
# Observed:  the timeout becomes a moment of the time of day, and the kernel is asked to wait until
#            then (FUTEX_CLOCK_REALTIME). If the clock is set back by an hour meanwhile, a wait of a
#            second lasts an hour and a second: a thread that looks each second sleeps through it.
#            absl::CondVar::WaitWithTimeout does the same. A std::condition_variable_any on the same
#            absl::Mutex waits by the steady clock.
#
# Output seen:
#   AwaitWithTimeout:                     waits until a time of day
#   CondVar::WaitWithTimeout:             waits until a time of day
#   condition_variable_any::wait_for:     waits by the steady clock
#
# Runs without our product, and leaves the clock alone; needs apt-get, g++ and a kernel that lets
# strace trace. Fails if the behaviour changes.
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"

apt-get download -q libabsl-dev=20220623.1-1+deb12u2 libabsl20220623=20220623.1-1+deb12u2 \
  strace=6.1-0.1 >apt.log 2>&1 || { cat apt.log; exit 1; }
for package in ./*.deb; do dpkg-deb -x "$package" root; done

cat >wait.cc <<'CC'
#include <condition_variable>
#include <cstdlib>

#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

struct Lockable {
  absl::Mutex* mutex;
  void lock() { mutex->Lock(); }
  void unlock() { mutex->Unlock(); }
};

int main(int, char** arguments) {
  absl::Mutex mutex;
  mutex.Lock();
  const absl::Duration wait = absl::Milliseconds(1234);
  const auto never = [] { return false; };
  switch (std::atoi(arguments[1])) {
    case 1:
      mutex.AwaitWithTimeout(absl::Condition(&never), wait);
      break;
    case 2: {
      absl::CondVar changed;
      changed.WaitWithTimeout(&mutex, wait);
      break;
    }
    default: {
      std::condition_variable_any changed;
      Lockable lock{&mutex};
      changed.wait_for(lock, absl::ToChronoNanoseconds(wait), never);
    }
  }
  mutex.Unlock();
}
CC
libraries="$dir/root/usr/lib/$(g++ -print-multiarch)"
g++ -std=c++17 -O1 -I root/usr/include wait.cc -o wait -L "$libraries" \
  -labsl_synchronization -labsl_time -labsl_base -labsl_strings -pthread \
  -Wl,-rpath,"$libraries" -Wl,-rpath-link,"$libraries"

# What the kernel is asked to wait for: `told WORDS CASE`
told() {
  root/usr/bin/strace -f -e trace=futex -o trace.txt ./wait "$2"
  local what="waits by the steady clock"
  # Absolute waits have the flag WAIT_BITSET; without CLOCK_REALTIME their moment is the steady one.
  grep -q 'FUTEX_WAIT_BITSET.*tv_sec' trace.txt || what="does not wait"
  if grep -q 'FUTEX_CLOCK_REALTIME.*tv_sec=[1-9]' trace.txt; then what="waits until a time of day"; fi
  printf '%-37s %s\n' "$1" "$what"
}

{
  told "AwaitWithTimeout:" 1
  told "CondVar::WaitWithTimeout:" 2
  told "condition_variable_any::wait_for:" 3
} | tee seen.txt
diff seen.txt - <<'SEEN'
AwaitWithTimeout:                     waits until a time of day
CondVar::WaitWithTimeout:             waits until a time of day
condition_variable_any::wait_for:     waits by the steady clock
SEEN
echo "as recorded: absl 20220623.1-1+deb12u2"
