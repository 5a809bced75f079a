// Opens what is in the data folder: both stores, each of which knows the other, and the clock,
// which begins at their newest moment.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/base/clock.h"
#include "server/base/revision_order.h"
#include "server/config/server_config.h"
#include "server/intake/intake.h"
#include "server/records/tenant_records.h"
#include "server/registry/registry.h"
#include "server/storage/store.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// What an operator states explicitly at a start.
struct StartOptions {
  bool new_tenants = false;    // the tenants' half is missing, and begins empty
  bool new_published = false;  // the same for the published lists' half
  bool restored = false;       // the folder is a backup, and what was written after it is lost
  // The time that the operator gave, near what the machine's clock shows: that clock is right
  // although it is behind what the stores know.
  std::optional<absl::Time> accept_clock;
  std::string accept_reason;
  // See StoreOptions::on_stuck.
  std::function<void(const absl::Status& cause)> on_stuck;
};

// Everything in the data folder, and the order of its changes.
struct Stores {
  RevisionOrder order;
  std::unique_ptr<Store> registry_store;
  std::unique_ptr<Store> tenant_store;
  std::unique_ptr<TenantRecords> tenant_records;
  std::unique_ptr<TenantDirectory> directory;
  std::unique_ptr<Registry> registry;
  std::unique_ptr<Intake> intake;  // destroyed first, since its loads use all others
  // What was lost with a store that began empty, or by a restore.
  LostRevisions lost;
};

// The file of the data folder with the newest moment that the server knew (Clock::KeepBy).
inline constexpr char kClockName[] = "/clock";

// Opens everything. Fails with FAILED_PRECONDITION STORAGE if one half of the folder is missing,
// older than the other, or from another installation, and with DATA_LOSS if something is damaged.
// `clock` is this process's clock, which nobody has read yet.
absl::Status OpenStores(const ServerConfig& config, const StartOptions& start, Clock* clock,
                        Stores& stores);

}  // namespace dnc
