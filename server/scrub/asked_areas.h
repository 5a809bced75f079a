// The area codes of a batch, and how old the data is that answers for them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/numbers/phone_number.h"
#include "server/scrub/snapshot.h"

namespace dnc {

// Immutable; thread-safe.
class AskedAreas {
 public:
  // What is malformed, kNumberLimit and above, has no area code.
  explicit AskedAreas(absl::Span<const Number> numbers);

  // The oldest data that `list` answers with for one of them; InfiniteFuture if none.
  absl::Time OldestData(const SnapshotList& list) const;

 private:
  static constexpr size_t kWords = (kAreaCodes + 63) / 64;
  std::array<uint64_t, kWords> words_{};  // bit i % 64 of word i / 64: area code i
};

}  // namespace dnc
