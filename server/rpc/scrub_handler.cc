#include "server/rpc/scrub_handler.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/base/status_macros.h"
#include "server/numbers/number_batch.h"
#include "server/numbers/phone_number.h"
#include "server/rpc/translate_scrub.h"
#include "server/rpc/translate_time.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

// Each thread keeps one from batch to batch, so that a batch allocates nothing for its numbers.
struct Scratch {
  std::vector<ParsedNumber> numbers;
  std::vector<Number> plain;
  v1::ScrubResponse ends;  // has nothing but earlier_ends
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

// Checks the form of a request for a batch. What its values may be, the decider checks.
absl::Status CheckForm(const v1::ScrubRequest& request) {
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
  return absl::OkStatus();
}

// Reads the numbers in whichever form they were given.
void ReadNumbers(const v1::ScrubRequest& request, std::vector<ParsedNumber>* out) {
  const std::string& packed = request.packed_numbers();
  out->clear();
  out->reserve(CountOf(request));
  for (const uint64_t number : request.numbers()) out->push_back(NormalizeNumber(number));
  for (size_t at = 0; at < packed.size(); at += kPackedNumberBytes) {
    out->push_back(NormalizeNumber(LoadPackedNumber(packed.data() + at)));
  }
  for (const std::string& text : request.texts()) out->push_back(ParseNumber(text));
}

// The moment that a request asks about. INVALID_REQUEST for two, and for one that is none.
template <typename Request>
absl::StatusOr<std::optional<AskedMoment>> MomentOf(const Request& request) {
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
  return moment;
}

// The question that a request of either method asks about `count` numbers. The request's moment is
// read last: of two errors the caller sees the decider's first.
template <typename Request>
absl::StatusOr<Question> QuestionOf(const Decider& decider, const Caller& caller,
                                    const Request& request, size_t count, bool explained) {
  Question question;
  question.scope = request.scope();
  question.at_least_revision = request.at_least_revision();
  question.explained = explained;
  DNC_RETURN_IF_ERROR(decider.Check(caller, question, count));
  DNC_ASSIGN_OR_RETURN(question.moment, MomentOf(request));
  return question;
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

}  // namespace

bool ScrubHandler::IsFast(const Caller& caller, const v1::ScrubRequest& request) {
  if (request.has_as_of() || request.has_as_answered_at()) return false;
  Question question;
  question.at_least_revision = request.at_least_revision();
  question.explained = request.detail() == v1::DETAIL_FULL;
  return Decider::IsFast(caller, question);
}

bool ScrubHandler::IsFast(const Caller& caller, const ScrubColumns& request) {
  return Decider::IsFast(caller, {request.scope, request.at_least_revision});
}

absl::Status ScrubHandler::Scrub(const Caller& caller, const v1::ScrubRequest& request,
                                 v1::ScrubResponse* response) {
  const size_t count = CountOf(request);
  DNC_ASSIGN_OR_RETURN(const Admission admission, decider_.Admit(caller, count));
  return ScrubAdmitted(caller, count, request, response);
}

absl::Status ScrubHandler::ScrubAdmitted(const Caller& caller, size_t charged,
                                         const v1::ScrubRequest& request,
                                         v1::ScrubResponse* response) {
  const bool full = request.detail() == v1::DETAIL_FULL;
  DNC_RETURN_IF_ERROR(decider_.ChargeRest(caller, charged, CountOf(request)));
  DNC_RETURN_IF_ERROR(CheckForm(request));
  DNC_ASSIGN_OR_RETURN(const Question question,
                       QuestionOf(decider_, caller, request, CountOf(request), full));
  std::vector<ParsedNumber>& numbers = MyScratch().numbers;
  ReadNumbers(request, &numbers);
  DNC_ASSIGN_OR_RETURN(const Answer answer, decider_.Decide(caller, question, numbers));
  response->mutable_verdicts()->Assign(answer.verdicts.begin(), answer.verdicts.end());
  response->mutable_reasons()->Assign(answer.reasons.begin(), answer.reasons.end());
  for (const NumberReport& report : answer.reports) FillResult(report, response->add_results());
  *response->mutable_snapshot() = MyScratch().frame.Fill(answer.evidence);
  FillEarlierEnds(answer.evidence, response);
  if (request.detail() == v1::DETAIL_REASONS) NameReasons(response);
  if (full) ExplainMalformed(request.texts(), response);
  return absl::OkStatus();
}

absl::Status ScrubHandler::AnswerColumns(const Caller& caller, size_t charged,
                                         const ScrubColumns& request, MessageBuffer* response) {
  DNC_RETURN_IF_ERROR(decider_.ChargeRest(caller, charged, request.count));
  DNC_ASSIGN_OR_RETURN(
      const AcceptedQuestion accepted,
      decider_.Accept(caller, {request.scope, request.at_least_revision}, request.count));
  Scratch& scratch = MyScratch();
  NormalizeColumns(request, &scratch.plain);
  ScrubColumnsWriter writer(request.count, scratch.frame.MostBytes(decider_.ReleasesFor(accepted)));
  const Evidence& evidence =
      decider_.DecideInto(accepted, scratch.plain, {writer.verdicts(), writer.reasons()});
  FillEarlierEnds(evidence, &scratch.ends);
  writer.Take(scratch.frame.Fill(evidence), scratch.ends, response);
  return absl::OkStatus();
}

absl::Status ScrubHandler::CheckNumber(const Caller& caller, const v1::CheckNumberRequest& request,
                                       v1::CheckNumberResponse* response) {
  DNC_ASSIGN_OR_RETURN(const Admission admission, decider_.Admit(caller, 1));
  const ParsedNumber number = ParseNumber(request.number());
  DNC_ASSIGN_OR_RETURN(const Question question,
                       QuestionOf(decider_, caller, request, 1, /*explained=*/true));
  DNC_ASSIGN_OR_RETURN(const Answer answer, decider_.Decide(caller, question, {&number, 1}));
  FillResult(answer.reports.front(), response->mutable_result());
  ExplainMalformed(request.number(), response->mutable_result());
  *response->mutable_snapshot() = MyScratch().frame.Fill(answer.evidence);
  return absl::OkStatus();
}

}  // namespace dnc
