#include "tools/dncload/answer_check.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace dnc::load {
namespace {

using google::protobuf::internal::WireFormatLite;

// The values of Truth are the right verdicts, so a correct column of verdicts has these very bytes.
static_assert(static_cast<int>(Truth::kUnlisted) == v1::VERDICT_CLEAR);
static_assert(static_cast<int>(Truth::kListed) == v1::VERDICT_LISTED);
static_assert(sizeof(Truth) == 1);

constexpr uint32_t Bit(v1::Reason reason) { return uint32_t{1} << reason; }
constexpr uint32_t kLifts = Bit(v1::REASON_CONSENT) | Bit(v1::REASON_EBR);
constexpr uint32_t kElsewhere = Bit(v1::REASON_STATE) | Bit(v1::REASON_LITIGATOR) |
                                Bit(v1::REASON_OTHER_LIST) | Bit(v1::REASON_OWN_DO_NOT_CALL);

// Returns the bytes of the only packed column of verdicts in `message`; nullopt if it is encoded in
// another way, which protobuf must read.
std::optional<absl::Span<const uint8_t>> VerdictColumn(absl::Span<const uint8_t> message) {
  google::protobuf::io::CodedInputStream in(message.data(), static_cast<int>(message.size()));
  std::optional<absl::Span<const uint8_t>> column;
  while (const uint32_t tag = in.ReadTag()) {
    if (WireFormatLite::GetTagFieldNumber(tag) != v1::ScrubResponse::kVerdictsFieldNumber) {
      if (!WireFormatLite::SkipField(&in, tag)) return std::nullopt;
      continue;
    }
    uint32_t length = 0;
    if (column ||
        WireFormatLite::GetTagWireType(tag) != WireFormatLite::WIRETYPE_LENGTH_DELIMITED ||
        !in.ReadVarint32(&length)) {
      return std::nullopt;
    }
    const auto at = static_cast<size_t>(in.CurrentPosition());
    if (length > message.size() - at || !in.Skip(static_cast<int>(length))) return std::nullopt;
    column = message.subspan(at, length);
  }
  if (!in.ConsumedEntireMessage()) return std::nullopt;
  return column;
}

// Returns whether the answer is a message whose verdicts are exactly `truth`.
bool IsExactly(std::string_view answer, absl::Span<const Truth> truth) {
  const auto column =
      VerdictColumn({reinterpret_cast<const uint8_t*>(answer.data()), answer.size()});
  return column && column->size() == truth.size() &&
         std::memcmp(column->data(), truth.data(), truth.size()) == 0;
}

}  // namespace

void AnswerTally::Merge(const AnswerTally& other) {
  for (size_t i = 0; i < verdicts.size(); ++i) verdicts[i] += other.verdicts[i];
  numbers += other.numbers;
  known += other.known;
  wrongly_clear += other.wrongly_clear;
  wrongly_listed += other.wrongly_listed;
  undecided += other.undecided;
  lifted += other.lifted;
  listed_elsewhere += other.listed_elsewhere;
  bad_answers += other.bad_answers;
}

bool AnswerChecker::Check(std::string_view answer, absl::Span<const Truth> truth,
                          AnswerTally* tally) {
  // Verdict 0 is never sent, so a question with unknown numbers never takes the fast path.
  if (IsExactly(answer, truth) &&
      std::find(truth.begin(), truth.end(), Truth::kUnknown) == truth.end()) {
    const auto listed =
        static_cast<uint64_t>(std::count(truth.begin(), truth.end(), Truth::kListed));
    tally->verdicts[v1::VERDICT_LISTED] += listed;
    tally->verdicts[v1::VERDICT_CLEAR] += truth.size() - listed;
    tally->numbers += truth.size();
    tally->known += truth.size();
    return true;
  }
  if (!response_.ParseFromArray(answer.data(), static_cast<int>(answer.size()))) response_.Clear();
  return CheckParsed(truth, tally);
}

bool AnswerChecker::CheckParsed(absl::Span<const Truth> truth, AnswerTally* tally) const {
  const auto verdicts = static_cast<size_t>(response_.verdicts_size());
  if (verdicts != truth.size() || static_cast<size_t>(response_.reasons_size()) != truth.size()) {
    ++tally->bad_answers;
    return false;
  }
  const uint64_t wrong = tally->wrongly_clear + tally->wrongly_listed;
  for (size_t i = 0; i < truth.size(); ++i) {
    const int at = static_cast<int>(i);
    CheckNumber(truth[i], response_.verdicts(at), response_.reasons(at), tally);
  }
  return tally->wrongly_clear + tally->wrongly_listed == wrong;
}

void AnswerChecker::CheckNumber(Truth truth, int verdict, uint32_t reasons,
                                AnswerTally* tally) const {
  ++tally->numbers;
  const auto last = static_cast<int>(tally->verdicts.size()) - 1;
  ++tally->verdicts[static_cast<size_t>(verdict >= 0 && verdict < last ? verdict : last)];
  if (truth == Truth::kUnknown) return;
  ++tally->known;
  if (verdict == static_cast<int>(truth)) return;
  if (verdict == v1::VERDICT_CLEAR) {
    const bool lifted = other_lists_ && (reasons & kLifts) != 0;
    ++(lifted ? tally->lifted : tally->wrongly_clear);
  } else if (verdict == v1::VERDICT_LISTED) {
    const bool elsewhere =
        other_lists_ && (reasons & kElsewhere) != 0 && (reasons & Bit(v1::REASON_NATIONAL)) == 0;
    ++(elsewhere ? tally->listed_elsewhere : tally->wrongly_listed);
  } else {
    ++tally->undecided;
  }
}

}  // namespace dnc::load
