#include "server/rpc/health_reporter.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "spdlog/spdlog.h"

namespace dnc {
namespace {
constexpr std::chrono::milliseconds kInterval(200);
constexpr char kScrubService[] = "dnc.v1.ScrubService";
constexpr char kRegistryService[] = "dnc.v1.RegistryService";
}  // namespace

bool CanAnswerScrubs(const Registry& registry) {
  if (registry.snapshot() == nullptr) return false;
  const std::vector<ListInfo> lists = registry.Lists();
  return std::any_of(lists.begin(), lists.end(), [](const ListInfo& list) {
    return list.required && list.release.has_value() && list.covered > 0;
  });
}

HealthReporter::HealthReporter(HealthBoard* health, const Registry* registry,
                               const Metrics* metrics)
    : health_(health), registry_(registry), metrics_(metrics) {
  // At once: a caller that asks as soon as the server listens gets the truth, not a first guess.
  Report(Serves());
  health_->Set(kRegistryService, true);
  thread_ = std::thread([this] { Run(); });
}

bool HealthReporter::Serves() const { return metrics_->accepting() && CanAnswerScrubs(*registry_); }

HealthReporter::~HealthReporter() { Stop(); }

void HealthReporter::Stop() {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  health_->SetNothingServes();
}

void HealthReporter::Run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, kInterval, [this] { return stopping_; })) {
    lock.unlock();
    Report(Serves());
    lock.lock();
  }
}

void HealthReporter::Report(bool scrubs) {
  if (reported_ == scrubs) return;
  health_->Set("", scrubs);
  health_->Set(kScrubService, scrubs);
  // That an empty server answers nothing yet is said at its start, by others.
  if (scrubs || reported_.has_value()) {
    spdlog::info("scrubs {} be answered now", scrubs ? "can" : "cannot");
  }
  reported_ = scrubs;
}

}  // namespace dnc
