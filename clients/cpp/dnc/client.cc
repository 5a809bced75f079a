#include "dnc/client.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dnc/channel.h"
#include "dnc/connection.h"
#include "dnc/number_text.h"
#include "dnc/scrub_stub.h"
#include "dnc/wire_time.h"

namespace dnc {
namespace {

constexpr absl::Duration kMaxDeadline = absl::Hours(24);
constexpr absl::Duration kMaxClockDifference = absl::Hours(24);
// This is less than any server's limit: `limits.max_request_bytes` is at least 2 MiB.
constexpr size_t kMaxRequestBytes = 1 << 20;
constexpr size_t kNumberBytes = 5;
// What a field of a message takes besides its text.
constexpr size_t kTextOverhead = 3;

template <typename Request>
void SetOptions(const ScrubOptions& options, Request* request) {
  if (options.as_of != absl::InfiniteFuture())
    *request->mutable_as_of() = ToTimestamp(options.as_of);
  if (options.as_answered_at != absl::InfiniteFuture()) {
    *request->mutable_as_answered_at() = ToTimestamp(options.as_answered_at);
  }
  request->set_at_least_revision(options.at_least_revision);
  request->set_scope(Trimmed(options.scope));
}

// Writes each number in five bytes, little-endian. A larger value cannot be a number, and neither
// can 0, which replaces it.
void SetNumbers(absl::Span<const uint64_t> numbers, v1::ScrubRequest* request) {
  std::string& packed = *request->mutable_packed_numbers();
  packed.resize(numbers.size() * kNumberBytes);
  char* out = packed.data();
  for (const uint64_t number : numbers) {
    const uint64_t sent = number >> (8 * kNumberBytes) == 0 ? number : 0;
    for (size_t i = 0; i < kNumberBytes; ++i) *out++ = static_cast<char>(sent >> (8 * i));
  }
}

void SetNumbers(absl::Span<const std::string> texts, v1::ScrubRequest* request) {
  request->clear_texts();
  for (const std::string& text : texts) request->add_texts(WireText(text));
}

// Fails if an answer is older than was asked for.
absl::Status CheckRevision(const v1::Snapshot& snapshot, const ScrubOptions& options) {
  if (snapshot.revision() >= options.at_least_revision) return absl::OkStatus();
  return absl::InternalError(absl::StrCat("the answer is of revision ", snapshot.revision(),
                                          ", older than was asked for; do not call the numbers"));
}

// Fails if an answer about `number` is about another one, does not say what it rests on, or is of
// another moment.
absl::Status CheckAnswer(const std::string& number, const v1::CheckNumberResponse& response,
                         const Wanted& wanted) {
  const v1::NumberResult& result = response.result();
  const bool clear = result.verdict() == v1::VERDICT_CLEAR;
  const uint64_t plain = PlainNumber(number);
  const bool other = result.number() != 0 && plain != 0 && result.number() != plain;
  const bool shown = result.number() != 0 && Shows(number, result.number());
  if (other || !response.has_result() || (clear && !shown)) {
    return absl::InternalError(
        "the answer is not about the number that was asked; do not call it, and look at what "
        "stands at that address");
  }
  absl::Status status = CheckSnapshot(response.has_snapshot(), response.snapshot(), clear, wanted);
  if (clear && result.has_valid_until()) {
    status.Update(CheckEnd(result.valid_until(), response.snapshot(), wanted));
  }
  return status;
}

// Returns whether a rule that this version knows can lead to CLEAR.
bool Clears(int rule) {
  return rule == v1::RULE_CLEAR || rule == v1::RULE_CONSENT || rule == v1::RULE_EBR;
}

// Returns how many of the first `most` items fit into one request; at least one.
size_t BatchOf(absl::Span<const uint64_t> numbers, size_t most) {
  return std::min({numbers.size(), most, kMaxRequestBytes / kNumberBytes});
}

size_t BatchOf(absl::Span<const std::string> texts, size_t most) {
  size_t count = 0;
  for (size_t bytes = 0; count < std::min(texts.size(), most); ++count) {
    bytes += std::min(texts[count].size(), kMaxNumberTextBytes) + kTextOverhead;
    if (bytes > kMaxRequestBytes && count > 0) break;
  }
  return count;
}

}  // namespace

v1::Verdict NumberCheck::verdict() const {
  const v1::Verdict verdict = response_.result().verdict();
  if (verdict == v1::VERDICT_CLEAR && !Clears(response_.result().rule())) {
    return v1::VERDICT_UNSPECIFIED;
  }
  return v1::Verdict_IsValid(verdict) ? verdict : v1::VERDICT_UNSPECIFIED;
}

absl::Time NumberCheck::valid_until() const {
  const v1::NumberResult& result = response_.result();
  return result.has_valid_until() ? ToTime(result.valid_until()) : absl::InfinitePast();
}

absl::StatusOr<Client> Client::Connect(const ClientOptions& options) {
  if (options.max_attempts < 1 || options.batch_size < 1) {
    return absl::InvalidArgumentError("max_attempts and batch_size must be at least 1");
  }
  if (options.deadline <= absl::ZeroDuration() || options.deadline > kMaxDeadline) {
    return absl::InvalidArgumentError("the deadline must be above 0 and at most a day");
  }
  if (options.max_clock_difference <= absl::ZeroDuration() ||
      options.max_clock_difference > kMaxClockDifference) {
    return absl::InvalidArgumentError("max_clock_difference must be above 0 and at most a day");
  }
  RetryPolicy policy;
  policy.deadline = options.deadline;
  policy.max_attempts = options.max_attempts;
  const auto transport = MakeTransport(options.tls);
  if (!transport.ok()) return transport.status();
  const auto channel =
      MakeChannel(options.target, options.deadline, {options.api_key, options.tenant}, *transport);
  if (!channel.ok()) return channel.status();
  return Client(std::make_unique<Connection>(
                    MakeGrpcScrubStub(*channel, ProxyHint(Trimmed(options.target))), policy),
                options);
}

Client::Client(std::unique_ptr<Connection> connection, const ClientOptions& options, Clock clock)
    : connection_(std::move(connection)),
      names_several_(NamesSeveral(Trimmed(options.target))),
      max_clock_difference_(options.max_clock_difference),
      clock_(std::move(clock)),
      batch_size_(std::make_unique<std::atomic<size_t>>(std::max<size_t>(options.batch_size, 1))) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Wanted Client::WantedOf(const ScrubOptions& options) const {
  const absl::Time moment = std::min(options.as_of, options.as_answered_at);  // one of them is set
  return {moment, clock_(), max_clock_difference_};
}

absl::Status Client::CheckQuestion(const ScrubOptions& options) const {
  if (options.at_least_revision == 0 || !names_several_) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "the client's target names several servers, and revisions are each server's own, so "
      "at_least_revision proves nothing there; ask the server that told the revision");
}

template <typename Item>
ScrubResult Client::ScrubBatches(absl::Span<const Item> items, const ScrubOptions& options) const {
  ScrubResult result(items.size());
  if (absl::Status status = CheckQuestion(options); !status.ok()) {
    result.Fail(std::move(status));
    return result;
  }
  v1::ScrubRequest request;
  v1::ScrubResponse response;
  request.set_detail(v1::DETAIL_COLUMNS);
  SetOptions(options, &request);
  while (!items.empty()) {
    const absl::Span<const Item> batch = items.first(BatchOf(items, *batch_size_));
    SetNumbers(batch, &request);
    absl::Status status = connection_->Scrub(request, &response);
    if (const size_t smaller = SmallerBatch(status, batch.size()); smaller > 0) {
      *batch_size_ = smaller;
      continue;
    }
    if (status.ok()) status = CheckRevision(response.snapshot(), options);
    if (status.ok()) status = result.AddBatch(batch.size(), response, WantedOf(options));
    if (!status.ok()) {
      result.Fail(std::move(status));
      break;
    }
    items.remove_prefix(batch.size());
  }
  return result;
}

ScrubResult Client::Scrub(absl::Span<const uint64_t> numbers, const ScrubOptions& options) const {
  return ScrubBatches(numbers, options);
}

ScrubResult Client::Scrub(absl::Span<const std::string> texts, const ScrubOptions& options) const {
  return ScrubBatches(texts, options);
}

absl::StatusOr<NumberCheck> Client::CheckNumber(const std::string& number,
                                                const ScrubOptions& options) const {
  if (absl::Status status = CheckQuestion(options); !status.ok()) return status;
  v1::CheckNumberRequest request;
  v1::CheckNumberResponse response;
  request.set_number(WireText(number));
  SetOptions(options, &request);
  absl::Status status = connection_->CheckNumber(request, &response);
  if (status.ok()) status = CheckRevision(response.snapshot(), options);
  if (status.ok()) status = CheckAnswer(request.number(), response, WantedOf(options));
  if (!status.ok()) return status;
  return NumberCheck(std::move(response));
}

}  // namespace dnc
