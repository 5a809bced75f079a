#include "server/http/http_front.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/rpc/served_call.h"

namespace dnc {
namespace {

// How often each connection is looked at.
constexpr std::chrono::milliseconds kHttpLook(250);
constexpr std::chrono::milliseconds kEndingHttpLook(20);
constexpr std::chrono::seconds kTellInterval(10);

// Who counts as one caller: an address, and of IPv6 the network (/64), whose hosts choose theirs.
std::string NetworkOf(const std::string& address) {
  constexpr std::string_view kBegin = "ipv6:[";
  if (address.rfind(kBegin, 0) != 0) return address;
  const std::string host = address.substr(kBegin.size(), address.size() - kBegin.size() - 1);
  std::array<char, sizeof(in6_addr)> bytes{};
  if (inet_pton(AF_INET6, host.c_str(), bytes.data()) != 1) return address;
  return std::string(bytes.data(), bytes.size() / 2);
}

}  // namespace

struct HttpFront::LoopState {
  explicit LoopState(EventLoop* of) : loop(of), timer(of->io()) {}

  EventLoop* const loop;
  boost::asio::steady_timer timer;
  // What follows is of the loop's thread.
  bool over = false;  // nobody is looked at any more
  std::unordered_map<HttpConnection*, std::shared_ptr<HttpConnection>> connections;
};

absl::StatusOr<std::unique_ptr<HttpFront>> HttpFront::Open(const std::string& listen,
                                                           const HttpOptions& options,
                                                           HttpFrontParts parts) {
  constexpr uint32_t kNoSocketMode = 0;  // of a unix socket, which is not listened on here
  DNC_ASSIGN_OR_RETURN(auto listener, Listener::Open(listen, kNoSocketMode, parts.metrics));
  if (parts.uses_reserve) listener->UseReserve();
  auto front = std::make_unique<HttpFront>(options, std::move(parts));
  front->listener_ = std::move(listener);
  return front;
}

HttpFront::HttpFront(const HttpOptions& options, HttpFrontParts parts)
    : parts_(std::move(parts)),
      pool_(static_cast<int64_t>(std::max(options.max_unfinished_bytes,
                                          4 * static_cast<uint64_t>(options.max_body_bytes)))),
      beyond_(pool_.all()) {
  context_.options = options;
  context_.pool = &pool_;
  context_.beyond = &beyond_;
  context_.router = parts_.router;
  context_.live = parts_.live;
  context_.is_known = parts_.is_known;
  context_.closed = [this](HttpConnection* connection) { Forget(connection); };
  for (size_t i = 0; i < parts_.loops->size(); ++i) {
    loops_.push_back(std::make_unique<LoopState>(parts_.loops->at(i)));
  }
}

HttpFront::~HttpFront() {
  StopListening();
  CloseAll();
}

void HttpFront::Start() {
  for (const auto& state : loops_) {
    state->loop->Post([this, raw = state.get()] { LookLater(raw); });
  }
  if (listener_ == nullptr) return;
  listener_->Start([this](int /*listener_fd*/, int fd) { Take(fd); }, context_.options.idle);
}

void HttpFront::LookLater(LoopState* state) {
  if (state->over) return;
  state->timer.expires_after(announced_ ? kEndingHttpLook : kHttpLook);
  state->timer.async_wait([this, state](const boost::system::error_code& error) {
    if (error) return;
    const auto now = EventLoop::Clock::now();
    // A look may close connections, which are forgotten later.
    for (const auto& [raw, connection] : state->connections) raw->Look(now);
    LookLater(state);
  });
}

std::shared_ptr<HttpNetwork> HttpFront::AddOne(const std::string& network) {
  const absl::MutexLock lock(&mutex_);
  Network& of_network = networks_[network];
  if (open_ < context_.options.max_connections &&
      of_network.connections < context_.options.max_connections_per_address) {
    ++of_network.connections;
    ++open_;
    return of_network.shared;
  }
  if (of_network.connections == 0) networks_.erase(network);
  NoteTurnedAway();
  return nullptr;
}

void HttpFront::NoteTurnedAway() {
  ++turned_away_;
  const auto now = std::chrono::steady_clock::now();
  if (told_ != std::chrono::steady_clock::time_point{} && now - told_ < kTellInterval) return;
  LogWarn(
      "{} HTTP connection{} turned away: there are {} already (http.max_connections, "
      "http.max_connections_per_address)",
      turned_away_, turned_away_ == 1 ? " was" : "s were", open_.load());
  told_ = now;
  turned_away_ = 0;
}

void HttpFront::RemoveOne(const std::string& network) {
  const absl::MutexLock lock(&mutex_);
  const auto found = networks_.find(network);
  if (--found->second.connections == 0) networks_.erase(found);
  --open_;
  wait_.Notify();
}

void HttpFront::Take(int fd) {
  std::string peer = HostOf(PeerOf(fd));
  std::shared_ptr<HttpNetwork> network = AddOne(NetworkOf(peer));
  if (network == nullptr) {
    close(fd);
    return;
  }
  SslPtr ssl;
  if (parts_.tls != nullptr) {
    ssl = parts_.tls->NewConnection(InTls::kHttp1);
    if (ssl == nullptr) {
      close(fd);
      RemoveOne(NetworkOf(peer));
      return;
    }
  }
  LoopState* const state = loops_[parts_.loops->LeastUsed()].get();
  ++state->loop->connections();
  auto connection = std::make_shared<HttpConnection>(&context_, state->loop, fd, std::move(ssl),
                                                     std::move(peer), std::move(network));
  state->loop->Post([this, state, connection = std::move(connection)] {
    state->connections.emplace(connection.get(), connection);
    connection->Start();
    if (announced_) connection->AnnounceEnd();
    if (is_ending_) connection->BeginEnd(last_moment_);
  });
}

void HttpFront::Forget(HttpConnection* connection) {
  const std::string network = NetworkOf(connection->peer());
  for (const auto& state : loops_) {
    if (state->loop != connection->loop()) continue;
    --state->loop->connections();
    state->connections.erase(connection);
  }
  RemoveOne(network);
}

void HttpFront::ForEach(const std::function<void(HttpConnection*)>& each) {
  for (const auto& state : loops_) {
    state->loop->Post([raw = state.get(), each] {
      for (const auto& [connection, keeper] : raw->connections) each(connection);
    });
  }
}

void HttpFront::AnnounceEnd() {
  announced_ = true;
  ForEach([](HttpConnection* connection) { connection->AnnounceEnd(); });
  for (const auto& state : loops_) {
    state->loop->Post([this, raw = state.get()] { LookLater(raw); });
  }
}

void HttpFront::StopListening() {
  if (listener_ != nullptr) listener_->Stop();
}

void HttpFront::BeginEnd(StopSign::Clock::time_point last_moment) {
  last_moment_ = last_moment;
  is_ending_ = true;
  ForEach([last_moment](HttpConnection* connection) { connection->BeginEnd(last_moment); });
}

bool HttpFront::WaitUntilClosed(absl::Duration patience) {
  const absl::MutexLock lock(&mutex_);
  return wait_.Await(&mutex_, patience, [this] { return open_ == 0; });
}

void HttpFront::CloseAll() {
  if (std::exchange(closed_, true)) return;
  ForEach([](HttpConnection* connection) { connection->Close(); });
  constexpr absl::Duration kPatience = absl::Seconds(5);
  WaitUntilClosed(kPatience);
  // The loops run longer than this: none of them may look at it any more.
  const auto left = std::make_shared<std::atomic<size_t>>(loops_.size());
  for (const auto& state : loops_) {
    state->loop->Post([this, raw = state.get(), left] {
      raw->over = true;
      raw->timer.cancel();
      const absl::MutexLock lock(&mutex_);
      --*left;
      wait_.Notify();
    });
  }
  const absl::MutexLock lock(&mutex_);
  wait_.Await(&mutex_, kPatience, [&left] { return *left == 0; });
}

}  // namespace dnc
