#include "tools/dncload/thin_caller.h"

#include <poll.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "fmt/format.h"
#include "server/base/status_macros.h"

namespace dnc::load {
namespace {

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kFirstBackoff = 100 * kMillisecond;
constexpr int64_t kMaxBackoff = 1000 * kMillisecond;

int64_t SteadyNow() { return Clock::now().time_since_epoch().count(); }

// Writes `grpc-timeout`: at most eight digits and a unit.
std::string TimeoutText(double seconds) {
  constexpr double kMaxDigits = 99'999'999;
  if (seconds * 1e6 <= kMaxDigits) return fmt::format("{}u", static_cast<int64_t>(seconds * 1e6));
  return fmt::format("{}m", static_cast<int64_t>(seconds * 1e3));
}

std::vector<ThinHeaders::Field> FieldsOf(const Target& target, const ThinTarget& thin,
                                         double timeout) {
  std::vector<ThinHeaders::Field> fields = {
      {":method", "POST"},       {":scheme", thin.tls == nullptr ? "http" : "https"},
      {":path", kScrubMethod},   {":authority", thin.authority},
      {"te", "trailers"},        {"content-type", "application/grpc"},
      {"user-agent", "dncload"}, {"grpc-timeout", TimeoutText(timeout)}};
  const auto& options = target.options();
  if (!options.key.empty()) fields.emplace_back("authorization", "Bearer " + options.key);
  if (!options.tenant.empty()) fields.emplace_back("dnc-tenant", options.tenant);
  return fields;
}

}  // namespace

ThinCaller::ThinCaller(const Target& target, const CallerOptions& options, CallUser* user)
    : target_(target),
      options_(options),
      user_(user),
      poll_(epoll_create1(EPOLL_CLOEXEC)),
      channels_(static_cast<size_t>(options.channels)) {}

ThinCaller::~ThinCaller() { close(poll_); }

absl::Status ThinCaller::Connect(Clock::time_point deadline) {
  DNC_ASSIGN_OR_RETURN(thin_target_, ThinTarget::Make(target_.options()));
  headers_ = std::make_unique<ThinHeaders>(FieldsOf(target_, *thin_target_, options_.timeout));
  for (Channel& channel : channels_) Open(&channel);
  const auto not_ready = [](const Channel& channel) {
    return channel.connection == nullptr || !channel.connection->ready();
  };
  while (true) {
    for (Channel& channel : channels_) Maintain(&channel);
    const auto waits = std::find_if(channels_.begin(), channels_.end(), not_ready);
    if (waits == channels_.end()) return absl::OkStatus();
    if (Clock::now() >= deadline) return target_.Unreachable(waits->why);
    Wait(10 * kMillisecond);
  }
}

void ThinCaller::Open(Channel* channel) {
  const size_t address = channel->address++ % thin_target_->addresses.size();
  channel->connection =
      std::make_unique<ThinConnection>(*thin_target_, address, options_.timeout, *headers_,
                                       static_cast<ThinConnection::User*>(this));
  ++opened_;
  Watch(channel->connection.get());
}

void ThinCaller::Watch(ThinConnection* connection) {
  const uint32_t wanted = EPOLLIN | (connection->wants_to_write() ? uint32_t{EPOLLOUT} : 0U);
  if (connection->broken() || connection->watched_events == wanted) return;
  epoll_event event{};
  event.events = wanted;
  event.data.ptr = connection;
  epoll_ctl(poll_, connection->watched_events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD,
            connection->fd(), &event);
  connection->watched_events = wanted;
}

void ThinCaller::Maintain(Channel* channel) {
  std::erase_if(channel->leaving, [](const auto& old) {
    if (old->broken()) old->DropCalls();
    return old->calls() == 0;
  });
  ThinConnection* const connection = channel->connection.get();
  if (connection == nullptr) {
    if (SteadyNow() >= channel->retry_at) Open(channel);
    return;
  }
  if (connection->ready()) {
    channel->failed = false;
    channel->backoff = 0;
    channel->address = 0;
  }
  if (connection->broken()) {
    const auto broken = std::move(channel->connection);
    broken->DropCalls();
    if (broken->ready()) {
      // At once would be a storm where somebody greets and closes.
      channel->retry_at = SteadyNow() + kFirstBackoff;
    } else {
      Fail(channel, broken->why());
    }
    return;
  }
  if (connection->leaving()) {
    if (connection->calls() > 0) channel->leaving.push_back(std::move(channel->connection));
    Open(channel);
    return;
  }
  while (!channel->waiting.empty() && connection->has_room()) {
    const Waiting next = channel->waiting.front();
    channel->waiting.pop_front();
    if (!next.over()) connection->Begin(next.call);
  }
}

void ThinCaller::Fail(Channel* channel, const std::string& why) {
  channel->why = why;
  if (channel->address % thin_target_->addresses.size() != 0) {
    Open(channel);  // the next address
    return;
  }
  channel->failed = true;
  channel->backoff = std::clamp(channel->backoff * 2, kFirstBackoff, kMaxBackoff);
  channel->retry_at = SteadyNow() + channel->backoff;
  for (const Waiting& waiting : std::exchange(channel->waiting, {})) {
    if (!waiting.over()) GiveUp(waiting.call, target_.Unreachable(why));
  }
}

void ThinCaller::Start(void* tag, std::string_view request) {
  if (free_.empty()) {
    calls_.push_back(std::make_unique<ThinCall>());
    free_.push_back(calls_.back().get());
  }
  ThinCall* const call = free_.back();
  free_.pop_back();
  call->tag = tag;
  call->request = request;
  call->deadline = SteadyNow() + static_cast<int64_t>(options_.timeout * 1e9);
  call->under_way = true;
  call->moves = 0;
  call->connection = nullptr;
  const Waiting place{call, ++call->serial};
  deadlines_.push_back(place);
  Channel& channel = channels_[next_channel_];
  next_channel_ = next_channel_ + 1 == channels_.size() ? 0 : next_channel_ + 1;
  if (channel.failed) {
    unsent_.emplace_back(place, target_.Unreachable(channel.why));
  } else if (channel.connection != nullptr && channel.waiting.empty() &&
             channel.connection->has_room()) {
    channel.connection->Begin(call);
  } else {
    channel.waiting.push_back(place);
  }
}

void ThinCaller::Flush() {
  for (Channel& channel : channels_) {
    for (const auto& old : channel.leaving) {
      old->Flush();
      Watch(old.get());
    }
    if (channel.connection == nullptr) continue;
    channel.connection->Flush();
    Watch(channel.connection.get());
  }
}

void ThinCaller::OnDone(ThinCall* call, const absl::Status& status, std::string_view answer) {
  if (!call->under_way) return;
  call->under_way = false;
  ended_ = true;
  user_->OnEnded(call->tag, status, answer);
  free_.push_back(call);
}

void ThinCaller::OnNotTaken(ThinCall* call) {
  // Any channel will do: its own may still hold the connection that leaves.
  channels_[next_channel_].waiting.push_back({call, call->serial});
}

void ThinCaller::GiveUp(ThinCall* call, const absl::Status& status) {
  if (call->connection != nullptr) call->connection->GiveUp(call);
  call->connection = nullptr;
  OnDone(call, status, {});
}

void ThinCaller::EndLateCalls(int64_t now) {
  for (const auto& [place, status] : std::exchange(unsent_, {})) {
    if (!place.over()) GiveUp(place.call, status);
  }
  while (!deadlines_.empty()) {
    const Waiting first = deadlines_.front();
    if (!first.over()) {
      if (cancelled_) {
        GiveUp(first.call, absl::CancelledError("the run was ended"));
      } else if (now >= first.call->deadline) {
        GiveUp(first.call, absl::DeadlineExceededError("no answer within --timeout"));
      } else {
        return;
      }
    }
    deadlines_.pop_front();
  }
}

int64_t ThinCaller::QuietTime(int64_t now, int64_t wait) const {
  if (wait <= 0 || ended_) return 0;
  if (!deadlines_.empty()) wait = std::min(wait, deadlines_.front().call->deadline - now);
  for (const Channel& channel : channels_) {
    if (channel.connection == nullptr) wait = std::min(wait, channel.retry_at - now);
  }
  return std::max<int64_t>(wait, 0);
}

void ThinCaller::Wait(int64_t wait) {
  if (wait > 0) {
    // ppoll knows nanoseconds, which epoll_wait does not.
    constexpr int64_t kSecond = 1000 * kMillisecond;
    const timespec time = {wait / kSecond, wait % kSecond};
    pollfd set{poll_, POLLIN, 0};
    if (ppoll(&set, 1, &time, nullptr) <= 0) return;
  }
  constexpr int kMaxEvents = 64;
  std::array<epoll_event, kMaxEvents> events;
  const int count = epoll_wait(poll_, events.data(), kMaxEvents, 0);
  for (int i = 0; i < count; ++i) {
    auto* const connection = static_cast<ThinConnection*>(events[static_cast<size_t>(i)].data.ptr);
    connection->OnEvent();
    Watch(connection);
  }
}

bool ThinCaller::Take(int64_t wait) {
  ended_ = false;
  const int64_t now = SteadyNow();
  EndLateCalls(now);
  Flush();
  Wait(QuietTime(now, wait));
  for (Channel& channel : channels_) Maintain(&channel);
  Flush();
  return ended_;
}

}  // namespace dnc::load
