// Decide: a caller asks whether numbers may be called, and gets an answer with its evidence. Every
// front asks here, and only translates what it is asked and what it answers.
//
//   DNC_ASSIGN_OR_RETURN(const Admission admission, decider.Admit(caller, numbers.size()));
//   DNC_ASSIGN_OR_RETURN(const Answer answer, decider.Decide(caller, question, numbers));
//
// A front that has room for the answer already, and must be fast, takes the same way in steps:
//
//   DNC_ASSIGN_OR_RETURN(const AcceptedQuestion accepted, decider.Accept(caller, question, count));
//   const Evidence& evidence = decider.DecideInto(accepted, numbers, {verdicts, reasons});
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/base/clock.h"
#include "server/base/metrics.h"
#include "server/base/revision_order.h"
#include "server/numbers/phone_number.h"
#include "server/records/tenant_records.h"
#include "server/registry/registry.h"
#include "server/scrub/batch_engine.h"
#include "server/scrub/evidence.h"
#include "server/scrub/explanation.h"
#include "server/scrub/snapshot.h"
#include "server/scrub/verdict.h"
#include "server/tenants/quota.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

struct DecideLimits {
  int max_batch = 10'000;  // numbers in one question
  LostRevisions lost;      // revisions that no question can ask for any more
};

// What is asked for an answer; all of it outlives the Decider.
struct DecideSources {
  Registry* registry = nullptr;
  TenantRecords* tenant_records = nullptr;
  QuotaMeter* quotas = nullptr;
  Metrics* metrics = nullptr;  // counts the numbers by verdict
  const Clock* clock = nullptr;
};

// What is asked, apart from the numbers. Points into what the front has read.
struct Question {
  // For whom the calls are made: BRAND or BRAND/CAMPAIGN. Empty: the strictest answer.
  std::string_view scope;
  // The answer rests on every change up to this one.
  uint64_t at_least_revision = 0;
  // The moment that is asked about; nothing: now.
  std::optional<AskedMoment> moment = std::nullopt;
  // Whether everything known about each number is asked for.
  bool explained = false;
  // A front's own limit of numbers in one question; 0: DecideLimits::max_batch.
  size_t max_numbers = 0;
};

struct Answer {
  std::vector<uint8_t> verdicts;  // a Verdict as its value, one a number
  std::vector<ReasonSet> reasons;
  std::vector<NumberReport> reports;  // one a number if the question was `explained`, else none
  Evidence evidence;
};

// A question that was checked, with what it is answered from. Must not outlive its caller and what
// the question points into.
struct AcceptedQuestion {
  const Caller& caller;
  Question question;
  SnapshotPtr snapshot;
  absl::Time now;
};

// Thread-safe. An answer has as many entries as numbers were asked, or it is an error. The caller
// has a tenant and may scrub.
class Decider {
 public:
  Decider(DecideLimits limits, DecideSources sources) : limits_(limits), from_(sources) {}

  // Whether the question is answered without waiting: of the disk at most the records of those
  // numbers are read that the filter lets through. Other questions go to a worker.
  static bool IsFast(const Caller& caller, const Question& question) {
    return !question.explained && !question.moment.has_value() &&
           caller.revision >= question.at_least_revision;
  }

  // Charges the numbers to the tenant's quota, and counts the call as under way as long as the
  // Admission lives. QUOTA_EXCEEDED.
  absl::StatusOr<Admission> Admit(const Caller& caller, size_t numbers);

  // Whether a call with so many numbers would be refused now because of the numbers a second:
  // QUOTA_EXCEEDED. Charges nothing, and OK promises nothing.
  absl::Status CheckQuota(const Caller& caller, size_t numbers) const;

  // Charges the numbers of a call that are more than the `charged` ones, with which it was
  // admitted. QUOTA_EXCEEDED.
  absl::Status ChargeRest(const Caller& caller, size_t charged, size_t count) const;

  // Checks a question about `count` numbers apart from its moment, for a front that has to read
  // the numbers and the moment before it can ask. Errors: BATCH_TOO_LARGE, INVALID_REQUEST,
  // REVISION_NOT_REACHED.
  absl::Status Check(const Caller& caller, const Question& question, size_t count) const;

  // Answers a question. Errors: those of Accept; HISTORY_NOT_REACHED, STORAGE for questions that
  // are explained or about a moment.
  absl::StatusOr<Answer> Decide(const Caller& caller, const Question& question,
                                absl::Span<const ParsedNumber> numbers) const;

  // Does what Check does, and checks the moment. Whoever asks for a revision has waited for it
  // before, and the caller was admitted again. Errors: those of Check; STARTING.
  absl::StatusOr<AcceptedQuestion> Accept(const Caller& caller, const Question& question,
                                          size_t count) const;

  // The releases that a question will be answered from; valid until the thread's next call.
  const ReleaseNames& ReleasesFor(const AcceptedQuestion& accepted) const;

  // Answers a question about now that is not explained, without an allocation for a number.
  // Malformed numbers are given as kNumberLimit or above; the spans have an entry a number. The
  // evidence is valid until the thread's next call.
  const Evidence& DecideInto(const AcceptedQuestion& accepted, absl::Span<const Number> numbers,
                             const BatchAnswers& answers) const;
  // What the tenant's records said of the numbers of the thread's last DecideInto, as RecordFact
  // bits; valid until the next question.
  absl::Span<const uint8_t> LastFacts() const;

  // Everything known about the numbers of a question, be it `explained` or not. Reads the disk, and
  // counts no numbers. Errors: HISTORY_NOT_REACHED, STORAGE.
  absl::StatusOr<Explanation> Explain(const AcceptedQuestion& accepted,
                                      absl::Span<const ParsedNumber> numbers) const;

 private:
  // The tenant's terms and what its records say of each number; valid until the next call on this
  // thread.
  TenantSide FindFacts(const AcceptedQuestion& accepted, absl::Span<const Number> numbers) const;

  const DecideLimits limits_;
  const DecideSources from_;
};

}  // namespace dnc
