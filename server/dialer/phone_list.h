// Reads the list of numbers that a dialer asks about: `2015550123,(201) 555-0124|42`.
//
//   PhoneListReader reader(text);
//   while (!reader.AtEnd()) {
//     DNC_RETURN_IF_ERROR(reader.Next(4096, &part));  // in parts, which stay in the cache
//   }
//
// Commas separate the entries, and each entry is a number in any usual writing, after which a `|`
// and the caller's own id may stand. Every entry is answered, also an empty one. The list may end
// with one line end, as the lines of a file do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "server/numbers/phone_number.h"

namespace dnc {

inline constexpr size_t kMaxPhoneEntryBytes = 256;

// Some entries of a list, one after the other. Views into the list's text.
struct PhoneListPart {
  struct Entry {
    std::string_view asked;  // the number as it was written
    std::string_view id;     // the caller's own; empty if there is none
  };
  std::vector<Entry> entries;
  std::vector<Number> numbers;  // one an entry; kNumberLimit if it is malformed
};

// Not thread-safe. The text must outlive it and the parts.
class PhoneListReader {
 public:
  explicit PhoneListReader(std::string_view text);

  // How many entries the whole list has.
  size_t count() const { return count_; }
  size_t left() const { return count_ - read_; }
  bool AtEnd() const { return left() == 0; }

  // Reads the next entries, `most` at most. INVALID_REQUEST, with the entry's place and without the
  // entry, for what cannot be given back so that every reader of CSV reads the same: quotes,
  // control characters, text that is not UTF-8, and entries that are too long.
  absl::Status Next(size_t most, PhoneListPart* part);

 private:
  std::string_view rest_;
  size_t count_ = 0;
  size_t read_ = 0;
};

}  // namespace dnc
