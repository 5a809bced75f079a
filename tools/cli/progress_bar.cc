#include "tools/cli/progress_bar.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "absl/time/clock.h"
#include "tools/cli/terminal.h"

namespace dnc::cli {
namespace {

constexpr size_t kWidth = 30;

std::string Bar(double share) {
  const auto filled = static_cast<size_t>(share * kWidth);
  return fmt::format("[{}{}] {:3.0f} %", std::string(filled, '#'),
                     std::string(kWidth - filled, '-'), share * 100);
}

}  // namespace

ProgressBar::ProgressBar(bool enabled)
    : enabled_(enabled && IsTerminal(stderr)), begun_(absl::Now()), drawn_(absl::InfinitePast()) {}

void ProgressBar::Begin(const std::string& stage) {
  const absl::MutexLock lock(&mutex_);
  if (stage == stage_) return;
  stage_ = stage;
  begun_ = absl::Now();
  drawn_ = absl::InfinitePast();
}

void ProgressBar::Update(uint64_t done_bytes, uint64_t total_bytes, const std::string& note) {
  const absl::MutexLock lock(&mutex_);
  const absl::Time now = absl::Now();
  if (!enabled_ || now - drawn_ < absl::Milliseconds(100)) return;
  drawn_ = now;
  const double seconds = std::max(absl::ToDoubleSeconds(now - begun_), 0.001);
  const double rate = static_cast<double>(done_bytes) / seconds;
  std::string line = fmt::format("{:<9}", stage_);
  if (total_bytes > 0) {
    const double share =
        std::min(static_cast<double>(done_bytes) / static_cast<double>(total_bytes), 1.0);
    line += fmt::format(" {}", Bar(share));
    if (rate > 0 && share < 1) {
      const double left = static_cast<double>(total_bytes - done_bytes) / rate;
      line += fmt::format("  {} left", HumanDuration(absl::Seconds(left)));
    }
  }
  if (done_bytes > 0) line += fmt::format("  {}/s", HumanBytes(rate));
  if (!note.empty()) line += fmt::format("  {}", Printable(note));
  fmt::print(stderr, "\r\x1b[K{}", line);
  std::fflush(stderr);
  visible_ = true;
}

void ProgressBar::Clear() {
  const absl::MutexLock lock(&mutex_);
  if (!visible_) return;
  fmt::print(stderr, "\r\x1b[K");
  std::fflush(stderr);
  visible_ = false;
}

}  // namespace dnc::cli
