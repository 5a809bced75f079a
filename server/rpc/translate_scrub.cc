#include "server/rpc/translate_scrub.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>

#include "server/base/str_cat.h"
#include "server/numbers/phone_number.h"
#include "server/rpc/translate_time.h"
#include "server/scrub/engine.h"

namespace dnc {
namespace {

// The values travel as they are; these hold the two sides together.
#define DNC_SAME(ours, theirs) static_assert(static_cast<int>(ours) == static_cast<int>(theirs))
DNC_SAME(Verdict::kUnspecified, v1::VERDICT_UNSPECIFIED);
DNC_SAME(Verdict::kClear, v1::VERDICT_CLEAR);
DNC_SAME(Verdict::kListed, v1::VERDICT_LISTED);
DNC_SAME(Verdict::kNotCovered, v1::VERDICT_NOT_COVERED);
DNC_SAME(Verdict::kStale, v1::VERDICT_STALE);
DNC_SAME(Verdict::kInvalid, v1::VERDICT_INVALID);
DNC_SAME(Verdict::kWireless, v1::VERDICT_WIRELESS);
DNC_SAME(Verdict::kWireless, v1::Verdict_MAX);
DNC_SAME(Reason::kMalformed, v1::REASON_MALFORMED);
DNC_SAME(Reason::kListNotLoaded, v1::REASON_LIST_NOT_LOADED);
DNC_SAME(Reason::kAreaCodeNotLoaded, v1::REASON_AREA_CODE_NOT_LOADED);
DNC_SAME(Reason::kAreaCodeDamaged, v1::REASON_AREA_CODE_DAMAGED);
DNC_SAME(Reason::kReleaseStale, v1::REASON_RELEASE_STALE);
DNC_SAME(Reason::kHistoryNotReached, v1::REASON_HISTORY_NOT_REACHED);
DNC_SAME(Reason::kNational, v1::REASON_NATIONAL);
DNC_SAME(Reason::kState, v1::REASON_STATE);
DNC_SAME(Reason::kLitigator, v1::REASON_LITIGATOR);
DNC_SAME(Reason::kOtherList, v1::REASON_OTHER_LIST);
DNC_SAME(Reason::kWireless, v1::REASON_WIRELESS);
DNC_SAME(Reason::kWireline, v1::REASON_WIRELINE);
DNC_SAME(Reason::kNotEntitled, v1::REASON_NOT_ENTITLED);
DNC_SAME(Reason::kRecordDoNotCall, v1::REASON_OWN_DO_NOT_CALL);
DNC_SAME(Reason::kConsent, v1::REASON_CONSENT);
DNC_SAME(Reason::kEbr, v1::REASON_EBR);
DNC_SAME(Reason::kOwnListsUnknown, v1::REASON_OWN_LISTS_UNKNOWN);
DNC_SAME(Reason::kOwnListsUnknown, v1::Reason_MAX);
DNC_SAME(Rule::kUnspecified, v1::RULE_UNSPECIFIED);
DNC_SAME(Rule::kMalformed, v1::RULE_MALFORMED);
DNC_SAME(Rule::kRecordDoNotCall, v1::RULE_OWN_DO_NOT_CALL);
DNC_SAME(Rule::kLitigator, v1::RULE_LITIGATOR);
DNC_SAME(Rule::kNotCovered, v1::RULE_NOT_COVERED);
DNC_SAME(Rule::kStale, v1::RULE_STALE);
DNC_SAME(Rule::kNational, v1::RULE_NATIONAL);
DNC_SAME(Rule::kState, v1::RULE_STATE);
DNC_SAME(Rule::kOtherList, v1::RULE_OTHER_LIST);
DNC_SAME(Rule::kWireless, v1::RULE_WIRELESS);
DNC_SAME(Rule::kConsent, v1::RULE_CONSENT);
DNC_SAME(Rule::kEbr, v1::RULE_EBR);
DNC_SAME(Rule::kClear, v1::RULE_CLEAR);
DNC_SAME(Rule::kClear, v1::Rule_MAX);
DNC_SAME(ListEffect::kDeny, v1::LIST_EFFECT_DENY);
DNC_SAME(ListEffect::kWireless, v1::LIST_EFFECT_WIRELESS);
DNC_SAME(ListEffect::kInform, v1::LIST_EFFECT_INFORM);
DNC_SAME(ListEffect::kExempt, v1::LIST_EFFECT_EXEMPT);
DNC_SAME(ListEffect::kExempt, v1::ListEffect_MAX);
#undef DNC_SAME

void AddReasons(uint32_t bits, google::protobuf::RepeatedField<int>* out) {
  for (int reason = 1; reason <= static_cast<int>(v1::Reason_MAX); ++reason) {
    if ((bits >> reason & 1U) != 0) out->Add(reason);
  }
}

// A Timestamp as a field: tag, length, two varints with a tag of one byte each.
constexpr size_t kMaxTimestampBytes = 2 + 11 + 11;

void FillAge(const ListAge& age, v1::ListSnapshot* out) {
  out->clear_obtained_at();
  out->clear_valid_until();
  out->clear_known_by_silence_at();
  if (IsMoment(age.obtained_at)) *out->mutable_obtained_at() = ToTimestamp(age.obtained_at);
  if (IsMoment(age.valid_until)) *out->mutable_valid_until() = ToTimestamp(age.valid_until);
  if (IsMoment(age.known_by_silence_at)) {
    *out->mutable_known_by_silence_at() = ToTimestamp(age.known_by_silence_at);
  }
}

}  // namespace

std::string_view RuleSentence(Rule rule) {
  switch (rule) {
    case Rule::kMalformed:
      return "This is no North American number of ten digits, or of eleven with a leading 1.";
    case Rule::kRecordDoNotCall:
      return "The number is on the tenant's own do-not-call list: do not call. Nothing lifts that.";
    case Rule::kLitigator:
      return "The number is on a list of litigators: do not call.";
    case Rule::kNotCovered:
      return "Whether the number may be called is unknown, so do not call: a required list has no "
             "verified release for this area code, the tenant is not entitled to it, or its own "
             "records cannot be read. The reasons tell which.";
    case Rule::kStale:
      return "A list that counts is older than its maximum age: do not call. `dncctl status` tells "
             "which; load a current release of it.";
    case Rule::kNational:
      return "The number is on the National Do Not Call Registry: do not call.";
    case Rule::kState:
      return "The number is on a state's do-not-call list: do not call.";
    case Rule::kOtherList:
      return "The number is on a published list that forbids calls: do not call.";
    case Rule::kWireless:
      return "The number is wireless: no automatic dialling.";
    case Rule::kConsent:
      return "A consent that is valid now lifts what would forbid the call.";
    case Rule::kEbr:
      return "An established business relationship that is valid now lifts what would forbid the "
             "call.";
    case Rule::kClear:
      return "Every list that counts answered, and none holds the number.";
    case Rule::kUnspecified:
      break;
  }
  return "No rule decided: do not call.";
}

void FillEarlierEnds(const Evidence& evidence, v1::ScrubResponse* out) {
  out->clear_earlier_ends();
  for (const EarlierEnd& end : evidence.earlier_ends) {
    v1::EarlierEnd* const entry = out->add_earlier_ends();
    entry->set_index(end.index);
    *entry->mutable_valid_until() = ToTimestamp(end.valid_until);
  }
}

void FillResult(const NumberReport& report, v1::NumberResult* out) {
  out->set_number(report.number);
  out->set_verdict(ToProto(VerdictOf(report.rule)));
  AddReasons(report.reasons, out->mutable_reasons());
  out->set_rule(ToProto(report.rule));
  out->set_explanation(std::string(RuleSentence(report.rule)));
  for (const MatchInfo& match : report.matches) {
    v1::Match* entry = out->add_matches();
    entry->set_list(match.list);
    entry->set_effect(ToProto(match.effect));
    if (IsMoment(match.listed_since)) {
      *entry->mutable_listed_since() = ToTimestamp(match.listed_since);
    }
    entry->set_listed_since_exact(match.listed_since_exact);
    entry->set_release_id(match.release_id);
    if (IsMoment(match.obtained_at)) *entry->mutable_obtained_at() = ToTimestamp(match.obtained_at);
  }
  if (IsMoment(report.valid_until)) *out->mutable_valid_until() = ToTimestamp(report.valid_until);
}

void ExplainMalformed(std::string_view text, v1::NumberResult* out) {
  if (out->rule() != v1::RULE_MALFORMED) return;
  std::string sentence(RuleSentence(Rule::kMalformed));
  sentence.pop_back();  // its dot
  out->set_explanation(StrCat(sentence, ": ", WhyNoNumber(text), "."));
}

void ExplainMalformed(const google::protobuf::RepeatedPtrField<std::string>& texts,
                      v1::ScrubResponse* out) {
  for (int i = 0; i < std::min(texts.size(), out->results_size()); ++i) {
    ExplainMalformed(texts[i], out->mutable_results(i));
  }
}

void NameReasons(v1::ScrubResponse* out) {
  out->mutable_named_reasons()->Reserve(out->reasons_size());
  for (const uint32_t bits : out->reasons()) {
    AddReasons(bits, out->add_named_reasons()->mutable_reasons());
  }
}

size_t SnapshotFrame::MostBytes(const ReleaseNames& releases) {
  Prepare(releases);
  constexpr size_t kMaxRevisionBytes = 11;
  // A list has three times, which may also make its own length a byte or two longer.
  constexpr size_t kMaxListBytes = 3 * kMaxTimestampBytes + 4;
  // The whole has two: its moment and its end.
  return message_.ByteSizeLong() + kMaxRevisionBytes + 2 * kMaxTimestampBytes +
         told_.size() * kMaxListBytes;
}

const v1::Snapshot& SnapshotFrame::Fill(const Evidence& evidence) {
  Prepare(evidence.releases);
  message_.set_revision(evidence.revision);
  *message_.mutable_decided_at() = ToTimestamp(evidence.decided_at);
  message_.clear_valid_until();
  if (IsMoment(evidence.valid_until)) {
    *message_.mutable_valid_until() = ToTimestamp(evidence.valid_until);
  }
  for (size_t l = 0; l < told_.size(); ++l) {
    if (told_[l] == evidence.ages[l]) continue;
    told_[l] = evidence.ages[l];
    FillAge(told_[l], message_.mutable_lists(static_cast<int>(l)));
  }
  return message_;
}

void SnapshotFrame::Prepare(const ReleaseNames& releases) {
  if (releases == releases_) return;
  releases_ = releases;
  message_.Clear();
  told_.clear();
  if (releases == nullptr) return;
  told_.resize(releases->size());  // as a message says it that has no times
  for (const ReleaseName& release : *releases) {
    v1::ListSnapshot* const entry = message_.add_lists();
    entry->set_list(release.list);
    entry->set_release_id(release.release_id);
    entry->set_digest(release.digest);
  }
}

}  // namespace dnc
