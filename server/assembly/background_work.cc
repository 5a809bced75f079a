#include "server/assembly/background_work.h"

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/log_line.h"

namespace dnc {
namespace {
constexpr absl::Duration kUsesKept = absl::Minutes(10);
constexpr absl::Duration kLook = absl::Seconds(1);
constexpr int kLooksAKeep = 60;
}  // namespace

LastUseWriter::LastUseWriter(TenantDirectory* directory)
    : directory_(directory), task_(kUsesKept, [this] { Write(); }) {}

LastUseWriter::~LastUseWriter() {
  task_.Stop();
  Write();
}

void LastUseWriter::Write() {
  if (const absl::Status written = directory_->FlushLastUsed(); !written.ok()) {
    LogWarn("last uses of keys are not written: {}", std::string(written.message()));
  }
}

ClockKeeper::ClockKeeper(Clock* clock, Stores* stores)
    : clock_(clock), stores_(stores), task_(kLook, [this] { Work(); }) {}

ClockKeeper::~ClockKeeper() {
  task_.Stop();
  clock_->Keep();
}

HugePageTask::HugePageTask()
    : keeper_(&PagePool::Instance()), task_(kLook, [this] { keeper_.Look(); }) {}

HugePageTask::~HugePageTask() {
  keeper_.Stop();
  task_.Stop();
}

void ClockKeeper::Work() {
  Look();
  stores_->registry_store->SyncNote();
  stores_->tenant_store->SyncNote();
  if (++looks_ % kLooksAKeep == 0) clock_->Keep();
}

void ClockKeeper::Look() {
  const bool before = clock_->behind();
  clock_->Look();
  if (clock_->behind() == before) return;
  if (before) {
    LogInfo("the machine's clock has caught up with what the stores know");
  } else {
    LogError(
        "the machine's clock was set back by more than a day: every number that would be clear "
        "is STALE until it is right (docs/operations.md, DncClockBehind)");
  }
}

}  // namespace dnc
