#include "bench/compare/harness.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "absl/strings/str_cat.h"

namespace dnc {
namespace {

using Clock = std::chrono::steady_clock;

// The clock is read after about so many numbers, so that it costs nothing per number.
constexpr size_t kNumbersAReading = 1'024;
constexpr double kLineSeconds = 0.02;

double NanosecondsSince(Clock::time_point start) {
  return std::chrono::duration<double, std::nano>(Clock::now() - start).count();
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

double NanosecondsALine(RandomLines& lines, double seconds) {
  constexpr int kGroupsAReading = 100;
  uint64_t sum = 0;
  uint64_t groups = 0;
  const auto start = Clock::now();
  double spent = 0;
  do {
    for (int i = 0; i < kGroupsAReading; ++i) sum += lines.ReadGroup();
    groups += kGroupsAReading;
    spent = NanosecondsSince(start);
  } while (spent < seconds * 1e9);
  // The sum is used, so that the compiler cannot leave out the reads.
  asm volatile("" : : "r"(sum));
  return spent / static_cast<double>(groups * RandomLines::kGroup);
}

Harness::Harness(Subject* subject, int threads) : subject_(subject) {
  for (int i = 0; i < threads; ++i) lines_.push_back(std::make_unique<RandomLines>(kLineMemory));
}

double Harness::HugeShare() const {
  double share = 1;
  for (const auto& lines : lines_) share = std::min(share, lines->HugeShare());
  return share;
}

absl::Status Harness::Check(const Questions& questions, size_t begin, size_t end,
                            Round& round) const {
  uint64_t wrong_no = 0;
  for (size_t i = begin; i < end; ++i) {
    wrong_no += questions.listed[i] == 1 && answers_[i] == 0 ? 1 : 0;
    round.wrong_yes += questions.listed[i] == 0 && answers_[i] != 0 ? 1 : 0;
  }
  if (wrong_no == 0 && (round.wrong_yes == 0 || !subject_->exact())) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("wrong answers: of ", end - begin, " numbers ", wrong_no,
                                          " listed ones were denied and ", round.wrong_yes,
                                          " others affirmed"));
}

Harness::Round Harness::AskFor(const Questions& questions, const TimingPlan& plan, size_t begin,
                               size_t end, RandomLines& lines) {
  Round round;
  std::fill(answers_.begin() + static_cast<ptrdiff_t>(begin),
            answers_.begin() + static_cast<ptrdiff_t>(end), 0);
  round.line = NanosecondsALine(lines, kLineSeconds);
  const auto numbers = absl::MakeConstSpan(questions.numbers);
  const auto answers = absl::MakeSpan(answers_);
  const auto start = Clock::now();
  double spent = 0;
  size_t next = begin;
  while (next + plan.batch <= end && spent < plan.seconds * 1e9) {
    const size_t reading = std::min(end, next + std::max(plan.batch, kNumbersAReading));
    for (; next + plan.batch <= reading; next += plan.batch) {
      round.status =
          subject_->Ask(numbers.subspan(next, plan.batch), answers.subspan(next, plan.batch));
      if (!round.status.ok()) return round;
    }
    spent = NanosecondsSince(start);
  }
  round.asked = next - begin;
  round.nanoseconds = spent / static_cast<double>(round.asked);
  round.status = Check(questions, begin, next, round);
  return round;
}

absl::StatusOr<Timing> Harness::Measure(const Questions& questions, const TimingPlan& plan) {
  answers_.resize(questions.numbers.size());
  const auto threads = static_cast<size_t>(plan.threads);
  const size_t share = questions.numbers.size() / threads;
  if (next_.size() != threads) {
    next_.resize(threads);
    for (size_t i = 0; i < threads; ++i) next_[i] = i * share;
  }
  if (share < plan.batch) return absl::InvalidArgumentError("fewer questions than a batch");
  Timing timing;
  std::vector<double> times;
  std::vector<double> lines;
  for (int n = 0; n < plan.rounds; ++n) {
    std::vector<Round> rounds(threads);
    std::vector<std::thread> workers;
    for (size_t i = 0; i < threads; ++i) {
      const size_t end = (i + 1) * share;
      if (next_[i] + plan.batch > end) next_[i] = i * share;
      workers.emplace_back(
          [&, i, end] { rounds[i] = AskFor(questions, plan, next_[i], end, *lines_[i]); });
    }
    for (std::thread& worker : workers) worker.join();
    for (size_t i = 0; i < threads; ++i) next_[i] += rounds[i].asked;
    for (const Round& round : rounds) {
      if (!round.status.ok()) return round.status;
      times.push_back(round.nanoseconds);
      lines.push_back(round.line);
      timing.asked += round.asked;
      timing.wrong_yes += round.wrong_yes;
    }
  }
  timing.nanoseconds = Median(times);
  timing.line = Median(lines);
  return timing;
}

}  // namespace dnc
