// The sockets of the thin sender: TCP or a unix socket, in plain text or by TLS.
//
//   plain:  socket --> Read        Send --> unsent bytes --> socket
//   TLS:    socket --> OpenSSL --> Read        Send --> OpenSSL --> unsent bytes --> socket
#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "tools/cli/server_options.h"

struct ssl_st;
struct ssl_ctx_st;

namespace dnc::load {

// Where a server is and how it is spoken to. Immutable, and so thread-safe.
struct ThinTarget {
  struct Address {
    sockaddr_storage bytes{};
    socklen_t size = 0;
  };

  // Looks the addresses up, and reads the certificates to trust. UNAVAILABLE for a name that is not
  // known, NOT_FOUND for a file that cannot be read, INVALID_ARGUMENT for one without certificates.
  static absl::StatusOr<ThinTarget> Make(const cli::ServerOptions& options);

  std::vector<Address> addresses;   // at least one, tried in this order
  std::string authority;            // as it is said to the server
  std::string certificate_name;     // that the server's certificate must have
  std::shared_ptr<ssl_ctx_st> tls;  // null: plain text
};

// A connection. Belongs to one thread; nothing waits.
class ThinSocket {
 public:
  // Begins to connect to an address of the target, which must outlive it. `patience`: seconds after
  // which a connection whose other end takes nothing is closed.
  ThinSocket(const ThinTarget& target, size_t address, double patience);
  ~ThinSocket();
  ThinSocket(const ThinSocket&) = delete;
  ThinSocket& operator=(const ThinSocket&) = delete;

  int fd() const { return fd_; }
  // Bytes may be sent and read.
  bool open() const { return open_; }
  // It has failed or ended, for this reason.
  bool broken() const { return broken_; }
  const std::string& why() const { return why_; }

  // Goes on with connecting. To be called when the socket is ready to be read or written.
  void Progress();
  // Returns how many bytes have come, at most as many as there is space for. 0: none now.
  size_t Read(absl::Span<char> space);
  // Whether OpenSSL may hold bytes, of which the socket does not tell.
  bool has_more() const { return ssl_ != nullptr; }
  // Sends what the socket takes, and keeps the rest.
  void Send(std::string_view bytes);
  // Sends what was kept.
  void Flush();
  size_t unsent() const { return unsent_.size() - unsent_at_; }
  // Whether it waits until the socket takes more.
  bool wants_to_write() const { return !broken_ && (!connected_ || unsent() > 0); }

 private:
  void Break(const std::string& why);
  void Handshake();
  // Reads from the socket itself. 0: nothing now.
  size_t ReadRaw(absl::Span<char> space);
  // Hands OpenSSL what has come, and sends what it says. False if nothing has come.
  bool FeedTls();
  void TakeTlsOutput();

  struct FreeSsl {
    void operator()(ssl_st* ssl) const;
  };

  int fd_ = -1;
  std::unique_ptr<ssl_st, FreeSsl> ssl_;
  std::string unsent_;
  size_t unsent_at_ = 0;
  bool connected_ = false;
  bool open_ = false;
  bool broken_ = false;
  std::string why_;
};

}  // namespace dnc::load
