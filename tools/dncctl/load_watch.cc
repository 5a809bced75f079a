#include "tools/dncctl/load_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "absl/time/clock.h"
#include "tools/dncctl/terminal.h"
#include "tools/dncctl/watchdog.h"

namespace dnc::ctl {
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
      // A server that says why not is there.
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

  // One call, until the load or the call ends. A load that does not change sends nothing, as a hung
  // server does; a new call is answered at once, so half of the timeout is spent on silence, and
  // the other half on asking anew.
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
  bool another_ = false;  // the server has another load of this id
};

}  // namespace

bool IsEnded(const v1::Load& load) {
  return load.state() == v1::LOAD_STATE_SUCCEEDED || load.state() == v1::LOAD_STATE_REFUSED;
}

absl::StatusOr<v1::Load> WatchLoad(Session& session, const v1::Load& load, ProgressBar* bar,
                                   const std::function<bool(const v1::Load&)>& enough) {
  return LoadWatch(session, load, bar, enough).Run();
}

}  // namespace dnc::ctl
