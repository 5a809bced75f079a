#include "tools/dncload/thin_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/match.h"
#include "dnc/channel.h"
#include "fmt/format.h"
#include "server/base/status_macros.h"

namespace dnc::load {
namespace {

using Addresses = std::vector<ThinTarget::Address>;

absl::StatusOr<Addresses> UnixAddress(const std::string& target) {
  std::string path = target.substr(std::strlen("unix:"));
  if (absl::StartsWith(path, "//")) path.erase(0, 2);  // gRPC takes unix:///path, too
  ThinTarget::Address address;
  auto* const un = reinterpret_cast<sockaddr_un*>(&address.bytes);
  if (path.empty() || path.size() >= sizeof(un->sun_path)) {
    return absl::InvalidArgumentError(fmt::format("{}: a unix socket's path has 1 to {} bytes",
                                                  target, sizeof(un->sun_path) - 1));
  }
  un->sun_family = AF_UNIX;
  path.copy(un->sun_path, path.size());
  address.size = sizeof(sockaddr_un);
  return Addresses{address};
}

// Looks HOST:PORT up, [v6]:PORT as well.
absl::StatusOr<Addresses> LookUp(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    return absl::UnavailableError(fmt::format("no server {}: {}", host, gai_strerror(error)));
  }
  Addresses addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    ThinTarget::Address address;
    std::memcpy(&address.bytes, one->ai_addr, one->ai_addrlen);
    address.size = one->ai_addrlen;
    addresses.push_back(address);
  }
  freeaddrinfo(found);
  return addresses;
}

absl::StatusOr<std::shared_ptr<ssl_ctx_st>> MakeTls(const TlsOptions& options) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  if (context == nullptr) return absl::ResourceExhaustedError("OpenSSL has no memory");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  static constexpr std::array<unsigned char, 3> kHttp2 = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context.get(), kHttp2.data(), kHttp2.size());
  // MakeTransport has checked the file, and says what is wrong with it.
  const int trusted =
      options.ca_file.has_value()
          ? SSL_CTX_load_verify_locations(context.get(), options.ca_file->c_str(), nullptr)
          : SSL_CTX_set_default_verify_paths(context.get());
  if (trusted == 1) return context;
  ERR_clear_error();
  return absl::InvalidArgumentError(
      fmt::format("{} holds no certificate that OpenSSL takes; give a file in PEM form",
                  options.ca_file.value_or("the system's store")));
}

std::string TlsError(const SSL* ssl) {
  const long verified = SSL_get_verify_result(ssl);  // NOLINT(google-runtime-int): OpenSSL's
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  // OpenSSL keeps its errors for the thread's next call, which may be another connection's.
  ERR_clear_error();
  if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
  return reason == nullptr ? "the TLS handshake failed" : reason;
}

// Says which name the certificate must have: a host's, or an address.
void ExpectName(SSL* ssl, const std::string& name) {
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name.c_str()) == 1) return;
  SSL_set1_host(ssl, name.c_str());
  SSL_set_tlsext_host_name(ssl, name.c_str());
}

}  // namespace

absl::StatusOr<ThinTarget> ThinTarget::Make(const cli::ServerOptions& options) {
  ThinTarget target;
  if (options.tls.used()) {
    DNC_ASSIGN_OR_RETURN(target.tls, MakeTls(options.tls));
  }
  if (absl::StartsWith(options.server, "unix:")) {
    DNC_ASSIGN_OR_RETURN(target.addresses, UnixAddress(options.server));
    target.authority = "localhost";
    target.certificate_name = target.authority;
  } else {
    for (const std::string& address : AddressesOf(options.server)) {
      const size_t colon = address.rfind(':');
      std::string host = address.substr(0, colon);
      if (absl::StartsWith(host, "[")) host = host.substr(1, host.size() - 2);
      DNC_ASSIGN_OR_RETURN(const Addresses found, LookUp(host, address.substr(colon + 1)));
      target.addresses.insert(target.addresses.end(), found.begin(), found.end());
      if (target.authority.empty()) {
        target.authority = address;
        target.certificate_name = host;
      }
    }
  }
  if (!options.tls.server_name.empty()) {
    target.certificate_name = options.tls.server_name;
    target.authority = options.tls.server_name;
  }
  return target;
}

void ThinSocket::FreeSsl::operator()(ssl_st* ssl) const { SSL_free(ssl); }

ThinSocket::ThinSocket(const ThinTarget& target, size_t address, double patience) {
  const ThinTarget::Address& to = target.addresses[address];
  fd_ = socket(to.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) {
    Break(std::strerror(errno));
    return;
  }
  if (to.bytes.ss_family != AF_UNIX) {
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const auto milliseconds = static_cast<unsigned>(std::clamp(patience * 1000, 1000.0, 1e9));
    setsockopt(fd_, IPPROTO_TCP, TCP_USER_TIMEOUT, &milliseconds, sizeof(milliseconds));
  }
  if (target.tls != nullptr) {
    ssl_.reset(SSL_new(target.tls.get()));
    ExpectName(ssl_.get(), target.certificate_name);
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
  }
  const int connected = connect(fd_, reinterpret_cast<const sockaddr*>(&to.bytes), to.size);
  if (connected != 0 && errno != EINPROGRESS) {
    Break(std::strerror(errno));
  } else if (connected == 0) {
    Progress();
  }
}

ThinSocket::~ThinSocket() {
  if (fd_ >= 0) close(fd_);
}

void ThinSocket::Break(const std::string& why) {
  if (broken_) return;
  broken_ = true;
  open_ = false;
  why_ = why;
}

void ThinSocket::Progress() {
  if (broken_ || open_) return;
  if (!connected_) {
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      Break(std::strerror(error));
      return;
    }
    sockaddr_storage peer{};
    size = sizeof(peer);
    if (getpeername(fd_, reinterpret_cast<sockaddr*>(&peer), &size) != 0) return;  // not yet
    connected_ = true;
  }
  if (ssl_ == nullptr) {
    open_ = true;
  } else {
    Handshake();
  }
}

void ThinSocket::Handshake() {
  do {
    const int done = SSL_do_handshake(ssl_.get());
    const int error = done == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), done);
    TakeTlsOutput();
    if (error == SSL_ERROR_NONE) {
      const unsigned char* protocol = nullptr;
      unsigned size = 0;
      SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
      if (size != 2 || std::memcmp(protocol, "h2", 2) != 0) {
        Break("the server does not speak HTTP/2 by TLS");
        return;
      }
      open_ = true;
      return;
    }
    if (error != SSL_ERROR_WANT_READ) {
      Break(TlsError(ssl_.get()));
      return;
    }
  } while (FeedTls());
}

size_t ThinSocket::ReadRaw(absl::Span<char> space) {
  if (broken_) return 0;
  const ssize_t got = recv(fd_, space.data(), space.size(), MSG_DONTWAIT);
  if (got > 0) return static_cast<size_t>(got);
  if (got == 0) Break("the server closed the connection");
  if (got < 0 && errno != EAGAIN && errno != EINTR) Break(std::strerror(errno));
  return 0;
}

bool ThinSocket::FeedTls() {
  std::array<char, 16384> bytes;
  const size_t got = ReadRaw(absl::MakeSpan(bytes));
  if (got > 0) BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(got));
  return got > 0;
}

size_t ThinSocket::Read(absl::Span<char> space) {
  if (ssl_ == nullptr) return ReadRaw(space);
  do {
    const int got = SSL_read(ssl_.get(), space.data(), static_cast<int>(space.size()));
    if (got > 0) return static_cast<size_t>(got);
    const int error = SSL_get_error(ssl_.get(), got);
    TakeTlsOutput();  // an answer to what the server has asked of TLS
    if (error == SSL_ERROR_ZERO_RETURN) Break("the server closed the connection");
    if (error != SSL_ERROR_WANT_READ) Break(TlsError(ssl_.get()));
  } while (!broken_ && FeedTls());
  return 0;
}

void ThinSocket::Send(std::string_view bytes) {
  if (broken_ || bytes.empty()) return;
  if (ssl_ == nullptr) {
    unsent_ += bytes;
    Flush();
    return;
  }
  // OpenSSL writes into memory, and so always takes all.
  if (SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) {
    Break(TlsError(ssl_.get()));
    return;
  }
  TakeTlsOutput();
}

void ThinSocket::TakeTlsOutput() {
  BIO* const out = SSL_get_wbio(ssl_.get());
  const size_t before = unsent_.size();
  const size_t pending = BIO_ctrl_pending(out);
  if (pending == 0) return;
  unsent_.resize(before + pending);
  BIO_read(out, unsent_.data() + before, static_cast<int>(pending));
  Flush();
}

void ThinSocket::Flush() {
  while (!broken_ && unsent() > 0) {
    const ssize_t sent =
        send(fd_, unsent_.data() + unsent_at_, unsent(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) Break(std::strerror(errno));
    if (sent <= 0) return;
    unsent_at_ += static_cast<size_t>(sent);
  }
  unsent_.clear();
  unsent_at_ = 0;
}

}  // namespace dnc::load
