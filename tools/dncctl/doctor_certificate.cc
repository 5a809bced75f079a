// The certificates that `dncctl doctor` looks at: in a file, and as the server shows it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "absl/time/clock.h"
#include "dnc/channel.h"
#include "tools/dncctl/doctor.h"
#include "tools/dncctl/terminal.h"

namespace dnc::ctl {
namespace {

constexpr absl::Duration kSoon = absl::Hours(24 * 14);
constexpr char kServed[] = "served certificate";

struct Free {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

// Nothing if it tells no time.
std::optional<absl::Time> EndOf(const X509* certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) return std::nullopt;
  return absl::FromTM(parts, absl::UTCTimeZone());
}

void TellEnd(const std::string& subject, absl::Time end, DoctorReport* report) {
  const std::string until = IsoTime(ToTimestamp(end));
  if (end < absl::Now()) {
    return report->Fail(subject, "it ran out at " + until + "; clients refuse it",
                        "renew it: docs/operations.md, DncCertificateExpires");
  }
  if (end < absl::Now() + kSoon) {
    return report->Warn(subject, "it runs out at " + until, "renew it with your authority");
  }
  report->Good(subject, "valid until " + until);
}

// The end of the first that ends, of a certificate and those that stand behind it.
std::optional<absl::Time> FirstEndOf(const std::string& pem) {
  const Owned<BIO> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  std::optional<absl::Time> first;
  for (;;) {
    const Owned<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (certificate == nullptr) return first;
    const auto end = EndOf(certificate.get());
    if (!end.has_value()) return std::nullopt;
    first = std::min(first.value_or(*end), *end);
  }
}

std::optional<absl::Time> FirstEndOf(SSL* ssl) {
  std::optional<absl::Time> first;
  const STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(ssl);
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
    const auto end = EndOf(sk_X509_value(chain, i));
    if (end.has_value()) first = std::min(first.value_or(*end), *end);
  }
  return first;
}

// Greets the server at HOST:PORT as a gRPC client does; false if no greeting comes about. Who it is
// is not checked: also of a certificate that nobody trusts the end is told.
bool Greet(BIO* connection, const std::string& address, std::string name, absl::Duration patience) {
  static constexpr std::array<unsigned char, 3> kHttp2 = {2, 'h', '2'};
  SSL* ssl = nullptr;
  BIO_get_ssl(connection, &ssl);
  if (name.empty()) name = address.substr(0, address.rfind(':'));
  // Without a name a server may show another certificate; an address is none.
  in_addr four{};
  if (!absl::StartsWith(name, "[") && inet_pton(AF_INET, name.c_str(), &four) != 1) {
    SSL_set_tlsext_host_name(ssl, name.c_str());
  }
  SSL_set_alpn_protos(ssl, kHttp2.data(), kHttp2.size());
  BIO_set_conn_hostname(connection, address.c_str());
  BIO_set_nbio(connection, 1);
  const std::time_t until = absl::ToTimeT(absl::Now() + std::max(patience, absl::Seconds(1)));
  while (BIO_do_connect(connection) <= 0) {
    if (BIO_should_retry(connection) == 0) return false;
    constexpr unsigned int kNapMs = 50;
    if (BIO_wait(connection, until, kNapMs) <= 0) return false;
  }
  return true;
}

}  // namespace

void LookAtCertificate(const std::string& path, DoctorReport* report) {
  const std::string subject = "certificate";
  std::ifstream file(path, std::ios::binary);
  const std::string pem{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) return NotThere(subject, path, report);
  const auto end = FirstEndOf(pem);
  if (!end.has_value()) {
    return report->Fail(subject, path + " holds no certificate in PEM form",
                        "put the certificate there that your authority gave you");
  }
  TellEnd(subject, *end, report);
}

void LookAtServedCertificate(const GlobalOptions& options, DoctorReport* report) {
  if (!options.tls.used()) return;
  const std::string proxy = ProxyVariable(options.server);
  if (!proxy.empty()) {
    return report->Unknown(
        kServed,
        "the server is reached through the proxy that " + proxy + " names, so it was not asked",
        "run the doctor where no proxy is in the way");
  }
  const auto address = AddressesOf(options.server).front();
  const Owned<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
  const Owned<BIO> connection(context == nullptr ? nullptr : BIO_new_ssl_connect(context.get()));
  const bool local = absl::StartsWith(options.server, "unix");
  if (local || connection == nullptr ||
      !Greet(connection.get(), address, options.tls.server_name, options.timeout())) {
    return report->Unknown(kServed,
                           local ? "it can't be asked over a socket of the machine"
                                 : "no TLS connection to " + address + " came about",
                           "docs/operations.md, DncCertificateExpires");
  }
  SSL* ssl = nullptr;
  BIO_get_ssl(connection.get(), &ssl);
  const auto end = FirstEndOf(ssl);
  if (!end.has_value()) {
    return report->Fail(kServed, "the server shows no certificate that tells its end",
                        "look at tls.certificate in its configuration");
  }
  TellEnd(kServed, *end, report);
}

}  // namespace dnc::ctl
