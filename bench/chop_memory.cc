// Makes free memory as it is on a machine that has run for a while: the page cache is full, and
// what is free lies between its pages, so hardly 2 MB hang together.
//
//   chop_memory FOLDER     // prints "chopped" when it is so; at the end of its input all is as
//   before
//
// It reads a sparse file page by page until the kernel has no huge page left at once, and drops
// every other page of it again. The page cache is the kernel's to take back, so nobody runs out of
// memory; but other files leave the cache.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <limits>
#include <sstream>
#include <string>

namespace {

constexpr off_t kPage = 4096;
constexpr off_t kStep = off_t{256} << 20;
constexpr int kHugeOrder = 9;                       // 2^9 pages are a huge page
constexpr uint64_t kFewBytes = uint64_t{64} << 20;  // that may still hang together
constexpr off_t kLargestFile = off_t{1} << 40;

// Returns how many bytes are free in pieces of a huge page and more, from /proc/buddyinfo.
uint64_t FreeInHugePages() {
  std::ifstream file("/proc/buddyinfo");
  std::string line;
  uint64_t bytes = 0;
  while (std::getline(file, line)) {
    const size_t zone = line.find("zone");
    if (zone == std::string::npos) continue;
    std::istringstream words(line.substr(zone + 4));
    std::string name;
    words >> name;
    uint64_t pieces = 0;
    for (int order = 0; words >> pieces; ++order) {
      if (order >= kHugeOrder) bytes += (pieces << order) * kPage;
    }
  }
  return bytes;
}

// Reads a part of the file, a page at a time, so that the cache takes single pages for it.
bool Read(int file, off_t from) {
  char byte = 0;
  for (off_t at = from; at < from + kStep; at += kPage) {
    if (pread(file, &byte, 1, at) != 1) return false;
  }
  return true;
}

int Chop(int file) {
  off_t end = 0;
  int rounds_without_gain = 0;
  uint64_t least = std::numeric_limits<uint64_t>::max();
  while (end < kLargestFile && rounds_without_gain < 8) {
    const uint64_t free = FreeInHugePages();
    if (free < kFewBytes) break;
    // Below some size the kernel reclaims what the cache has, and no more becomes full.
    rounds_without_gain = free < least ? 0 : rounds_without_gain + 1;
    least = std::min(least, free);
    if (!Read(file, end)) return 1;
    end += kStep;
  }
  for (off_t at = 0; at < end; at += 2 * kPage) {
    posix_fadvise(file, at, kPage, POSIX_FADV_DONTNEED);
  }
  std::printf("chopped: %ld MiB of a file; %lu MiB hang together\n", static_cast<long>(end >> 20),
              FreeInHugePages() >> 20);
  std::fflush(stdout);
  std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "chop_memory FOLDER\n");
    return 2;
  }
  std::string path = std::string(argv[1]) + "/chop_memory.XXXXXX";
  const int file = mkstemp(path.data());
  if (file < 0) {
    std::perror(path.c_str());
    return 1;
  }
  unlink(path.c_str());
  if (ftruncate(file, kLargestFile) != 0 || posix_fadvise(file, 0, 0, POSIX_FADV_RANDOM) != 0) {
    std::perror(path.c_str());
    return 1;
  }
  const int result = Chop(file);
  close(file);
  return result;
}
