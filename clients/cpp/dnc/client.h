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
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/clock.h"
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
  // HOST:PORT, unix:/PATH, or another gRPC name. For several servers with the same lists,
  // `ipv4:10.0.0.1:50061,10.0.0.2:50061`: one of them is asked, and the next one when it stops or
  // is lost. Tenants' lists and revisions are of one server alone, see `at_least_revision`. White
  // space at the ends is removed, here and from the key, the tenant and the scope.
  std::string target = "127.0.0.1:50061";
  // Applies to each request to the server with all its attempts. A scrub of more than one batch
  // makes several requests.
  absl::Duration deadline = absl::Seconds(2);
  // How often a request is tried while the server is UNAVAILABLE, or is too busy and says when to
  // come again; at least 1.
  int max_attempts = 4;
  // Numbers in a request, at least 1. If the server takes fewer, or if they have too many bytes for
  // a message, smaller requests are made.
  size_t batch_size = 10'000;
  // Who asks: a key of the tenant (`dnck_...`), or an operator's key together with the tenant to
  // act as.
  std::string api_key;
  std::string tenant;
  // How far the moment of an answer about now may be from this machine's clock, before and behind;
  // above 0 and at most a day. A CLEAR that is further away is INTERNAL: it may come out of a
  // cache, or from a server whose clock is wrong.
  absl::Duration max_clock_difference = absl::Minutes(10);
  // Plain text unless set. A key should cross a network only with TLS.
  TlsOptions tls;
};

struct ScrubOptions {
  // Answers as the lists were at this moment, by all that is known now. InfiniteFuture: now.
  absl::Time as_of = absl::InfiniteFuture();
  // Answers what the server answered at this moment, from what it had published by then. Not
  // together with `as_of`. InfiniteFuture: now.
  absl::Time as_answered_at = absl::InfiniteFuture();
  // Answers only from a snapshot of at least this revision. 0: whatever is current. Revisions are
  // each server's own, so with a target of several servers the question is INVALID_ARGUMENT. Behind
  // a name of DNS or a balancer the client cannot know of several: give a target of one server.
  uint64_t at_least_revision = 0;
  // Names for whom the calls are made within the tenant: BRAND or BRAND/CAMPAIGN. Empty: the
  // strictest answer.
  std::string scope;
};

// Everything known about one number.
class [[nodiscard]] NumberCheck {
 public:
  NumberCheck() = default;  // do-not-call
  explicit NumberCheck(v1::CheckNumberResponse response) : response_(std::move(response)) {}

  // Returns true only if the server answered CLEAR by a rule that this version knows.
  [[nodiscard]] bool may_call() const { return verdict() == v1::VERDICT_CLEAR; }
  [[nodiscard]] v1::Verdict verdict() const;
  // Returns until when the verdict holds, by all that is known now. InfinitePast if nothing holds,
  // or if it has no end.
  [[nodiscard]] absl::Time valid_until() const;
  [[nodiscard]] const v1::NumberResult& result() const { return response_.result(); }
  [[nodiscard]] const v1::Snapshot& snapshot() const { return response_.snapshot(); }

 private:
  v1::CheckNumberResponse response_;
};

// Movable; thread-safe except for moving.
class Client {
 public:
  // Checks the options; the first call connects. Fails with INVALID_ARGUMENT, also for a key or
  // tenant with bytes that no key or tenant has (the message does not show the key), and with
  // NOT_FOUND for a file of certificates that cannot be read.
  [[nodiscard]] static absl::StatusOr<Client> Connect(const ClientOptions& options);

  using Clock = std::function<absl::Time()>;

  // For tests and other transports. `clock` tells the time now.
  Client(std::unique_ptr<Connection> connection, const ClientOptions& options,
         Clock clock = absl::Now);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();

  // Asks about any count of numbers of ten digits, or eleven with a leading 1. The results are in
  // the order of the question. Stops at the first batch that fails: see ScrubResult::status().
  ScrubResult Scrub(absl::Span<const uint64_t> numbers, const ScrubOptions& options = {}) const;

  // Does the same for numbers in any usual writing. If a text is not valid UTF-8, its foreign bytes
  // are replaced, so it is answered INVALID.
  ScrubResult Scrub(absl::Span<const std::string> texts, const ScrubOptions& options = {}) const;

  // Asks for everything that is known about one number, in any usual writing. A text that is no
  // number is no error: its verdict is INVALID. Fails with INTERNAL for an answer that is about
  // another number, or that does not say on which snapshot it rests, or that is of another moment.
  [[nodiscard]] absl::StatusOr<NumberCheck> CheckNumber(const std::string& number,
                                                        const ScrubOptions& options = {}) const;

 private:
  template <typename Item>
  ScrubResult ScrubBatches(absl::Span<const Item> items, const ScrubOptions& options) const;

  // Returns of what an answer must be that has come now.
  [[nodiscard]] Wanted WantedOf(const ScrubOptions& options) const;

  // Fails with INVALID_ARGUMENT for a question that only one server could answer.
  [[nodiscard]] absl::Status CheckQuestion(const ScrubOptions& options) const;

  std::unique_ptr<Connection> connection_;
  bool names_several_;
  absl::Duration max_clock_difference_;
  Clock clock_;
  // How many numbers the server takes, once an answer has said so.
  std::unique_ptr<std::atomic<size_t>> batch_size_;
};

}  // namespace dnc
