// The work that the server does from time to time, beside its calls.
#pragma once

#include "server/assembly/open_stores.h"
#include "server/base/clock.h"
#include "server/base/periodic_task.h"
#include "server/index/huge_page_keeper.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// Writes the last uses of keys every ten minutes, and at the end. Its arguments must outlive it.
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

// Checks every second whether the machine's clock is behind, and has the disk keep what the stores
// know about each other. Records the time every minute and at the end, so that it does not go back
// over a restart. Its arguments must outlive it.
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
  int looks_ = 0;  // only the task's thread uses it
  PeriodicTask task_;
};

// Has the indexes' memory gathered in huge pages, as long as it lives; see huge_page_keeper.h.
class HugePageTask {
 public:
  HugePageTask();
  ~HugePageTask();
  HugePageTask(const HugePageTask&) = delete;
  HugePageTask& operator=(const HugePageTask&) = delete;

 private:
  HugePageKeeper keeper_;
  PeriodicTask task_;
};

}  // namespace dnc
