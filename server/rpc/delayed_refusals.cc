#include "server/rpc/delayed_refusals.h"

#include <vector>

namespace dnc {
namespace {
constexpr std::chrono::milliseconds kHold(500);
// A call that is held takes some kilobytes.
constexpr size_t kMaxHeld = 10'000;
// What came in a burst must not go out in one: 4,000 a second at most.
constexpr std::chrono::milliseconds kTick(2);
constexpr size_t kPerTick = 8;
}  // namespace

bool DelayedRefusals::Hold(HeldRefusal* call) {
  const std::lock_guard lock(mutex_);
  if (held_.size() >= kMaxHeld) return false;
  held_.emplace_back(Clock::now() + kHold, call);
  if (!ticking_) {
    ticking_ = true;
    alarm_.Set(queue_, std::chrono::system_clock::now() + kHold, on_tick_.tag());
  }
  return true;
}

void DelayedRefusals::OnTick(bool /*ok*/) {
  std::vector<HeldRefusal*> due;
  {
    const std::lock_guard lock(mutex_);
    const Clock::time_point now = Clock::now();
    while (!held_.empty() && due.size() < kPerTick && held_.front().first <= now) {
      due.push_back(held_.front().second);
      held_.pop_front();
    }
    ticking_ = !held_.empty();
    if (ticking_) {
      alarm_.Set(queue_, std::chrono::system_clock::now() + kTick, on_tick_.tag());
    }
  }
  // The last of them may be the last call of a server that stops: nothing is touched afterwards.
  for (HeldRefusal* const call : due) call->Refuse();
}

}  // namespace dnc
