#include "server/registry/load_queue.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/escaping.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/registry_state.h"

namespace dnc {
namespace {

storage::Finding ToRecord(const GuardFinding& finding) {
  storage::Finding record;
  record.set_guard(static_cast<uint32_t>(finding.guard));
  record.set_area_code(static_cast<uint32_t>(finding.area_code));
  record.set_file(finding.file);
  record.set_message(finding.message);
  record.set_allow(finding.allow);
  record.set_overridden(finding.overridden);
  record.set_becomes_callable(finding.becomes_callable);
  record.set_lost(finding.lost);
  record.set_of(finding.of);
  if (finding.since != absl::InfinitePast()) record.set_since(ToMicros(finding.since));
  return record;
}

GuardFinding FromRecord(const storage::Finding& record) {
  GuardFinding finding;
  finding.guard = static_cast<Guard>(record.guard() < kGuardCount ? record.guard() : 0);
  finding.area_code = static_cast<int>(record.area_code());
  finding.file = record.file();
  finding.message = record.message();
  finding.allow = record.allow();
  finding.overridden = record.overridden();
  finding.becomes_callable = record.becomes_callable();
  finding.lost = record.lost();
  finding.of = record.of();
  if (record.since() != 0) finding.since = FromMicros(record.since());
  return finding;
}

storage::Load ToRecord(const LoadInfo& info) {
  storage::Load record;
  record.set_id(info.id);
  record.set_list(info.list);
  record.set_created_at(ToMicros(info.created_at));
  record.set_ended_at(ToMicros(info.ended_at));
  record.set_bytes_total(info.bytes_total);
  record.set_records(info.records_done);
  for (const FileReport& file : info.files) {
    storage::File* stored = record.add_files();
    stored->set_name(file.name);
    stored->set_size_bytes(file.size_bytes);
    stored->set_sha256(absl::HexStringToBytes(file.sha256));
    stored->set_kind(static_cast<uint32_t>(file.kind));
    stored->set_format(file.format);
    stored->set_records(file.records);
    stored->set_duplicates(file.duplicates);
    stored->set_unassignable(file.unassignable);
    stored->set_left_out(file.left_out);
    stored->set_obtained_at(ToMicros(file.obtained_at));
  }
  if (info.release.has_value()) record.set_release_id(info.release->id);
  record.set_error(std::string(info.error.message()));
  if (!info.error.ok()) {
    record.set_error_reason(ErrorReason(info.error));
    record.set_error_guard(ErrorGuard(info.error));
    record.set_error_code(static_cast<uint32_t>(info.error.code()));
  }
  for (const Guard guard : info.overridden) record.add_overridden(static_cast<uint32_t>(guard));
  record.set_requested_by(info.requested_by);
  for (const GuardFinding& finding : info.findings) *record.add_findings() = ToRecord(finding);
  record.set_dry_run(info.dry_run);
  return record;
}

LoadInfo FromRecord(const storage::Load& record) {
  LoadInfo info;
  info.id = record.id();
  info.list = record.list();
  info.dry_run = record.dry_run();
  const bool looked = record.dry_run() && record.error_code() == 0;
  const bool succeeded = record.release_id() != 0 || looked;
  info.state = succeeded ? LoadState::kSucceeded : LoadState::kRefused;
  info.bytes_done = info.bytes_total = record.bytes_total();
  info.records_done = record.records();
  info.created_at = FromMicros(record.created_at());
  info.ended_at = FromMicros(record.ended_at());
  for (const storage::File& file : record.files()) info.files.push_back(ToReport(file));
  if (record.release_id() != 0) {
    info.release.emplace();
    info.release->id = record.release_id();
    info.release->list = record.list();
  } else if (looked) {
    info.error = absl::OkStatus();
  } else if (!record.error_guard().empty()) {
    info.error = GuardError(record.error_guard(), record.error());
  } else {
    // As it was told when the load ended, also if a reason has another code by now.
    info.error = Error(
        FailureReason{record.error_reason(), static_cast<absl::StatusCode>(record.error_code())},
        record.error());
  }
  for (const uint32_t guard : record.overridden()) {
    info.overridden.push_back(static_cast<Guard>(guard));
  }
  info.requested_by = record.requested_by();
  for (const storage::Finding& finding : record.findings()) {
    info.findings.push_back(FromRecord(finding));
  }
  return info;
}

// How many of the newest loads are told with their findings and their plans; the store keeps the
// findings of all.
constexpr size_t kTellingLoads = 100;

void RemoveFolder(const std::string& path) {
  std::error_code ignored;
  if (!path.empty()) std::filesystem::remove_all(path, ignored);
}

}  // namespace

LoadQueue::LoadQueue(ReleaseStore* store, const Clock* clock, size_t max_waiting,
                     size_t max_records, Runner runner)
    : store_(store),
      clock_(clock),
      max_waiting_(max_waiting),
      max_records_(max_records),
      runner_(std::move(runner)) {}

LoadQueue::~LoadQueue() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    if (running_ != nullptr) running_->progress.stop = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  for (const auto& job : waiting_) RemoveFolder(job->upload_dir);
}

absl::Status LoadQueue::ReadRecords() {
  DNC_ASSIGN_OR_RETURN(const std::vector<storage::Load> records, store_->ReadLoads(max_records_));
  const std::lock_guard<std::mutex> lock(mutex_);
  for (const storage::Load& record : records) {
    ended_[record.id()] = FromRecord(record);
    next_id_ = std::max(next_id_, record.id() + 1);
  }
  ShortenOld();
  return absl::OkStatus();
}

void LoadQueue::ShortenOld() {
  if (ended_.size() <= kTellingLoads) return;
  auto load = ended_.rbegin();
  std::advance(load, kTellingLoads);
  for (; load != ended_.rend(); ++load) {
    load->second.findings = {};
    load->second.plan.reset();
  }
}

void LoadQueue::Start() {
  thread_ = std::thread([this] { Run(); });
}

absl::StatusOr<LoadInfo> LoadQueue::Submit(LoadOptions options, std::vector<LoadFile> files,
                                           std::string upload_dir) {
  auto job = std::make_shared<LoadJob>();
  for (const LoadFile& file : files) {
    std::error_code error;
    const auto size = std::filesystem::file_size(file.path, error);
    if (!error) job->info.bytes_total += size;
  }
  job->options = std::move(options);
  job->files = std::move(files);
  job->upload_dir = std::move(upload_dir);
  job->info.list = job->options.list;
  job->info.requested_by = job->options.requested_by;
  job->info.dry_run = job->options.dry_run;
  job->info.created_at = clock_->Now();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (stopping_) {
    RemoveFolder(job->upload_dir);
    return Error(reason::kStopping, "the server is stopping");
  }
  if (waiting_.size() >= max_waiting_) {
    RemoveFolder(job->upload_dir);
    return Error(reason::kLimitReached,
                 StrCat(max_waiting_, " loads wait already; try again when some have ended"));
  }
  job->info.id = next_id_++;
  waiting_.push_back(job);
  changed_.notify_all();
  return Current(*job);
}

LoadInfo LoadQueue::Current(const LoadJob& job) const {
  LoadInfo info = job.info;
  info.bytes_done = std::min(info.bytes_total, job.progress.bytes_done.load());
  info.records_done = job.progress.records_done;
  return info;
}

absl::StatusOr<LoadInfo> LoadQueue::Get(uint64_t id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (running_ != nullptr && running_->info.id == id) return Current(*running_);
  for (const auto& job : waiting_) {
    if (job->info.id == id) return Current(*job);
  }
  const auto it = ended_.find(id);
  if (it != ended_.end()) return it->second;
  return Error(reason::kNotFound, StrCat("there is no load ", id, "; `dncctl loads` lists them"));
}

std::vector<LoadInfo> LoadQueue::List(size_t limit, uint64_t before_id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<LoadInfo> all;
  const auto wanted = [&](uint64_t id) {
    return all.size() < limit && (before_id == 0 || id < before_id);
  };
  for (auto it = waiting_.rbegin(); it != waiting_.rend(); ++it) {
    if (wanted((*it)->info.id)) all.push_back(Current(**it));
  }
  if (running_ != nullptr && wanted(running_->info.id)) all.push_back(Current(*running_));
  for (auto it = ended_.rbegin(); it != ended_.rend(); ++it) {
    if (wanted(it->first)) all.push_back(it->second);
  }
  return all;
}

void LoadQueue::Run() {
  while (true) {
    std::shared_ptr<LoadJob> job;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      job = waiting_.front();
      waiting_.pop_front();
      running_ = job;
      job->info.state = LoadState::kReading;
    }
    RunOne(*job);
  }
}

void LoadQueue::RunOne(LoadJob& job) {
  const Update update = [this, &job](const std::function<void(LoadInfo&)>& change) {
    const std::lock_guard<std::mutex> lock(mutex_);
    change(job.info);
  };
  const absl::Status status = runner_(job, update);
  RemoveFolder(job.upload_dir);
  LoadInfo info;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    info = Current(job);
  }
  info.state = status.ok() ? LoadState::kSucceeded : LoadState::kRefused;
  info.error = status;
  info.ended_at = clock_->Now();
  Record(info);
}

void LoadQueue::Record(const LoadInfo& info) {
  uint64_t drop = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ended_.size() >= max_records_) drop = ended_.begin()->first;
  }
  // Durable before anybody sees the end. On a full disk the record lives in memory only.
  store_->WriteLoad(ToRecord(info), drop).IgnoreError();
  const std::lock_guard<std::mutex> lock(mutex_);
  if (drop != 0) ended_.erase(drop);
  ended_[info.id] = info;
  ShortenOld();
  running_.reset();
}

}  // namespace dnc
