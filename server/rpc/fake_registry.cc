#include "server/rpc/fake_registry.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/index/area_set.h"
#include "server/scrub/engine.h"

namespace dnc {
namespace {
absl::Status NotFound() { return Error(reason::kNotFound, "no such thing"); }
}  // namespace

SnapshotPtr TestSnapshot(uint64_t revision, absl::Time obtained_at) {
  auto list = std::make_shared<SnapshotList>();
  list->name = "national";
  list->applies_to.set();
  list->release_id = revision;
  list->digest = std::string(32, 'd');
  for (const int area : {201, 212}) list->areas[area] = {AreaState::kLoaded, obtained_at};
  AreaSetBuilder builder;
  for (uint32_t line = 0; line < 10; ++line) builder.Add(5550100 + line);
  list->numbers.set_area(201, std::move(builder).Build());
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->revision = revision;
  snapshot->lists.push_back(std::move(list));
  return snapshot;
}

void FakeRegistry::SetSnapshot(const SnapshotPtr& snapshot) {
  const absl::MutexLock lock(&mutex_);
  snapshots_.Publish(snapshot, snapshot);
}

void FakeRegistry::SetLoad(const LoadInfo& load) {
  {
    const absl::MutexLock lock(&mutex_);
    loads_[load.id] = load;
  }
  TellListeners();
}

std::vector<FakeRegistry::Upload> FakeRegistry::uploads() const {
  const absl::MutexLock lock(&mutex_);
  return uploads_;
}

LoadOptions FakeRegistry::last_options() const {
  const absl::MutexLock lock(&mutex_);
  return last_options_;
}

absl::StatusOr<LoadInfo> FakeRegistry::StartLoad(const LoadOptions& options,
                                                 const std::vector<std::string>& paths) {
  if (paths[0].rfind("/allowed/", 0) != 0) {
    return Error(reason::kPathNotAllowed, "not allowed");
  }
  const absl::MutexLock lock(&mutex_);
  last_options_ = options;
  LoadInfo load;
  load.id = loads_.size() + 1;
  load.list = options.list;
  load.created_at = absl::Now();
  return loads_[load.id] = load;
}

absl::StatusOr<std::string> FakeRegistry::NewUploadDir() {
  const absl::MutexLock lock(&mutex_);
  const std::string folder = StrCat(folder_, "/", ++folders_);
  std::filesystem::create_directories(folder);
  return folder;
}

absl::StatusOr<LoadInfo> FakeRegistry::StartUploadedLoad(const LoadOptions& options,
                                                         const std::string& upload_dir,
                                                         const std::vector<LoadFile>& files) {
  Upload upload;
  for (const LoadFile& file : files) {
    std::ifstream stream(file.path, std::ios::binary);
    upload.emplace_back(file.name, std::string(std::istreambuf_iterator<char>(stream), {}));
  }
  std::filesystem::remove_all(upload_dir);
  const absl::MutexLock lock(&mutex_);
  last_options_ = options;
  uploads_.push_back(std::move(upload));
  LoadInfo load;
  load.id = loads_.size() + 1;
  load.list = options.list;
  load.created_at = absl::Now();
  return loads_[load.id] = load;
}

absl::StatusOr<LoadInfo> FakeRegistry::GetLoad(uint64_t id) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = loads_.find(id);
  if (found == loads_.end()) return NotFound();
  return found->second;
}

std::vector<LoadInfo> FakeRegistry::ListLoads(size_t limit, uint64_t before_id) const {
  const absl::MutexLock lock(&mutex_);
  std::vector<LoadInfo> loads;
  for (auto it = loads_.rbegin(); it != loads_.rend() && loads.size() < limit; ++it) {
    if (before_id == 0 || it->first < before_id) loads.push_back(it->second);
  }
  return loads;
}

absl::StatusOr<std::vector<ReleaseInfo>> FakeRegistry::ListReleases(std::string_view list, size_t,
                                                                    uint64_t) const {
  if (list == "state:TX") return NotFound();
  return std::vector<ReleaseInfo>();
}

absl::StatusOr<CoverageInfo> FakeRegistry::Coverage(std::string_view list) const {
  CoverageInfo coverage;
  coverage.list = std::string(list);
  AreaInfo area;
  area.area_code = 201;
  area.state = CoverageState::kStale;
  area.numbers = 10;
  coverage.areas.push_back(area);
  return coverage;
}

std::vector<ListInfo> FakeRegistry::Lists() const {
  const SnapshotPtr now = snapshot();
  ListInfo list;
  list.list = "national";
  list.max_age = absl::Hours(31 * 24);
  if (now != nullptr && now->lists[0]->release_id != 0) {
    list.release.emplace();
    list.release->list = "national";
    list.release->numbers = now->lists[0]->numbers.size();
    list.release->obtained_at_oldest = now->lists[0]->areas[201].obtained_at;
    list.covered = 2;
  }
  return {list};
}

absl::StatusOr<RolledBack> FakeRegistry::RollBack(std::string_view, uint64_t, const ChangeLimits&) {
  return Error(reason::kNoEarlierRelease, "nothing earlier");
}

absl::StatusOr<Retired> FakeRegistry::Retire(std::string_view list, const ChangeLimits&) {
  if (list != "national") return NotFound();
  return Retired{.revision = 7};
}

absl::StatusOr<NumberHistory> FakeRegistry::History(Number) const {
  NumberHistory history;
  history.events.push_back({"national", HistoryAction::kFirstSeen, absl::UnixEpoch(), 3});
  history.listed_on.push_back("national");
  return history;
}

absl::StatusOr<Explanation> FakeRegistry::Explain(absl::Span<const ParsedNumber> numbers,
                                                  std::optional<AskedMoment> moment,
                                                  const TenantSide& tenant) const {
  const SnapshotPtr now = snapshot();
  const size_t count = numbers.size();
  std::vector<Rule> rules(count);
  std::vector<ReasonSet> reasons(count);
  Explanation explanation;
  EvidenceSource(*now, AskedAreas::All()).Fill(*now, AskedAreas::All(), &explanation.evidence);
  explanation.evidence.decided_at = moment.has_value() ? moment->time : absl::Now();
  Scrub(*now, explanation.evidence.decided_at, numbers, absl::MakeSpan(rules),
        absl::MakeSpan(reasons), tenant);
  for (size_t i = 0; i < count; ++i) {
    NumberReport report;
    report.number = numbers[i].number;
    report.rule = rules[i];
    report.reasons = reasons[i];
    if (rules[i] == Rule::kNational) report.matches.push_back({"national", ListEffect::kDeny});
    explanation.numbers.push_back(report);
  }
  if (short_answers_ && count > 0) explanation.numbers.pop_back();
  return explanation;
}

}  // namespace dnc
