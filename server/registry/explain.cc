#include "server/registry/explain.h"

#include <algorithm>
#include <set>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/data_age.h"
#include "server/scrub/engine.h"

namespace dnc {
namespace {

// Since when a number that is listed at `moment` has been listed.
absl::StatusOr<MatchInfo> MakeMatch(const ExplainInputs& in, const ListState& state,
                                    const SnapshotList& list, ListEffect effect, Number number,
                                    absl::Time moment) {
  const int area_code = AreaCodeOf(number);
  MatchInfo match;
  match.list = list.name;
  match.effect = effect;
  match.obtained_at = list.areas[area_code].obtained_at;
  const Beginning beginning = BeginningOf(*in.world, state, area_code);
  match.listed_since = beginning.since;
  match.release_id = beginning.release_id;
  DNC_ASSIGN_OR_RETURN(const AreaHistoryPtr history,
                       in.histories->Get(*in.world, state, area_code));
  const absl::Span<const AreaEvent> events = history->Of(SubscriberOf(number));
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    if (event->at_micros > ToMicros(moment)) continue;
    if (!event->added) break;
    match.listed_since = FromMicros(event->at_micros);
    match.listed_since_exact = event->exact;
    match.release_id = event->release_id;
    break;
  }
  return match;
}

// What is written of each number, once it is known what `snapshot` says.
absl::StatusOr<Explanation> Explain(const ExplainInputs& in, const Snapshot& snapshot,
                                    absl::Time moment, absl::Span<const ParsedNumber> numbers,
                                    const TenantSide& tenant) {
  Explanation answer;
  answer.revision = in.world->revision;
  answer.decided_at = moment;
  std::vector<Rule> rules(numbers.size());
  std::vector<ReasonSet> reasons(numbers.size());
  Scrub(snapshot, moment, numbers, absl::MakeSpan(rules), absl::MakeSpan(reasons), tenant);
  const std::vector<absl::Time> oldest = OldestObtainedAt(snapshot, numbers);
  const std::vector<absl::Time> aged_from = OldestAge(snapshot, numbers);
  for (size_t l = 0; l < snapshot.lists.size(); ++l) {
    const SnapshotList& list = *snapshot.lists[l];
    answer.lists.push_back(
        {list.name, list.release_id, oldest[l], aged_from[l] + list.max_age, list.digest});
  }
  for (size_t i = 0; i < numbers.size(); ++i) {
    NumberReport report;
    report.number = numbers[i].number;
    report.rule = rules[i];
    report.reasons = reasons[i];
    absl::Time valid_until = absl::InfiniteFuture();
    for (const auto& list : snapshot.lists) {
      if (!numbers[i].ok) break;
      const ListEffect effect = EffectFor(*list, tenant.terms);
      const AreaCoverage& coverage = list->areas[AreaCodeOf(numbers[i].number)];
      if (coverage.state == AreaState::kLoaded && effect != ListEffect::kInform) {
        valid_until = std::min(valid_until, AgedFrom(coverage) + list->max_age);
      }
      if (!IsTold(list->kind, report.reasons)) continue;
      if (!list->numbers.Contains(numbers[i].number)) continue;
      DNC_ASSIGN_OR_RETURN(MatchInfo match, MakeMatch(in, *in.world->lists.at(list->name), *list,
                                                      effect, numbers[i].number, moment));
      report.matches.push_back(std::move(match));
    }
    const Verdict verdict = VerdictOf(report.rule);
    const bool holds = verdict != Verdict::kInvalid && verdict != Verdict::kNotCovered;
    if (holds && valid_until != absl::InfiniteFuture()) report.valid_until = valid_until;
    answer.numbers.push_back(std::move(report));
  }
  return answer;
}

// A list as it was at a moment, with only the numbers that are asked for.
class ListThen {
 public:
  ListThen(const ExplainInputs& in, const ListState& state, const SnapshotList& now,
           absl::Time moment)
      : in_(in), state_(state), now_(now), moment_(moment) {}

  absl::StatusOr<std::shared_ptr<const SnapshotList>> Make(absl::Span<const ParsedNumber> numbers) {
    auto list = std::make_shared<SnapshotList>(now_);
    list->numbers = NumberSet();
    list->areas = {};
    list->release_id = 0;
    list->digest.clear();
    Asked asked;
    for (const ParsedNumber& parsed : numbers) {
      if (parsed.ok) asked[AreaCodeOf(parsed.number)].insert(SubscriberOf(parsed.number));
    }
    if (state_.damaged.all()) {  // so nothing is known of its releases either
      list->release_id = now_.release_id;
      list->areas = now_.areas;
      return list;
    }
    DNC_ASSIGN_OR_RETURN(const std::vector<uint64_t> lineage, WholeLineage(*in_.world, state_));
    FindRelease(lineage, *list);
    DNC_RETURN_IF_ERROR(FindCoverage(lineage, asked, *list));
    for (const auto& [area_code, subscribers] : asked) {
      if (list->areas[area_code].state != AreaState::kLoaded) continue;
      DNC_RETURN_IF_ERROR(FindNumbers(area_code, subscribers, *list));
    }
    return list;
  }

 private:
  using Asked = std::map<int, std::set<uint32_t>>;  // subscribers by area code

  // The release in force then: the newest whose data had been obtained.
  void FindRelease(const std::vector<uint64_t>& lineage, SnapshotList& list) const {
    const auto obtained = [this](uint64_t id) {
      return FromMicros(in_.world->releases.at(id)->obtained_at_newest()) <= moment_;
    };
    const auto found = std::find_if(lineage.begin(), lineage.end(), obtained);
    // Some area codes may have been covered; the answer then rests on the first release.
    list.release_id = found == lineage.end() ? lineage.back() : *found;
    if (found != lineage.end()) list.digest = in_.world->releases.at(*found)->digest();
  }

  // What can be said of an area code before its newest data then is looked for; kLoaded if that
  // must be done.
  AreaState StateThen(int area_code) const {
    const AreaState now = now_.areas[area_code].state;
    if (now == AreaState::kNotLoaded && (now_.required || !state_.vanished[area_code])) return now;
    if (now == AreaState::kDamaged) return now;
    if (now == AreaState::kLoaded && moment_ >= BeginningOf(*in_.world, state_, area_code).since) {
      return now;
    }
    // Without the list the server answered as if there were none, unless the policy asks for it.
    const bool without = !now_.required && SurelyAbsent(*in_.world, state_, moment_);
    return without ? AreaState::kNotLoaded : AreaState::kBeforeHistory;
  }

  // For each area code asked: the newest data obtained by then.
  absl::Status FindCoverage(const std::vector<uint64_t>& lineage, const Asked& asked,
                            SnapshotList& list) const {
    std::set<int> open;
    for (const auto& [area_code, subscribers] : asked) {
      list.areas[area_code].state = StateThen(area_code);
      if (list.areas[area_code].state == AreaState::kLoaded) open.insert(area_code);
    }
    for (const uint64_t id : lineage) {
      if (open.empty()) break;
      ListState then;
      then.kind = state_.kind;
      then.head.set_id(id);
      DNC_ASSIGN_OR_RETURN(const storage::Seals seals, in_.store->ReadSeals(id));
      dnc::FromRecord(seals, then);
      for (auto it = open.begin(); it != open.end();) {
        const AreaCoverage coverage = CoverageOf(*in_.world, then, *it);
        if (coverage.state != AreaState::kLoaded || coverage.obtained_at > moment_) {
          ++it;
          continue;
        }
        list.areas[*it] = coverage;
        it = open.erase(it);
      }
    }
    for (const int area_code : open) list.areas[area_code].state = AreaState::kBeforeHistory;
    return absl::OkStatus();
  }

  absl::Status FindNumbers(int area_code, const std::set<uint32_t>& subscribers,
                           SnapshotList& list) const {
    DNC_ASSIGN_OR_RETURN(const AreaHistoryPtr history,
                         in_.histories->Get(*in_.world, state_, area_code));
    const AreaSetPtr& now = state_.numbers.area(area_code);
    AreaSetBuilder builder;
    for (const uint32_t subscriber : subscribers) {
      const bool listed_now = now != nullptr && now->Contains(subscriber);
      if (history->ListedAt(subscriber, moment_, listed_now)) builder.Add(subscriber);
    }
    if (builder.size() > 0) list.numbers.set_area(area_code, std::move(builder).Build());
    return absl::OkStatus();
  }

  const ExplainInputs& in_;
  const ListState& state_;
  const SnapshotList& now_;
  const absl::Time moment_;
};

absl::Status NotReached(const ListState& state, std::string_view advice) {
  return Error(absl::StatusCode::kOutOfRange, reason::kHistoryNotReached,
               StrCat("the history of list ", state.name, " ", advice));
}

absl::Status CheckReach(const ListState& state, absl::Time moment) {
  absl::Time first = state.covers_all() ? state.whole_history_since : absl::InfiniteFuture();
  for (const auto& [area_code, seal] : state.seals) {
    first = std::min(first, FromMicros(seal.history_since()));
  }
  first = std::max(first, state.life.history_since);
  if (moment >= first) return absl::OkStatus();
  return NotReached(
      state, StrCat("begins at ", absl::FormatTime(absl::RFC3339_sec, first, absl::UTCTimeZone()),
                    "; ask for that moment or later"));
}

// A list that is retired now, `unloaded` in the snapshot. If it may have been loaded at `moment`,
// nobody can tell what it held.
absl::StatusOr<std::shared_ptr<const SnapshotList>> RetiredThen(const ExplainInputs& in,
                                                                const ListState& state,
                                                                const SnapshotList& unloaded,
                                                                absl::Time moment) {
  auto list = std::make_shared<SnapshotList>(unloaded);
  if (SurelyAbsent(*in.world, state, moment)) return list;
  for (const auto& [id, release] : in.world->releases) {
    if (release->list_id() == state.list_id) list->release_id = id;
  }
  if (list->release_id == 0) return NotReached(state, "is lost; ask without a moment");
  list->areas.fill({AreaState::kBeforeHistory, absl::InfinitePast()});
  return list;
}

absl::Status AddListsThen(const ExplainInputs& in, absl::Time moment,
                          absl::Span<const ParsedNumber> numbers, Snapshot& then) {
  for (const auto& list : in.snapshot->lists) {
    const auto found = in.world->lists.find(list->name);
    if (found == in.world->lists.end()) {
      then.lists.push_back(list);
      continue;
    }
    const ListState& state = *found->second;
    if (state.loaded() && list->required) DNC_RETURN_IF_ERROR(CheckReach(state, moment));
    DNC_ASSIGN_OR_RETURN(auto was, state.loaded() ? ListThen(in, state, *list, moment).Make(numbers)
                                                  : RetiredThen(in, state, *list, moment));
    then.lists.push_back(std::move(was));
  }
  return absl::OkStatus();
}

// The snapshot has no retired list that is not required; then it may have counted.
absl::Status AddRetiredLists(const ExplainInputs& in, absl::Time moment, Snapshot& then) {
  for (const auto& [name, state] : in.world->lists) {
    if (state->loaded()) continue;
    const auto unloaded = UnloadedList(*in.policy, name);
    if (unloaded == nullptr || unloaded->required) continue;
    DNC_ASSIGN_OR_RETURN(auto was, RetiredThen(in, *state, *unloaded, moment));
    if (was->release_id != 0) then.lists.push_back(std::move(was));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Explanation> ExplainNow(const ExplainInputs& inputs, absl::Time now,
                                       absl::Span<const ParsedNumber> numbers,
                                       const TenantSide& tenant) {
  return Explain(inputs, *inputs.snapshot, now, numbers, tenant);
}

absl::StatusOr<Explanation> ExplainAsOf(const ExplainInputs& inputs, absl::Time moment,
                                        absl::Span<const ParsedNumber> numbers,
                                        const TenantSide& tenant) {
  Snapshot then;
  then.revision = inputs.world->revision;
  DNC_RETURN_IF_ERROR(AddListsThen(inputs, moment, numbers, then));
  DNC_RETURN_IF_ERROR(AddRetiredLists(inputs, moment, then));
  return Explain(inputs, then, moment, numbers, tenant);
}

absl::StatusOr<NumberHistory> HistoryOf(const ExplainInputs& inputs, Number number) {
  NumberHistory all;
  const int area_code = AreaCodeOf(number);
  for (const auto& [name, list] : inputs.world->lists) {
    if (!list->Covers(area_code) || list->damaged[area_code]) continue;
    DNC_ASSIGN_OR_RETURN(const AreaHistoryPtr history,
                         inputs.histories->Get(*inputs.world, *list, area_code));
    const auto events = history->Of(SubscriberOf(number));
    const bool listed = list->numbers.Contains(number);
    const bool listed_first = events.empty() ? listed : !events.front().added;
    if (listed_first) {
      const Beginning beginning = BeginningOf(*inputs.world, *list, area_code);
      all.events.push_back(
          {name, HistoryAction::kFirstSeen, beginning.since, beginning.release_id});
    }
    for (const AreaEvent& event : events) {
      all.events.push_back({name, event.added ? HistoryAction::kAdded : HistoryAction::kDeleted,
                            FromMicros(event.at_micros), event.release_id});
    }
    if (listed) all.listed_on.push_back(name);
  }
  std::stable_sort(all.events.begin(), all.events.end(),
                   [](const HistoryEvent& a, const HistoryEvent& b) { return a.time < b.time; });
  return all;
}

}  // namespace dnc
