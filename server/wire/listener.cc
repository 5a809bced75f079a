#include "server/wire/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "server/base/error.h"
#include "server/base/listen_address.h"
#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr int kFirstPauseMs = 20;
constexpr int kLongestPauseMs = 500;
constexpr int kRefusalsAtOnce = 64;
// As many as the kernel lets wait.
constexpr int kAcceptsAtOnce = 4096;
constexpr std::chrono::seconds kLogInterval(10);
// How long it goes wrong before the server calls itself not ready.
constexpr std::chrono::seconds kNotReadyAfter(1);

absl::Status CannotListen(std::string_view address, std::string_view why) {
  return Error(reason::kCannotListen,
               StrCat("cannot listen on ", address, ": ", why,
                      "; is the port taken by another program, and the address one of this "
                      "machine's?"));
}

absl::Status CannotServe(const std::string& path, std::string_view why) {
  return Error(reason::kCannotListen, StrCat("cannot listen on ", path, ": ", why));
}

// Tries whether somebody accepts connections there; if not, errno tells why.
bool IsServed(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy_n(path.data(), std::min(path.size(), sizeof(address.sun_path) - 1), address.sun_path);
  const bool served = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  const int error = errno;
  close(fd);
  errno = error;
  return served;
}

// Removes the socket at `path` that a server left behind which was killed. UNAVAILABLE if another
// program serves it, or something else than a socket is there.
absl::Status FreeSocket(const std::string& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return CannotServe(path, std::strerror(errno));
  }
  if (!S_ISSOCK(found.st_mode)) {
    return CannotServe(path, "something else than a socket is there; choose another path");
  }
  if (IsServed(path) || errno != ECONNREFUSED) {
    return CannotServe(path, "another program serves this socket; stop it, or choose another path");
  }
  if (unlink(path.c_str()) != 0) return CannotServe(path, std::strerror(errno));
  return absl::OkStatus();
}

// Sets who may connect. UNAVAILABLE if that fails.
absl::Status SetMode(const std::string& path, uint32_t mode) {
  if (chmod(path.c_str(), mode) == 0) return absl::OkStatus();
  return CannotServe(path, std::strerror(errno));
}

uint64_t DescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return UINT64_MAX;
  return limit.rlim_cur;
}

// Some descriptors no caller gets: a `share`th of those that are kept back. The kernel hands out
// the lowest that is free, so a connection with a higher one than this has been given one of the
// last.
uint64_t HighestForCallers(uint64_t share) {
  const uint64_t limit = DescriptorLimit();
  return limit - std::min<uint64_t>(limit / 4, 64) / share;
}

// Errors of accept that are of the one connection, which has gone wrong before it was accepted.
bool IsOfTheConnection(int error) {
  constexpr std::array kOnes = {ECONNABORTED, EINTR,       ENETDOWN, EPROTO,
                                ENOPROTOOPT,  EHOSTDOWN,   ENONET,   EHOSTUNREACH,
                                EOPNOTSUPP,   ENETUNREACH, EPERM,    ETIMEDOUT};
  return std::find(kOnes.begin(), kOnes.end(), error) != kOnes.end();
}

void SetOption(int fd, int level, int name, int value) {
  // A socket works without it, too.
  setsockopt(fd, level, name, &value, sizeof(value));
}

int PortOf(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
}

void SetPort(addrinfo* found, int port) {
  const auto wire = htons(static_cast<uint16_t>(port));
  if (found->ai_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(found->ai_addr)->sin6_port = wire;
  } else {
    reinterpret_cast<sockaddr_in*>(found->ai_addr)->sin_port = wire;
  }
}

struct FreeAddresses {
  void operator()(addrinfo* found) const { freeaddrinfo(found); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// Every address of the machine is served by one socket for both families, where there is IPv6.
bool IsEveryAddress(const std::string& host) { return host == "0.0.0.0" || host == "::"; }

}  // namespace

void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    LogWarn("the limit of open files can't be raised: {}", std::strerror(errno));
  }
}

std::string PeerOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return "unknown:";
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.ss_family == AF_INET) {
    const auto* const v4 = reinterpret_cast<const sockaddr_in*>(&address);
    inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
    return StrCat("ipv4:", text.data(), ":", ntohs(v4->sin_port));
  }
  if (address.ss_family == AF_INET6) {
    const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(&address);
    if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
      inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, text.data(), text.size());
      return StrCat("ipv4:", text.data(), ":", ntohs(v6->sin6_port));
    }
    inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
    return StrCat("ipv6:[", text.data(), "]:", ntohs(v6->sin6_port));
  }
  return "unix:";
}

Listener::Listener(Metrics* metrics)
    : metrics_(metrics),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      spare_(open("/dev/null", O_RDONLY | O_CLOEXEC)) {}

Listener::~Listener() {
  Stop();
  if (wake_ >= 0) close(wake_);
  if (spare_ >= 0) close(spare_);
}

absl::StatusOr<std::unique_ptr<Listener>> Listener::Open(const std::string& address,
                                                         uint32_t socket_mode, Metrics* metrics) {
  std::unique_ptr<Listener> listener(new Listener(metrics));
  if (listener->wake_ < 0) return CannotListen(address, std::strerror(errno));
  if (IsUnixAddress(address)) {
    DNC_RETURN_IF_ERROR(listener->ListenOnSocket(UnixPathOf(address), socket_mode));
    listener->address_ = address;
    return listener;
  }
  const size_t colon = address.rfind(':');
  if (colon == std::string::npos) return CannotListen(address, "it is no HOST:PORT");
  const std::string written = address.substr(0, colon);
  const bool bracketed = written.size() > 1 && written.front() == '[' && written.back() == ']';
  const std::string host = bracketed ? written.substr(1, written.size() - 2) : written;
  if (const absl::Status done = listener->ListenOnHost(host, address.substr(colon + 1));
      !done.ok()) {
    return CannotListen(address, ToStd(done.message()));
  }
  listener->address_ = StrCat(written, ":", listener->port_);
  return listener;
}

absl::Status Listener::ListenOnSocket(const std::string& path, uint32_t mode) {
  DNC_RETURN_IF_ERROR(FreeSocket(path));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy_n(path.data(), std::min(path.size(), sizeof(address.sun_path) - 1), address.sun_path);
  DNC_RETURN_IF_ERROR(Add(AF_UNIX, reinterpret_cast<sockaddr*>(&address), sizeof(address)));
  path_ = path;
  return SetMode(path, mode);
}

absl::Status Listener::ListenOnHost(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (IsEveryAddress(host)) {
    hints.ai_family = AF_INET6;
    if (getaddrinfo("::", port.c_str(), &hints, &found) == 0) {
      const Addresses both(found);
      if (Add(AF_INET6, found->ai_addr, found->ai_addrlen).ok()) return absl::OkStatus();
    }
    hints.ai_family = host == "::" ? AF_INET6 : AF_INET;
  }
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return absl::UnavailableError(gai_strerror(error));
  }
  const Addresses all(found);
  absl::Status status = absl::UnavailableError("it has no address");
  for (addrinfo* one = found; one != nullptr; one = one->ai_next) {
    // A name with two addresses, such as localhost, is served on one port.
    if (port_ != 0) SetPort(one, port_);
    status = Add(one->ai_family, one->ai_addr, one->ai_addrlen);
    // A machine without IPv6 still has the name ::1.
    if (absl::IsNotFound(status) && (!sockets_.empty() || one->ai_next != nullptr)) continue;
    if (!status.ok()) return status;
  }
  return sockets_.empty() ? status : absl::OkStatus();
}

absl::Status Listener::Add(int family, const sockaddr* address, socklen_t size) {
  const int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const auto failed = [&](int error) {
    if (fd >= 0) close(fd);
    const bool missing = error == EADDRNOTAVAIL || error == EAFNOSUPPORT;
    return absl::Status(missing ? absl::StatusCode::kNotFound : absl::StatusCode::kUnavailable,
                        std::strerror(error));
  };
  if (fd < 0) return failed(errno);
  if (family != AF_UNIX) {
    SetOption(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (family == AF_INET6) SetOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  }
  if (bind(fd, address, size) != 0 || listen(fd, SOMAXCONN) != 0) return failed(errno);
  if (family != AF_UNIX && port_ == 0) {
    sockaddr_storage taken{};
    socklen_t length = sizeof(taken);
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&taken), &length) != 0) return failed(errno);
    port_ = PortOf(taken);
  }
  sockets_.push_back(fd);
  return absl::OkStatus();
}

void Listener::Start(Take take, absl::Duration patience) {
  take_ = std::move(take);
  patience_ms_ = static_cast<int>(
      std::clamp<int64_t>(absl::ToInt64Milliseconds(patience), 1'000, 24 * 3600 * 1000));
  thread_ = std::thread([this] { Run(); });
}

void Listener::Stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
    thread_.join();
  }
  for (const int fd : sockets_) close(fd);
  sockets_.clear();
  if (!path_.empty()) unlink(std::exchange(path_, "").c_str());
}

void Listener::Run() {
  std::vector<pollfd> waits;
  for (const int fd : sockets_) waits.push_back({fd, POLLIN, 0});
  waits.push_back({wake_, POLLIN, 0});
  int pause_ms = 0;
  while (true) {
    // While something can't be accepted, the sockets stay readable: only the clock is waited for.
    if (pause_ms > 0) {
      poll(&waits.back(), 1, pause_ms);
    } else {
      poll(waits.data(), waits.size(), -1);
    }
    if ((waits.back().revents & POLLIN) != 0) {
      // Closing a socket resets those who wait at it.
      for (const int fd : sockets_) AcceptAll(fd);
      return;
    }
    bool all = true;
    for (const int fd : sockets_) all = AcceptAll(fd) && all;
    if (all && (!failing_ || HasRoom())) {
      NoteSuccess();
      pause_ms = 0;
    } else {
      if (Clock::now() - failing_since_ >= kNotReadyAfter && !std::exchange(told_failing_, true)) {
        metrics_->NoteListenerFails();
      }
      pause_ms = std::clamp(pause_ms * 2, kFirstPauseMs, kLongestPauseMs);
    }
  }
}

bool Listener::AcceptAll(int listener_fd) {
  int refused = 0;
  // What is left is accepted after a look at what else there is: the socket stays readable.
  for (int i = 0; i < kAcceptsAtOnce && refused < kRefusalsAtOnce; ++i) {
    const int fd = accept4(listener_fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    const int error = errno;
    if (fd >= 0) {
      if (!HandOver(listener_fd, fd)) ++refused;
    } else if (error == EAGAIN || error == EWOULDBLOCK) {
      break;
    } else if (!IsOfTheConnection(error)) {
      NoteFailure(error);
      ++refused;
      if (!RefuseOne(listener_fd)) break;
    }
  }
  return refused == 0;
}

bool Listener::HandOver(int listener_fd, int fd) {
  if (static_cast<uint64_t>(fd) >= HighestForCallers(kept_share_)) {
    close(fd);
    NoteFailure(EMFILE);
    return false;
  }
  if (path_.empty()) {
    SetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    SetOption(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, patience_ms_);
  }
  take_(listener_fd, fd);
  return true;
}

bool Listener::RefuseOne(int listener_fd) {
  if (spare_ >= 0) close(spare_);
  const int fd = accept4(listener_fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) close(fd);
  spare_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  return fd >= 0;
}

bool Listener::HasRoom() {
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  close(fd);
  return static_cast<uint64_t>(fd) < HighestForCallers(kept_share_);
}

void Listener::NoteFailure(int error) {
  metrics_->CountAcceptFailure();
  const Clock::time_point now = Clock::now();
  ++unlogged_;
  if (!failing_) failing_since_ = now;
  if (!failing_ || now - logged_ >= kLogInterval) {
    LogError(
        "{} connection{} could not be accepted: {}. Their callers are refused until descriptors "
        "are free (limit: {}; raise it with LimitNOFILE= of the service, or close connections)",
        unlogged_, unlogged_ == 1 ? "" : "s", std::strerror(error), DescriptorLimit());
    logged_ = now;
    unlogged_ = 0;
  }
  failing_ = true;
}

void Listener::NoteSuccess() {
  if (!failing_) return;
  failing_ = false;
  unlogged_ = 0;
  if (spare_ < 0) spare_ = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (std::exchange(told_failing_, false)) metrics_->NoteListenerWorks();
  LogInfo("connections are accepted again");
}

}  // namespace dnc
