#include "server/service/waker.h"

#include <algorithm>

#include "absl/time/time.h"

namespace dnc {
namespace {

// Returns the step in which a moment lies, rounded up: nobody is woken before his time.
int64_t StepOf(Waker::Clock::time_point moment) {
  const auto since = moment.time_since_epoch();
  const int64_t step = since / Waker::kStep;
  return since % Waker::kStep == Waker::Clock::duration::zero() ? step : step + 1;
}

Waker::Clock::time_point MomentOf(int64_t step) {
  return Waker::Clock::time_point(step * Waker::kStep);
}

}  // namespace

Waker::Waker() : thread_([this] { Run(); }) {}

Waker::~Waker() {
  {
    const absl::MutexLock lock(&mutex_);
    ending_ = true;
    wait_.Notify();
  }
  thread_.join();
}

void Waker::CallThread() {
  called_ = true;
  wait_.Notify();
}

void Waker::Notify(Topic topic) {
  const absl::MutexLock lock(&mutex_);
  News& news = news_[static_cast<size_t>(topic)];
  ++news.events;
  if (news.sleepers.empty()) return;
  if (news.told) CallThread();
  news.told = false;
}

void Waker::WakeAll() {
  const absl::MutexLock lock(&mutex_);
  stopping_ = true;
  CallThread();
}

uint64_t Waker::Ticket(Topic topic) const {
  const absl::MutexLock lock(&mutex_);
  return news_[static_cast<size_t>(topic)].events;
}

bool Waker::Sleep(Sleeper* sleeper, uint64_t ticket, Clock::time_point due) {
  const absl::MutexLock lock(&mutex_);
  News& news = news_[static_cast<size_t>(sleeper->topic_)];
  if (stopping_ || sleeper->ended_ || news.events != ticket) return false;
  sleeper->asleep_ = true;
  sleeper->due_ = StepOf(due);
  news.sleepers.insert(sleeper);
  by_time_.emplace(sleeper->due_, sleeper);
  // Where the thread wakes before that anyway, it need not be called.
  if (MomentOf(sleeper->due_) < planned_) CallThread();
  return true;
}

bool Waker::End(Sleeper* sleeper) {
  const absl::MutexLock lock(&mutex_);
  sleeper->ended_ = true;
  if (!sleeper->asleep_) return false;
  Remove(sleeper);
  return true;
}

void Waker::Remove(Sleeper* sleeper) {
  sleeper->asleep_ = false;
  news_[static_cast<size_t>(sleeper->topic_)].sleepers.erase(sleeper);
  by_time_.erase({sleeper->due_, sleeper});
}

std::vector<Sleeper*> Waker::TakeDue(Clock::time_point now) {
  std::vector<Sleeper*> due;
  for (News& news : news_) {
    const bool tell = !news.told && now - news.last_told >= kStep;
    if (tell || stopping_) due.insert(due.end(), news.sleepers.begin(), news.sleepers.end());
    if (!tell) continue;
    news.told = true;
    news.last_told = now;
  }
  for (Sleeper* const sleeper : due) Remove(sleeper);
  while (!by_time_.empty() && MomentOf(by_time_.begin()->first) <= now) {
    due.push_back(by_time_.begin()->second);
    Remove(due.back());
  }
  return due;
}

Waker::Clock::time_point Waker::NextDue() const {
  Clock::time_point next = Clock::time_point::max();
  if (!by_time_.empty()) next = MomentOf(by_time_.begin()->first);
  for (const News& news : news_) {
    if (!news.told) next = std::min(next, news.last_told + kStep);
  }
  return next;
}

void Waker::Run() {
  while (true) {
    std::vector<Sleeper*> due;
    {
      const absl::MutexLock lock(&mutex_);
      planned_ = NextDue();
      const absl::Duration wait = planned_ == Clock::time_point::max()
                                      ? absl::InfiniteDuration()
                                      : absl::FromChrono(planned_ - Clock::now());
      const auto has_work = [this]()
                                ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return called_ || ending_; };
      wait_.Await(&mutex_, wait, has_work);
      if (ending_) return;
      called_ = false;
      due = TakeDue(Clock::now());
    }
    for (Sleeper* const sleeper : due) sleeper->Wake();
  }
}

}  // namespace dnc
