#include "server/registry/explain.h"

#include <algorithm>
#include <set>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/scrub/engine.h"

namespace dnc {
namespace {

// Where a list's history of an area code begins.
struct Beginning {
  absl::Time since = absl::InfiniteFuture();
  uint64_t release_id = 0;
};

Beginning BeginningOf(const ListState& list, int area_code) {
  const auto seal = list.seals.find(area_code);
  if (seal != list.seals.end()) {
    return {FromMicros(seal->second.history_since()), seal->second.first_release()};
  }
  if (list.covers_all()) return {list.whole_history_since, list.whole_first_release};
  return {};
}

// Since when a number that is listed at `moment` has been listed.
absl::StatusOr<MatchInfo> MakeMatch(const ExplainInputs& in, const ListState& state,
                                    const SnapshotList& list, Number number, absl::Time moment) {
  const int area_code = AreaCodeOf(number);
  MatchInfo match;
  match.list = list.name;
  match.effect = list.effect;
  match.obtained_at = list.areas[area_code].obtained_at;
  const Beginning beginning = BeginningOf(state, area_code);
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
                                    absl::Time moment, absl::Span<const ParsedNumber> numbers) {
  Explanation answer;
  answer.revision = in.world->revision;
  answer.decided_at = moment;
  std::vector<Rule> rules(numbers.size());
  std::vector<ReasonSet> reasons(numbers.size());
  Scrub(snapshot, moment, numbers, absl::MakeSpan(rules), absl::MakeSpan(reasons));
  const std::vector<absl::Time> oldest = OldestObtainedAt(snapshot, numbers);
  for (size_t l = 0; l < snapshot.lists.size(); ++l) {
    const SnapshotList& list = *snapshot.lists[l];
    answer.lists.push_back(
        {list.name, list.release_id, oldest[l], oldest[l] + list.max_age, list.digest});
  }
  for (size_t i = 0; i < numbers.size(); ++i) {
    NumberReport report;
    report.number = numbers[i].number;
    report.rule = rules[i];
    report.reasons = reasons[i];
    absl::Time valid_until = absl::InfiniteFuture();
    for (const auto& list : snapshot.lists) {
      if (!numbers[i].ok) break;
      const AreaCoverage& coverage = list->areas[AreaCodeOf(numbers[i].number)];
      if (coverage.state == AreaState::kLoaded && list->effect != ListEffect::kInform) {
        valid_until = std::min(valid_until, coverage.obtained_at + list->max_age);
      }
      if (!list->numbers.Contains(numbers[i].number)) continue;
      DNC_ASSIGN_OR_RETURN(MatchInfo match, MakeMatch(in, *in.world->lists.at(list->name), *list,
                                                      numbers[i].number, moment));
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
    std::map<int, std::set<uint32_t>> asked;
    for (const ParsedNumber& parsed : numbers) {
      if (parsed.ok) asked[AreaCodeOf(parsed.number)].insert(SubscriberOf(parsed.number));
    }
    DNC_RETURN_IF_ERROR(FindRelease(*list));
    DNC_RETURN_IF_ERROR(FindCoverage(asked, *list));
    for (const auto& [area_code, subscribers] : asked) {
      if (list->areas[area_code].state != AreaState::kLoaded) continue;
      DNC_RETURN_IF_ERROR(FindNumbers(area_code, subscribers, *list));
    }
    return list;
  }

 private:
  // The release in force then: the newest whose data had been obtained.
  absl::Status FindRelease(SnapshotList& list) const {
    for (const uint64_t id : Lineage(*in_.world, state_.head.id())) {
      const storage::Release& release = *in_.world->releases.at(id);
      if (FromMicros(release.obtained_at_newest()) > moment_) continue;
      list.release_id = id;
      list.digest = release.digest();
      return absl::OkStatus();
    }
    // Some area codes may have been covered; the answer then rests on the first release.
    const std::vector<uint64_t> lineage = Lineage(*in_.world, state_.head.id());
    if (!lineage.empty()) list.release_id = lineage.back();
    return absl::OkStatus();
  }

  // For each area code asked: the newest data obtained by then.
  absl::Status FindCoverage(const std::map<int, std::set<uint32_t>>& asked,
                            SnapshotList& list) const {
    std::set<int> open;
    for (const auto& [area_code, subscribers] : asked) {
      const AreaState now = now_.areas[area_code].state;
      list.areas[area_code].state = now;
      if (now != AreaState::kLoaded) continue;
      if (moment_ < BeginningOf(state_, area_code).since) {
        list.areas[area_code].state =
            now_.required ? AreaState::kBeforeHistory : AreaState::kNotLoaded;
        continue;
      }
      open.insert(area_code);
    }
    for (const uint64_t id : Lineage(*in_.world, state_.head.id())) {
      if (open.empty()) break;
      ListState then;
      then.kind = state_.kind;
      DNC_ASSIGN_OR_RETURN(const storage::Seals seals, in_.store->ReadSeals(id));
      dnc::FromRecord(seals, then);
      for (auto it = open.begin(); it != open.end();) {
        const auto seal = then.seals.find(*it);
        const absl::Time obtained_at = then.covers_all() ? then.whole_obtained_at
                                       : seal == then.seals.end()
                                           ? absl::InfiniteFuture()
                                           : FromMicros(seal->second.obtained_at());
        if (obtained_at > moment_) {
          ++it;
          continue;
        }
        list.areas[*it].obtained_at = obtained_at;
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

absl::Status CheckReach(const ListState& state, absl::Time moment) {
  absl::Time first = state.covers_all() ? state.whole_history_since : absl::InfiniteFuture();
  for (const auto& [area_code, seal] : state.seals) {
    first = std::min(first, FromMicros(seal.history_since()));
  }
  if (moment >= first) return absl::OkStatus();
  return Error(absl::StatusCode::kOutOfRange, reason::kHistoryNotReached,
               StrCat("the history of list ", state.name, " begins at ",
                      absl::FormatTime(absl::RFC3339_sec, first, absl::UTCTimeZone()),
                      "; ask for that moment or later"));
}

}  // namespace

absl::StatusOr<Explanation> ExplainNow(const ExplainInputs& inputs, absl::Time now,
                                       absl::Span<const ParsedNumber> numbers) {
  return Explain(inputs, *inputs.snapshot, now, numbers);
}

absl::StatusOr<Explanation> ExplainAsOf(const ExplainInputs& inputs, absl::Time moment,
                                        absl::Span<const ParsedNumber> numbers) {
  Snapshot then;
  then.revision = inputs.world->revision;
  for (const auto& list : inputs.snapshot->lists) {
    if (list->release_id == 0) {
      then.lists.push_back(list);
      continue;
    }
    const ListState& state = *inputs.world->lists.at(list->name);
    if (list->required) DNC_RETURN_IF_ERROR(CheckReach(state, moment));
    DNC_ASSIGN_OR_RETURN(auto was, ListThen(inputs, state, *list, moment).Make(numbers));
    then.lists.push_back(std::move(was));
  }
  return Explain(inputs, then, moment, numbers);
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
      const Beginning beginning = BeginningOf(*list, area_code);
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
