#include "server/intake/intake_impl.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <thread>
#include <utility>

#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/intake/release_builder.h"
#include "server/registry/registry.h"
#include "server/registry/stored_values.h"
#include "server/scrub/list_name.h"

namespace dnc {
namespace {

constexpr size_t kMaxRequestedBy = 200;

int Threads(const IntakeOptions& options) {
  if (options.load_threads > 0) return options.load_threads;
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

absl::Status CheckAnyFile(size_t files) {
  if (files > 0) return absl::OkStatus();
  return Error(reason::kInvalidRequest, "a load needs at least one file");
}

// Checks the plan against what whoever loads has confirmed of what becomes callable.
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

absl::StatusOr<std::unique_ptr<Intake>> Intake::Open(IntakeOptions options, Store* store,
                                                     Registry* registry, const Clock* clock) {
  auto intake =
      std::make_unique<IntakeImpl>(std::move(options), store, registry->publisher(), clock);
  DNC_RETURN_IF_ERROR(intake->Start());
  return intake;
}

IntakeImpl::IntakeImpl(IntakeOptions options, Store* store, ReleasePublisher* publisher,
                       const Clock* clock)
    : options_(std::move(options)),
      publisher_(publisher),
      uploads_(options_.data_dir + "/uploads"),
      records_(store, ""),
      loads_(
          &records_, clock, static_cast<size_t>(options_.max_waiting_loads),
          static_cast<size_t>(options_.max_load_records),
          [this](LoadJob& job, const LoadQueue::Update& update) { return RunLoad(job, update); },
          [this] { TellListeners(); }) {}

absl::Status IntakeImpl::Start() {
  DNC_RETURN_IF_ERROR(uploads_.Clean());
  return loads_.ReadRecords();
}

absl::StatusOr<LoadOptions> IntakeImpl::CheckedOptions(const LoadOptions& options) const {
  LoadOptions checked = options;
  DNC_ASSIGN_OR_RETURN(checked.list, CanonicalListName(options.list));
  DNC_RETURN_IF_ERROR(CheckAllow(options.allow));
  if (options.requested_by.size() > kMaxRequestedBy) {
    return Error(reason::kInvalidRequest,
                 StrCat("requested_by takes at most ", kMaxRequestedBy, " bytes"));
  }
  DNC_RETURN_IF_ERROR(publisher_->CheckList(checked.list));
  return checked;
}

absl::Status IntakeImpl::CheckPath(const std::string& path) const {
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

absl::StatusOr<LoadInfo> IntakeImpl::StartLoad(const LoadOptions& options,
                                               const std::vector<std::string>& paths) {
  DNC_ASSIGN_OR_RETURN(LoadOptions checked, CheckedOptions(options));
  std::vector<LoadFile> files;
  for (const std::string& path : paths) {
    DNC_RETURN_IF_ERROR(CheckPath(path));
    files.push_back({path, std::filesystem::path(path).filename().string()});
  }
  DNC_RETURN_IF_ERROR(CheckAnyFile(files.size()));
  return loads_.Submit(std::move(checked), std::move(files), "");
}

absl::StatusOr<LoadInfo> IntakeImpl::StartUploadedLoad(const LoadOptions& options,
                                                       const std::string& upload_dir,
                                                       const std::vector<LoadFile>& files) {
  absl::StatusOr<LoadOptions> checked = CheckedOptions(options);
  const absl::Status status = checked.ok() ? CheckAnyFile(files.size()) : checked.status();
  if (!status.ok()) {
    RemoveUploadFolder(upload_dir);
    return status;
  }
  return loads_.Submit(*std::move(checked), files, upload_dir);
}

absl::StatusOr<LoadInfo> IntakeImpl::GetLoad(uint64_t id) const {
  DNC_RETURN_IF_ERROR(publisher_->CheckReady());
  return loads_.Get(id);
}

absl::Status IntakeImpl::RunLoad(LoadJob& job, const LoadQueue::Update& update) {
  GuardCheck guards(options_.guards, job.options.allow);
  DNC_ASSIGN_OR_RETURN(const ListName name, ParseListName(job.options.list));
  absl::StatusOr<ParsedFiles> files =
      ParseFiles(name.kind, job.options, job.files, options_.read_limits, Threads(options_), guards,
                 job.progress);
  absl::Status status = files.status();
  if (status.ok()) {
    update([&files](LoadInfo& info) {
      for (const storage::File& file : files->files) info.files.push_back(ToReport(file));
      info.state = LoadState::kStoring;
    });
    const auto release = Publish(job, *std::move(files), guards, update);
    status = release.status();
    if (status.ok()) update([&release](LoadInfo& info) { info.release = *release; });
  }
  update([&guards](LoadInfo& info) {
    info.findings = guards.findings();
    info.overridden = guards.overridden();
  });
  if (!status.ok()) {
    LogWarn("load of list {} refused: {}", job.options.list, ToStd(status.message()));
    return status;
  }
  if (!job.options.dry_run) publisher_->TidyUp(job.options.list, job.progress.stop);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<ReleaseInfo>> IntakeImpl::Publish(LoadJob& job, ParsedFiles files,
                                                               GuardCheck& guards,
                                                               const LoadQueue::Update& update) {
  const LoadOptions& options = job.options;
  const auto build = [&](const ReleaseBase& base) -> absl::StatusOr<BuiltRelease> {
    DNC_ASSIGN_OR_RETURN(BuiltRelease built, BuildRelease(base, std::move(files), guards));
    update([&built](LoadInfo& info) { info.plan = built.plan; });
    if (options.dry_run) {
      DNC_RETURN_IF_ERROR(guards.CheckUnused());
      return built;
    }
    DNC_RETURN_IF_ERROR(guards.Outcome());
    DNC_RETURN_IF_ERROR(CheckPlan(options, built.plan));
    return built;
  };
  const ReleasePublisher::Request request{options.list, options.dry_run, &job.progress.stop};
  return publisher_->Publish(request, build);
}

}  // namespace dnc
