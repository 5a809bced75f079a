// dncctl doctor: looks over an installation and says what to fix.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <CLI/CLI.hpp>
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
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"
#include "tools/cli/tool_main.h"
#include "tools/dncctl/commands.h"
#include "tools/dncctl/doctor.h"

namespace dnc::cli {
namespace {

struct DoctorArguments {
  std::string data_dir;
  std::string config;
  bool no_server = false;
};

const char* Word(Health health) {
  switch (health) {
    case Health::kGood:
      return "ok";
    case Health::kUnknown:
      return "unknown";
    case Health::kWarning:
      return "warning";
    case Health::kFailure:
      break;
  }
  return "failure";
}

int ExitCodeOf(Health worst) {
  if (worst == Health::kFailure) return kExitUnwell;
  return worst == Health::kWarning ? kExitWarnings : kExitOk;
}

void PrintJsonReport(const DoctorReport& report) {
  nlohmann::ordered_json object = {{"worst", Word(report.worst())},
                                   {"findings", nlohmann::ordered_json::array()}};
  for (const DoctorFinding& finding : report.findings()) {
    object["findings"].push_back({{"subject", finding.subject},
                                  {"health", Word(finding.health)},
                                  {"text", finding.text},
                                  {"remedy", finding.remedy}});
  }
  PrintJson(object);
}

void PrintReport(const DoctorReport& report) {
  const Style style(stdout);
  for (const DoctorFinding& finding : report.findings()) {
    std::string word = fmt::format("{:<8}", Word(finding.health));
    if (finding.health == Health::kGood) word = style.Good(word);
    if (finding.health == Health::kUnknown) word = style.Faint(word);
    if (finding.health == Health::kWarning) word = style.Warn(word);
    if (finding.health == Health::kFailure) word = style.Bad(word);
    fmt::print("{}{}: {}\n", word, Printable(finding.subject), Printable(finding.text));
    if (!finding.remedy.empty()) fmt::print("        -> {}\n", Printable(finding.remedy));
  }
}

int RunDoctor(const GlobalOptions& options, const DoctorArguments& arguments) {
  DoctorReport report;
  DoctorConfig config;
  if (!arguments.config.empty()) config = ReadDoctorConfig(arguments.config, &report);
  if (!arguments.data_dir.empty()) config.data_dir = arguments.data_dir;
  LookAtConfigured(config, &report);
  if (config.data_dir.empty()) {
    report.Unknown("data folder", "nobody said where it is", "give --data-dir or --config");
  } else {
    LookAtDataFolder(config.data_dir, &report);
  }
  LookAtMachine(config.data_dir, &report);
  if (arguments.no_server) {
    report.Unknown("server", "not asked, as --no-server says", "");
  } else {
    LookAtServer(options, &report);
    LookAtServedCertificate(options, &report);
  }
  if (options.json) {
    PrintJsonReport(report);
  } else {
    PrintReport(report);
  }
  return ExitCodeOf(report.worst());
}

}  // namespace

Health DoctorReport::worst() const {
  Health worst = Health::kGood;
  for (const DoctorFinding& finding : findings_) {
    if (finding.health != Health::kUnknown) worst = std::max(worst, finding.health);
  }
  return worst;
}

void AddDoctorCommand(CLI::App* app, const GlobalOptions& options, Job* job) {
  const auto arguments = std::make_shared<DoctorArguments>();
  CLI::App* command = app->add_subcommand(
      "doctor",
      "Look over an installation and say what to fix; 12 if something should be looked "
      "at, 13 if something is wrong");
  command->add_option("--data-dir", arguments->data_dir, "The server's data folder, to look at it");
  command->add_option("--config", arguments->config, "The server's configuration file");
  command->add_flag("--no-server", arguments->no_server, "Look at files and the machine alone");
  SetJob(command, options, job, arguments, &RunDoctor);
}

namespace {

constexpr absl::Duration kStaleSoon = absl::Hours(24 * 3);
constexpr absl::Duration kKeyEndsSoon = absl::Hours(24 * 14);
constexpr absl::Duration kClocksDiffer = absl::Minutes(1);
constexpr uint32_t kMaxTenants = 1000;

void LookAtClock(const v1::GetStatusResponse& status, DoctorReport* report) {
  if (!status.has_newest_known_at()) return;
  const absl::Duration ahead = ToTime(status.newest_known_at()) - absl::Now();
  if (status.clock_behind()) {
    report->Fail("server's clock",
                 "it lies a day or more behind what its stores know: every answer is STALE",
                 "docs/operations.md, DncClockBehind");
  } else if (absl::AbsDuration(ahead) > kClocksDiffer) {
    report->Warn(
        "server's clock",
        fmt::format("its time is {} {} of this machine's", HumanDuration(absl::AbsDuration(ahead)),
                    ahead > absl::ZeroDuration() ? "ahead" : "behind"),
        "keep both machines' clocks by NTP");
  } else {
    report->Good("server's clock", "as this machine's");
  }
}

void LookAtList(const v1::ListStatus& list, DoctorReport* report) {
  const std::string subject = "list " + list.list();
  const std::vector<ListWarning> warnings = ListWarnings(list);
  for (const ListWarning& warning : warnings) {
    report->Fail(subject, warning.text,
                 "docs/operations.md, DncReleaseStale and "
                 "DncAreaCodesDamaged");
  }
  if (!warnings.empty() || !list.has_release()) return;
  const absl::Time stale_at = ToTime(list.release().obtained_at_oldest()) +
                              absl::Hours(24) * static_cast<int64_t>(list.max_age_days());
  const absl::Duration left = stale_at - absl::Now();
  const std::string text =
      fmt::format("{} numbers; its oldest data is of {}", WithCommas(list.release().numbers()),
                  IsoTime(list.release().obtained_at_oldest()));
  if (left < kStaleSoon) {
    report->Warn(subject,
                 fmt::format("{}, and too old in {}", text,
                             HumanDuration(std::max(left, absl::ZeroDuration()))),
                 "load the next change list, or full lists");
  } else {
    report->Good(subject, text);
  }
}

// Checks the keys of a tenant, or the operator's if its id is empty. Returns false if the caller
// may not ask.
bool LookAtKeys(Session& session, const std::string& tenant, DoctorReport* report, int* live) {
  v1::ListKeysRequest request;
  request.set_tenant_id(tenant);
  const auto keys = session.Call(session.tenants(), &v1::TenantService::Stub::ListKeys, request);
  if (!keys.ok()) return false;
  for (const v1::Key& key : keys->keys()) {
    if (key.has_revoked_at()) continue;
    const absl::Time end = key.has_expires_at() ? ToTime(key.expires_at()) : absl::InfiniteFuture();
    if (end < absl::Now()) continue;
    ++*live;
    if (end > absl::Now() + kKeyEndsSoon) continue;
    report->Warn("keys",
                 fmt::format("key {} \"{}\" of {} ends at {}", key.key_id(), key.display_name(),
                             tenant.empty() ? "the operator" : "tenant " + tenant,
                             IsoTime(key.expires_at())),
                 "make a new one (dncctl keys create), and hand it over before");
  }
  return true;
}

void LookAtAllKeys(Session& session, DoctorReport* report) {
  int live = 0;
  const size_t before = report->findings().size();
  v1::ListTenantsRequest request;
  request.set_page_size(kMaxTenants);
  const auto tenants =
      session.Call(session.tenants(), &v1::TenantService::Stub::ListTenants, request);
  if (!tenants.ok() || !LookAtKeys(session, "", report, &live)) {
    return report->Unknown("keys", "this caller may not see them",
                           "set DNC_KEY to an operator's key");
  }
  for (const v1::Tenant& tenant : tenants->tenants()) {
    LookAtKeys(session, tenant.tenant_id(), report, &live);
  }
  if (report->findings().size() == before) {
    report->Good("keys", fmt::format("{} are live, and none ends within two weeks", live));
  }
  if (!tenants->next_page_token().empty()) {
    report->Unknown("keys", fmt::format("only those of {} tenants were looked at", kMaxTenants),
                    "");
  }
}

}  // namespace

void LookAtServer(const GlobalOptions& options, DoctorReport* report) {
  Session session(options);
  const auto status = session.Call(session.registry(), &v1::RegistryService::Stub::GetStatus,
                                   v1::GetStatusRequest());
  if (!status.ok()) {
    const std::string message(status.status().message());
    if (absl::IsUnauthenticated(status.status()) || absl::IsPermissionDenied(status.status())) {
      report->Good("server", options.server + " accepts calls");
      return report->Unknown("lists and keys", "the server wants another key: " + message,
                             "set DNC_KEY to an operator's key");
    }
    return report->Fail("server", message, "docs/operations.md, DncNotServing");
  }
  report->Good("server", fmt::format("{} answers, version {}", options.server, status->version()));
  LookAtClock(*status, report);
  if (status->lists_size() == 0) {
    report->Fail("lists", "nothing is loaded, or the server is still reading its data",
                 "wait a moment; otherwise load the lists");
  }
  for (const v1::ListStatus& list : status->lists()) LookAtList(list, report);
  LookAtAllKeys(session, report);
}

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

// Returns nullopt if the certificate has no readable end.
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

// Returns the earliest end of a certificate and those that follow it.
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

// Greets the server at HOST:PORT as a gRPC client does. Returns false if no TLS connection comes
// about. It does not check who the server is, because the end of an untrusted certificate is
// reported too.
bool Greet(BIO* connection, const std::string& address, std::string name, absl::Duration patience) {
  static constexpr std::array<unsigned char, 3> kHttp2 = {2, 'h', '2'};
  SSL* ssl = nullptr;
  BIO_get_ssl(connection, &ssl);
  if (name.empty()) name = address.substr(0, address.rfind(':'));
  // Without a name a server may show another certificate; an IP address is no name.
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

}  // namespace dnc::cli
