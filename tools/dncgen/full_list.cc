#include "tools/dncgen/full_list.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "server/base/status_macros.h"
#include "tools/dncgen/file_name.h"
#include "tools/dncgen/generated_file.h"
#include "tools/dncgen/number_plan.h"
#include "tools/dncgen/parallel.h"
#include "tools/dncgen/record_text.h"

namespace dnc {
namespace {

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
                       GeneratedFile& file) {
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
  GeneratedFile::Options file_options;
  file_options.time = absl::FromCivil(options.day, absl::UTCTimeZone());
  const std::string head = text.FileHead(areas.size() == 1 ? areas.front().area_code : 0);
  uint64_t bytes = head.size() + text.FileTail().size();
  for (const AreaPlan& area : areas) {
    bytes += text.AreaHead(area.area_code).size() + text.AreaTail().size() +
             area.numbers * text.RecordBytes();
  }
  file_options.bytes = bytes;
  const std::string path = FilePath(options, areas);
  DNC_ASSIGN_OR_RETURN(auto file, GeneratedFile::Create(path, file_options));
  DNC_RETURN_IF_ERROR(file->Append(head));
  for (const AreaPlan& area : areas) {
    DNC_RETURN_IF_ERROR(WriteArea(area, text, options.seed, *file));
  }
  DNC_RETURN_IF_ERROR(file->Append(text.FileTail()));
  DNC_RETURN_IF_ERROR(file->Close());
  return path;
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
  // The largest come first, so that all threads end at about the same time.
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) {
    return a.front().numbers != b.front().numbers ? a.front().numbers > b.front().numbers
                                                  : a.front().area_code < b.front().area_code;
  });
  std::vector<std::string> paths(files.size());
  DNC_RETURN_IF_ERROR(
      ForEachInParallel(files.size(), options.threads, [&](size_t at) -> absl::Status {
        DNC_ASSIGN_OR_RETURN(paths[at], WriteFile(options, files[at]));
        return absl::OkStatus();
      }));
  std::sort(paths.begin(), paths.end());
  return FullListResult{options.numbers, std::move(paths)};
}

}  // namespace dnc
