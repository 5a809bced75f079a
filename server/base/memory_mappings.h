// Reads how a process's memory is backed, from what the kernel tells in /proc/PID/smaps.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dnc {

// A mapping, with its addresses. The counts are in bytes.
struct MemoryMapping {
  uintptr_t begin = 0;
  uintptr_t end = 0;
  uint64_t resident = 0;  // what has memory now
  uint64_t huge = 0;      // the part of it in huge pages
  bool advised = false;   // the process asked for huge pages, with madvise
  bool reserved = false;  // it is made of reserved huge pages
};

struct MemoryShare {
  uint64_t resident = 0;
  uint64_t huge = 0;
  // Returns the share in huge pages, 0 to 1; 1 if nothing is resident.
  double share() const {
    return resident == 0 ? 1 : static_cast<double>(huge) / static_cast<double>(resident);
  }
  // Returns whether so much is in small pages that an operator should hear of it: more than a
  // hundredth, and at least 32 MiB.
  bool low() const {
    constexpr double kGoal = 0.99;
    constexpr uint64_t kWorthTelling = uint64_t{32} << 20;
    return share() < kGoal && resident - huge >= kWorthTelling;
  }
};

// Reads all mappings, ascending. The kernel walks the page tables for it, which takes about 10 ms
// for a gigabyte in small pages and next to nothing for one in huge pages. Returns nothing if
// the file cannot be read. `path` is a file as proc(5) describes it.
std::optional<std::vector<MemoryMapping>> ReadMappings(
    const std::string& path = "/proc/self/smaps");

}  // namespace dnc
