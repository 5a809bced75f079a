#include "server/service/health.h"

#include <algorithm>
#include <vector>

#include "server/base/log_line.h"

namespace dnc {
namespace {
constexpr absl::Duration kHealthInterval = absl::Milliseconds(200);
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

std::optional<bool> HealthBoard::Serves(const std::string& service) const {
  const absl::MutexLock lock(&mutex_);
  const auto found = serves_.find(service);
  if (found == serves_.end()) return std::nullopt;
  return found->second;
}

void HealthBoard::Set(std::string_view service, bool serves) {
  {
    const absl::MutexLock lock(&mutex_);
    if (closed_) return;
    serves_[std::string(service)] = serves;
  }
  if (on_change_) on_change_();
}

void HealthBoard::SetNothingServes() {
  {
    const absl::MutexLock lock(&mutex_);
    closed_ = true;
    for (auto& [service, serves] : serves_) serves = false;
  }
  if (on_change_) on_change_();
}

HealthReporter::HealthReporter(HealthBoard* health, const Registry* registry,
                               const Metrics* metrics)
    : health_(health), registry_(registry), metrics_(metrics) {
  // A caller that asks as soon as the server listens gets the truth, not a first guess.
  Report(Serves());
  health_->Set(kRegistryService, true);
  task_.emplace(kHealthInterval, [this] { Report(Serves()); });
}

bool HealthReporter::Serves() const { return metrics_->accepting() && CanAnswerScrubs(*registry_); }

HealthReporter::~HealthReporter() { Stop(); }

void HealthReporter::Stop() {
  if (!task_.has_value()) return;
  task_.reset();
  health_->SetNothingServes();
}

void HealthReporter::Report(bool scrubs) {
  if (reported_ == scrubs) return;
  health_->Set("", scrubs);
  health_->Set(kScrubService, scrubs);
  // That an empty server answers nothing yet is said at its start, by others.
  if (scrubs || reported_.has_value()) {
    LogInfo("scrubs {} be answered now", scrubs ? "can" : "cannot");
  }
  reported_ = scrubs;
}

}  // namespace dnc
