#include "server/scrub/engine.h"

#include <algorithm>
#include <bitset>

#include "server/base/check.h"

namespace dnc {
namespace {

// Lists are looked up in groups, a mark bit each.
constexpr size_t kListsAGroup = 32;

Reason ReasonOfKind(ListKind kind) {
  switch (kind) {
    case ListKind::kNational:
      return Reason::kNational;
    case ListKind::kState:
      return Reason::kState;
    case ListKind::kLitigator:
      return Reason::kLitigator;
    case ListKind::kWireless:
      return Reason::kWireless;
    case ListKind::kWireline:
      return Reason::kWireline;
    case ListKind::kOther:
      break;
  }
  return Reason::kOtherList;
}

Rule DenyingRule(ListKind kind) {
  switch (kind) {
    case ListKind::kNational:
      return Rule::kNational;
    case ListKind::kState:
      return Rule::kState;
    case ListKind::kLitigator:
      return Rule::kLitigator;
    case ListKind::kWireless:
    case ListKind::kWireline:
    case ListKind::kOther:
      break;
  }
  return Rule::kOtherList;
}

// The rule that a match in `list` brings; kClear if it only informs.
Rule MatchRule(const SnapshotList& list) {
  switch (list.effect) {
    case ListEffect::kInform:
      return Rule::kClear;
    case ListEffect::kWireless:
      return Rule::kWireless;
    case ListEffect::kDeny:
      break;
  }
  return DenyingRule(list.kind);
}

// The answer for a number so far. Rules are ordered by precedence, so the least one decides.
struct Finding {
  Rule rule = Rule::kClear;
  ReasonSet reasons = 0;
  void Note(Rule found, Reason reason) {
    rule = std::min(rule, found);
    reasons |= ReasonBit(reason);
  }
};

// Whether `list` can answer for the area code at all.
void NoteCoverage(const SnapshotList& list, absl::Time now, int area_code, Finding& finding) {
  if (list.effect == ListEffect::kInform) return;
  const bool applies = list.applies_to[area_code];
  const bool asked = list.required && applies;
  if (list.release_id == 0) {
    if (asked) finding.Note(Rule::kNotCovered, Reason::kListNotLoaded);
    return;
  }
  const AreaCoverage& coverage = list.areas[area_code];
  switch (coverage.state) {
    case AreaState::kLoaded:
      if (applies && now - coverage.obtained_at > list.max_age) {
        finding.Note(Rule::kStale, Reason::kReleaseStale);
      }
      return;
    case AreaState::kNotLoaded:
      if (asked) finding.Note(Rule::kNotCovered, Reason::kAreaCodeNotLoaded);
      return;
    case AreaState::kBeforeHistory:
      finding.Note(Rule::kNotCovered, Reason::kHistoryNotReached);
      return;
    case AreaState::kDamaged:
      break;
  }
  finding.Note(Rule::kNotCovered, Reason::kAreaCodeDamaged);
}

void ScrubGroup(absl::Span<const std::shared_ptr<const SnapshotList>> lists, absl::Time now,
                absl::Span<const ParsedNumber> parsed, absl::Span<const Number> numbers,
                absl::Span<uint32_t> marks, absl::Span<Rule> rules, absl::Span<ReasonSet> reasons) {
  std::fill(marks.begin(), marks.end(), 0);
  for (size_t l = 0; l < lists.size(); ++l) {
    lists[l]->numbers.MarkContained(numbers, static_cast<int>(l), marks);
  }
  for (size_t i = 0; i < parsed.size(); ++i) {
    if (!parsed[i].ok) continue;
    Finding finding{rules[i], reasons[i]};
    const int area_code = AreaCodeOf(parsed[i].number);
    for (size_t l = 0; l < lists.size(); ++l) {
      NoteCoverage(*lists[l], now, area_code, finding);
      if ((marks[i] >> l & 1U) != 0) {
        finding.Note(MatchRule(*lists[l]), ReasonOfKind(lists[l]->kind));
      }
    }
    rules[i] = finding.rule;
    reasons[i] = finding.reasons;
  }
}

}  // namespace

Verdict VerdictOf(Rule rule) {
  switch (rule) {
    case Rule::kMalformed:
      return Verdict::kInvalid;
    case Rule::kLitigator:
    case Rule::kNational:
    case Rule::kState:
    case Rule::kOtherList:
      return Verdict::kListed;
    case Rule::kStale:
      return Verdict::kStale;
    case Rule::kWireless:
      return Verdict::kWireless;
    case Rule::kClear:
      return Verdict::kClear;
    case Rule::kNotCovered:
    case Rule::kUnspecified:
      break;
  }
  return Verdict::kNotCovered;
}

void Scrub(const Snapshot& snapshot, absl::Time now, absl::Span<const ParsedNumber> numbers,
           absl::Span<Rule> rules, absl::Span<ReasonSet> reasons) {
  DNC_CHECK(numbers.size() == rules.size() && numbers.size() == reasons.size(),
            "a scrub answers every number");
  // Scratch kept a thread, so that a scrub allocates nothing once it has run.
  thread_local std::vector<Number> plain;
  thread_local std::vector<uint32_t> marks;
  plain.resize(numbers.size());
  marks.resize(numbers.size());
  // No list at all is no proof: only a list that was asked can say clear.
  const Rule start = snapshot.lists.empty() ? Rule::kNotCovered : Rule::kClear;
  const ReasonSet start_reasons =
      snapshot.lists.empty() ? ReasonBit(Reason::kListNotLoaded) : ReasonSet{0};
  for (size_t i = 0; i < numbers.size(); ++i) {
    plain[i] = numbers[i].ok ? numbers[i].number : kNumberLimit;
    rules[i] = numbers[i].ok ? start : Rule::kMalformed;
    reasons[i] = numbers[i].ok ? start_reasons : ReasonBit(Reason::kMalformed);
  }
  const auto lists = absl::MakeConstSpan(snapshot.lists);
  for (size_t first = 0; first < lists.size(); first += kListsAGroup) {
    ScrubGroup(lists.subspan(first, kListsAGroup), now, numbers, plain, absl::MakeSpan(marks),
               rules, reasons);
  }
}

std::vector<absl::Time> OldestObtainedAt(const Snapshot& snapshot,
                                         absl::Span<const ParsedNumber> numbers) {
  std::bitset<kAreaCodes> asked;
  std::vector<int> area_codes;
  for (const ParsedNumber& parsed : numbers) {
    if (!parsed.ok) continue;
    const int area_code = AreaCodeOf(parsed.number);
    if (!asked[area_code]) {
      asked[area_code] = true;
      area_codes.push_back(area_code);
    }
  }
  std::vector<absl::Time> oldest(snapshot.lists.size(), absl::InfinitePast());
  for (size_t l = 0; l < snapshot.lists.size(); ++l) {
    for (const int area_code : area_codes) {
      const AreaCoverage& coverage = snapshot.lists[l]->areas[area_code];
      if (coverage.state != AreaState::kLoaded) continue;
      if (oldest[l] == absl::InfinitePast() || coverage.obtained_at < oldest[l]) {
        oldest[l] = coverage.obtained_at;
      }
    }
  }
  return oldest;
}

}  // namespace dnc
