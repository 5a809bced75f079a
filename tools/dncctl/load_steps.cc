#include "tools/dncctl/load_steps.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "tools/cli/names.h"
#include "tools/cli/terminal.h"
#include "tools/dncctl/session.h"

namespace dnc::cli {
namespace {

// Further area codes are reported as a sum; --json has all.
constexpr int kAreasTold = 20;

std::string KindOf(const v1::Load& load) {
  std::map<std::string, int> kinds;
  for (const v1::FileReport& file : load.files()) {
    if (file.kind() == v1::FILE_KIND_FULL) ++kinds["full list"];
    if (file.kind() == v1::FILE_KIND_CHANGE) ++kinds["change list"];
  }
  std::string text;
  for (const auto& [kind, count] : kinds) {
    text +=
        fmt::format("{}{} {}{}", text.empty() ? "" : " and ", count, kind, count == 1 ? "" : "s");
  }
  return text.empty() ? "no list" : text;
}

std::string AreaText(const v1::AreaPlan& area) {
  const auto answered = [](bool does) { return does ? "answered" : "not answered"; };
  return fmt::format(
      "{} -> {} numbers (+{} -{}), {}", WithCommas(area.numbers_before()),
      WithCommas(area.numbers_after()), WithCommas(area.added()), WithCommas(area.lost()),
      area.answered_before() == area.answers_after()
          ? answered(area.answers_after())
          : fmt::format("{} before and {} afterwards", answered(area.answered_before()),
                        answered(area.answers_after())));
}

}  // namespace

bool HasFirstData(const v1::LoadPlan& plan) {
  const auto begins = [](const v1::AreaPlan& area) {
    return area.answers_after() && !area.answered_before();
  };
  return plan.first() || std::any_of(plan.area_codes().begin(), plan.area_codes().end(), begins);
}

void PrintCallable(const v1::LoadPlan& plan, FILE* stream) {
  const Style style(stream);
  fmt::print(stream, "  becomes callable: {}; no longer callable: {}\n",
             plan.becomes_callable() == 0
                 ? std::string("no number")
                 : style.Warn(WithCommas(plan.becomes_callable()) + " numbers"),
             plan.no_longer_callable() == 0 ? std::string("no number")
                                            : WithCommas(plan.no_longer_callable()) + " numbers");
}

void PrintPlan(const v1::Load& load, FILE* stream) {
  const v1::LoadPlan& plan = load.plan();
  fmt::print(stream, "{}{}: {}\n", Printable(load.list()), plan.first() ? ", its first data" : "",
             KindOf(load));
  for (int i = 0; i < std::min(plan.area_codes_size(), kAreasTold); ++i) {
    const v1::AreaPlan& area = plan.area_codes(i);
    fmt::print(stream, "  area code {}: {}\n", area.area_code(), AreaText(area));
  }
  if (plan.area_codes_size() > kAreasTold) {
    fmt::print(stream, "  and {} area codes more; --json tells all\n",
               plan.area_codes_size() - kAreasTold);
  }
  PrintCallable(plan, stream);
}

void PrintFindings(const v1::Load& load, bool overridden, FILE* stream) {
  const Style style(stream);
  for (const v1::GuardFinding& finding : load.findings()) {
    if (finding.overridden() != overridden) continue;
    const std::string guard = GuardName(finding.guard());
    fmt::print(stream, "  {} {}\n",
               overridden ? style.Warn("overridden:") : style.Strong("finding:"),
               Printable(finding.message().empty() ? guard : guard + ": " + finding.message()));
    if (finding.allow().empty()) {
      fmt::print(stream, "    nothing overrides it\n");
    } else if (!overridden) {
      fmt::print(stream,
                 "    if it is right all the same: --allow {}, which makes {} numbers "
                 "callable\n",
                 Printable(finding.allow()), WithCommas(finding.becomes_callable()));
    }
  }
}

bool HasRefusals(const v1::Load& load) {
  return std::any_of(load.findings().begin(), load.findings().end(),
                     [](const v1::GuardFinding& finding) { return !finding.overridden(); });
}

namespace {

constexpr size_t kChunkBytes = 1 << 20;

struct LocalFile {
  std::string path;
  uint64_t size;
};

absl::StatusOr<std::vector<LocalFile>> Measure(const std::vector<std::string>& paths) {
  std::vector<LocalFile> files;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) {
      return absl::NotFoundError(
          fmt::format("{}: {}", path, error ? error.message() : "is not a regular file"));
    }
    files.push_back({path, std::filesystem::file_size(path, error)});
    if (error) return absl::NotFoundError(fmt::format("{}: {}", path, error.message()));
  }
  return files;
}

// One upload call. Write returns false when the server has ended it; Finish says why.
class UploadCall {
 public:
  explicit UploadCall(Session& session)
      : session_(session), watchdog_(&context_, session.timeout()), writer_(Begin()) {}

  bool Write(const v1::UploadReleaseRequest& request) {
    watchdog_.BeginWait();
    const bool sent = writer_->Write(request);
    watchdog_.EndWait();
    return sent;
  }

  void Cancel() {
    cancelled_ = true;
    context_.TryCancel();
  }

  absl::StatusOr<v1::Load> Finish() {
    watchdog_.BeginWait();
    complete_ = writer_->WritesDone() && !cancelled_;
    absl::Status status = FromGrpcStatus(writer_->Finish());
    watchdog_.EndWait();
    if (watchdog_.fired()) status = absl::DeadlineExceededError("");
    if (status.ok()) return response_.load();
    status = session_.Explain(status);
    // An error without a reason does not come from the server: its answer may have been lost on its
    // way.
    if (!ReasonOf(status).empty() || !complete_) return status;
    return absl::Status(
        status.code(), fmt::format("{}. All files were sent, so the load may run all the same: see "
                                   "`dncctl loads`",
                                   std::string(status.message())));
  }

 private:
  using Writer = grpc::ClientWriter<v1::UploadReleaseRequest>;

  // Waits for the connection.
  std::unique_ptr<Writer> Begin() {
    watchdog_.BeginWait();
    auto writer = session_.registry().UploadRelease(&context_, &response_);
    watchdog_.EndWait();
    return writer;
  }

  Session& session_;
  grpc::ClientContext context_;
  v1::UploadReleaseResponse response_;
  Watchdog watchdog_;
  std::unique_ptr<Writer> writer_;
  bool cancelled_ = false;
  bool complete_ = false;  // the server may have all that it needs to load
};

// Sends one file. Only problems of the file are errors here, not a call that the server has ended.
absl::Status SendFile(UploadCall& call, const LocalFile& file, uint64_t* done, uint64_t total,
                      ProgressBar* bar) {
  std::ifstream stream(file.path, std::ios::binary);
  if (!stream) return absl::NotFoundError(fmt::format("{}: {}", file.path, std::strerror(errno)));
  const std::string name = std::filesystem::path(file.path).filename().string();
  v1::UploadReleaseRequest request;
  request.mutable_file()->set_name(name);
  request.mutable_file()->set_size_bytes(file.size);
  if (!call.Write(request)) return absl::OkStatus();
  uint64_t sent = 0;
  while (true) {
    std::string* chunk = request.mutable_chunk();
    chunk->resize(kChunkBytes);
    stream.read(chunk->data(), static_cast<std::streamsize>(kChunkBytes));
    chunk->resize(static_cast<size_t>(stream.gcount()));
    if (chunk->empty()) break;
    sent += chunk->size();
    *done += chunk->size();
    if (!call.Write(request)) return absl::OkStatus();
    bar->Update(*done, total, name);
  }
  if (stream.bad() || sent != file.size) {
    return absl::DataLossError(
        fmt::format("{}: {} bytes could be read of {}; is the file still being written? Nothing "
                    "was loaded",
                    file.path, sent, file.size));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<v1::Load> Upload(Session& session, const v1::LoadOptions& options,
                                const std::vector<std::string>& paths, ProgressBar* bar) {
  const auto files = Measure(paths);
  if (!files.ok()) return files.status();
  uint64_t total = 0;
  for (const LocalFile& file : *files) total += file.size;

  bar->Begin("uploading");
  UploadCall call(session);
  v1::UploadReleaseRequest request;
  *request.mutable_options() = options;
  call.Write(request);
  uint64_t done = 0;
  for (const LocalFile& file : *files) {
    const absl::Status status = SendFile(call, file, &done, total, bar);
    if (!status.ok()) {
      // It is cancelled and not ended, because an ended upload would be loaded.
      call.Cancel();
      static_cast<void>(call.Finish());
      return status;
    }
  }
  return call.Finish();
}

namespace {

constexpr absl::Duration kPause = absl::Milliseconds(100);
constexpr absl::Duration kLeastWait = absl::Milliseconds(10);

// A server that was killed gives the ids of its unrecorded loads away again.
bool IsSame(const v1::Load& a, const v1::Load& b) {
  return a.id() == b.id() &&
         absl::ToUnixMicros(ToTime(a.created_at())) == absl::ToUnixMicros(ToTime(b.created_at()));
}

void ShowProgress(const v1::Load& load, ProgressBar* bar) {
  switch (load.state()) {
    case v1::LOAD_STATE_WAITING:
      bar->Begin("waiting");
      bar->Update(0, 0, "behind another load");
      break;
    case v1::LOAD_STATE_READING:
      bar->Begin("reading");
      bar->Update(load.bytes_done(), load.bytes_total(),
                  WithCommas(load.records_done()) + " records");
      break;
    case v1::LOAD_STATE_STORING:
      bar->Begin("storing");
      bar->Update(0, 0, WithCommas(load.records_done()) + " records");
      break;
    default:
      break;
  }
}

class LoadWatch {
 public:
  LoadWatch(Session& session, const v1::Load& load, ProgressBar* bar,
            const std::function<bool(const v1::Load&)>& enough)
      : session_(session), bar_(bar), enough_(enough), load_(load), answered_at_(absl::Now()) {}

  absl::StatusOr<v1::Load> Run() {
    while (true) {
      const absl::Status status = Follow();
      if (IsDone()) return load_;
      if (another_ || absl::IsNotFound(status)) return Forgotten();
      // A server that says why it refuses is there.
      if (!ReasonOf(status).empty()) answered_at_ = absl::Now();
      if (!MayComeBack(status) || Left() <= absl::ZeroDuration()) return LostSight(status);
      absl::SleepFor(std::min(kPause, Left()));
    }
  }

 private:
  bool IsDone() const { return IsEnded(load_) || (enough_ != nullptr && enough_(load_)); }

  absl::Duration Left() const { return answered_at_ + session_.timeout() - absl::Now(); }

  static bool MayComeBack(const absl::Status& status) {
    return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
           absl::IsResourceExhausted(status);
  }

  // Makes one call, until the load or the call ends. A load that does not change sends nothing, and
  // neither does a server that hangs. A new call is answered at once. So half of the timeout is
  // spent on silence, and the other half on asking anew.
  absl::Status Follow() {
    grpc::ClientContext context;
    v1::WatchLoadRequest request;
    request.set_load_id(load_.id());
    v1::WatchLoadResponse response;
    Watchdog watchdog(&context, std::max(kLeastWait, std::min(session_.timeout() / 2, Left())));
    watchdog.BeginWait();
    const auto reader = session_.registry().WatchLoad(&context, request);
    while (reader->Read(&response)) {
      answered_at_ = absl::Now();
      another_ = !IsSame(load_, response.load());
      if (another_) {
        context.TryCancel();
        break;
      }
      load_ = response.load();
      if (IsDone() && !IsEnded(load_)) {
        context.TryCancel();
        break;
      }
      ShowProgress(load_, bar_);
      watchdog.BeginWait();
    }
    const absl::Status status = FromGrpcStatus(reader->Finish());
    watchdog.EndWait();
    if (status.ok()) return absl::UnknownError("the server ended the watch too early");
    if (watchdog.fired()) return absl::DeadlineExceededError("");
    if (absl::IsUnavailable(status)) {
      bar_->Begin("waiting");
      bar_->Update(0, 0, "for the server");
    }
    return status;
  }

  absl::Status LostSight(const absl::Status& status) const {
    return absl::Status(status.code(),
                        fmt::format("lost sight of load {}: {}. It may go on in the server: see "
                                    "`dncctl loads`",
                                    load_.id(), std::string(session_.Explain(status).message())));
  }

  absl::Status Forgotten() const {
    return absl::NotFoundError(
        fmt::format("the server has started anew and has no record of load {}. See `dncctl "
                    "releases` whether it took effect, and load again if it did not",
                    load_.id()));
  }

  Session& session_;
  ProgressBar* const bar_;
  const std::function<bool(const v1::Load&)>& enough_;
  v1::Load load_;
  absl::Time answered_at_;
  bool another_ = false;  // the server has another load with this id
};

}  // namespace

bool IsEnded(const v1::Load& load) {
  return load.state() == v1::LOAD_STATE_SUCCEEDED || load.state() == v1::LOAD_STATE_REFUSED;
}

absl::StatusOr<v1::Load> WatchLoad(Session& session, const v1::Load& load, ProgressBar* bar,
                                   const std::function<bool(const v1::Load&)>& enough) {
  return LoadWatch(session, load, bar, enough).Run();
}

}  // namespace dnc::cli
