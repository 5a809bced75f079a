// How the registry changes: loads.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/built_release.h"
#include "server/registry/registry_impl.h"
#include "server/registry/registry_state_loader.h"

namespace dnc {
namespace {

// Area codes folded between two publications.
constexpr int kFoldedAtOnce = 8;

uint32_t NextListId(const RegistryState& state) {
  uint32_t id = 0;
  for (const auto& [name, list] : state.lists) id = std::max(id, list->list_id);
  return id + 1;
}

// The list as it is, or a new one.
ListStatePtr ListBefore(const RegistryState& state, const std::string& name) {
  const auto it = state.lists.find(name);
  if (it != state.lists.end()) return it->second;
  auto list = std::make_shared<ListState>();
  list->list_id = NextListId(state);
  list->name = name;
  list->kind = ParseListName(name).value_or(ListName{}).kind;
  return list;
}

// What the new release of `list` means for its life; `state` has it already.
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

// What whoever loads has confirmed of what becomes callable.
absl::Status CheckPlan(const LoadOptions& options, const LoadPlan& plan) {
  if (options.refuse_first && plan.HasFirstData()) {
    return Error(reason::kFirstData,
                 StrCat("list ", plan.list,
                        " would answer for area codes that it does not answer for now, and ",
                        plan.becomes_callable,
                        " numbers would become callable; look at the plan of this load, and load "
                        "again without refuse_first"));
  }
  if (options.callable_limit.has_value() && plan.becomes_callable > *options.callable_limit) {
    return CallableLimitError(plan.becomes_callable, *options.callable_limit);
  }
  return absl::OkStatus();
}

}  // namespace

std::shared_ptr<RegistryState> RegistryImpl::WithList(ListStatePtr list) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  auto state = std::make_shared<RegistryState>(*view_.state);
  state->lists[list->name] = std::move(list);
  return state;
}

absl::Status RegistryImpl::RunLoad(LoadJob& job, const LoadQueue::Update& update) {
  GuardCheck guards(options_.guards, job.options.allow);
  DNC_ASSIGN_OR_RETURN(const ListName name, ParseListName(job.options.list));
  absl::StatusOr<ParsedFiles> staged =
      ParseFiles(name.kind, job.options, job.files, options_.read_limits,
                 options_.load_threads > 0
                     ? options_.load_threads
                     : static_cast<int>(std::max(1U, std::thread::hardware_concurrency())),
                 guards, job.progress);
  absl::Status status = staged.status();
  if (status.ok()) {
    update([&staged](LoadInfo& info) {
      for (const storage::File& file : staged->files) info.files.push_back(ToReport(file));
      info.state = LoadState::kStoring;
    });
    status = StoreAndPublish(job, *std::move(staged), guards, update);
  }
  update([&guards](LoadInfo& info) {
    info.findings = guards.findings();
    info.overridden = guards.overridden();
  });
  if (!status.ok()) {
    spdlog::warn("load of list {} refused: {}", job.options.list, ToStd(status.message()));
    return status;
  }
  if (job.options.dry_run) return status;
  FoldShared(job.options.list);
  CollectGarbage(job.options.list);
  return absl::OkStatus();
}

absl::Status RegistryImpl::StoreAndPublish(LoadJob& job, ParsedFiles staged, GuardCheck& guards,
                                           const LoadQueue::Update& update) {
  const std::lock_guard<std::mutex> writing(write_mutex_);
  DNC_ASSIGN_OR_RETURN(const View view, Ready());
  BuilderInputs inputs;
  inputs.state = view.state.get();
  DNC_RETURN_IF_ERROR(CheckListLimit(*view.state, job.options.list));
  inputs.before = ListBefore(*view.state, job.options.list);
  inputs.rebase_below = RebaseBelow(*view.state, *inputs.before, limit_);
  if (job.options.dry_run) {
    inputs.release_id = view.state->releases.empty() ? 1 : view.state->releases.rbegin()->first + 1;
    inputs.release_id = std::max(inputs.release_id, view.state->accepted.release_id);
  } else {
    DNC_ASSIGN_OR_RETURN(inputs.release_id, releases_.ReserveReleaseId());
  }
  inputs.now = clock_->Now();
  inputs.policy = &options_.policy;
  inputs.askers = options_.askers;
  inputs.store = &releases_;
  inputs.histories = &histories_;
  DNC_ASSIGN_OR_RETURN(BuiltRelease draft, BuildRelease(inputs, std::move(staged), guards));
  update([&draft](LoadInfo& info) { info.plan = draft.plan; });
  if (job.options.dry_run) return guards.CheckUnused();
  DNC_RETURN_IF_ERROR(guards.Outcome());
  DNC_RETURN_IF_ERROR(CheckPlan(job.options, draft.plan));
  DNC_RETURN_IF_ERROR(
      releases_.WriteContent(draft.list->list_id, inputs.release_id, draft.content));
  if (job.progress.stop) {
    return Error(reason::kLoadStopped, "the server is stopping; load again after its start");
  }
  RevisionOrder::Turn turn = order_->Begin();
  auto state = WithList(draft.list);
  state->revision = turn.revision();
  draft.release.set_revision(state->revision);
  draft.release.set_published_at(ToMicros(clock_->Now()));
  draft.list->head.set_revision(draft.release.revision());
  draft.list->head.set_published_at(draft.release.published_at());
  state->releases[inputs.release_id] = std::make_shared<const storage::Release>(draft.list->head);
  if (view.state->revision == 0) state->begun_at = FromMicros(draft.release.published_at());
  const bool is_new = view.state->lists.count(draft.list->name) == 0;
  NoteLoaded(*inputs.before, is_new, options_.keep_releases, *state, *draft.list);
  const std::vector<uint64_t> cut_off = CutOffBeyond(*state, *draft.list);
  for (const uint64_t id : cut_off) state->releases.erase(id);
  const storage::Seals seals = ToRecord(*draft.list);
  DNC_RETURN_IF_ERROR(releases_.Commit(ToCatalog(*state), &draft.release, &seals, cut_off));
  Publish(state);
  turn.Commit();
  spdlog::info("list {}: release {} in force, revision {}, {} numbers", job.options.list,
               inputs.release_id, state->revision, draft.release.numbers());
  update([&draft](LoadInfo& info) {
    info.release = ToInfo(draft.release);
    info.release->in_force = info.release->kept = true;
  });
  return absl::OkStatus();
}

std::vector<uint64_t> RegistryImpl::CutOffBeyond(const RegistryState& state,
                                                 ListState& list) const {
  absl::StatusOr<std::vector<uint64_t>> cut_off = CutOff(releases_, state, limit_, list);
  if (cut_off.ok()) return *std::move(cut_off);
  spdlog::warn("list {} keeps more than {} releases, since what they need cannot be told: {}",
               list.name, limit_.held(), ToStd(cut_off.status().message()));
  return {};
}

void RegistryImpl::FoldShared(const std::string& name) {
  while (!stopping_) {
    const std::lock_guard<std::mutex> writing(write_mutex_);
    const absl::StatusOr<View> view = Ready();
    if (!view.ok()) return;
    const ListState& now = *view->state->lists.at(name);
    auto folded = std::make_shared<ListState>(now);
    int count = 0;
    for (const auto& [area_code, seal] : now.seals) {
      const AreaSetPtr& set = now.numbers.area(area_code);
      if (set == nullptr || !set->shares()) continue;
      folded->numbers.set_area(area_code, Folded(*set));
      if (++count == kFoldedAtOnce) break;
    }
    if (count == 0) return;
    Publish(WithList(folded));
  }
}

void RegistryImpl::CollectGarbage(const std::string& name) {
  const std::lock_guard<std::mutex> writing(write_mutex_);
  const absl::StatusOr<View> view = Ready();
  if (!view.ok()) return;
  const ListState& list = *view->state->lists.at(name);
  const std::vector<uint64_t> lineage = Lineage(*view->state, list.head.id());
  std::set<uint64_t> generations;
  const auto keep = [&generations](const storage::Seal& seal) {
    generations.insert(seal.generation());
  };
  for (const auto& [area_code, seal] : list.seals) keep(seal);
  for (size_t i = 1; i < lineage.size() && lineage[i] >= list.life.kept_from; ++i) {
    const absl::StatusOr<storage::Seals> seals = releases_.ReadSeals(lineage[i]);
    if (!seals.ok()) return;  // keep everything rather than too little
    for (const storage::Seal& seal : seals->seals()) keep(seal);
  }
  // What was in force once, and goes on answering for its time.
  for (const storage::Turn& turn : list.turns) {
    if (view->state->releases.count(turn.from()) == 0) continue;
    const absl::StatusOr<storage::Seals> seals = releases_.ReadSeals(turn.from());
    if (!seals.ok()) return;
    for (const storage::Seal& seal : seals->seals()) keep(seal);
  }
  absl::Status status = releases_.CollectBlocks(
      list.list_id, [&generations](uint64_t id) { return generations.count(id) != 0; });
  if (status.ok()) {
    const auto& known = view->state->releases;
    status = releases_.CollectChanges(list.list_id,
                                      [&known](uint64_t id) { return known.count(id) != 0; });
  }
  if (!status.ok()) {
    spdlog::warn(
        "removing what no release of list {} needs any more failed and will be tried again: {}",
        name, ToStd(status.message()));
  }
}

}  // namespace dnc
