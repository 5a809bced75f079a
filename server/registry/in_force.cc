// Two records of a list tell what was in force when: its releases, each with the time at which it
// was published, and its turns, each with the time at which somebody went back or retired the list.
// In the order of their revisions they form a chain:
//
//   release 3 (after 2) | release 4 (after 3) | turn (4 -> 3) | release 5 (after 3) | ...
//   ------------------- time ---------------------------------------------------------->
//
// The last event before a moment answers for it. The next event must confirm that the same release
// was in force until then. If it does not, something in between was cut off, and the answer is
// "unknown".
#include "server/registry/in_force.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/data_age.h"
#include "server/registry/registry_state_loader.h"

namespace dnc {
namespace {

// A list keeps so many turns. Older ones are forgotten, and what was answered in their time can no
// longer be told.
constexpr size_t kMaxTurns = 1000;

// Stands for a release that is not known, because an earlier version did not record which release
// somebody left. No release has this id.
constexpr uint64_t kUnknownRelease = UINT64_MAX;

// A publication or a turn: from it on, another release or none was in force.
struct Event {
  uint64_t revision = 0;
  int64_t at = 0;
  uint64_t before = 0;  // the release in force until then; 0: none
  uint64_t after = 0;
};

std::vector<Event> EventsOf(const RegistryState& state, const ListState& list) {
  std::vector<Event> events;
  for (const auto& [id, release] : state.releases) {
    if (release->list_id() != list.list_id) continue;
    events.push_back({release->revision(), release->published_at(), release->parent_id(), id});
  }
  for (const storage::Turn& turn : list.turns) {
    events.push_back({turn.revision(), turn.at(), turn.from(), turn.to()});
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const Event& a, const Event& b) { return a.revision < b.revision; });
  return events;
}

InForce Unknown() { return {}; }

}  // namespace

InForce InForceAt(const RegistryState& state, const ListState& list, absl::Time moment) {
  const std::vector<Event> events = EventsOf(state, list);
  const int64_t micros = ToMicros(moment);
  const auto is_by_then = [micros](const Event& event) { return event.at <= micros; };
  const auto last = std::find_if(events.rbegin(), events.rend(), is_by_then);
  const auto next = last.base();
  // If the clock was set back in between, there were two such moments.
  if (!std::all_of(events.begin(), next, is_by_then)) return Unknown();
  uint64_t in_force = 0;
  if (last != events.rend()) {
    in_force = last->after;
  } else {
    const bool first_is_known = list.life.first_loaded_at != absl::InfinitePast();
    if (!first_is_known || moment >= list.life.first_loaded_at) return Unknown();
  }
  // The next event must confirm that this was in force; otherwise something in between is missing.
  const uint64_t until_next = next == events.end() ? list.head.id() : next->before;
  if (until_next != in_force) return Unknown();
  if (in_force == 0) return {InForce::State::kNothing, 0};
  return {InForce::State::kRelease, in_force};
}

void NoteTurn(absl::Time now, uint64_t revision, uint64_t from, uint64_t to, const ListLife& life,
              const ChangeLimits& asked, ListState& list) {
  storage::Turn turn;
  turn.set_at(ToMicros(now));
  turn.set_revision(revision);
  turn.set_from(from);
  turn.set_to(to);
  turn.set_requested_by(asked.requested_by);
  turn.set_reason(asked.reason);
  if (life.absent_since != absl::InfiniteFuture()) {
    turn.set_absent_since(ToMicros(life.absent_since));
  }
  if (life.loaded_since != absl::InfiniteFuture()) {
    turn.set_loaded_since(ToMicros(life.loaded_since));
  }
  list.turns.push_back(std::move(turn));
  if (list.turns.size() > kMaxTurns) list.turns.erase(list.turns.begin());
}

bool NoteUnknownTurns(absl::Time now, RegistryState& state) {
  bool any = false;
  for (auto& [name, list] : state.lists) {
    const std::vector<Event> events = EventsOf(state, *list);
    if (events.empty() || events.back().after == list->head.id()) continue;
    auto noted = std::make_shared<ListState>(*list);
    NoteTurn(now, state.revision, kUnknownRelease, list->head.id(), list->life, {}, *noted);
    list = std::move(noted);
    any = true;
  }
  return any;
}

absl::StatusOr<std::shared_ptr<ListState>> PastLine(const ReleaseStore& store,
                                                    const RegistryState& state,
                                                    const ListState& list, uint64_t head_id) {
  const auto gone = [&](std::string_view what) {
    return Error(reason::kStorageDamaged,
                 StrCat("the history of list ", list.name, " is damaged: ", what,
                        "; restore the data folder from a copy, or ask for a later moment"));
  };
  const std::vector<uint64_t> lineage = Lineage(state, head_id);
  if (lineage.empty()) {
    return Error(reason::kHistoryNotReached,
                 StrCat("the history of list ", list.name, " is cut off; ask for a later moment"));
  }
  auto line = std::make_shared<ListState>();
  line->list_id = list.list_id;
  line->name = list.name;
  line->kind = list.kind;
  line->head = *state.releases.at(head_id);
  DNC_ASSIGN_OR_RETURN(const storage::Seals seals, store.ReadSeals(head_id));
  FromRecord(seals, *line);
  if (DigestOfSeals(line->seals).ToHex() != line->head.digest()) {
    return gone(StrCat("the seals of release ", head_id, " do not match its digest"));
  }
  line->life.first_loaded_at = list.life.first_loaded_at;
  const storage::Release& oldest = *state.releases.at(lineage.back());
  if (oldest.parent_id() != 0) {  // cut off; none of its data is later than its publication
    line->life.oldest_release = oldest.id();
    line->life.history_since = FromMicros(oldest.published_at());
  }
  FindBrought(store, state, *line);
  return line;
}

void ReadPastArea(const ReleaseStore& store, const RegistryState& state, int area_code,
                  ListState& line) {
  const auto seal = line.seals.find(area_code);
  if (seal == line.seals.end() || line.damaged[static_cast<size_t>(area_code)]) return;
  absl::StatusOr<AreaSetPtr> set =
      ReadArea(store, line.list_id, seal->second, Lineage(state, line.head.id()));
  if (set.ok()) {
    line.numbers.set_area(area_code, *std::move(set));
  } else {
    line.damaged.set(static_cast<size_t>(area_code));
  }
}

uint64_t LineOf(const RegistryState& state, const ListState& list, uint64_t release_id) {
  const auto leads_back = [&](uint64_t head_id) {
    if (head_id == 0) return false;
    const std::vector<uint64_t> lineage = Lineage(state, head_id, release_id);
    return !lineage.empty() && lineage.back() == release_id;
  };
  if (leads_back(list.head.id())) return list.head.id();
  for (auto turn = list.turns.rbegin(); turn != list.turns.rend(); ++turn) {
    if (leads_back(turn->from())) return turn->from();
  }
  return 0;
}

}  // namespace dnc
