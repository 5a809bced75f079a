#include "server/intake/parsed_files.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "server/base/error.h"
#include "server/base/for_each_parallel.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/file_name.h"
#include "server/registry/policy.h"
#include "server/registry/stored_values.h"

namespace dnc {
namespace {

// A registry has fewer changes in years; each takes 32 bytes while a load runs.
constexpr size_t kMaxChanges = 30'000'000;

// A load keeps its progress to itself for so long.
constexpr std::chrono::nanoseconds kTellEach = std::chrono::milliseconds(100);

// Collects what one file holds.
class FileSink : public RecordSink {
 public:
  explicit FileSink(LoadProgress& progress) : progress_(progress) {}

  absl::Status OnNumbers(absl::Span<const Number> numbers) override {
    progress_.AddRecords(numbers.size());
    while (!numbers.empty()) {
      std::unique_ptr<AreaSetBuilder>& builder = builders_[AreaCodeOf(numbers.front())];
      if (builder == nullptr) builder = std::make_unique<AreaSetBuilder>();
      numbers.remove_prefix(builder->AddRun(numbers, duplicates_));
    }
    return absl::OkStatus();
  }

  absl::Status OnChanges(absl::Span<const ChangeRecord> changes) override {
    if (changes_.size() + changes.size() > kMaxChanges) {
      return Error(
          reason::kLimitReached,
          StrCat("more than ", kMaxChanges, " changes in one file; load the full list instead"));
    }
    changes_.insert(changes_.end(), changes.begin(), changes.end());
    progress_.AddRecords(changes.size());
    return absl::OkStatus();
  }

  uint64_t duplicates() const { return duplicates_; }
  std::vector<ChangeRecord>& changes() { return changes_; }
  std::map<int, AreaSetPtr> TakeAreas() {
    std::map<int, AreaSetPtr> areas;
    for (int area_code = 0; area_code < kAreaCodes; ++area_code) {
      if (builders_[area_code] == nullptr) continue;
      areas[area_code] = std::move(*builders_[area_code]).Build();
      builders_[area_code].reset();
    }
    return areas;
  }

 private:
  LoadProgress& progress_;
  std::array<std::unique_ptr<AreaSetBuilder>, kAreaCodes> builders_;
  std::vector<ChangeRecord> changes_;
  uint64_t duplicates_ = 0;
};

// This is what a reader refuses unless it is overridden.
struct ReaderFinding {
  Guard guard = Guard::kUnspecified;
  std::string message;
};

struct ParsedFile {
  FileFacts facts;
  absl::Time obtained_at;
  uint64_t duplicates = 0;
  std::map<int, AreaSetPtr> areas;
  std::vector<ChangeRecord> changes;
  std::vector<ReaderFinding> found;
  bool unread = false;  // it may not be read without an override
};

absl::Status WrongFile(std::string_view message) { return Error(reason::kBadFile, message); }

// iconectiv's two files have the same form; only their names tell which way the numbers went.
absl::Status CheckPortedName(ListKind kind, std::string_view what, std::string_view name) {
  const PortedDirection direction = DirectionOf(name);
  if (direction == PortedDirection::kUntold) return absl::OkStatus();
  const bool ported = kind == ListKind::kWireless || kind == ListKind::kWireline;
  if (!ported) {
    if (kind != ListKind::kNational && kind != ListKind::kState) return absl::OkStatus();
    return WrongFile(
        StrCat(what,
               " is that of a file of ported numbers, which belongs to the list wireless "
               "or wireline; say so with --list, or rename the file if its name is wrong"));
  }
  const PortedDirection fits =
      kind == ListKind::kWireless ? PortedDirection::kToWireless : PortedDirection::kToWireline;
  if (direction == fits) return absl::OkStatus();
  return WrongFile(
      StrCat(what,
             " says that it belongs to the other list: WIRELINE-TO-WIRELESS is the list "
             "wireless, WIRELESS-TO-WIRELINE the list wireline; rename the file if its "
             "name is wrong"));
}

// Only what looks like the national registry becomes it, unless somebody said so: a file of
// somebody else's numbers would make all other numbers of its area codes callable.
absl::Status CheckLooksNational(const LoadOptions& options, const FileFacts& facts) {
  if (options.list_told) return absl::OkStatus();
  const bool change_of_a_day = facts.kind == FileKind::kChange && options.obtained_at.has_value();
  if (facts.registry_form && (facts.name.is_registrys() || change_of_a_day)) {
    return absl::OkStatus();
  }
  return WrongFile(StrCat(
      "nobody said which list this is, and it is not ", facts.registry_form ? "named" : "written",
      " as the FTC's files are (2026-8-5_818_....txt.zip with lines such as AAA,NNNNNNN). If it is "
      "the national registry, say --list national; if not, name its own list, such as --list "
      "state:TX or --list other:NAME"));
}

absl::StatusOr<absl::Time> ObtainedAt(const LoadOptions& options, const FileNameFacts& facts) {
  // If the date is told twice, the older one counts.
  if (facts.date.has_value()) {
    return std::min(*facts.date, options.obtained_at.value_or(*facts.date));
  }
  if (options.obtained_at.has_value()) return *options.obtained_at;
  return Error(reason::kNoDate,
               "its name does not tell when the data was obtained (2026-8-5_818_....txt.zip does); "
               "say so with --obtained-at");
}

absl::StatusOr<ParsedFile> ParseFile(ListKind kind, const LoadOptions& options,
                                     const LoadFile& file, const ReadLimits& limits,
                                     const GuardCheck& guards, LoadProgress& progress) {
  ParsedFile parsed;
  DNC_RETURN_IF_ERROR(CheckPortedName(kind, "the file's name", file.name));
  // An archive's member may have a name that tells more, which is known when the archive is read.
  if (options.list_told && !IsZipName(file.name)) {
    DNC_RETURN_IF_ERROR(ObtainedAt(options, ParseFileName(file.name)).status());
  }
  ReadRequest request;
  request.path = file.path;
  request.name = file.name;
  request.dialect = DialectOf(kind);
  request.csv = options.csv;
  request.limits = limits;
  request.stop = &progress.stop;
  // The file is read strictly first, so that a guard is named only where it would have refused.
  while (true) {
    request.on_bytes = nullptr;  // a file that is read again has been counted
    if (parsed.found.empty()) {
      request.on_bytes = [&progress](uint64_t bytes) { progress.AddBytes(bytes); };
    }
    FileSink sink(progress);
    absl::StatusOr<FileFacts> facts = ReadRegistryFile(request, sink);
    if (facts.ok()) {
      parsed.facts = *std::move(facts);
      DNC_RETURN_IF_ERROR(
          CheckPortedName(kind, "the name of the archive's member", parsed.facts.member));
      DNC_RETURN_IF_ERROR(CheckLooksNational(options, parsed.facts));
      DNC_ASSIGN_OR_RETURN(parsed.obtained_at, ObtainedAt(options, parsed.facts.name));
      parsed.duplicates = sink.duplicates();
      parsed.changes = std::move(sink.changes());
      parsed.areas = sink.TakeAreas();
      return parsed;
    }
    const std::optional<Guard> guard = GuardFromName(ErrorGuard(facts.status()));
    if (!guard.has_value()) return facts.status();
    bool& flag =
        *guard == Guard::kArchiveSize ? request.ignore_archive_limits : request.allow_unterminated;
    if (flag) return facts.status();
    flag = true;
    parsed.found.push_back({*guard, std::string(facts.status().message())});
    // An archive may unpack to something endless, so it is read no further. A file that may be cut
    // off is read on all the same, so that all findings are told.
    parsed.unread = *guard == Guard::kArchiveSize && !guards.Allows(*guard, file.name);
    if (parsed.unread) return parsed;
  }
}

absl::Status CheckLabel(const ParsedFile& parsed, const std::string& name, GuardCheck& guards) {
  const FileFacts& facts = parsed.facts;
  if (facts.outside_label == 0) return absl::OkStatus();
  guards.NoteFile(
      name, {.guard = Guard::kOutsideLabel,
             .message = StrCat(name, ": the name says area code ", facts.name.label, ", but ",
                               facts.outside_label, " records have another, first line ",
                               facts.first_outside_line, " with area code ",
                               facts.first_outside_area, "; with the override they are left out")});
  if (facts.records > 0) return absl::OkStatus();
  if (!guards.Allows(Guard::kOutsideLabel, name)) return guards.Outcome();
  return Error(reason::kBadFile, StrCat(name, ": no record has the area code that the name says"));
}

// Returns the area code that a change list alone speaks for, if it is of one.
std::optional<int> AreaCodeOfList(const FileFacts& facts) {
  return facts.name.area_code.has_value() ? facts.name.area_code : facts.told_area_code;
}

// Returns whether a change list speaks for all area codes that are loaded, also for those that it
// does not name. A word that is not known, such as a state's, may mean some of them. Plain text
// without a record may be what a download left that failed: its silence proves nothing.
bool MeansAll(const LoadFile& file, const FileFacts& facts) {
  if (AreaCodeOfList(facts).has_value()) return false;
  const bool proven =
      facts.records > 0 || !facts.member.empty() || facts.format == FileFormat::kXml;
  return proven && NamesNoPart(file.name) && NamesNoPart(facts.member);
}

storage::File ToRecord(const LoadFile& file, const ParsedFile& parsed) {
  FileReport report;
  report.name = file.name;
  report.size_bytes = parsed.facts.size_bytes;
  report.sha256 = parsed.facts.sha256;
  report.kind = parsed.facts.kind;
  report.format = std::string(FileFormatName(parsed.facts.format));
  report.records = parsed.facts.records;
  report.duplicates = parsed.duplicates;
  report.unassignable = parsed.facts.unassignable;
  report.left_out = parsed.facts.outside_label;
  report.obtained_at = parsed.obtained_at;
  storage::File record = ToFile(report);
  if (!parsed.changes.empty()) {
    const auto [first, last] = std::minmax_element(
        parsed.changes.begin(), parsed.changes.end(),
        [](const ChangeRecord& a, const ChangeRecord& b) { return a.time < b.time; });
    record.set_first_change_at(ToMicros(first->time));
    record.set_last_change_at(ToMicros(last->time));
  }
  return record;
}

// Adds a file to what is parsed; files must be added in their order.
void Add(const LoadFile& file, ParsedFile&& parsed, ParsedFiles& all) {
  const size_t place = all.files.size();
  all.files.push_back(ToRecord(file, parsed));
  if (parsed.facts.kind == FileKind::kChange) {
    all.changes.push_back({place, std::move(parsed.changes), parsed.obtained_at,
                           AreaCodeOfList(parsed.facts), MeansAll(file, parsed.facts)});
  } else {
    all.full.push_back({place, parsed.obtained_at, parsed.facts.name.area_code.has_value(),
                        std::move(parsed.areas)});
  }
}

}  // namespace

void LoadProgress::MayTell() {
  const int64_t now =
      std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
  int64_t told_at = told_at_.load(std::memory_order_relaxed);
  if (now - told_at < kTellEach.count()) return;
  // Of several threads one tells.
  if (told_at_.compare_exchange_strong(told_at, now)) on_progress_();
}

absl::StatusOr<ParsedFiles> ParseFiles(ListKind kind, const LoadOptions& options,
                                       const std::vector<LoadFile>& files, const ReadLimits& limits,
                                       int threads, GuardCheck& guards, LoadProgress& progress) {
  std::vector<absl::StatusOr<ParsedFile>> parsed(files.size(), absl::UnknownError("not read"));
  std::atomic<bool> failed{false};
  const GuardCheck& overrides = guards;
  ForEachParallel(files.size(), threads, [&](size_t i) {
    if (failed) return;
    parsed[i] = ParseFile(kind, options, files[i], limits, overrides, progress);
    if (!parsed[i].ok()) failed = true;
  });

  ParsedFiles all;
  bool unread = false;
  for (size_t i = 0; i < files.size(); ++i) {
    if (!parsed[i].ok()) {
      if (absl::IsUnknown(parsed[i].status())) continue;  // behind a file that failed
      return WithPrefix(parsed[i].status(), files[i].name);
    }
    for (const ReaderFinding& found : parsed[i]->found) {
      guards.NoteFile(files[i].name, {.guard = found.guard,
                                      .message = StrCat(files[i].name, ": ", found.message)});
    }
    unread = unread || parsed[i]->unread;
    if (parsed[i]->unread) continue;
    DNC_RETURN_IF_ERROR(CheckLabel(*parsed[i], files[i].name, guards));
    if (!failed) Add(files[i], *std::move(parsed[i]), all);
  }
  if (unread) return guards.Outcome();
  std::stable_sort(
      all.changes.begin(), all.changes.end(),
      [](const ParsedChanges& a, const ParsedChanges& b) { return a.obtained_at < b.obtained_at; });
  return all;
}

}  // namespace dnc
