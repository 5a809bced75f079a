#include "server/registry/explain.h"

#include <algorithm>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/explain_view.h"
#include "server/registry/in_force.h"
#include "server/scrub/answer_ends.h"
#include "server/scrub/batch_engine.h"
#include "server/scrub/engine.h"
#include "server/scrub/evidence.h"

namespace dnc {
namespace {

// Makes the match of a number that is on the list, including since when it has been listed.
absl::StatusOr<MatchInfo> MakeMatch(const ExplainInputs& in, const ListView& view,
                                    ListEffect effect, Number number) {
  const int area_code = AreaCodeOf(number);
  MatchInfo match;
  match.list = view.list->name;
  match.effect = effect;
  match.obtained_at = view.list->areas[area_code].obtained_at;
  if (view.state == nullptr) return match;
  const Beginning beginning = BeginningOf(*in.state, *view.state, area_code);
  match.listed_since = beginning.since;
  match.release_id = beginning.release_id;
  DNC_ASSIGN_OR_RETURN(const AreaHistoryPtr history,
                       in.histories->Get(*in.state, *view.state, area_code));
  const absl::Span<const AreaEvent> events = history->Of(SubscriberOf(number));
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->release_id > view.up_to || event->at_micros > ToMicros(view.until)) continue;
    if (!event->added) break;
    match.listed_since = FromMicros(event->at_micros);
    match.listed_since_exact = event->exact;
    match.release_id = event->release_id;
    break;
  }
  return match;
}

// Returns the matches of a number, of the lists that the tenant may learn of.
absl::StatusOr<std::vector<MatchInfo>> MatchesOf(const ExplainInputs& in,
                                                 const std::vector<ListView>& views,
                                                 const TenantTerms* terms, Number number,
                                                 ReasonSet reasons) {
  std::vector<MatchInfo> matches;
  for (const ListView& view : views) {
    const SnapshotListPtr& list = view.list;
    if (!IsTold(list->kind, reasons) || !list->numbers.Contains(number)) continue;
    DNC_ASSIGN_OR_RETURN(MatchInfo match, MakeMatch(in, view, EffectFor(*list, terms), number));
    matches.push_back(std::move(match));
  }
  return matches;
}

// Fills in the evidence of the answers that `rules` gave, and gives each answer its own end.
void FillEvidence(const Snapshot& snapshot, absl::Time moment, absl::Span<const Rule> rules,
                  const TenantSide& tenant, absl::Span<const Number> numbers, Explanation& answer) {
  AskedAreas asked;
  std::vector<uint8_t> verdicts;
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (numbers[i] < kNumberLimit) asked.Add(static_cast<uint16_t>(AreaCodeOf(numbers[i])));
    verdicts.push_back(static_cast<uint8_t>(VerdictOf(rules[i])));
  }
  answer.evidence.decided_at = moment;
  EvidenceSource(snapshot, asked).Fill(snapshot, asked, &answer.evidence);
  const AnswerEnds ends(snapshot, tenant.terms, moment);
  ends.Fill(tenant, numbers, verdicts, ends.LeastOfLists(numbers, verdicts), &answer.evidence);
  for (size_t i = 0; i < numbers.size(); ++i) {
    if (!Holds(static_cast<Verdict>(verdicts[i]))) continue;
    answer.numbers[i].valid_until = ends.OfLists(AreaCodeOf(numbers[i])).until;
  }
  for (const EarlierEnd& end : answer.evidence.earlier_ends) {
    answer.numbers[end.index].valid_until = end.valid_until;
  }
}

}  // namespace

absl::StatusOr<Explanation> ExplainViews(const ExplainInputs& in,
                                         const std::vector<ListView>& views, absl::Time moment,
                                         absl::Span<const ParsedNumber> numbers,
                                         const TenantSide& tenant) {
  Snapshot snapshot;
  snapshot.revision = in.state->revision;
  snapshot.clock_behind = in.snapshot->clock_behind;
  for (const ListView& view : views) snapshot.lists.push_back(view.list);
  for (const PolicyList& list : in.policy->lists) {  // the lists above are searched first
    snapshot.unloaded.emplace_back(list.name, EffectOf(list));
  }
  std::vector<Rule> rules(numbers.size());
  std::vector<ReasonSet> reasons(numbers.size());
  Scrub(snapshot, moment, numbers, absl::MakeSpan(rules), absl::MakeSpan(reasons), tenant);
  Explanation answer;
  answer.evidence.revision = in.state->revision;
  for (size_t i = 0; i < numbers.size(); ++i) {
    NumberReport& report = answer.numbers.emplace_back();
    report.number = numbers[i].number;
    report.rule = rules[i];
    report.reasons = reasons[i];
    if (!numbers[i].ok) continue;
    DNC_ASSIGN_OR_RETURN(report.matches,
                         MatchesOf(in, views, tenant.terms, report.number, report.reasons));
  }
  FillEvidence(snapshot, moment, rules, tenant, PlainNumbers(numbers), answer);
  return answer;
}

std::set<int> AskedAreaCodes(absl::Span<const ParsedNumber> numbers) {
  std::set<int> area_codes;
  for (const ParsedNumber& parsed : numbers) {
    if (parsed.ok) area_codes.insert(AreaCodeOf(parsed.number));
  }
  return area_codes;
}

std::vector<std::string> ListNames(const ExplainInputs& in) {
  std::vector<std::string> names;
  for (const PolicyList& list : in.policy->lists) names.push_back(list.name);
  for (const auto& [name, list] : in.state->lists) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

absl::StatusOr<Explanation> ExplainNow(const ExplainInputs& inputs, absl::Time now,
                                       absl::Span<const ParsedNumber> numbers,
                                       const TenantSide& tenant) {
  std::vector<ListView> views;
  for (const SnapshotListPtr& list : inputs.snapshot->lists) {
    const auto state = inputs.state->lists.find(list->name);
    views.push_back({list, state == inputs.state->lists.end() ? nullptr : state->second});
  }
  return ExplainViews(inputs, views, now, numbers, tenant);
}

namespace {

// Only so many of a list's newest turns are reported, because each is read from the disk.
constexpr size_t kMaxTurnsTold = 100;

// Adds what the line's releases after `after` recorded about the number. Returns whether they
// recorded anything.
absl::StatusOr<bool> AddEvents(const ExplainInputs& in, const ListState& line, Number number,
                               uint64_t after, NumberHistory& all) {
  const int area_code = AreaCodeOf(number);
  const size_t had = all.events.size();
  if (!line.Covers(area_code) || line.damaged[static_cast<size_t>(area_code)]) return false;
  DNC_ASSIGN_OR_RETURN(const AreaHistoryPtr history, in.histories->Get(*in.state, line, area_code));
  const auto events = history->Of(SubscriberOf(number));
  const bool listed = line.numbers.Contains(number);
  const bool listed_first = events.empty() ? listed : !events.front().added;
  const Beginning beginning = BeginningOf(*in.state, line, area_code);
  if (listed_first && beginning.release_id > after) {
    all.events.push_back(
        {line.name, HistoryAction::kFirstSeen, beginning.since, beginning.release_id, "", ""});
  }
  for (const AreaEvent& event : events) {
    if (event.release_id <= after) continue;
    all.events.push_back({line.name, event.added ? HistoryAction::kAdded : HistoryAction::kDeleted,
                          FromMicros(event.at_micros), event.release_id, "", ""});
  }
  return all.events.size() > had;
}

// Adds the same for what no longer counts, because somebody rolled it back or retired the list.
absl::Status AddPast(const ExplainInputs& in, const ListState& list, Number number,
                     NumberHistory& all) {
  const size_t turns = list.turns.size();
  for (size_t i = turns - std::min(turns, kMaxTurnsTold); i < turns; ++i) {
    const storage::Turn& turn = list.turns[i];
    if (in.state->releases.count(turn.from()) == 0) continue;  // cut off
    const auto line = PastLine(*in.store, *in.state, list, turn.from());
    if (ErrorReason(line.status()) == reason::kHistoryNotReached) continue;
    DNC_RETURN_IF_ERROR(line.status());
    ReadPastArea(*in.store, *in.state, AreaCodeOf(number), **line);
    DNC_ASSIGN_OR_RETURN(const bool any, AddEvents(in, **line, number, turn.to(), all));
    if (!any) continue;
    all.events.push_back({list.name,
                          turn.to() == 0 ? HistoryAction::kRetired : HistoryAction::kRolledBack,
                          FromMicros(turn.at()), turn.from(), turn.requested_by(), turn.reason()});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<NumberHistory> HistoryOf(const ExplainInputs& inputs, Number number) {
  NumberHistory all;
  for (const auto& [name, list] : inputs.state->lists) {
    DNC_RETURN_IF_ERROR(AddPast(inputs, *list, number, all));
    DNC_RETURN_IF_ERROR(AddEvents(inputs, *list, number, 0, all).status());
    const auto area_code = static_cast<size_t>(AreaCodeOf(number));
    const bool known = list->loaded() && !list->damaged[area_code];
    if (known && list->numbers.Contains(number)) all.listed_on.push_back(name);
  }
  std::stable_sort(all.events.begin(), all.events.end(),
                   [](const HistoryEvent& a, const HistoryEvent& b) { return a.time < b.time; });
  return all;
}

}  // namespace dnc
