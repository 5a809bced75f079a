#include "server/registry/registry_impl.h"

#include <algorithm>
#include <utility>

#include "server/base/error.h"
#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/data_age.h"
#include "server/registry/explain.h"
#include "server/registry/in_force.h"
#include "server/registry/registry_state_loader.h"
#include "server/registry/stored_values.h"
#include "server/scrub/list_name.h"

namespace dnc {

absl::StatusOr<std::unique_ptr<Registry>> Registry::Open(RegistryOptions options, Store* store,
                                                         const Clock* clock, RevisionOrder* order) {
  auto registry = std::make_unique<RegistryImpl>(std::move(options), store, clock, order);
  registry->Start();
  return registry;
}

RegistryImpl::RegistryImpl(RegistryOptions options, Store* store, const Clock* clock,
                           RevisionOrder* order)
    : options_(std::move(options)),
      clock_(clock),
      order_(order),
      releases_(store, options_.data_dir + "/revision"),
      histories_(&releases_, options_.history_cache_bytes),
      published_(&options_.policy, clock),
      writer_({&options_, clock, order, &releases_, &histories_, &published_}) {}

RegistryImpl::~RegistryImpl() {
  if (starter_.joinable()) starter_.join();
}

void RegistryImpl::Start() {
  // This comes before anybody changes anything. If it fails, reading the rest finds the error again
  // and reports it.
  if (const auto catalog = releases_.ReadCatalog(); catalog.ok()) {
    order_->StartFrom(catalog->revision());
  }
  starter_ = std::thread([this] {
    const absl::StatusOr<RegistryStatePtr> state = ReadState();
    if (state.ok()) published_.Publish(WithStartNoted(*state));
    published_.NoteStarted(state.status());
  });
}

absl::StatusOr<RegistryStatePtr> RegistryImpl::ReadState() {
  const int threads = options_.load_threads > 0
                          ? options_.load_threads
                          : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  DNC_ASSIGN_OR_RETURN(
      const RegistryStatePtr read,
      LoadRegistryState(releases_, threads, [](const std::string& line) { LogError("{}", line); }));
  auto state = std::make_shared<RegistryState>(*read);
  state->accepted = clock_->accepted();
  DNC_ASSIGN_OR_RETURN(state->untold, releases_.ReadUntold());
  return state;
}

RegistryStatePtr RegistryImpl::WithStartNoted(const RegistryStatePtr& read) {
  auto state = std::make_shared<RegistryState>(*read);
  const absl::Time now = clock_->Now();
  const bool future = NoteFuture(now, *state);
  const bool turns = NoteUnknownTurns(now, *state);
  if (future) {
    LogError(
        "published lists are dated a day or more ahead of the clock, which is wrong or was when "
        "they were loaded. Their area codes answer STALE until their full lists are loaded again; "
        "`dncctl coverage` tells which");
  }
  if (!future && !turns) return read;
  const absl::Status kept = releases_.Commit(ToCatalog(*state), nullptr, nullptr);
  if (!kept.ok()) {
    LogError("what the start found out could not be written down, and is found again: {}",
             ToStd(kept.message()));
  }
  return state;
}

absl::StatusOr<std::vector<ReleaseInfo>> RegistryImpl::ListReleases(std::string_view list,
                                                                    size_t limit,
                                                                    uint64_t before_id) const {
  DNC_ASSIGN_OR_RETURN(const View view, published_.Get());
  uint32_t only = 0;
  if (!list.empty()) {
    DNC_RETURN_IF_ERROR(ParseListName(list).status());
    const ListStatePtr state = ListOf(*view.state, list);
    if (state == nullptr) return std::vector<ReleaseInfo>();
    only = state->list_id;
  }
  std::vector<ReleaseInfo> infos;
  for (auto it = view.state->releases.rbegin(); it != view.state->releases.rend(); ++it) {
    if (infos.size() >= limit) break;
    if (before_id != 0 && it->first >= before_id) continue;
    if (only != 0 && it->second->list_id() != only) continue;
    const absl::StatusOr<storage::Release> release = releases_.ReadRelease(it->first);
    if (!release.ok()) {
      DNC_ASSIGN_OR_RETURN(const View now, published_.Get());
      if (now.state->releases.count(it->first) == 0) continue;  // cut off in the meantime
      return release.status();
    }
    ReleaseInfo info = ToInfo(*release);
    info.list = it->second->list();
    const auto state = view.state->lists.find(info.list);
    if (state != view.state->lists.end()) {
      info.in_force = state->second->head.id() == info.id;
      const ListState& now = *state->second;
      const std::vector<uint64_t> lineage = Lineage(*view.state, now.head.id(), info.id);
      info.kept = info.id >= now.life.kept_from && !lineage.empty() && lineage.back() == info.id;
    }
    infos.push_back(std::move(info));
  }
  return infos;
}

absl::StatusOr<CoverageInfo> RegistryImpl::Coverage(std::string_view list) const {
  DNC_ASSIGN_OR_RETURN(const View view, published_.Get());
  DNC_ASSIGN_OR_RETURN(const ListStatePtr state, FindLoaded(*view.state, list));
  const PolicyList policy = PolicyOf(options_.policy, *state).value_or(PolicyList{});
  const absl::Duration max_age = policy.max_age.value_or(DefaultMaxAge(state->kind));
  const absl::Time now = clock_->Now();
  CoverageInfo coverage;
  coverage.list = state->name;
  coverage.release_id = state->head.id();
  coverage.covers_all = state->covers_all();
  for (const auto& [area_code, seal] : state->seals) {
    AreaInfo area = ToInfo(seal);
    const AreaCoverage coverage_now = CoverageUnder(*view.state, *state, area_code, max_age);
    area.obtained_at = coverage_now.obtained_at;
    area.stale_at = AgedFrom(coverage_now) + max_age;
    const bool stale = view.snapshot->clock_behind || IsStale(coverage_now, max_age, now);
    area.state = state->damaged[area_code] ? CoverageState::kDamaged
                 : stale                   ? CoverageState::kStale
                                           : CoverageState::kCovered;
    coverage.areas.push_back(std::move(area));
  }
  return coverage;
}

std::vector<ListInfo> RegistryImpl::Lists() const {
  const absl::StatusOr<View> view = published_.Get();
  std::vector<ListInfo> infos;
  if (!view.ok()) return infos;
  for (const auto& list : view->snapshot->lists) {
    ListInfo info;
    info.list = list->name;
    info.effect = list->effect;
    info.required = list->required;
    info.max_age = list->max_age;
    const auto state = view->state->lists.find(list->name);
    if (state != view->state->lists.end() && state->second->loaded()) {
      info.release = ToInfo(state->second->head);
      info.release->in_force = true;
    }
    const absl::Time now = clock_->Now();
    for (const AreaCoverage& area : list->areas) {
      if (area.state == AreaState::kDamaged) ++info.damaged;
      if (area.state != AreaState::kLoaded) continue;
      const bool stale = view->snapshot->clock_behind || IsStale(area, list->max_age, now);
      ++(stale ? info.stale : info.covered);
    }
    infos.push_back(std::move(info));
  }
  return infos;
}

absl::StatusOr<RolledBack> RegistryImpl::RollBack(std::string_view list, uint64_t expected,
                                                  const ChangeLimits& limits) {
  return writer_.RollBack(list, expected, limits);
}

absl::StatusOr<Retired> RegistryImpl::Retire(std::string_view list, const ChangeLimits& limits) {
  return writer_.Retire(list, limits);
}

bool RegistryImpl::KeepsAll(const RegistryState& state) const {
  const absl::StatusOr<View> now = published_.Get();
  if (!now.ok()) return false;
  const auto is_there = [&now](const auto& release) {
    return now->state->releases.count(release.first) != 0;
  };
  if (!std::all_of(state.releases.begin(), state.releases.end(), is_there)) return false;
  return std::all_of(state.lists.begin(), state.lists.end(), [&](const auto& entry) {
    const uint64_t then = entry.second->head.id();
    if (then == 0) return true;
    const ListState& list = *now->state->lists.at(entry.first);
    if (list.life.oldest_release != entry.second->life.oldest_release) return false;
    const std::vector<uint64_t> lineage = Lineage(*now->state, list.head.id(), then);
    return !lineage.empty() && lineage.back() == then;
  });
}

absl::StatusOr<NumberHistory> RegistryImpl::History(Number number) const {
  while (true) {
    DNC_ASSIGN_OR_RETURN(const View view, published_.Get());
    auto history =
        HistoryOf({view.state, view.snapshot, &options_.policy, &releases_, &histories_}, number);
    if (KeepsAll(*view.state)) return history;
  }
}

absl::StatusOr<Explanation> RegistryImpl::Explain(absl::Span<const ParsedNumber> numbers,
                                                  std::optional<AskedMoment> moment,
                                                  const TenantSide& tenant) const {
  while (true) {
    DNC_ASSIGN_OR_RETURN(const View view, published_.Get());
    const ExplainInputs inputs{view.state, view.snapshot, &options_.policy, &releases_,
                               &histories_};
    auto answer = !moment.has_value()   ? ExplainNow(inputs, clock_->Now(), numbers, tenant)
                  : moment->as_answered ? ExplainAsAnswered(inputs, moment->time, numbers, tenant)
                                        : ExplainAsOf(inputs, moment->time, numbers, tenant);
    if (KeepsAll(*view.state)) return answer;
  }
}

}  // namespace dnc
