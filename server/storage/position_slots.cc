#include "server/storage/position_slots.h"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "xxhash.h"

namespace dnc {
namespace {

// As it lies in the file, little-endian.
struct Slot {
  uint64_t magic;
  uint64_t store[2];
  uint64_t revision;
  uint64_t checksum;  // XXH3-64 of what stands before
};
static_assert(sizeof(Slot) == 40);

uint64_t ChecksumOf(const Slot& slot) { return XXH3_64bits(&slot, offsetof(Slot, checksum)); }

}  // namespace

std::optional<PositionSlots::Found> PositionSlots::Read() {
  Found found;
  for (int i = 0; i < kSlots * copies_; ++i) {
    Slot slot{};
    const ssize_t got = pread(fd_, &slot, sizeof(slot), OffsetOf(i % kSlots, i / kSlots));
    if (got < 0) return std::nullopt;
    const Slot blank{};
    found.blank =
        found.blank && got == sizeof(slot) && std::memcmp(&slot, &blank, sizeof(slot)) == 0;
    const bool whole =
        got == sizeof(slot) && slot.magic == magic_ && slot.checksum == ChecksumOf(slot);
    if (!whole || (found.newest.has_value() && slot.revision <= found.newest->revision)) continue;
    found.newest = Position{{slot.store[0], slot.store[1]}, slot.revision};
    next_slot_ = (i + 1) % kSlots;
  }
  return found;
}

bool PositionSlots::Write(const Position& position) {
  Slot slot{magic_, {position.store[0], position.store[1]}, position.revision, 0};
  slot.checksum = ChecksumOf(slot);
  for (int copy = 0; copy < copies_; ++copy) {
    const ssize_t put = pwrite(fd_, &slot, sizeof(slot), OffsetOf(next_slot_, copy));
    if (put == sizeof(slot)) continue;
    if (put >= 0) errno = ENOSPC;  // a write that was cut short says nothing
    return false;
  }
  return true;
}

}  // namespace dnc
