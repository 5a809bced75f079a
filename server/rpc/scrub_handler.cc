#include "server/rpc/scrub_handler.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/numbers/number_batch.h"
#include "server/numbers/phone_number.h"
#include "server/rpc/error_status.h"
#include "server/rpc/record_matches.h"
#include "server/rpc/snapshot_frame.h"
#include "server/rpc/translate_scrub.h"
#include "server/rpc/translate_time.h"
#include "server/scrub/answer_ends.h"
#include "server/scrub/asked_areas.h"
#include "server/scrub/engine.h"

namespace dnc {
namespace {

// Kept from batch to batch, so that a batch allocates nothing for its numbers.
struct Scratch {
  std::vector<ParsedNumber> numbers;
  std::vector<Number> plain;
  std::vector<uint8_t> facts;
  std::vector<FactChange> turns;
  v1::ScrubResponse ends;
  std::vector<uint8_t> verdicts;
  SnapshotFrame frame;
};
Scratch& MyScratch() {
  thread_local Scratch scratch;
  return scratch;
}

size_t CountOf(const v1::ScrubRequest& request) {
  return std::max({static_cast<size_t>(request.numbers_size()),
                   static_cast<size_t>(request.texts_size()),
                   request.packed_numbers().size() / kPackedNumberBytes});
}

absl::Status CheckCount(size_t count, int max_batch) {
  if (count <= static_cast<size_t>(max_batch)) return absl::OkStatus();
  return BatchTooLarge(count, "numbers in one batch", max_batch,
                       "Send smaller batches, or use ScrubStream");
}

absl::Status ParseBatch(const v1::ScrubRequest& request, int max_batch,
                        std::vector<ParsedNumber>* out) {
  const std::string& packed = request.packed_numbers();
  if (int{request.numbers_size() > 0} + int{request.texts_size() > 0} + int{!packed.empty()} > 1) {
    return InvalidRequest("give the numbers in one of `numbers`, `packed_numbers` and `texts`");
  }
  if (packed.size() % kPackedNumberBytes != 0) {
    return InvalidRequest("`packed_numbers` takes five bytes a number; the last one is cut");
  }
  if (request.detail() < v1::DETAIL_UNSPECIFIED || request.detail() > v1::Detail_MAX) {
    return InvalidRequest("`detail` has a value that this server does not know");
  }
  const size_t count = CountOf(request);
  DNC_RETURN_IF_ERROR(CheckCount(count, max_batch));
  out->clear();
  out->reserve(count);
  for (const uint64_t number : request.numbers()) out->push_back(NormalizeNumber(number));
  for (size_t at = 0; at < packed.size(); at += kPackedNumberBytes) {
    out->push_back(NormalizeNumber(LoadPackedNumber(packed.data() + at)));
  }
  for (const std::string& text : request.texts()) out->push_back(ParseNumber(text));
  return absl::OkStatus();
}

// The numbers of a batch as the engine for batches takes them.
void NormalizeColumns(const ScrubColumns& columns, std::vector<Number>* out) {
  out->resize(columns.count);
  if (columns.width == kFixedNumberBytes) {
    NormalizeBatch(columns.numbers, columns.count, out->data());
    return;
  }
  for (size_t i = 0; i < columns.count; ++i) (*out)[i] = PlainNumber(columns.Number(i));
}

void ToPlain(absl::Span<const ParsedNumber> numbers, std::vector<Number>* out) {
  out->clear();
  for (const ParsedNumber& parsed : numbers) {
    out->push_back(parsed.ok ? parsed.number : kNumberLimit);
  }
}

// How many there are of each verdict. Counted by bytes, as many at a stroke as a vector holds.
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

// The numbers whose answers end before the lists do. Returns the least end of theirs.
absl::Time FillEarlierEnds(const Snapshot& snapshot, const TenantSide& tenant, absl::Time now,
                           absl::Span<const Number> numbers, absl::Span<const uint8_t> verdicts,
                           v1::ScrubResponse* out) {
  const AnswerEnds ends(snapshot, tenant.terms, now);
  TurnReader turns(tenant.turns);
  LeastEnd least(now);
  uint32_t told = 0;  // numbers up to this one were looked at
  for (const FactChange& turn : tenant.turns) {
    if (turn.index < told) continue;
    told = turn.index + 1;
    const absl::Span<const FactChange> its_turns = turns.Of(turn.index);
    if (!Holds(static_cast<Verdict>(verdicts[turn.index]))) continue;
    const Number number = numbers[turn.index];
    const absl::Time end = ends.OfRecords(number, tenant.facts[turn.index], its_turns);
    if (end >= ends.OfLists(AreaCodeOf(number))) continue;
    v1::EarlierEnd* const entry = out->add_earlier_ends();
    entry->set_index(turn.index);
    *entry->mutable_valid_until() = ToTimestamp(end);
    least.Add(end);
  }
  return least.least();
}

absl::Status CheckScope(std::string_view scope) {
  if (scope.empty() || IsScope(scope)) return absl::OkStatus();
  return InvalidRequest(
      "`scope` is BRAND or BRAND/CAMPAIGN, each of a-z, 0-9 and `-`; leave it empty for the "
      "strictest answer");
}

absl::Status WrongCount() {
  return absl::InternalError(
      "the answer has another count of numbers than the question; treat all as do-not-call");
}

// Whoever asks for a revision has waited for it, and been admitted again, before he came here.
absl::Status CheckRevision(const Caller& caller, uint64_t at_least, const LostRevisions& lost) {
  if (lost.Has(at_least)) return RevisionLost(at_least, lost.up_to);
  if (caller.revision >= at_least) return absl::OkStatus();
  return RevisionNotReached(at_least, caller.revision);
}

}  // namespace

bool ScrubHandler::IsFast(const Caller& caller, const v1::ScrubRequest& request) {
  if (request.detail() == v1::DETAIL_FULL) return false;
  if (request.has_as_of() || request.has_as_answered_at()) return false;
  return caller.revision >= request.at_least_revision();
}

bool ScrubHandler::IsFast(const Caller& caller, const ScrubColumns& request) {
  return caller.revision >= request.at_least_revision;
}

absl::StatusOr<Admission> ScrubHandler::Admit(const Caller& caller, size_t numbers) {
  return from_.quotas->Admit(caller.tenant->tenant.number, caller.tenant->tenant.quotas, numbers,
                             from_.clock->Now());
}

bool ScrubHandler::IsFlood(const Caller& caller) {
  return from_.quotas->NoteRefusal(caller.tenant->tenant.number, from_.clock->Now());
}

absl::Status ScrubHandler::ChargeRest(const Caller& caller, size_t charged, size_t count) const {
  if (count <= charged) return absl::OkStatus();
  const Tenant& tenant = caller.tenant->tenant;
  return from_.quotas->Spend(tenant.number, tenant.quotas, count - charged, from_.clock->Now());
}

absl::Status ScrubHandler::Scrub(const Caller& caller, const v1::ScrubRequest& request,
                                 v1::ScrubResponse* response) {
  const size_t count = CountOf(request);
  DNC_ASSIGN_OR_RETURN(const Admission admission, Admit(caller, count));
  return ScrubAdmitted(caller, count, request, response);
}

absl::Status ScrubHandler::ScrubAdmitted(const Caller& caller, size_t charged,
                                         const v1::ScrubRequest& request,
                                         v1::ScrubResponse* response) {
  DNC_RETURN_IF_ERROR(ChargeRest(caller, charged, CountOf(request)));
  std::vector<ParsedNumber>& numbers = MyScratch().numbers;
  DNC_RETURN_IF_ERROR(ParseBatch(request, limits_.max_batch, &numbers));
  DNC_RETURN_IF_ERROR(CheckScope(request.scope()));
  DNC_RETURN_IF_ERROR(CheckRevision(caller, request.at_least_revision(), limits_.lost));
  Question question{caller, request.scope(), numbers, std::nullopt};
  DNC_ASSIGN_OR_RETURN(question.moment, MomentOf(request));
  const bool full = request.detail() == v1::DETAIL_FULL;
  const bool explained = full || question.moment.has_value();
  DNC_RETURN_IF_ERROR(explained ? ScrubExplained(question, full, response)
                                : ScrubFast(question, response));
  if (request.detail() == v1::DETAIL_REASONS) NameReasons(response);
  if (full) ExplainMalformed(request.texts(), response);
  return absl::OkStatus();
}

TenantSide ScrubHandler::FindFacts(const TenantView& tenant, std::string_view scope,
                                   absl::Span<const Number> numbers, absl::Time now) const {
  Scratch& scratch = MyScratch();
  // Whatever is not answered is not known.
  scratch.facts.assign(numbers.size(), kRecordUnknown);
  from_.tenant_records->FindFacts(tenant, scope, now, numbers, absl::MakeSpan(scratch.facts),
                                  &scratch.turns);
  return {&tenant.tenant.terms, scratch.facts, scratch.turns};
}

absl::StatusOr<ScrubHandler::Basis> ScrubHandler::CurrentBasis(const Caller& caller) const {
  Basis basis{caller, from_.registry->snapshot(), from_.clock->Now()};
  if (basis.snapshot == nullptr) return StillStarting();
  return basis;
}

ScrubHandler::Decided ScrubHandler::Decide(const Basis& basis, std::string_view scope,
                                           absl::Span<const Number> numbers,
                                           const BatchAnswers& answers) const {
  const TenantSide tenant = FindFacts(*basis.caller.tenant, scope, numbers, basis.now);
  const BatchBasis rests_on = ScrubBatch(basis.snapshot, basis.now, numbers, tenant, answers);
  from_.metrics->CountNumbers(CountVerdicts(answers.verdicts));
  Scratch& scratch = MyScratch();
  scratch.ends.clear_earlier_ends();
  absl::Time end = rests_on.lists_end;
  if (!tenant.turns.empty()) {
    end = std::min(end, FillEarlierEnds(*basis.snapshot, tenant, basis.now, numbers,
                                        answers.verdicts, &scratch.ends));
  }
  // The lists may be younger; the tenant's terms are not.
  return {
      scratch.frame.Fill(basis.snapshot, {basis.caller.revision, basis.now, end}, rests_on.asked),
      scratch.ends};
}

absl::Status ScrubHandler::ScrubFast(const Question& question, v1::ScrubResponse* response) {
  DNC_ASSIGN_OR_RETURN(const Basis basis, CurrentBasis(question.caller));
  const size_t count = question.numbers.size();
  Scratch& scratch = MyScratch();
  ToPlain(question.numbers, &scratch.plain);
  scratch.verdicts.assign(count, uint8_t{v1::VERDICT_UNSPECIFIED});
  response->mutable_reasons()->Resize(static_cast<int>(count), 0);
  const Decided decided =
      Decide(basis, question.scope, scratch.plain,
             {absl::MakeSpan(scratch.verdicts),
              absl::MakeSpan(response->mutable_reasons()->mutable_data(), count)});
  *response->mutable_snapshot() = decided.rests_on;
  *response->mutable_earlier_ends() = decided.ends.earlier_ends();
  response->mutable_verdicts()->Assign(scratch.verdicts.begin(), scratch.verdicts.end());
  return absl::OkStatus();
}

absl::Status ScrubHandler::AnswerColumns(const Caller& caller, size_t charged,
                                         const ScrubColumns& request, grpc::ByteBuffer* response) {
  DNC_RETURN_IF_ERROR(ChargeRest(caller, charged, request.count));
  DNC_RETURN_IF_ERROR(CheckCount(request.count, limits_.max_batch));
  DNC_RETURN_IF_ERROR(CheckScope(request.scope));
  DNC_RETURN_IF_ERROR(CheckRevision(caller, request.at_least_revision, limits_.lost));
  DNC_ASSIGN_OR_RETURN(const Basis basis, CurrentBasis(caller));
  Scratch& scratch = MyScratch();
  NormalizeColumns(request, &scratch.plain);
  ScrubColumnsWriter writer(request.count, scratch.frame.MostBytes(basis.snapshot));
  const Decided decided =
      Decide(basis, request.scope, scratch.plain, {writer.verdicts(), writer.reasons()});
  writer.Take(decided.rests_on, decided.ends, response);
  return absl::OkStatus();
}

absl::Status ScrubHandler::ScrubExplained(const Question& question, bool full,
                                          v1::ScrubResponse* response) {
  DNC_ASSIGN_OR_RETURN(const Explanation explanation, Explain(question));
  const int count = static_cast<int>(question.numbers.size());
  response->mutable_verdicts()->Reserve(count);
  response->mutable_reasons()->Reserve(count);
  VerdictCounts counts{};
  for (const NumberReport& report : explanation.numbers) {
    const Verdict verdict = VerdictOf(report.rule);
    if (report.ends_early) {
      v1::EarlierEnd* const entry = response->add_earlier_ends();
      entry->set_index(static_cast<uint32_t>(response->verdicts_size()));
      *entry->mutable_valid_until() = ToTimestamp(report.valid_until);
    }
    response->add_verdicts(ToProto(verdict));
    response->add_reasons(report.reasons);
    if (full) FillResult(report, response->add_results());
    ++counts[static_cast<size_t>(verdict)];
  }
  FillSnapshot(explanation, response->mutable_snapshot());
  from_.metrics->CountNumbers(counts);
  return absl::OkStatus();
}

absl::Status ScrubHandler::CheckNumber(const Caller& caller, const v1::CheckNumberRequest& request,
                                       v1::CheckNumberResponse* response) {
  DNC_ASSIGN_OR_RETURN(const Admission admission, Admit(caller, 1));
  DNC_RETURN_IF_ERROR(CheckScope(request.scope()));
  DNC_RETURN_IF_ERROR(CheckRevision(caller, request.at_least_revision(), limits_.lost));
  const ParsedNumber number = ParseNumber(request.number());
  Question question{caller, request.scope(), {&number, 1}, std::nullopt};
  DNC_ASSIGN_OR_RETURN(question.moment, MomentOf(request));
  DNC_ASSIGN_OR_RETURN(const Explanation explanation, Explain(question));
  FillResult(explanation.numbers.front(), response->mutable_result());
  ExplainMalformed(request.number(), response->mutable_result());
  FillSnapshot(explanation, response->mutable_snapshot());
  VerdictCounts counts{};
  ++counts[static_cast<size_t>(VerdictOf(explanation.numbers.front().rule))];
  from_.metrics->CountNumbers(counts);
  return absl::OkStatus();
}

template <typename Request>
absl::StatusOr<std::optional<AskedMoment>> ScrubHandler::MomentOf(const Request& request) const {
  std::optional<AskedMoment> moment;
  if (request.has_as_of() && request.has_as_answered_at()) {
    return InvalidRequest(
        "give `as_of` (what the lists said of a moment) or `as_answered_at` (what was answered "
        "then), not both");
  }
  if (request.has_as_of()) {
    DNC_ASSIGN_OR_RETURN(moment, FromTimestamp(request.as_of()));
  } else if (request.has_as_answered_at()) {
    DNC_ASSIGN_OR_RETURN(const absl::Time time, FromTimestamp(request.as_answered_at()));
    moment = AskedMoment(time, /*answered=*/true);
  }
  if (moment.has_value() && moment->time > from_.clock->Now()) {
    return InvalidRequest(
        "`as_of` or `as_answered_at` lies in the future; leave it out to ask for now");
  }
  return moment;
}

absl::StatusOr<Explanation> ScrubHandler::Explain(const Question& question) const {
  if (from_.registry->snapshot() == nullptr) return StillStarting();
  const TenantView& tenant = *question.caller.tenant;
  const absl::Time now = from_.clock->Now();
  std::vector<Number>& plain = MyScratch().plain;
  ToPlain(question.numbers, &plain);
  const TenantSide found = FindFacts(tenant, question.scope, plain, now);
  std::vector<uint8_t> facts(found.facts.begin(), found.facts.end());
  std::vector<FactChange> turns(found.turns.begin(), found.turns.end());
  // Own lists have no history: whether an exemption was valid then is not known, and who asked not
  // to be called since is not called for a question about the past either.
  if (question.moment.has_value()) {
    constexpr auto kKept = static_cast<uint8_t>(~(kRecordConsent | kRecordEbr));
    for (uint8_t& fact : facts) fact &= kKept;
    for (FactChange& turn : turns) turn.facts &= kKept;
  }
  const TenantSide side{found.terms, facts, turns};
  DNC_ASSIGN_OR_RETURN(Explanation explanation,
                       from_.registry->Explain(question.numbers, question.moment, side));
  if (explanation.numbers.size() != question.numbers.size()) return WrongCount();
  explanation.revision = question.caller.revision;
  for (size_t i = 0; i < facts.size(); ++i) {
    if (facts[i] == kNoRecord || !question.numbers[i].ok) continue;
    DNC_RETURN_IF_ERROR(AddRecordMatches(*from_.tenant_records, tenant, question.scope, now,
                                         facts[i], explanation.numbers[i]));
  }
  return explanation;
}

}  // namespace dnc
