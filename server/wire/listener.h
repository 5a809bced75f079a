// The sockets that the server listens on, and the thread that accepts connections from them.
//
// It goes on when the process has run out of file descriptors: what can't be accepted is refused,
// counted and told, and the next try follows within half a second. It also keeps some descriptors
// back, so that however many callers come, the stores can open their files.
//
//   callers --> [ sockets ] --poll--> the listener's thread --Take--> a loop
//                                       |
//                                       +-- no descriptor is left: accepts with the spare one and
//                                           closes at once, and says what is wrong
//
//   DNC_ASSIGN_OR_RETURN(auto listener, Listener::Open("127.0.0.1:0", 0660, metrics));
//   listener->Start([](int listener_fd, int fd) { ...takes the connection over... });
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/metrics.h"

namespace dnc {

// Raises this process's limit of descriptors to the highest that it may have by itself.
void RaiseDescriptorLimit();

// The other end of a connection, as gRPC writes it: `ipv4:192.0.2.1:50000`.
std::string PeerOf(int fd);

// Start and Stop belong to one thread.
class Listener {
 public:
  // Takes a connection over, which is open, does not block, and closes on exec. Called on the
  // listener's thread.
  using Take = std::function<void(int listener_fd, int fd)>;

  // Listens on HOST:PORT, where port 0 takes a free one, or on unix:/PATH, whose socket gets the
  // permissions `socket_mode`: one that nobody serves any more is taken over. Callers wait in the
  // kernel until Start. `metrics`, which must outlive the listener, learns what fails. Errors:
  // UNAVAILABLE if the address can't be listened on.
  static absl::StatusOr<std::unique_ptr<Listener>> Open(const std::string& address,
                                                        uint32_t socket_mode, Metrics* metrics);
  ~Listener();  // as Stop
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }                       // 0 for a unix socket
  const std::string& address() const { return address_; }  // with the port that was taken

  // Lets callers have half of the descriptors that are kept back, too: for those who watch a server
  // that has run out of them. Call it before Start.
  void UseReserve() { kept_share_ = 2; }
  // A connection whose other end takes nothing for `patience` is closed by the kernel.
  void Start(Take take, absl::Duration patience);
  // Takes those who wait, and closes the sockets: from now on callers are refused by the kernel.
  void Stop();

 private:
  using Clock = std::chrono::steady_clock;

  explicit Listener(Metrics* metrics);

  absl::Status ListenOnSocket(const std::string& path, uint32_t mode);
  absl::Status ListenOnHost(const std::string& host, const std::string& port);
  absl::Status Add(int family, const sockaddr* address, socklen_t size);
  void Run();
  // Takes what waits on a socket. False if something could not be accepted: try again after a
  // while.
  bool AcceptAll(int listener_fd);
  // Hands it over, or refuses it if the descriptors that are left are kept for files.
  bool HandOver(int listener_fd, int fd);
  // Accepts one with the descriptor that is kept for this, and closes it: its caller learns at once
  // that there is no room. False if that fails, too.
  bool RefuseOne(int listener_fd);
  void NoteFailure(int error);
  void NoteSuccess();
  // Tries whether a connection could be accepted now.
  bool HasRoom();

  Metrics* const metrics_;
  std::string address_;
  std::string path_;  // of a unix socket
  int port_ = 0;
  std::vector<int> sockets_;
  int wake_ = -1;
  int spare_ = -1;
  Take take_;
  int patience_ms_ = 0;
  uint64_t kept_share_ = 1;  // of the descriptors that are kept back, this part is left alone
  std::thread thread_;
  // What follows belongs to the thread.
  bool failing_ = false;
  bool told_failing_ = false;  // to the metrics
  Clock::time_point failing_since_;
  Clock::time_point logged_;
  uint64_t unlogged_ = 0;
};

}  // namespace dnc
