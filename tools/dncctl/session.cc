#include "tools/dncctl/session.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "tools/cli/proto_json.h"
#include "tools/cli/terminal.h"
#include "tools/cli/tool_main.h"

namespace dnc::cli {
namespace {

void CopyPayloads(const absl::Status& from, absl::Status* to) {
  from.ForEachPayload(
      [to](absl::string_view url, const absl::Cord& payload) { to->SetPayload(url, payload); });
}

// The server's message speaks of the protocol; this names the options of dncctl instead.
std::string InOurWords(std::string message, const std::string& reason) {
  message = absl::StrReplaceAll(
      message,
      {{"send `authorization: Bearer dnck_...`", "put it into the environment variable DNC_KEY"},
       {"send a whole key, as it was shown when it was made, as `authorization: Bearer dnck_...`",
        "put the whole key, as it was shown when it was made, into the environment variable "
        "DNC_KEY"},
       {"name one in the metadata `dnc-tenant`", "name one with --tenant or DNC_TENANT"},
       {"look at ListLists, or make it with CreateList",
        "look at `dncctl lists list`, or make it with `dncctl lists create`"}});
  const bool key = reason == "UNAUTHENTICATED" || reason == "SCOPE_MISSING";
  if (key && message.find("DNC_KEY") == std::string::npos) {
    message += " (the key is that of the environment variable DNC_KEY)";
  }
  return message;
}

}  // namespace

Session::Session(const GlobalOptions& options)
    : server_(options.server), tls_(options.tls.used()), timeout_(options.timeout()) {
  // The check of the options has shown that it can be made.
  channel_ = MakeChannel(options.server, options.timeout(), {options.key, options.tenant},
                         options.transport)
                 .value();
  registry_ = v1::RegistryService::NewStub(channel_);
  scrub_ = v1::ScrubService::NewStub(channel_);
  tenants_ = v1::TenantService::NewStub(channel_);
  lists_ = v1::ListService::NewStub(channel_);
}

bool Session::Connects() const {
  return channel_->WaitForConnected(absl::ToChronoTime(absl::Now() + timeout_));
}

absl::Status Session::Explain(absl::Status status) const {
  if (status.ok()) return status;
  std::string message(status.message());
  // An error with a reason comes from a dncd, and its message says what to do.
  if (!ReasonOf(status).empty()) {
    absl::Status told(status.code(), InOurWords(std::move(message), ReasonOf(status)));
    CopyPayloads(status, &told);
    return told;
  }
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
      message = fmt::format(
          "no answer from {} ({}); is dncd running there{}? Name another with --server or "
          "DNC_SERVER",
          server_, message,
          tls_ ? " and serving TLS with a certificate that you trust" : " and serving plain text");
      message += ProxyHint(server_);
      break;
    case absl::StatusCode::kDeadlineExceeded:
      // The error of a stream that was not read has no room for more than a message.
      if (absl::StartsWith(message, "STREAM_SILENT")) break;
      message = fmt::format("{} did not answer within {}; allow more time with --timeout", server_,
                            absl::FormatDuration(timeout_));
      break;
    case absl::StatusCode::kUnimplemented:
      message = fmt::format("{} does not know this call ({}); is it a dncd of this version?",
                            server_, message);
      break;
    default:
      break;
  }
  absl::Status explained(status.code(), message);
  CopyPayloads(status, &explained);
  return explained;
}

int ReportError(const GlobalOptions& options, const absl::Status& status) {
  const Style style(stderr);
  fmt::print(stderr, "{} {}\n", style.Bad("error:"), Printable(std::string(status.message())));
  const std::string guard = GuardOf(status);
  if (options.json) {
    const nlohmann::ordered_json error = {{"error",
                                           {{"code", absl::StatusCodeToString(status.code())},
                                            {"reason", ReasonOf(status)},
                                            {"guard", guard},
                                            {"message", std::string(status.message())}}}};
    PrintJson(error);
  }
  return kExitError;
}

std::string Requester() {
  std::array<char, 128> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const passwd* user = getpwuid(getuid());
  return fmt::format("{}@{}", user == nullptr ? "unknown" : user->pw_name, host.data())
      .substr(0, 200);
}

Watchdog::Watchdog(grpc::ClientContext* context, absl::Duration limit)
    : context_(context), limit_(limit), task_(absl::Milliseconds(50), [this] { Look(); }) {}

void Watchdog::BeginWait() {
  const absl::MutexLock lock(&mutex_);
  waiting_since_ = absl::Now();
}

void Watchdog::EndWait() {
  const absl::MutexLock lock(&mutex_);
  waiting_since_ = absl::InfiniteFuture();
}

bool Watchdog::fired() const {
  const absl::MutexLock lock(&mutex_);
  return fired_;
}

void Watchdog::Look() {
  const absl::MutexLock lock(&mutex_);
  if (fired_ || absl::Now() - waiting_since_ <= limit_) return;
  fired_ = true;
  context_->TryCancel();
}

}  // namespace dnc::cli
