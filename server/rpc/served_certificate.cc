#include "server/rpc/served_certificate.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"
#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/wire/pem.h"

namespace dnc {
namespace {

// No certificate with its chain comes near; whoever names a disk image is told so.
constexpr size_t kMaxFileBytes = 1 << 20;

absl::Status Unusable(std::string_view key, const std::string& path, std::string_view what) {
  ERR_clear_error();  // OpenSSL keeps its errors for the thread's next call
  return Error(reason::kInvalidRequest, StrCat("tls.", key, ": ", path, " ", what));
}

absl::StatusOr<std::string> ReadPem(std::string_view key, const std::string& path) {
  DNC_RETURN_IF_ERROR(CheckPermission(path, R_OK));
  std::ifstream file(path, std::ios::binary);
  std::string content(kMaxFileBytes + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<size_t>(file.gcount()));
  if (content.empty()) return Unusable(key, path, "can't be read, or is empty");
  if (content.size() > kMaxFileBytes) return Unusable(key, path, "has more than 1 MiB");
  return content;
}

absl::StatusOr<absl::Time> EndOf(const X509* certificate) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &parts) != 1) {
    return absl::InvalidArgumentError("no time");
  }
  return absl::FromTM(parts, absl::UTCTimeZone());
}

// When the pair runs out; an error if it can't be served.
absl::StatusOr<absl::Time> Check(const TlsOptions& options, const CertificatePair& pair) {
  const CertificatePtr certificate = ReadCertificate(InMemory(pair.certificate).get());
  if (certificate == nullptr) {
    return Unusable("certificate", options.certificate, "holds no certificate in PEM form");
  }
  const PrivateKeyPtr key = ReadPrivateKey(InMemory(pair.key).get());
  if (key == nullptr) {
    return Unusable("key", options.key, "holds no private key in PEM form without a password");
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Unusable("key", options.key, StrCat("is not the key of ", options.certificate));
  }
  const absl::StatusOr<absl::Time> end = EndOf(certificate.get());
  if (!end.ok()) return Unusable("certificate", options.certificate, "has no end");
  return end;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ServedCertificate>> ServedCertificate::Open(
    const TlsOptions& options) {
  std::unique_ptr<ServedCertificate> served(new ServedCertificate(options));
  DNC_RETURN_IF_ERROR(served->Refresh());
  served->watcher_.emplace(kRefresh, [raw = served.get()] { raw->Watch(); });
  return served;
}

absl::Status ServedCertificate::Refresh() {
  CertificatePair pair;
  DNC_ASSIGN_OR_RETURN(pair.certificate, ReadPem("certificate", options_.certificate));
  DNC_ASSIGN_OR_RETURN(pair.key, ReadPem("key", options_.key));
  if (pair == seen_) return absl::OkStatus();
  DNC_ASSIGN_OR_RETURN(const absl::Time end, Check(options_, pair));
  DNC_RETURN_IF_ERROR(tls_.Use(pair.certificate, pair.key));
  end_ = absl::ToUnixSeconds(end);
  seen_ = std::move(pair);
  LogInfo("serving TLS with {}, valid until {}", options_.certificate,
          absl::FormatTime(absl::RFC3339_sec, end, absl::UTCTimeZone()));
  if (end < absl::Now()) LogError("{} has run out; clients refuse it", options_.certificate);
  return absl::OkStatus();
}

void ServedCertificate::Watch() {
  const absl::Status refreshed = Refresh();
  const std::string now(refreshed.message());
  // Each complaint is told once, not every few seconds.
  if (!refreshed.ok() && now != told_) {
    LogWarn("{}; still serving the certificate from before, until {}", now,
            absl::FormatTime(absl::RFC3339_sec, end(), absl::UTCTimeZone()));
  }
  told_ = now;
}

}  // namespace dnc
