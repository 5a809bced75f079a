#include "server/wire/wire_server.h"

#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "server/base/sharded_count.h"
#include "server/wire/listener.h"

namespace dnc {
namespace {

// How often each connection is looked at.
constexpr std::chrono::milliseconds kLook(500);
constexpr std::chrono::milliseconds kEndingLook(20);

}  // namespace

// Each stands apart from the others, whose threads write to theirs.
struct alignas(kApartBytes) WireServer::LoopState {
  explicit LoopState(EventLoop* of) : loop(of), timer(of->io()) {}

  EventLoop* const loop;
  boost::asio::steady_timer timer;
  // Of the loop's thread.
  std::unordered_map<Http2Connection*, std::shared_ptr<Http2Connection>> connections;
};

WireServer::WireServer(WireOptions options) : WireServer(std::move(options), nullptr) {}

WireServer::WireServer(WireOptions options, EventLoops* loops)
    : options_(std::move(options)),
      pool_(options_.http2.pool_bytes),
      own_loops_(loops == nullptr ? std::make_unique<EventLoops>(options_.loops, options_.spin)
                                  : nullptr),
      event_loops_(loops == nullptr ? own_loops_.get() : loops) {
  context_.options = options_.http2;
  context_.pool = &pool_;
  context_.accept = options_.accept;
  context_.status_of = options_.status_of;
  context_.is_known = options_.is_known;
  context_.closed = [this](Http2Connection* connection) { Forget(connection); };
  for (size_t i = 0; i < event_loops_->size(); ++i) {
    loops_.push_back(std::make_unique<LoopState>(event_loops_->at(i)));
  }
}

WireServer::~WireServer() { Stop(); }

void WireServer::Start() {
  for (const auto& state : loops_) LookLater(state.get());
  if (own_loops_ != nullptr) own_loops_->Start();
}

void WireServer::LookLater(LoopState* state) {
  state->timer.expires_after(is_ending_ ? kEndingLook : kLook);
  state->timer.async_wait([this, state](const boost::system::error_code& error) {
    if (error) return;
    const auto now = EventLoop::Clock::now();
    // A look may close connections, which are forgotten later.
    for (const auto& [raw, connection] : state->connections) raw->Look(now);
    LookLater(state);
  });
}

void WireServer::Take(int fd) {
  SslPtr ssl;
  if (options_.tls != nullptr) {
    ssl = options_.tls->NewConnection();
    if (ssl == nullptr) {
      close(fd);
      return;
    }
  }
  LoopState* const state = loops_[event_loops_->LeastUsed()].get();
  ++state->loop->connections();
  ++open_;
  auto connection =
      std::make_shared<Http2Connection>(&context_, state->loop, fd, std::move(ssl), PeerOf(fd));
  state->loop->Post([this, state, connection = std::move(connection)] {
    state->connections.emplace(connection.get(), connection);
    connection->Start();
    if (is_ending_) connection->BeginEnd(ending_);
  });
}

void WireServer::Forget(Http2Connection* connection) {
  for (const auto& state : loops_) {
    if (state->loop != connection->loop()) continue;
    --state->loop->connections();
    state->connections.erase(connection);
  }
  const absl::MutexLock lock(&mutex_);
  --open_;
  wait_.Notify();
}

void WireServer::ForEach(const std::function<void(Http2Connection*)>& each) {
  for (const auto& state : loops_) {
    state->loop->Post([raw = state.get(), each] {
      for (const auto& [connection, keeper] : raw->connections) each(connection);
    });
  }
}

void WireServer::AnnounceEnd(absl::Duration patience) {
  ForEach([](Http2Connection* connection) { connection->AnnounceEnd(); });
  const auto end = EventLoop::Clock::now() + absl::ToChronoNanoseconds(patience);
  constexpr std::chrono::milliseconds kStep(5);
  while (open_ > 0 && EventLoop::Clock::now() < end) {
    auto waiting = std::make_shared<std::atomic<int>>(0);
    auto told = std::make_shared<std::atomic<size_t>>(0);
    for (const auto& state : loops_) {
      state->loop->Post([raw = state.get(), waiting, told] {
        for (const auto& [connection, keeper] : raw->connections) {
          if (!connection->end_seen()) ++*waiting;
        }
        ++*told;
      });
    }
    while (*told < loops_.size() && EventLoop::Clock::now() < end)
      std::this_thread::sleep_for(kStep);
    if (*told == loops_.size() && *waiting == 0) return;
    std::this_thread::sleep_for(kStep);
  }
}

void WireServer::BeginEnd(const Ending& ending) {
  ending_ = ending;
  is_ending_ = true;
  ForEach([this](Http2Connection* connection) { connection->BeginEnd(ending_); });
  for (const auto& state : loops_) {
    state->loop->Post([this, raw = state.get()] { LookLater(raw); });
  }
}

bool WireServer::WaitUntilClosed(absl::Duration patience) {
  const absl::MutexLock lock(&mutex_);
  return wait_.Await(&mutex_, patience, [this] { return open_ == 0; });
}

void WireServer::CloseAll() {
  ForEach([](Http2Connection* connection) { connection->Close(); });
  constexpr absl::Duration kPatience = absl::Seconds(5);
  WaitUntilClosed(kPatience);
}

void WireServer::Stop() {
  if (std::exchange(stopped_, true)) return;
  CloseAll();
  if (own_loops_ != nullptr) own_loops_->Stop();
}

}  // namespace dnc
