#include "server/scrub/engine.h"

#include <algorithm>
#include <array>
#include <bit>
#include <bitset>

#include "server/base/check.h"

namespace dnc {
namespace {

// Lists are looked up in groups, a mark bit each.
constexpr size_t kListsAGroup = 32;
// So few lists are gone through one by one, whatever the marks.
constexpr size_t kFewLists = 8;

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

// Whether a number of the area code that is not on the list may be called as far as it goes.
bool AnswersFor(const SnapshotList& list, int area_code) {
  return list.effect != ListEffect::kInform && list.applies_to[area_code] &&
         list.areas[area_code].state == AreaState::kLoaded;
}

// What coverage says of a number before it is looked up. It depends on the area code alone, and a
// batch has few of them beside its numbers, so it is found once for each.
class AreaFindings {
 public:
  void BeginBatch() {
    if (++batch_ != 0) return;
    cells_.fill(Cell());
    batch_ = 1;
  }

  const Finding& Of(const Snapshot& snapshot, absl::Time now, int area_code) {
    Cell& cell = cells_[area_code];
    if (cell.batch != batch_) cell = {batch_, Find(snapshot, now, area_code)};
    return cell.finding;
  }

 private:
  struct Cell {
    uint32_t batch = 0;  // of which the finding is
    Finding finding;
  };

  static Finding Find(const Snapshot& snapshot, absl::Time now, int area_code) {
    Finding finding;
    bool answered = false;
    for (const auto& list : snapshot.lists) {
      NoteCoverage(*list, now, area_code, finding);
      answered = answered || AnswersFor(*list, area_code);
    }
    // No list at all is no proof, nor are lists that are silent because they need not cover the
    // area code: only one that was asked can say clear.
    if (!answered && finding.rule == Rule::kClear) {
      finding.Note(Rule::kNotCovered,
                   snapshot.lists.empty() ? Reason::kListNotLoaded : Reason::kAreaCodeNotLoaded);
    }
    return finding;
  }

  std::array<Cell, kAreaCodes> cells_{};
  uint32_t batch_ = 0;
};

// Kept a thread, so that a scrub allocates nothing once it has run.
struct Scratch {
  AreaFindings areas;
  std::vector<Number> plain;
  std::vector<uint32_t> marks;
};

// Adds the match of one list to all numbers that it marked. Without a branch: every second number
// is listed, so a processor would guess wrong each second time.
void NoteList(const Finding& match, size_t list, const Scratch& scratch, absl::Span<Rule> rules,
              absl::Span<ReasonSet> reasons) {
  const auto found = static_cast<uint8_t>(match.rule);
  for (size_t i = 0; i < rules.size(); ++i) {
    const uint32_t marked = scratch.marks[i] >> list & 1;
    reasons[i] |= match.reasons & (0 - marked);
    // A rule that was not found is above all others.
    const auto rule = static_cast<uint8_t>(found | (0 - (1 - marked)));
    rules[i] = static_cast<Rule>(std::min(static_cast<uint8_t>(rules[i]), rule));
  }
}

// Looks the numbers up in up to kListsAGroup lists. What is no number is in none.
void NoteMatches(absl::Span<const std::shared_ptr<const SnapshotList>> lists, Scratch& scratch,
                 absl::Span<Rule> rules, absl::Span<ReasonSet> reasons) {
  std::fill(scratch.marks.begin(), scratch.marks.end(), 0);
  std::array<Finding, kListsAGroup> matches;
  for (size_t l = 0; l < lists.size(); ++l) {
    lists[l]->numbers.MarkContained(scratch.plain, static_cast<int>(l),
                                    absl::MakeSpan(scratch.marks));
    matches[l] = Finding();
    matches[l].Note(MatchRule(*lists[l]), ReasonOfKind(lists[l]->kind));
  }
  if (lists.size() <= kFewLists) {
    for (size_t l = 0; l < lists.size(); ++l) NoteList(matches[l], l, scratch, rules, reasons);
    return;
  }
  for (size_t i = 0; i < rules.size(); ++i) {
    for (uint32_t marks = scratch.marks[i]; marks != 0; marks &= marks - 1) {
      const Finding& match = matches[static_cast<size_t>(std::countr_zero(marks))];
      rules[i] = std::min(rules[i], match.rule);
      reasons[i] |= match.reasons;
    }
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
  thread_local Scratch scratch;
  scratch.areas.BeginBatch();
  scratch.plain.resize(numbers.size());
  scratch.marks.resize(numbers.size());
  for (size_t i = 0; i < numbers.size(); ++i) {
    const ParsedNumber& parsed = numbers[i];
    if (!parsed.ok) {
      scratch.plain[i] = kNumberLimit;
      rules[i] = Rule::kMalformed;
      reasons[i] = ReasonBit(Reason::kMalformed);
      continue;
    }
    const Finding& finding = scratch.areas.Of(snapshot, now, AreaCodeOf(parsed.number));
    scratch.plain[i] = parsed.number;
    rules[i] = finding.rule;
    reasons[i] = finding.reasons;
  }
  const auto lists = absl::MakeConstSpan(snapshot.lists);
  for (size_t first = 0; first < lists.size(); first += kListsAGroup) {
    NoteMatches(lists.subspan(first, kListsAGroup), scratch, rules, reasons);
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
