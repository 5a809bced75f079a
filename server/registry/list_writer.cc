// How a published list changes.
//
//   Publish                         RollBack, Retire
//   -------                         ----------------
//   build: files -> release         read the release before, or leave the list empty
//   write its blocks and changes    compare: what becomes callable, is it allowed
//            \                      /
//             order_->Begin(): the next revision, one change of any store at a time
//             the time of the change, up to which the release before has answered
//             Commit: one write of the catalog, with the release and its seals
//             published_->Publish: answers come from it
//             order_->Commit: readers may ask for the revision
//
// A crash before Commit leaves blocks and changes that no record names; CollectGarbage removes them
// after the next release of the list. After Commit the change holds, and a start finds it.
#include "server/registry/list_writer.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "server/base/error.h"
#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/in_force.h"
#include "server/registry/load_plan.h"
#include "server/registry/registry_state_loader.h"
#include "server/registry/stored_values.h"
#include "server/scrub/list_name.h"

namespace dnc {
namespace {

// So many area codes are folded between two publications.
constexpr int kFoldedAtOnce = 8;

uint32_t NextListId(const RegistryState& state) {
  uint32_t id = 0;
  for (const auto& [name, list] : state.lists) id = std::max(id, list->list_id);
  return id + 1;
}

// Returns the list as it is, or a new one.
ListStatePtr ListBefore(const RegistryState& state, const std::string& name) {
  const auto it = state.lists.find(name);
  if (it != state.lists.end()) return it->second;
  auto list = std::make_shared<ListState>();
  list->list_id = NextListId(state);
  list->name = name;
  list->kind = ParseListName(name).value_or(ListName{}).kind;
  return list;
}

// Records what its new release means for the life of `list`. `state` has the release already.
void NoteLoaded(const ListState& before, bool is_new, int keep_releases, const RegistryState& state,
                ListState& list) {
  if (before.loaded() && !before.damaged.all()) {
    const std::vector<uint64_t> lineage = Lineage(state, list.head.id());
    const size_t keep = std::min(lineage.size() - 1, static_cast<size_t>(keep_releases));
    list.life.kept_from = std::max(list.life.kept_from, lineage[keep]);
    return;
  }
  const absl::Time published = FromMicros(list.head.published_at());
  ListLife life;
  life.first_loaded_at = is_new ? published : before.life.first_loaded_at;
  if (is_new) {
    life.absent_since = state.begun_at;
  } else if (!before.loaded()) {
    life.absent_since = before.life.absent_since;
  }
  life.loaded_since = published;
  life.kept_from = list.head.id();
  list.life = life;
}

constexpr size_t kMaxWhoAndWhy = 400;  // a request's 200 bytes and the id of a key

absl::Status CheckCallable(uint64_t becomes_callable, const ChangeLimits& limits) {
  if (!limits.callable_limit.has_value() || becomes_callable <= *limits.callable_limit) {
    return absl::OkStatus();
  }
  return CallableLimitError(becomes_callable, *limits.callable_limit);
}

absl::Status CheckTexts(const ChangeLimits& limits) {
  if (std::max(limits.requested_by.size(), limits.reason.size()) <= kMaxWhoAndWhy) {
    return absl::OkStatus();
  }
  return Error(reason::kInvalidRequest,
               StrCat("requested_by and reason take at most ", kMaxWhoAndWhy, " bytes each"));
}

}  // namespace

ListWriter::ListWriter(const Parts& parts)
    : options_(*parts.options),
      limit_{options_.max_releases, options_.keep_releases},
      clock_(parts.clock),
      order_(parts.order),
      releases_(parts.releases),
      histories_(parts.histories),
      published_(parts.published) {}

absl::Status ListWriter::CheckReady() const { return published_->Get().status(); }

absl::Status ListWriter::CheckList(std::string_view list) const {
  DNC_ASSIGN_OR_RETURN(const PublishedState::View view, published_->Get());
  return CheckListLimit(*view.state, list);
}

absl::Status ListWriter::CheckListLimit(const RegistryState& state, std::string_view name) const {
  const bool fits = state.lists.size() < static_cast<size_t>(options_.max_lists);
  if (fits || state.lists.count(std::string(name)) != 0) return absl::OkStatus();
  return Error(reason::kLimitReached,
               StrCat("there are ", state.lists.size(), " lists, retired ones included, and ", name,
                      " would be one more; load into one of them, or raise registry.max_lists"));
}

absl::StatusOr<ReleaseBase> ListWriter::BaseFor(const RegistryState& state,
                                                const Request& request) {
  ReleaseBase base;
  base.state = &state;
  base.before = ListBefore(state, request.list);
  base.rebase_below = RebaseBelow(state, *base.before, limit_);
  if (request.dry_run) {
    base.release_id = state.releases.empty() ? 1 : state.releases.rbegin()->first + 1;
    base.release_id = std::max(base.release_id, state.accepted.release_id);
  } else {
    DNC_ASSIGN_OR_RETURN(base.release_id, releases_->ReserveReleaseId());
  }
  base.now = clock_->Now();
  base.policy = &options_.policy;
  base.askers = options_.askers;
  base.store = releases_;
  base.histories = histories_;
  return base;
}

absl::StatusOr<std::optional<ReleaseInfo>> ListWriter::Publish(const Request& request,
                                                               Build build) {
  const absl::MutexLock writing(&mutex_);
  DNC_ASSIGN_OR_RETURN(const PublishedState::View view, published_->Get());
  DNC_RETURN_IF_ERROR(CheckListLimit(*view.state, request.list));
  DNC_ASSIGN_OR_RETURN(const ReleaseBase base, BaseFor(*view.state, request));
  DNC_ASSIGN_OR_RETURN(BuiltRelease built, build(base));
  if (request.dry_run) return std::nullopt;
  DNC_RETURN_IF_ERROR(releases_->WriteContent(built.list->list_id, base.release_id, built.content));
  if (request.stop != nullptr && *request.stop) {
    return Error(reason::kLoadStopped, "the server is stopping; load again after its start");
  }
  auto change = order_->Begin();
  // The clock is read after waiting for other changes: the previous release answered until now.
  const absl::Time published_at = clock_->Now();
  DNC_RETURN_IF_ERROR(Apply(*view.state, base, change.revision(), published_at, built));
  change.Commit();
  LogInfo("list {}: release {} in force, revision {}, {} numbers", request.list, base.release_id,
          built.release.revision(), built.release.numbers());
  ReleaseInfo info = ToInfo(built.release);
  info.in_force = info.kept = true;
  return info;
}

absl::Status ListWriter::Apply(const RegistryState& state, const ReleaseBase& base,
                               uint64_t revision, absl::Time published_at, BuiltRelease& built) {
  ListState& list = *built.list;
  built.release.set_revision(revision);
  built.release.set_published_at(ToMicros(published_at));
  list.head.set_revision(built.release.revision());
  list.head.set_published_at(built.release.published_at());
  const auto next = WithList(state, built.list);
  next->revision = revision;
  next->releases[base.release_id] = std::make_shared<const storage::Release>(list.head);
  if (state.revision == 0) next->begun_at = FromMicros(built.release.published_at());
  const bool is_new = state.lists.count(list.name) == 0;
  NoteLoaded(*base.before, is_new, options_.keep_releases, *next, list);
  const std::vector<uint64_t> cut_off = CutOffBeyond(*next, list);
  for (const uint64_t id : cut_off) next->releases.erase(id);
  const storage::Seals seals = ToRecord(list);
  DNC_RETURN_IF_ERROR(releases_->Commit(ToCatalog(*next), &built.release, &seals, cut_off));
  published_->Publish(next);
  return absl::OkStatus();
}

absl::Status ListWriter::ApplyList(const RegistryState& state, ListStatePtr list,
                                   uint64_t revision) {
  const auto next = WithList(state, std::move(list));
  next->revision = revision;
  DNC_RETURN_IF_ERROR(releases_->Commit(ToCatalog(*next), nullptr, nullptr));
  published_->Publish(next);
  return absl::OkStatus();
}

std::vector<uint64_t> ListWriter::CutOffBeyond(const RegistryState& state, ListState& list) const {
  absl::StatusOr<std::vector<uint64_t>> cut_off = CutOff(*releases_, state, limit_, list);
  if (cut_off.ok()) return *std::move(cut_off);
  LogWarn("list {} keeps more than {} releases, since what they need cannot be told: {}", list.name,
          limit_.held(), ToStd(cut_off.status().message()));
  return {};
}

absl::StatusOr<ListStatePtr> ListWriter::ReleaseBefore(const RegistryState& state,
                                                       const ListState& before,
                                                       const storage::ListHead& head) const {
  const uint64_t target = head.release_id();
  const auto none = [&](std::string_view why) {
    return Error(reason::kNoEarlierRelease,
                 StrCat("list ", before.name, " cannot go back from release ", before.head.id(),
                        ": ", why, "; load the files that you want instead"));
  };
  if (target == 0) return none("it is the first");
  if (target < before.life.kept_from || state.releases.count(target) == 0) {
    return none("the release before is not kept any more");
  }
  DNC_ASSIGN_OR_RETURN(const ListStatePtr list,
                       ReadList(*releases_, state, head, 1, &before,
                                [](const std::string& line) { LogWarn("{}", line); }));
  if (list->damaged.any()) return none("the data of the release before is no longer kept whole");
  return list;
}

absl::StatusOr<RolledBack> ListWriter::RollBack(std::string_view name, uint64_t expected,
                                                const ChangeLimits& limits) {
  DNC_RETURN_IF_ERROR(CheckTexts(limits));
  const absl::MutexLock writing(&mutex_);
  DNC_ASSIGN_OR_RETURN(const PublishedState::View view, published_->Get());
  DNC_ASSIGN_OR_RETURN(const ListStatePtr before, FindLoaded(*view.state, name));
  if (expected != 0 && before->head.id() != expected) {
    return Error(reason::kInvalidNow,
                 StrCat("release ", before->head.id(), " is in force, not ", expected,
                        "; look at `dncctl releases` and decide again"));
  }
  storage::ListHead head = ToHead(*before);
  head.set_release_id(before->head.parent_id());
  DNC_ASSIGN_OR_RETURN(const ListStatePtr target, ReleaseBefore(*view.state, *before, head));
  RolledBack back;
  back.release = ToInfo(target->head);
  const LoadPlan plan =
      ComparePlan(*view.state, *before, *target, options_.policy, options_.askers, clock_->Now());
  back.becomes_callable = plan.becomes_callable;
  back.no_longer_callable = plan.no_longer_callable;
  if (limits.dry_run) return back;
  DNC_RETURN_IF_ERROR(CheckCallable(back.becomes_callable, limits));
  auto change = order_->Begin();
  const absl::Time now = clock_->Now();  // the other release answered until now
  const auto list = std::make_shared<ListState>(*target);
  NoteTurn(now, change.revision(), before->head.id(), target->head.id(), before->life, limits,
           *list);
  DNC_RETURN_IF_ERROR(ApplyList(*view.state, list, change.revision()));
  change.Commit();
  LogWarn("list {} went back to release {}, revision {}; {} numbers became callable", list->name,
          list->head.id(), change.revision(), back.becomes_callable);
  back.revision = back.release.revision = change.revision();
  back.release.in_force = back.release.kept = true;
  return back;
}

absl::StatusOr<Retired> ListWriter::Retire(std::string_view name, const ChangeLimits& limits) {
  DNC_RETURN_IF_ERROR(CheckTexts(limits));
  const absl::MutexLock writing(&mutex_);
  DNC_ASSIGN_OR_RETURN(const PublishedState::View view, published_->Get());
  DNC_ASSIGN_OR_RETURN(const ListStatePtr before, FindLoaded(*view.state, name));
  const auto retired = std::make_shared<ListState>();
  retired->list_id = before->list_id;
  retired->name = before->name;
  retired->kind = before->kind;
  retired->turns = before->turns;
  const absl::Time now = clock_->Now();
  retired->life.absent_since = now;
  retired->life.first_loaded_at = before->life.first_loaded_at;
  Retired answer;
  if (const std::optional<PolicyList> counts = PolicyOf(options_.policy, *before)) {
    answer.required = counts->required;
  }
  answer.becomes_callable =
      ComparePlan(*view.state, *before, *retired, options_.policy, options_.askers, now)
          .becomes_callable;
  if (limits.dry_run) return answer;
  DNC_RETURN_IF_ERROR(CheckCallable(answer.becomes_callable, limits));
  auto change = order_->Begin();
  NoteTurn(now, change.revision(), before->head.id(), 0, before->life, limits, *retired);
  DNC_RETURN_IF_ERROR(ApplyList(*view.state, retired, change.revision()));
  change.Commit();
  LogWarn("list {} retired, revision {}; {} numbers became callable", before->name,
          change.revision(), answer.becomes_callable);
  answer.revision = change.revision();
  return answer;
}

void ListWriter::TidyUp(const std::string& list, const std::atomic<bool>& stop) {
  while (!stop && FoldSomeShared(list)) {
  }
  CollectGarbage(list);
}

bool ListWriter::FoldSomeShared(const std::string& name) {
  const absl::MutexLock writing(&mutex_);
  const absl::StatusOr<PublishedState::View> view = published_->Get();
  if (!view.ok()) return false;
  const ListState& now = *view->state->lists.at(name);
  const auto folded = std::make_shared<ListState>(now);
  int count = 0;
  for (const auto& [area_code, seal] : now.seals) {
    const AreaSetPtr& set = now.numbers.area(area_code);
    if (set == nullptr || !set->shares()) continue;
    folded->numbers.set_area(area_code, Folded(*set));
    if (++count == kFoldedAtOnce) break;
  }
  if (count == 0) return false;
  published_->Publish(WithList(*view->state, folded));
  return true;
}

void ListWriter::CollectGarbage(const std::string& name) {
  const absl::MutexLock writing(&mutex_);
  const absl::StatusOr<PublishedState::View> view = published_->Get();
  if (!view.ok()) return;
  const ListState& list = *view->state->lists.at(name);
  const std::vector<uint64_t> lineage = Lineage(*view->state, list.head.id());
  std::set<uint64_t> generations;
  const auto keep = [&generations](const storage::Seal& seal) {
    generations.insert(seal.generation());
  };
  for (const auto& [area_code, seal] : list.seals) keep(seal);
  for (size_t i = 1; i < lineage.size() && lineage[i] >= list.life.kept_from; ++i) {
    const absl::StatusOr<storage::Seals> seals = releases_->ReadSeals(lineage[i]);
    if (!seals.ok()) return;  // keep everything rather than too little
    for (const storage::Seal& seal : seals->seals()) keep(seal);
  }
  // Releases that were once in force still answer for their time.
  for (const storage::Turn& turn : list.turns) {
    if (view->state->releases.count(turn.from()) == 0) continue;
    const absl::StatusOr<storage::Seals> seals = releases_->ReadSeals(turn.from());
    if (!seals.ok()) return;
    for (const storage::Seal& seal : seals->seals()) keep(seal);
  }
  absl::Status status = releases_->CollectBlocks(
      list.list_id, [&generations](uint64_t id) { return generations.count(id) != 0; });
  if (status.ok()) {
    const auto& known = view->state->releases;
    status = releases_->CollectChanges(list.list_id,
                                       [&known](uint64_t id) { return known.count(id) != 0; });
  }
  if (!status.ok()) {
    LogWarn("removing what no release of list {} needs any more failed and will be tried again: {}",
            name, ToStd(status.message()));
  }
}

}  // namespace dnc
