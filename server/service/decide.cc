// A question passes these steps; the first error ends it, and nothing was answered then:
//
//   ChargeRest   the tenant pays for its numbers
//   Accept       count, scope, revision and moment are checked; the snapshot is taken, so that the
//                whole answer rests on one state of the lists
//   FindFacts    what the tenant's records say of each number, for calls of that scope
//   ScrubBatch   the verdicts of now                     ) one of the two
//   Explain      everything known, now or at a moment    )
//   Evidence     what the answer rests on and until when it holds
#include "server/service/decide.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <tuple>
#include <utility>

#include "server/base/check.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/scrub/answer_ends.h"
#include "server/scrub/rules.h"
#include "server/service/record_matches.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

// The evidence source of the snapshot that a thread answered from last. Keeps no list alive.
class CachedSource {
 public:
  const EvidenceSource& Of(const SnapshotPtr& snapshot) {
    const bool same = !snapshot_.owner_before(snapshot) && !snapshot.owner_before(snapshot_);
    if (!same || source_ == nullptr) {
      source_ = std::make_unique<const EvidenceSource>(*snapshot, AskedAreas::All());
      snapshot_ = snapshot;
    }
    return *source_;
  }

 private:
  std::weak_ptr<const Snapshot> snapshot_;
  std::unique_ptr<const EvidenceSource> source_;
};

// Each thread keeps one from question to question, so that a batch allocates nothing.
struct DecideScratch {
  std::vector<uint8_t> facts;
  std::vector<FactChange> changes;
  CachedSource source;
  Evidence evidence;
};
DecideScratch& MyDecideScratch() {
  thread_local DecideScratch scratch;
  return scratch;
}

// How many there are of each verdict. The bytes are counted as many at a time as a vector holds.
VerdictCounts CountVerdicts(absl::Span<const uint8_t> verdicts) {
  using Lanes = uint8_t __attribute__((vector_size(16)));
  constexpr size_t kMaxRounds = 255;  // that a byte can count
  VerdictCounts counts{};
  while (verdicts.size() >= sizeof(Lanes)) {
    const size_t rounds = std::min(verdicts.size() / sizeof(Lanes), kMaxRounds);
    std::array<Lanes, std::tuple_size_v<VerdictCounts>> found{};
    for (size_t round = 0; round < rounds; ++round) {
      Lanes in;
      std::memcpy(&in, verdicts.data() + round * sizeof(Lanes), sizeof(in));
      for (size_t verdict = 0; verdict < found.size(); ++verdict) {
        found[verdict] -= reinterpret_cast<Lanes>(in == static_cast<uint8_t>(verdict));
      }
    }
    for (size_t verdict = 0; verdict < found.size(); ++verdict) {
      for (size_t i = 0; i < sizeof(Lanes); ++i) counts[verdict] += found[verdict][i];
    }
    verdicts.remove_prefix(rounds * sizeof(Lanes));
  }
  for (const uint8_t verdict : verdicts) ++counts[verdict];
  return counts;
}

absl::Status CheckScope(std::string_view scope) {
  if (scope.empty() || IsScope(scope)) return absl::OkStatus();
  return InvalidRequest(
      "`scope` is BRAND or BRAND/CAMPAIGN, each of a-z, 0-9 and `-`; leave it empty for the "
      "strictest answer");
}

absl::Status CheckRevision(const Caller& caller, uint64_t at_least, const LostRevisions& lost) {
  if (lost.Has(at_least)) return RevisionLost(at_least, lost.up_to);
  if (caller.revision >= at_least) return absl::OkStatus();
  return RevisionNotReached(at_least, caller.revision);
}

absl::Status CheckMoment(const std::optional<AskedMoment>& moment, absl::Time now) {
  if (!moment.has_value() || moment->time <= now) return absl::OkStatus();
  return InvalidRequest(
      "`as_of` or `as_answered_at` lies in the future; leave it out to ask for now");
}

absl::Status WrongCount() {
  return absl::InternalError(
      "the answer has another count of numbers than the question; treat all as do-not-call");
}

}  // namespace

absl::StatusOr<Admission> Decider::Admit(const Caller& caller, size_t numbers) {
  return from_.quotas->Admit(caller.tenant->tenant.number, caller.tenant->tenant.quotas, numbers,
                             from_.clock->Now());
}

absl::Status Decider::CheckQuota(const Caller& caller, size_t numbers) const {
  const Tenant& tenant = caller.tenant->tenant;
  return from_.quotas->Check(tenant.number, tenant.quotas, numbers, from_.clock->Now());
}

absl::Status Decider::ChargeRest(const Caller& caller, size_t charged, size_t count) const {
  if (count <= charged) return absl::OkStatus();
  const Tenant& tenant = caller.tenant->tenant;
  return from_.quotas->Spend(tenant.number, tenant.quotas, count - charged, from_.clock->Now());
}

absl::Status Decider::Check(const Caller& caller, const Question& question, size_t count) const {
  const size_t most =
      question.max_numbers > 0 ? question.max_numbers : static_cast<size_t>(limits_.max_batch);
  if (count > most) {
    return BatchTooLarge(count, "numbers in one batch", static_cast<int>(most),
                         "Send smaller batches, or use ScrubStream");
  }
  DNC_RETURN_IF_ERROR(CheckScope(question.scope));
  return CheckRevision(caller, question.at_least_revision, limits_.lost);
}

absl::StatusOr<AcceptedQuestion> Decider::Accept(const Caller& caller, const Question& question,
                                                 size_t count) const {
  DNC_RETURN_IF_ERROR(Check(caller, question, count));
  AcceptedQuestion accepted{caller, question, from_.registry->snapshot(), from_.clock->Now()};
  DNC_RETURN_IF_ERROR(CheckMoment(question.moment, accepted.now));
  if (accepted.snapshot == nullptr) return StillStarting();
  return accepted;
}

const ReleaseNames& Decider::ReleasesFor(const AcceptedQuestion& accepted) const {
  return MyDecideScratch().source.Of(accepted.snapshot).releases();
}

const Evidence& Decider::DecideInto(const AcceptedQuestion& accepted,
                                    absl::Span<const Number> numbers,
                                    const BatchAnswers& answers) const {
  DNC_CHECK(!accepted.question.explained && !accepted.question.moment.has_value(),
            "the engine for batches answers for now, and explains nothing");
  const TenantSide tenant = FindFacts(accepted, numbers);
  const BatchBasis basis = ScrubBatch(accepted.snapshot, accepted.now, numbers, tenant, answers);
  from_.metrics->CountNumbers(CountVerdicts(answers.verdicts));
  DecideScratch& scratch = MyDecideScratch();
  Evidence& evidence = scratch.evidence;
  // The lists may be later; the tenant's terms and records are not.
  evidence.revision = accepted.caller.revision;
  evidence.decided_at = accepted.now;
  scratch.source.Of(accepted.snapshot).Fill(*accepted.snapshot, basis.asked, &evidence);
  if (tenant.changes.empty()) {
    evidence.valid_until = basis.lists_end;
    evidence.earlier_ends.clear();
  } else {
    AnswerEnds(*accepted.snapshot, tenant.terms, accepted.now)
        .Fill(tenant, numbers, answers.verdicts, basis.lists_end, &evidence);
  }
  return evidence;
}

absl::Span<const uint8_t> Decider::LastFacts() const { return MyDecideScratch().facts; }

absl::StatusOr<Answer> Decider::Decide(const Caller& caller, const Question& question,
                                       absl::Span<const ParsedNumber> numbers) const {
  DNC_ASSIGN_OR_RETURN(const AcceptedQuestion accepted, Accept(caller, question, numbers.size()));
  Answer answer;
  answer.verdicts.assign(numbers.size(), static_cast<uint8_t>(Verdict::kUnspecified));
  answer.reasons.assign(numbers.size(), 0);
  if (!question.explained && !question.moment.has_value()) {
    answer.evidence = DecideInto(accepted, PlainNumbers(numbers),
                                 {absl::MakeSpan(answer.verdicts), absl::MakeSpan(answer.reasons)});
    return answer;
  }
  DNC_ASSIGN_OR_RETURN(Explanation explanation, Explain(accepted, numbers));
  for (size_t i = 0; i < numbers.size(); ++i) {
    const NumberReport& report = explanation.numbers[i];
    answer.verdicts[i] = static_cast<uint8_t>(VerdictOf(report.rule));
    answer.reasons[i] = report.reasons;
  }
  from_.metrics->CountNumbers(CountVerdicts(answer.verdicts));
  answer.evidence = std::move(explanation.evidence);
  if (question.explained) answer.reports = std::move(explanation.numbers);
  return answer;
}

absl::StatusOr<Explanation> Decider::Explain(const AcceptedQuestion& accepted,
                                             absl::Span<const ParsedNumber> numbers) const {
  const Question& question = accepted.question;
  const TenantView& tenant = *accepted.caller.tenant;
  const TenantSide found = FindFacts(accepted, PlainNumbers(numbers));
  std::vector<uint8_t> facts(found.facts.begin(), found.facts.end());
  std::vector<FactChange> changes(found.changes.begin(), found.changes.end());
  // Records have no history: whether an exemption was valid then is not known, and who asked not to
  // be called since is not called for a question about the past either.
  if (question.moment.has_value()) {
    constexpr auto kKept = static_cast<uint8_t>(~(kRecordConsent | kRecordEbr | kRecordEbrEnded));
    for (uint8_t& fact : facts) fact &= kKept;
    for (FactChange& change : changes) change.facts &= kKept;
  }
  const TenantSide side{found.terms, facts, changes};
  DNC_ASSIGN_OR_RETURN(Explanation explanation,
                       from_.registry->Explain(numbers, question.moment, side));
  if (explanation.numbers.size() != numbers.size()) return WrongCount();
  explanation.evidence.revision = accepted.caller.revision;
  for (size_t i = 0; i < facts.size(); ++i) {
    if (facts[i] == kNoRecord || !numbers[i].ok) continue;
    DNC_RETURN_IF_ERROR(AddRecordMatches(*from_.tenant_records, tenant, question.scope,
                                         *from_.clock, accepted.now, facts[i],
                                         explanation.numbers[i]));
  }
  return explanation;
}

TenantSide Decider::FindFacts(const AcceptedQuestion& accepted,
                              absl::Span<const Number> numbers) const {
  const TenantView& tenant = *accepted.caller.tenant;
  DecideScratch& scratch = MyDecideScratch();
  // Whatever is not answered is not known.
  scratch.facts.assign(numbers.size(), kRecordUnknown);
  from_.tenant_records->FindFacts(tenant, accepted.question.scope, accepted.now, numbers,
                                  absl::MakeSpan(scratch.facts), &scratch.changes);
  return {&tenant.tenant.terms, scratch.facts, scratch.changes};
}

}  // namespace dnc
