// Keeps the position up to which the tenants' records were acknowledged, outside of their database:
// a database that came back without its newest writes, or an older copy put in its place, is
// noticed because it is behind.
//
// The file has two slots (server/storage/position_slots.h), each in two copies that lie some pages
// apart. Positions are written and synced before they are acknowledged: a crash while one slot is
// written leaves the other, and damage to one copy leaves its twin.
//
//   page 0: slot 0   page 1: slot 1   page 2: slot 0 again   page 3: slot 1 again
//
// It is not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/storage/position_slots.h"

namespace dnc {

// The file has this name in the data folder.
inline constexpr char kJournalName[] = "/tenants.journal";

class JournalPosition {
 public:
  // Opens or makes the file. The error is DATA_LOSS OWN_LISTS_DAMAGED if the file exists and no
  // slot of it is whole.
  static absl::StatusOr<std::unique_ptr<JournalPosition>> Open(const std::string& path);
  ~JournalPosition();
  JournalPosition(const JournalPosition&) = delete;
  JournalPosition& operator=(const JournalPosition&) = delete;

  // Returns the newest position; nullopt in a new file.
  const std::optional<Position>& last() const { return last_; }

  // The position is durable when it returns OK. After INTERNAL STORAGE the next call tries again.
  absl::Status Move(const Position& position);

 private:
  JournalPosition(int fd, std::string path);
  absl::Status Read();

  const int fd_;
  const std::string path_;
  PositionSlots slots_;
  std::optional<Position> last_;
};

}  // namespace dnc
