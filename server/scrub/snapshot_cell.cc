#include "server/scrub/snapshot_cell.h"

#include <memory>

namespace dnc {

SnapshotCell::~SnapshotCell() { delete slots_.load(); }

SnapshotPtr SnapshotCell::Get(bool clock_behind) const {
  const ReaderGate::Pass pass(gate_);
  const Slots* const slots = slots_.load();
  if (slots == nullptr) return nullptr;
  const Slot& slot = (*slots)[ThreadSlot()];
  return clock_behind ? slot.clock_behind : slot.snapshot;
}

void SnapshotCell::Publish(const SnapshotPtr& snapshot, const SnapshotPtr& clock_behind) {
  auto slots = std::make_unique<Slots>();
  for (Slot& slot : *slots) slot = {WithOwnCount(snapshot), WithOwnCount(clock_behind)};
  const std::unique_ptr<const Slots> old(slots_.exchange(slots.release()));
  gate_.WaitForReaders();
}

}  // namespace dnc
