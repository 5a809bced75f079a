#include "server/base/memory_mappings.h"

#include <cinttypes>
#include <cstdio>
#include <fstream>

namespace dnc {
namespace {

constexpr uint64_t kUnit = 1024;  // the file gives kB

// Returns whether the line of flags has one, which is a word of two letters.
bool HasFlag(const std::string& flags, const char* flag) {
  return (flags + ' ').find(std::string(" ") + flag + ' ') != std::string::npos;
}

void ReadField(const std::string& line, MemoryMapping* mapping) {
  const size_t colon = line.find(':');
  if (colon == std::string::npos) return;
  const std::string name = line.substr(0, colon);
  if (name == "VmFlags") {
    mapping->advised = HasFlag(line, "hg");
    mapping->reserved = HasFlag(line, "ht");
    return;
  }
  const bool reserved = name == "Private_Hugetlb";
  if (!reserved && name != "Rss" && name != "AnonHugePages") return;
  uint64_t value = 0;
  if (std::sscanf(line.c_str() + colon + 1, "%" SCNu64, &value) != 1) return;
  // What is reserved does not count as resident for the kernel.
  if (name != "AnonHugePages") mapping->resident += value * kUnit;
  if (name != "Rss") mapping->huge += value * kUnit;
}

}  // namespace

std::optional<std::vector<MemoryMapping>> ReadMappings(const std::string& path) {
  std::ifstream file(path);
  std::vector<MemoryMapping> mappings;
  std::string line;
  while (std::getline(file, line)) {
    MemoryMapping mapping;
    // A mapping begins with its addresses; the lines of its fields begin with capital letters.
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR " ", &mapping.begin, &mapping.end) ==
        2) {
      mappings.push_back(mapping);
    } else if (!mappings.empty()) {
      ReadField(line, &mappings.back());
    }
  }
  if (mappings.empty()) return std::nullopt;
  return mappings;
}

}  // namespace dnc
