#include "tools/dncgen/full_list.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "server/base/status_macros.h"
#include "tools/dncgen/file_name.h"
#include "tools/dncgen/number_plan.h"
#include "tools/dncgen/output_file.h"
#include "tools/dncgen/record_text.h"

namespace dnc {
namespace {

// Files that are written one after the other by each of several threads.
class FileQueue {
 public:
  explicit FileQueue(std::vector<std::vector<AreaPlan>> files) : files_(std::move(files)) {
    // The largest first, so that the threads end at the same time.
    std::sort(files_.begin(), files_.end(), [](const auto& a, const auto& b) {
      return a.front().numbers != b.front().numbers ? a.front().numbers > b.front().numbers
                                                    : a.front().area_code < b.front().area_code;
    });
  }

  // Null when nothing is left or a thread failed.
  const std::vector<AreaPlan>* Next() {
    const size_t at = next_.fetch_add(1);
    return at < files_.size() ? &files_[at] : nullptr;
  }
  void Wrote(std::string path) {
    const std::lock_guard<std::mutex> lock(mutex_);
    paths_.push_back(std::move(path));
  }
  void Failed(const absl::Status& status) {
    const std::lock_guard<std::mutex> lock(mutex_);
    status_.Update(status);
    next_.store(files_.size());
  }
  const absl::Status& status() const { return status_; }
  std::vector<std::string> SortedPaths() {
    std::sort(paths_.begin(), paths_.end());
    return std::move(paths_);
  }

 private:
  std::vector<std::vector<AreaPlan>> files_;
  std::atomic<size_t> next_ = 0;
  std::mutex mutex_;
  std::vector<std::string> paths_;
  absl::Status status_;
};

std::string FilePath(const FullListOptions& options, const std::vector<AreaPlan>& areas) {
  const std::string label =
      options.single_file ? "National" : fmt::format("{:03}", areas.front().area_code);
  const std::string extension =
      fmt::format("{}{}", options.xml ? "xml" : "txt", options.plain ? "" : ".zip");
  return (std::filesystem::path(options.folder) /
          RegistryFileName(options.day, label, options.seed, extension))
      .string();
}

absl::Status WriteArea(const AreaPlan& area, const RecordText& text, uint64_t seed,
                       OutputFile& file) {
  DNC_RETURN_IF_ERROR(file.Append(text.AreaHead(area.area_code)));
  std::string buffer;
  for (const ExchangePlan& exchange : PlanExchanges(area, seed)) {
    const ExchangeNumbers numbers(area.area_code, exchange, seed);
    buffer.resize(exchange.numbers * text.RecordBytes());
    char* out = buffer.data();
    const RecordText::Exchange record(text, area.area_code, exchange.exchange);
    numbers.ForEach([&](uint32_t suffix) { out = record.Write(suffix, out); });
    DNC_RETURN_IF_ERROR(file.Append(buffer));
  }
  return file.Append(text.AreaTail());
}

absl::StatusOr<std::string> WriteFile(const FullListOptions& options,
                                      const std::vector<AreaPlan>& areas) {
  const RecordText text(options.xml);
  OutputFile::Options file_options;
  file_options.time = absl::FromCivil(options.day, absl::UTCTimeZone());
  const std::string head = text.FileHead(areas.size() == 1 ? areas.front().area_code : 0);
  uint64_t bytes = head.size() + text.FileTail().size();
  for (const AreaPlan& area : areas) {
    bytes += text.AreaHead(area.area_code).size() + text.AreaTail().size() +
             area.numbers * text.RecordBytes();
  }
  file_options.bytes = bytes;
  const std::string path = FilePath(options, areas);
  DNC_ASSIGN_OR_RETURN(auto file, OutputFile::Create(path, file_options));
  DNC_RETURN_IF_ERROR(file->Append(head));
  for (const AreaPlan& area : areas) {
    DNC_RETURN_IF_ERROR(WriteArea(area, text, options.seed, *file));
  }
  DNC_RETURN_IF_ERROR(file->Append(text.FileTail()));
  DNC_RETURN_IF_ERROR(file->Close());
  return path;
}

void WriteFiles(const FullListOptions& options, FileQueue& queue) {
  while (const auto* areas = queue.Next()) {
    auto path = WriteFile(options, *areas);
    if (!path.ok()) return queue.Failed(path.status());
    queue.Wrote(*std::move(path));
  }
}

}  // namespace

absl::StatusOr<FullListResult> WriteFullList(const FullListOptions& options) {
  DNC_ASSIGN_OR_RETURN(auto areas, PlanAreas(options.numbers, options.seed, options.area_codes));
  std::vector<std::vector<AreaPlan>> files;
  if (options.single_file) {
    files.push_back(areas);
  } else {
    for (const AreaPlan& area : areas) files.push_back({area});
  }
  FileQueue queue(std::move(files));
  std::vector<std::thread> threads;
  for (int i = 1; i < options.threads; ++i) {
    threads.emplace_back([&] { WriteFiles(options, queue); });
  }
  WriteFiles(options, queue);
  for (std::thread& thread : threads) thread.join();
  DNC_RETURN_IF_ERROR(queue.status());
  return FullListResult{options.numbers, queue.SortedPaths()};
}

}  // namespace dnc
