// Tells what the lists said about a moment, by all that is known now.
//
// For each list, a view of that moment is built that holds only the numbers asked about. It says
// which release was in force by its dates, how old its data was then (from the newest release whose
// data of the area code had been obtained by then), and which of the numbers were listed (from
// their events). The rules then answer from these views as they do from a snapshot.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/data_age.h"
#include "server/registry/explain.h"
#include "server/registry/explain_view.h"
#include "server/registry/in_force.h"

namespace dnc {
namespace {

// A list as it was at a moment, with only the numbers asked about.
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
    if (state_.damaged.all()) {  // then nothing is known of its releases either
      list->release_id = now_.release_id;
      list->areas = now_.areas;
      return list;
    }
    DNC_ASSIGN_OR_RETURN(const std::vector<uint64_t> lineage, WholeLineage(*in_.state, state_));
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

  // Finds the release in force then: the newest one whose data had been obtained.
  void FindRelease(const std::vector<uint64_t>& lineage, SnapshotList& list) const {
    const auto obtained = [this](uint64_t id) {
      return FromMicros(in_.state->releases.at(id)->obtained_at_newest()) <= moment_;
    };
    const auto found = std::find_if(lineage.begin(), lineage.end(), obtained);
    // Some area codes may have been covered even so. The answer then rests on the first release.
    list.release_id = found == lineage.end() ? lineage.back() : *found;
    if (found != lineage.end()) list.digest = in_.state->releases.at(*found)->digest();
  }

  // Returns what is certain about an area code before its newest data of that time is searched for;
  // kLoaded if the search must be done.
  AreaState StateThen(int area_code) const {
    const AreaState now = now_.areas[area_code].state;
    if (now == AreaState::kNotLoaded && (now_.required || !state_.vanished[area_code])) return now;
    if (now == AreaState::kDamaged) return now;
    if (now == AreaState::kLoaded && moment_ >= BeginningOf(*in_.state, state_, area_code).since) {
      return now;
    }
    // Without the list the server answered as if there were none, unless the policy requires it.
    const bool without = !now_.required && SurelyAbsent(*in_.state, state_, moment_);
    return without ? AreaState::kNotLoaded : AreaState::kBeforeHistory;
  }

  // Finds the newest data obtained by then, for each area code asked about.
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
        const AreaCoverage coverage = CoverageThen(*in_.state, then, *it, now_.max_age, moment_);
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
                         in_.histories->Get(*in_.state, state_, area_code));
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
  return Error(reason::kHistoryNotReached, StrCat("the history of list ", state.name, " ", advice));
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

// Returns the view of a list that an earlier version retired without keeping what it held, starting
// from `unloaded`, its view in the snapshot. If the list may have been loaded at `moment`, nobody
// can tell what it said.
absl::StatusOr<SnapshotListPtr> LostThen(const ExplainInputs& in, const ListState& state,
                                         const SnapshotList& unloaded, absl::Time moment) {
  auto list = std::make_shared<SnapshotList>(unloaded);
  if (SurelyAbsent(*in.state, state, moment)) return list;
  for (const auto& [id, release] : in.state->releases) {
    if (release->list_id() == state.list_id) list->release_id = id;
  }
  if (list->release_id == 0) return NotReached(state, "is lost; ask without a moment");
  list->areas.fill({AreaState::kBeforeHistory, absl::InfinitePast()});
  return list;
}

// Returns the list's line of releases that covers `moment`: the first one retired after it, or the
// present one. Null if the list was retired then, or if an earlier version lost what it held.
absl::StatusOr<ListStatePtr> LineThen(const ExplainInputs& in, const ListStatePtr& state,
                                      absl::Time moment, absl::Span<const ParsedNumber> numbers) {
  for (const storage::Turn& turn : state->turns) {
    if (turn.to() != 0 || FromMicros(turn.at()) <= moment) continue;
    if (in.state->releases.count(turn.from()) == 0) return nullptr;  // cut off
    DNC_ASSIGN_OR_RETURN(const auto line, PastLine(*in.store, *in.state, *state, turn.from()));
    if (turn.absent_since() != 0) line->life.absent_since = FromMicros(turn.absent_since());
    if (turn.loaded_since() != 0) line->life.loaded_since = FromMicros(turn.loaded_since());
    for (const int area_code : AskedAreaCodes(numbers)) {
      ReadPastArea(*in.store, *in.state, area_code, *line);
    }
    return line;
  }
  return state->loaded() ? state : nullptr;
}

// Returns how the list counts by what was known at `moment`; nullopt if it does not count.
absl::StatusOr<std::optional<ListView>> ViewThen(const ExplainInputs& in, const ListStatePtr& state,
                                                 absl::Time moment,
                                                 absl::Span<const ParsedNumber> numbers) {
  const SnapshotListPtr unloaded = UnloadedList(*in.policy, state->name);
  if (unloaded == nullptr) return std::nullopt;
  DNC_ASSIGN_OR_RETURN(const ListStatePtr line, LineThen(in, state, moment, numbers));
  if (line == nullptr) {
    const bool retired_by_then =
        !state->loaded() && !state->turns.empty() && FromMicros(state->turns.back().at()) <= moment;
    SnapshotListPtr was = unloaded;
    if (!retired_by_then) {
      DNC_ASSIGN_OR_RETURN(was, LostThen(in, *state, *unloaded, moment));
    }
    if (was->release_id == 0 && !was->required) return std::nullopt;
    return ListView{was, nullptr};
  }
  const SnapshotListPtr as_loaded = LoadedList(*in.state, *in.policy, *line);
  if (as_loaded == nullptr) return std::nullopt;
  if (as_loaded->required) DNC_RETURN_IF_ERROR(CheckReach(*line, moment));
  DNC_ASSIGN_OR_RETURN(SnapshotListPtr was, ListThen(in, *line, *as_loaded, moment).Make(numbers));
  return ListView{std::move(was), line, UINT64_MAX, moment};
}

}  // namespace

absl::StatusOr<Explanation> ExplainAsOf(const ExplainInputs& inputs, absl::Time moment,
                                        absl::Span<const ParsedNumber> numbers,
                                        const TenantSide& tenant) {
  std::vector<ListView> views;
  for (const std::string& name : ListNames(inputs)) {
    const auto state = inputs.state->lists.find(name);
    if (state == inputs.state->lists.end()) {
      const SnapshotListPtr unloaded = UnloadedList(*inputs.policy, name);
      if (unloaded != nullptr && unloaded->required) views.push_back({unloaded, nullptr});
      continue;
    }
    DNC_ASSIGN_OR_RETURN(auto view, ViewThen(inputs, state->second, moment, numbers));
    if (view.has_value()) views.push_back(*std::move(view));
  }
  return ExplainViews(inputs, views, moment, numbers, tenant);
}

}  // namespace dnc
