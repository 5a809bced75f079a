// The client of a dncd: asks before a call whether it may be made.
//
//   absl::StatusOr<dnc::Client> client = dnc::Client::Connect({.target = "127.0.0.1:50061"});
//   if (!client.ok()) return 1;
//   std::vector<std::string> leads = {"(201) 555-0123", "+1 212 555 0147"};
//   dnc::ScrubResult result = client->Scrub(leads);
//   for (size_t i = 0; i < leads.size(); ++i) {
//     if (result.may_call(i)) Dial(leads[i]);
//   }
//
// Fails closed: an error, a timeout, a short answer and a verdict that this version does not know
// all mean do-not-call, without any check by the caller.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "dnc/rpc_status.h"
#include "dnc/scrub_result.h"
#include "dnc/tls.h"
#include "dnc/v1/scrub_service.pb.h"
#include "dnc/v1/verdict.pb.h"

namespace dnc {

class Connection;

struct ClientOptions {
  // HOST:PORT, unix:/PATH, or another gRPC name. Several servers that hold the same lists:
  // `ipv4:10.0.0.1:50061,10.0.0.2:50061`: one of them is asked, and when it stops or is lost, the
  // next. White space at the ends is dropped, here and of the key, the tenant and the scope.
  std::string target = "127.0.0.1:50061";
  // It holds for each request to the server with all its attempts. A scrub of more than one batch
  // makes several requests.
  absl::Duration deadline = absl::Seconds(2);
  // How often a request is tried while the server is UNAVAILABLE, or has too much to do and says
  // when to come again; at least 1.
  int max_attempts = 4;
  // Numbers in a request, at least 1. If the server takes fewer, or they have too many bytes for a
  // message, they are asked in smaller requests.
  size_t batch_size = 10'000;
  // Who asks: a key of the tenant (`dnck_...`); or an operator's, with the tenant to act as.
  std::string api_key;
  std::string tenant;
  // Plain text unless set; a key should cross a network by TLS only.
  TlsOptions tls;
};

struct ScrubOptions {
  // Answer as the lists were at this moment, by all that is known now. InfiniteFuture: now.
  absl::Time as_of = absl::InfiniteFuture();
  // Answer what the server answered at this moment, from what it had published by then. Not
  // together with `as_of`. InfiniteFuture: now.
  absl::Time as_answered_at = absl::InfiniteFuture();
  // Answer only from a snapshot of at least this revision. 0: whatever is current.
  uint64_t at_least_revision = 0;
  // It names for whom the calls are made within the tenant: BRAND or BRAND/CAMPAIGN. Empty: the
  // strictest answer.
  std::string scope;
};

// Everything known about one number.
class [[nodiscard]] NumberCheck {
 public:
  NumberCheck() = default;  // do-not-call
  explicit NumberCheck(v1::CheckNumberResponse response) : response_(std::move(response)) {}

  // True only if the server answered CLEAR.
  [[nodiscard]] bool may_call() const { return verdict() == v1::VERDICT_CLEAR; }
  [[nodiscard]] v1::Verdict verdict() const;
  // Until when the verdict holds, by all that is known now; InfinitePast where nothing holds, or
  // without an end.
  [[nodiscard]] absl::Time valid_until() const;
  [[nodiscard]] const v1::NumberResult& result() const { return response_.result(); }
  [[nodiscard]] const v1::Snapshot& snapshot() const { return response_.snapshot(); }

 private:
  v1::CheckNumberResponse response_;
};

// Movable; thread-safe apart from moving.
class Client {
 public:
  // Checks the options; the first call connects. Errors: INVALID_ARGUMENT, also for a key or tenant
  // with bytes that none has (the message does not tell the key); NOT_FOUND for a file of
  // certificates that can't be read.
  [[nodiscard]] static absl::StatusOr<Client> Connect(const ClientOptions& options);

  // This one is for tests and other transports.
  Client(std::unique_ptr<Connection> connection, const ClientOptions& options);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Asks about any count of numbers, ten digits each, or eleven with a leading 1. The results
  // stand in the order asked. Goes on until a batch fails: see ScrubResult::status().
  ScrubResult Scrub(absl::Span<const uint64_t> numbers, const ScrubOptions& options = {}) const;

  // Does the same for numbers in any usual writing. A text that is not valid UTF-8 is asked with
  // its foreign bytes replaced, and so answered INVALID.
  ScrubResult Scrub(absl::Span<const std::string> texts, const ScrubOptions& options = {}) const;

  // Asks about one number, in any usual writing, everything that is known. A number that is none
  // is no error: its verdict is INVALID.
  [[nodiscard]] absl::StatusOr<NumberCheck> CheckNumber(const std::string& number,
                                                        const ScrubOptions& options = {}) const;

 private:
  template <typename Item>
  ScrubResult ScrubBatches(absl::Span<const Item> items, const ScrubOptions& options) const;

  std::unique_ptr<Connection> connection_;
  // What the server takes, from the first answer on that says so.
  std::unique_ptr<std::atomic<size_t>> batch_size_;
};

}  // namespace dnc
