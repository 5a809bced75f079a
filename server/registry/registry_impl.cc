#include "server/registry/registry_impl.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/data_age.h"
#include "server/registry/explain.h"
#include "server/registry/in_force.h"
#include "server/registry/registry_state_loader.h"

namespace dnc {
namespace {

constexpr size_t kMaxRequestedBy = 200;

int Threads(const RegistryOptions& options) {
  if (options.load_threads > 0) return options.load_threads;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::string UploadsDir(const RegistryOptions& options) { return options.data_dir + "/uploads"; }

}  // namespace

absl::StatusOr<std::unique_ptr<Registry>> Registry::Open(RegistryOptions options, Store* store,
                                                         const Clock* clock, RevisionOrder* order) {
  std::error_code error;
  // The folder itself stays: on a full disk it could not be made again.
  std::filesystem::create_directories(UploadsDir(options), error);
  for (const auto& left : std::filesystem::directory_iterator(UploadsDir(options), error)) {
    std::error_code ignored;
    std::filesystem::remove_all(left.path(), ignored);
  }
  if (error) return FileError("making", UploadsDir(options), error.value());
  auto registry = std::make_unique<RegistryImpl>(std::move(options), store, clock, order);
  registry->Start();
  return registry;
}

RegistryImpl::RegistryImpl(RegistryOptions options, Store* store, const Clock* clock,
                           RevisionOrder* order)
    : options_(std::move(options)),
      limit_{options_.max_releases, options_.keep_releases},
      clock_(clock),
      order_(order),
      releases_(store, options_.data_dir + "/revision"),
      histories_(&releases_, options_.history_cache_bytes),
      loads_(
          &releases_, clock, static_cast<size_t>(options_.max_waiting_loads),
          static_cast<size_t>(options_.max_load_records),
          [this](LoadJob& job, const LoadQueue::Update& update) { return RunLoad(job, update); }) {}

RegistryImpl::~RegistryImpl() {
  stopping_ = true;
  if (starter_.joinable()) starter_.join();
}

void RegistryImpl::Start() {
  // Before anybody takes a turn. An error is found again, and told, when the rest is read.
  if (const auto catalog = releases_.ReadCatalog(); catalog.ok()) {
    order_->StartFrom(catalog->revision());
  }
  starter_ = std::thread([this] {
    absl::StatusOr<RegistryStatePtr> state = LoadRegistryState(
        releases_, Threads(options_), [](const std::string& line) { spdlog::error("{}", line); });
    const absl::Status records = loads_.ReadRecords();
    if (!records.ok()) state = records;
    const absl::StatusOr<Untold> untold = releases_.ReadUntold();
    if (!untold.ok()) state = untold.status();
    if (state.ok()) {
      auto dated = std::make_shared<RegistryState>(**state);
      dated->accepted = clock_->accepted();
      dated->untold = *untold;
      state = WithStartNoted(dated);
    }
    if (state.ok()) Publish(*state);
    if (state.ok()) loads_.Start();
    const std::lock_guard<std::mutex> lock(mutex_);
    started_ = true;
    start_status_ = state.status();
    published_.notify_all();
  });
}

RegistryStatePtr RegistryImpl::WithStartNoted(const RegistryStatePtr& read) {
  auto state = std::make_shared<RegistryState>(*read);
  const absl::Time now = clock_->Now();
  const bool future = NoteFuture(now, *state);
  const bool turns = NoteUnknownTurns(now, *state);
  if (future) {
    spdlog::error(
        "published lists are dated a day or more ahead of the clock, which is wrong or was when "
        "they were loaded. Their area codes answer STALE until their full lists are loaded again; "
        "`dncctl coverage` tells which");
  }
  if (!future && !turns) return read;
  const absl::Status kept = releases_.Commit(ToCatalog(*state), nullptr, nullptr);
  if (!kept.ok()) {
    spdlog::error("what the start found out could not be written down, and is found again: {}",
                  ToStd(kept.message()));
  }
  return state;
}

SnapshotPtr RegistryImpl::snapshot() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return clock_->behind() ? view_.clock_behind : view_.snapshot;
}

absl::StatusOr<RegistryImpl::View> RegistryImpl::Ready() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (view_.state != nullptr) {
    View view = view_;
    if (clock_->behind()) view.snapshot = view.clock_behind;
    return view;
  }
  if (started_ && !start_status_.ok()) return start_status_;
  return Error(reason::kStarting,
               "the server is still reading and verifying its data; try again in a moment");
}

void RegistryImpl::Publish(RegistryStatePtr state) {
  SnapshotPtr snapshot = MakeSnapshot(*state, options_.policy);
  auto behind = std::make_shared<Snapshot>(*snapshot);
  behind->clock_behind = true;
  View old;  // let go outside the lock
  const std::lock_guard<std::mutex> lock(mutex_);
  old = std::move(view_);
  view_ = {std::move(state), std::move(snapshot), std::move(behind)};
  published_.notify_all();
}

absl::Status RegistryImpl::WaitUntilReady() const {
  std::unique_lock<std::mutex> lock(mutex_);
  published_.wait(lock, [this] { return started_; });
  return start_status_;
}

absl::StatusOr<LoadOptions> RegistryImpl::CheckedOptions(const LoadOptions& options) const {
  LoadOptions checked = options;
  DNC_ASSIGN_OR_RETURN(checked.list, CanonicalListName(options.list));
  DNC_RETURN_IF_ERROR(CheckAllow(options.allow));
  if (options.requested_by.size() > kMaxRequestedBy) {
    return Error(reason::kInvalidRequest,
                 StrCat("requested_by takes at most ", kMaxRequestedBy, " bytes"));
  }
  DNC_ASSIGN_OR_RETURN(const View view, Ready());
  DNC_RETURN_IF_ERROR(CheckListLimit(*view.state, checked.list));
  return checked;
}

absl::Status RegistryImpl::CheckListLimit(const RegistryState& state,
                                          const std::string& name) const {
  const bool fits = state.lists.size() < static_cast<size_t>(options_.max_lists);
  if (fits || state.lists.count(name) != 0) return absl::OkStatus();
  return Error(reason::kLimitReached,
               StrCat("there are ", state.lists.size(), " lists, retired ones included, and ", name,
                      " would be one more; load into one of them, or raise registry.max_lists"));
}

absl::Status RegistryImpl::CheckPath(const std::string& path) const {
  std::error_code error;
  // Resolves links, so that none leads out of an allowed folder.
  const std::filesystem::path real = std::filesystem::canonical(path, error);
  const auto inside = [&real](const std::string& folder) {
    std::error_code ignored;
    const auto allowed = std::filesystem::canonical(folder, ignored);
    const auto ends = std::mismatch(allowed.begin(), allowed.end(), real.begin(), real.end());
    return !allowed.empty() && ends.first == allowed.end();
  };
  const bool allowed =
      !error && std::any_of(options_.load_dirs.begin(), options_.load_dirs.end(), inside);
  if (!std::filesystem::path(path).is_absolute() || (!error && !allowed) ||
      options_.load_dirs.empty()) {
    return Error(reason::kPathNotAllowed,
                 StrCat(path,
                        ": the server loads files only from the folders in registry.load_dirs "
                        "(or --load-dir); name an absolute path there, or upload the file"));
  }
  if (error == std::errc::permission_denied) return FileError("opening", path, error.value());
  if (error || !std::filesystem::is_regular_file(real, error)) {
    return Error(reason::kNotFound, StrCat(path, ": no such file on the server"));
  }
  return absl::OkStatus();
}

absl::StatusOr<LoadInfo> RegistryImpl::StartLoad(const LoadOptions& options,
                                                 const std::vector<std::string>& paths) {
  DNC_ASSIGN_OR_RETURN(LoadOptions checked, CheckedOptions(options));
  std::vector<LoadFile> files;
  for (const std::string& path : paths) {
    DNC_RETURN_IF_ERROR(CheckPath(path));
    files.push_back({path, std::filesystem::path(path).filename().string()});
  }
  if (files.empty()) {
    return Error(reason::kInvalidRequest, "a load needs at least one file");
  }
  return loads_.Submit(std::move(checked), std::move(files), "");
}

absl::StatusOr<std::string> RegistryImpl::NewUploadDir() {
  std::string path;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    path = StrCat(UploadsDir(options_), "/", next_upload_++);
  }
  std::error_code error;
  if (std::filesystem::create_directories(path, error)) return path;
  return FileError("making", path, error.value());
}

absl::StatusOr<LoadInfo> RegistryImpl::StartUploadedLoad(const LoadOptions& options,
                                                         const std::string& upload_dir,
                                                         const std::vector<LoadFile>& files) {
  absl::StatusOr<LoadOptions> checked = CheckedOptions(options);
  absl::Status status = checked.status();
  if (status.ok() && files.empty()) {
    status = Error(reason::kInvalidRequest, "a load needs at least one file");
  }
  if (!status.ok()) {
    std::error_code ignored;
    std::filesystem::remove_all(upload_dir, ignored);
    return status;
  }
  return loads_.Submit(*std::move(checked), files, upload_dir);
}

absl::StatusOr<LoadInfo> RegistryImpl::GetLoad(uint64_t id) const {
  // Before, the records of earlier loads are not read: "no such load" would be wrong.
  DNC_RETURN_IF_ERROR(Ready().status());
  return loads_.Get(id);
}

std::vector<LoadInfo> RegistryImpl::ListLoads(size_t limit, uint64_t before_id) const {
  return loads_.List(limit, before_id);
}

ListStatePtr RegistryImpl::ListOf(const RegistryState& state, std::string_view name) {
  // As it is first: an earlier version may have left a list of another writing.
  for (const std::string& written : {std::string(name), CanonicalOrSame(name)}) {
    const auto it = state.lists.find(written);
    if (it != state.lists.end()) return it->second;
  }
  return nullptr;
}

absl::StatusOr<ListStatePtr> RegistryImpl::FindList(const RegistryState& state,
                                                    std::string_view name) const {
  if (ListStatePtr list = ListOf(state, name); list != nullptr && list->loaded()) return list;
  return Error(reason::kNotFound, StrCat("no list \"", name.substr(0, 60),
                                         "\" is loaded; `dncctl status` shows those that are"));
}

absl::StatusOr<std::vector<ReleaseInfo>> RegistryImpl::ListReleases(std::string_view list,
                                                                    size_t limit,
                                                                    uint64_t before_id) const {
  DNC_ASSIGN_OR_RETURN(const View view, Ready());
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
      DNC_ASSIGN_OR_RETURN(const View now, Ready());
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
  DNC_ASSIGN_OR_RETURN(const View view, Ready());
  DNC_ASSIGN_OR_RETURN(const ListStatePtr state, FindList(*view.state, list));
  const PolicyList policy = PolicyOf(options_.policy, *state).value_or(PolicyList{});
  const absl::Duration max_age = policy.max_age.value_or(DefaultMaxAge(state->kind));
  const absl::Time now = clock_->Now();
  CoverageInfo coverage;
  coverage.list = state->name;
  coverage.release_id = state->head.id();
  coverage.covers_all = state->covers_all();
  for (const auto& [area_code, seal] : state->seals) {
    AreaInfo area;
    area.area_code = area_code;
    area.numbers = seal.count();
    const AreaCoverage coverage_now = CoverageUnder(*view.state, *state, area_code, max_age);
    area.obtained_at = coverage_now.obtained_at;
    area.stale_at = AgedFrom(coverage_now) + max_age;
    const bool stale = view.snapshot->clock_behind || IsStale(coverage_now, max_age, now);
    area.state = state->damaged[area_code] ? CoverageState::kDamaged
                 : stale                   ? CoverageState::kStale
                                           : CoverageState::kCovered;
    area.digest = Digest{seal.digest_high(), seal.digest_low()}.ToHex();
    area.release_id = seal.changed_by();
    area.history_since = FromMicros(seal.history_since());
    if (seal.known_by_silence_at() != 0) {
      area.known_by_silence_at = FromMicros(seal.known_by_silence_at());
    }
    coverage.areas.push_back(std::move(area));
  }
  return coverage;
}

std::vector<ListInfo> RegistryImpl::Lists() const {
  const absl::StatusOr<View> view = Ready();
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

bool RegistryImpl::KeepsAll(const RegistryState& state) const {
  const absl::StatusOr<View> now = Ready();
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
    DNC_ASSIGN_OR_RETURN(const View view, Ready());
    auto history =
        HistoryOf({view.state, view.snapshot, &options_.policy, &releases_, &histories_}, number);
    if (KeepsAll(*view.state)) return history;
  }
}

absl::StatusOr<Explanation> RegistryImpl::Explain(absl::Span<const ParsedNumber> numbers,
                                                  std::optional<AskedMoment> moment,
                                                  const TenantSide& tenant) const {
  while (true) {
    DNC_ASSIGN_OR_RETURN(const View view, Ready());
    const ExplainInputs inputs{view.state, view.snapshot, &options_.policy, &releases_,
                               &histories_};
    auto answer = !moment.has_value()   ? ExplainNow(inputs, clock_->Now(), numbers, tenant)
                  : moment->as_answered ? ExplainAsAnswered(inputs, moment->time, numbers, tenant)
                                        : ExplainAsOf(inputs, moment->time, numbers, tenant);
    if (KeepsAll(*view.state)) return answer;
  }
}

}  // namespace dnc
