#include "server/registry/explain.h"

#include <algorithm>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/explain_view.h"
#include "server/registry/in_force.h"
#include "server/scrub/answer_ends.h"
#include "server/scrub/engine.h"

namespace dnc {
namespace {

// Since when a number that is on the list has been listed.
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

}  // namespace

absl::StatusOr<Explanation> ExplainViews(const ExplainInputs& in,
                                         const std::vector<ListView>& views, absl::Time moment,
                                         absl::Span<const ParsedNumber> numbers,
                                         const TenantSide& tenant) {
  Snapshot snapshot;
  snapshot.clock_behind = in.snapshot->clock_behind;
  for (const ListView& view : views) snapshot.lists.push_back(view.list);
  for (const PolicyList& list : in.policy->lists) {  // those above are looked for first
    snapshot.unloaded.emplace_back(list.name, EffectOf(list));
  }
  Explanation answer;
  answer.revision = in.state->revision;
  answer.decided_at = moment;
  std::vector<Rule> rules(numbers.size());
  std::vector<ReasonSet> reasons(numbers.size());
  Scrub(snapshot, moment, numbers, absl::MakeSpan(rules), absl::MakeSpan(reasons), tenant);
  const std::vector<absl::Time> oldest = OldestObtainedAt(snapshot, numbers);
  const std::vector<absl::Time> aged_from = OldestAge(snapshot, numbers);
  const std::vector<absl::Time> silence = OldestSilence(snapshot, numbers);
  for (size_t l = 0; l < snapshot.lists.size(); ++l) {
    const SnapshotList& list = *snapshot.lists[l];
    answer.lists.push_back({list.name, list.release_id, oldest[l], aged_from[l] + list.max_age,
                            list.digest, silence[l]});
  }
  const AnswerEnds ends(snapshot, tenant.terms, moment);
  TurnReader turns(tenant.turns);
  LeastEnd least(moment);
  for (size_t i = 0; i < numbers.size(); ++i) {
    NumberReport report;
    report.number = numbers[i].number;
    report.rule = rules[i];
    report.reasons = reasons[i];
    for (const ListView& view : views) {
      if (!numbers[i].ok) break;
      const SnapshotListPtr& list = view.list;
      const ListEffect effect = EffectFor(*list, tenant.terms);
      if (!IsTold(list->kind, report.reasons)) continue;
      if (!list->numbers.Contains(numbers[i].number)) continue;
      DNC_ASSIGN_OR_RETURN(MatchInfo match, MakeMatch(in, view, effect, numbers[i].number));
      report.matches.push_back(std::move(match));
    }
    if (Holds(VerdictOf(report.rule))) {
      const uint8_t facts = tenant.terms == nullptr ? uint8_t{kNoRecord} : tenant.facts[i];
      const absl::Time lists_end = ends.OfLists(AreaCodeOf(report.number));
      const absl::Time end = std::min(
          lists_end, ends.OfRecords(report.number, facts, turns.Of(static_cast<uint32_t>(i))));
      if (end != absl::InfiniteFuture()) report.valid_until = end;
      report.ends_early = end < lists_end;
      least.Add(end);
    }
    answer.numbers.push_back(std::move(report));
  }
  answer.valid_until = least.least();
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

// Of a list, the newest; each is read from the disk.
constexpr size_t kMaxTurnsTold = 100;

// Adds what the releases of a line later than `after` told of the number; returns whether they told
// anything.
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

// The same of what counts no longer, because somebody went back from it or retired the list.
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
