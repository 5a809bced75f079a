#include "server/intake/week_losses.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include "server/base/str_cat.h"
#include "server/registry/in_force.h"
#include "server/registry/stored_values.h"

namespace dnc {
namespace {

// What is lost within so long is added up.
constexpr absl::Duration kLossWindow = absl::Hours(7 * 24);

}  // namespace

void WeekLosses::Check(const std::map<int, uint64_t>& lost_now) {
  if (lost_now.empty()) return;
  std::set<int> wanted;
  for (const auto& [area_code, lost] : lost_now) wanted.insert(area_code);
  if (before_.covers_all()) {
    for (const auto& [area_code, area] : build_.areas) {
      if (area.covered()) wanted.insert(area_code);
    }
  }
  const std::map<int, WeekBase> bases = FindBases(std::move(wanted));
  WeekLoss whole;
  uint64_t whole_of = 0;
  absl::Time whole_since = absl::InfiniteFuture();
  for (const auto& [area_code, base] : bases) {
    const auto now = lost_now.find(area_code);
    const uint64_t lost = now == lost_now.end() ? 0 : now->second;
    const uint64_t of = base.seal.count();
    // All that was taken away since is no less than what is lost; most loads end here.
    bool counted = false;
    uint64_t most = 0;
    if (IsOfPresentLine(area_code, base)) {
      most = build_.areas.at(area_code).seal().lost_total() - base.seal.lost_total();
      counted = base.seal.has_lost_total() || base.release_id == before_.head.id();
    }
    const bool few = counted && !Exceeds(most, of, build_.guards.limits().max_lost_week);
    if (!before_.covers_all()) {
      if (few || (counted && most == lost)) continue;
      NoteLost(area_code, LossOf(area_code, base, lost), of, base.since);
      continue;
    }
    whole_of += of;
    whole_since = std::min(whole_since, base.since);
    if (counted && most == 0) continue;
    const WeekLoss loss = LossOf(area_code, base, lost);
    whole.before += loss.before;
    whole.now += loss.now;
  }
  if (before_.covers_all()) NoteLost(-1, whole, whole_of, whole_since);
}

uint64_t WeekLosses::AllowedBy(int area_code) const {
  if (!before_.covers_all()) return build_.areas.at(area_code).seal().loss_allowed_by();
  uint64_t allowed = 0;
  for (const auto& [each, seal] : before_.seals) {
    allowed = std::max<uint64_t>(allowed, seal.loss_allowed_by());
  }
  for (const auto& [each, seal] : past_.FoundGoneSeals().value_or(std::map<int, storage::Seal>())) {
    allowed = std::max<uint64_t>(allowed, seal.loss_allowed_by());
  }
  return allowed;
}

// The seals of seven days ago, by when they were published or by the date of their data, whichever
// is later: whoever catches up after an outage loads weeks within minutes. Where the area code was
// not covered then, the last before. Of what is younger, the oldest; and nothing before a loss that
// was allowed.
std::map<int, WeekLosses::WeekBase> WeekLosses::FindBases(std::set<int> wanted) {
  std::map<int, WeekBase> bases;
  std::map<int, uint64_t> allowed;
  for (const int area_code : wanted) allowed[area_code] = AllowedBy(area_code);
  for (const std::vector<uint64_t>& life : past_.Lives()) {
    std::map<int, WeekBase> unbroken;  // the newest release of each area code's line
    for (const uint64_t id : life) {
      if (wanted.empty()) return bases;
      const absl::StatusOr<storage::Seals> seals = build_.base.store->ReadSeals(id);
      if (!seals.ok()) continue;
      const absl::Time published = FromMicros(build_.base.state->releases.at(id)->published_at());
      std::map<int, const storage::Seal*> by_area;
      for (const storage::Seal& seal : seals->seals()) {
        by_area[static_cast<int>(seal.area_code())] = &seal;
      }
      for (auto area_code = wanted.begin(); area_code != wanted.end();) {
        const auto found = by_area.find(*area_code);
        if (!before_.covers_all() && found == by_area.end()) {
          ++area_code;
          continue;
        }
        WeekBase base{id, id, FromMicros(seals->obtained_at()), storage::Seal()};
        base.seal.set_lost_total(0);
        if (found != by_area.end()) base.seal = *found->second;
        if (!before_.covers_all()) base.since = FromMicros(base.seal.obtained_at());
        WeekBase& newest = unbroken.try_emplace(*area_code, base).first->second;
        const bool goes_on =
            before_.covers_all() || newest.seal.first_release() == base.seal.first_release();
        if (!goes_on) newest = base;
        base.line = newest.line;
        bases[*area_code] = base;
        const absl::Time now_of =
            before_.covers_all() ? build_.whole_obtained_at
                                 : FromMicros(build_.areas.at(*area_code).seal().obtained_at());
        const bool last = published <= build_.base.now - kLossWindow || id <= allowed[*area_code] ||
                          base.since <= now_of - kLossWindow;
        area_code = last ? wanted.erase(area_code) : std::next(area_code);
      }
    }
  }
  return bases;
}

bool WeekLosses::IsOfPresentLine(int area_code, const WeekBase& base) const {
  const auto area = build_.areas.find(area_code);
  return base.line == before_.head.id() && area != build_.areas.end() &&
         area->second.before() != nullptr;
}

std::optional<WeekLosses::Line> WeekLosses::ReadLine(int area_code, const WeekBase& base) {
  Line line;
  const ListState* list = &before_;
  if (IsOfPresentLine(area_code, base)) {
    line.numbers = build_.areas.at(area_code).before();
  } else {
    const auto [past, fresh] = past_lines_.try_emplace(base.line);
    if (fresh) {
      auto read = PastLine(*build_.base.store, *build_.base.state, before_, base.line);
      if (read.ok()) past->second = *std::move(read);
    }
    list = past->second.get();
    if (list == nullptr) return std::nullopt;
    const auto seal = list->seals.find(area_code);
    line.numbers = seal == list->seals.end() ? AreaSetBuilder().Build()
                                             : past_.KeptNumbers(base.line, seal->second);
    if (line.numbers == nullptr) return std::nullopt;
  }
  absl::StatusOr<AreaHistoryPtr> history =
      build_.base.histories->Get(*build_.base.state, *list, area_code);
  if (!history.ok()) return std::nullopt;
  line.history = *std::move(history);
  return line;
}

// Exactly, from history: a number that came back is not lost, and neither is one that came in
// between.
WeekLosses::WeekLoss WeekLosses::LossOf(int area_code, const WeekBase& base, uint64_t lost_now) {
  const auto area = build_.areas.find(area_code);
  const AreaSetPtr after = area == build_.areas.end() ? nullptr : area->second.numbers();
  const std::optional<Line> line = ReadLine(area_code, base);
  if (!line.has_value()) return LossByCount(area_code, base, lost_now);
  const bool covered = area != build_.areas.end() && area->second.before() != nullptr;
  const AreaSetPtr before = covered ? area->second.before() : past_.Numbers(area_code);
  const auto was_listed = [&](uint32_t subscriber, bool listed) {
    for (const AreaEvent& event : line->history->Of(subscriber)) {
      if (event.release_id > base.release_id) return !event.added;
    }
    return listed;
  };
  WeekLoss loss;
  const auto count = [&](uint32_t subscriber) {
    const bool now = before != nullptr && before->Contains(subscriber);
    ++(now ? loss.now : loss.before);
  };
  ForEachDifference(line->numbers.get(), after.get(), [&](Change change) {
    if (!change.added && was_listed(change.subscriber, true)) count(change.subscriber);
  });
  line->history->ForEachNumber([&](uint32_t subscriber) {
    if (line->numbers->Contains(subscriber)) return;
    if (after != nullptr && after->Contains(subscriber)) return;
    if (was_listed(subscriber, false)) count(subscriber);
  });
  if (before == nullptr && past_.Seal(area_code) != nullptr) {
    loss.now = std::min(loss.before, lost_now);
    loss.before -= loss.now;
  }
  return loss;
}

// As much as it may be, where the numbers can't be read: what was counted load by load.
WeekLosses::WeekLoss WeekLosses::LossByCount(int area_code, const WeekBase& base,
                                             uint64_t lost_now) const {
  const auto area = build_.areas.find(area_code);
  const uint64_t of = base.seal.count();
  uint64_t lost = of;
  if (area != build_.areas.end()) {
    lost = of - std::min<uint64_t>(of, area->second.numbers()->size());
    const uint64_t total = area->second.seal().lost_total();
    if (base.seal.has_lost_total() && total > base.seal.lost_total()) {
      lost = std::max(lost, std::min(of, total - base.seal.lost_total()));
    }
  }
  WeekLoss loss;
  loss.now = std::min(lost, lost_now);
  loss.before = lost - loss.now;
  return loss;
}

// What this load alone takes away is for `shrink` to tell.
void WeekLosses::NoteLost(int area_code, const WeekLoss& loss, uint64_t of, absl::Time since) {
  const uint64_t lost = loss.before + loss.now;
  if (loss.before == 0 || !Exceeds(lost, of, build_.guards.limits().max_lost_week)) return;
  const bool whole = area_code < 0;
  GuardFinding finding{
      .guard = Guard::kLostWeek,
      .message = StrCat(whole ? StrCat("list ", before_.name) : StrCat("area code ", area_code),
                        " would have lost ", lost, " of the ", of,
                        " numbers that it had a week ago or when it began, by data of ",
                        Date(since), ", ", loss.before, " of them by earlier loads"),
      .lost = lost,
      .of = of,
      .since = since};
  const bool overridden = whole ? build_.guards.Note(before_.name, std::move(finding))
                                : build_.guards.NoteArea(area_code, std::move(finding));
  if (!overridden) return;
  for (auto& [touched, area] : build_.areas) {
    if (whole || touched == area_code) area.seal().set_loss_allowed_by(build_.base.release_id);
  }
}

}  // namespace dnc
