// What the server does now and then beside its calls.
#pragma once

#include "server/assembly/open_stores.h"
#include "server/base/clock.h"
#include "server/base/periodic_task.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// Writes the last uses of keys every ten minutes, and at the end. What is given outlives it.
class LastUseWriter {
 public:
  explicit LastUseWriter(TenantDirectory* directory);
  ~LastUseWriter();
  LastUseWriter(const LastUseWriter&) = delete;
  LastUseWriter& operator=(const LastUseWriter&) = delete;

 private:
  void Write();

  TenantDirectory* const directory_;
  PeriodicTask task_;
};

// Looks each second whether the machine's clock lies behind, and has the disk keep what the stores
// know of each other. Keeps the time each minute and at the end, so that it does not go back over a
// restart. What is given outlives it.
class ClockKeeper {
 public:
  ClockKeeper(Clock* clock, Stores* stores);
  ~ClockKeeper();
  ClockKeeper(const ClockKeeper&) = delete;
  ClockKeeper& operator=(const ClockKeeper&) = delete;

 private:
  void Work();
  void Look();

  Clock* const clock_;
  Stores* const stores_;
  int looks_ = 0;  // only the task's thread knows it
  PeriodicTask task_;
};

}  // namespace dnc
