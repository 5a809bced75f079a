#include "server/intake/load_queue.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <system_error>
#include <utility>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/intake/load_record.h"
#include "server/intake/upload_folders.h"

namespace dnc {
namespace {

// So many of the newest loads are told with their findings and their plans; the store keeps the
// findings of all.
constexpr size_t kTellingLoads = 100;

}  // namespace

LoadQueue::LoadQueue(ReleaseStore* store, const Clock* clock, size_t max_waiting,
                     size_t max_records, Runner runner, std::function<void()> on_change)
    : store_(store),
      clock_(clock),
      max_waiting_(max_waiting),
      max_records_(max_records),
      runner_(std::move(runner)),
      on_change_(std::move(on_change)),
      task_(absl::InfiniteDuration(), [this] { RunWaiting(); }) {}

LoadQueue::~LoadQueue() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
    if (running_ != nullptr) running_->progress.stop = true;
  }
  task_.Stop();
  const absl::MutexLock lock(&mutex_);
  for (const auto& job : waiting_) RemoveUploadFolder(job->upload_dir);
}

absl::Status LoadQueue::ReadRecords() {
  DNC_ASSIGN_OR_RETURN(const std::vector<storage::Load> records, store_->ReadLoads(max_records_));
  const absl::MutexLock lock(&mutex_);
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

absl::StatusOr<LoadInfo> LoadQueue::Submit(LoadOptions options, std::vector<LoadFile> files,
                                           std::string upload_dir) {
  auto job = std::make_shared<LoadJob>(on_change_);
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
  absl::StatusOr<LoadInfo> info = Append(job);
  if (info.ok()) {
    on_change_();
    task_.Wake();
  } else {
    RemoveUploadFolder(job->upload_dir);
  }
  return info;
}

absl::StatusOr<LoadInfo> LoadQueue::Append(const std::shared_ptr<LoadJob>& job) {
  const absl::MutexLock lock(&mutex_);
  if (stopping_) return Error(reason::kStopping, "the server is stopping");
  if (waiting_.size() >= max_waiting_) {
    return Error(reason::kLimitReached,
                 StrCat(max_waiting_, " loads wait already; try again when some have ended"));
  }
  job->info.id = next_id_++;
  waiting_.push_back(job);
  return Current(*job);
}

LoadInfo LoadQueue::Current(const LoadJob& job) const {
  LoadInfo info = job.info;
  info.bytes_done = std::min(info.bytes_total, job.progress.bytes_done());
  info.records_done = job.progress.records_done();
  return info;
}

absl::StatusOr<LoadInfo> LoadQueue::Get(uint64_t id) const {
  const absl::MutexLock lock(&mutex_);
  if (running_ != nullptr && running_->info.id == id) return Current(*running_);
  for (const auto& job : waiting_) {
    if (job->info.id == id) return Current(*job);
  }
  const auto it = ended_.find(id);
  if (it != ended_.end()) return it->second;
  return Error(reason::kNotFound, StrCat("there is no load ", id, "; `dncctl loads` lists them"));
}

std::vector<LoadInfo> LoadQueue::List(size_t limit, uint64_t before_id) const {
  const absl::MutexLock lock(&mutex_);
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

void LoadQueue::RunWaiting() {
  while (const std::shared_ptr<LoadJob> job = TakeNext()) {
    on_change_();
    RunOne(*job);
  }
}

std::shared_ptr<LoadJob> LoadQueue::TakeNext() {
  const absl::MutexLock lock(&mutex_);
  if (stopping_ || waiting_.empty()) return nullptr;
  running_ = waiting_.front();
  waiting_.pop_front();
  running_->info.state = LoadState::kReading;
  return running_;
}

void LoadQueue::RunOne(LoadJob& job) {
  const Update update = [this, &job](const std::function<void(LoadInfo&)>& change) {
    {
      const absl::MutexLock lock(&mutex_);
      change(job.info);
    }
    on_change_();
  };
  const absl::Status status = runner_(job, update);
  RemoveUploadFolder(job.upload_dir);
  LoadInfo info;
  {
    const absl::MutexLock lock(&mutex_);
    info = Current(job);
  }
  info.state = status.ok() ? LoadState::kSucceeded : LoadState::kRefused;
  info.error = status;
  info.ended_at = clock_->Now();
  Record(info);
  on_change_();
}

void LoadQueue::Record(const LoadInfo& info) {
  uint64_t drop = 0;
  {
    const absl::MutexLock lock(&mutex_);
    if (ended_.size() >= max_records_) drop = ended_.begin()->first;
  }
  // The record is durable before anybody sees the end. On a full disk it lives in memory only.
  store_->WriteLoad(ToRecord(info), drop).IgnoreError();
  const absl::MutexLock lock(&mutex_);
  if (drop != 0) ended_.erase(drop);
  ended_[info.id] = info;
  ShortenOld();
  running_.reset();
}

}  // namespace dnc
