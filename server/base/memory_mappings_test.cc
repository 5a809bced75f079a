#include "server/base/memory_mappings.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temp_dir.h"

namespace dnc {
namespace {

constexpr char kSmaps[] =
    "7f0000000000-7f0010000000 rw-p 00000000 00:00 0 \n"
    "Size:             262144 kB\n"
    "Rss:              102400 kB\n"
    "Pss:              102400 kB\n"
    "AnonHugePages:     81920 kB\n"
    "Private_Hugetlb:       0 kB\n"
    "VmFlags: rd wr mr mw me ac sd hg \n"
    "7f0010000000-7f0012000000 rw-p 00000000 00:0e 99    /anon_hugepage (deleted)\n"
    "Rss:                   0 kB\n"
    "AnonHugePages:         0 kB\n"
    "Private_Hugetlb:   32768 kB\n"
    "VmFlags: rd wr mr mw me de ht \n"
    "ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0    [vsyscall]\n"
    "Rss:                   4 kB\n"
    "VmFlags: ex ht2 \n";

TEST(MemoryMappingsTest, ReadsWhatTheKernelWrites) {
  const blackbox::TempDir folder;
  const std::string path = folder.path() + "/smaps";
  std::ofstream(path) << kSmaps;
  const auto mappings = ReadMappings(path);
  ASSERT_TRUE(mappings.has_value());
  ASSERT_EQ(mappings->size(), 3);
  const MemoryMapping& advised = (*mappings)[0];
  EXPECT_EQ(advised.begin, 0x7f0000000000);
  EXPECT_EQ(advised.end, 0x7f0010000000);
  EXPECT_EQ(advised.resident, 100 << 20);
  EXPECT_EQ(advised.huge, 80 << 20);
  EXPECT_TRUE(advised.advised);
  EXPECT_FALSE(advised.reserved);
  const MemoryMapping& reserved = (*mappings)[1];
  EXPECT_EQ(reserved.resident, 32 << 20);
  EXPECT_EQ(reserved.huge, 32 << 20);
  EXPECT_FALSE(reserved.advised);
  EXPECT_TRUE(reserved.reserved);
  const MemoryMapping& other = (*mappings)[2];
  EXPECT_EQ(other.resident, 4096);
  EXPECT_FALSE(other.advised || other.reserved);
}

TEST(MemoryMappingsTest, FindsItsOwnMemory) {
  const auto mappings = ReadMappings();
  ASSERT_TRUE(mappings.has_value());
  const auto here = reinterpret_cast<uintptr_t>(&mappings);
  bool found = false;
  for (const MemoryMapping& mapping : *mappings) {
    if (mapping.begin <= here && here < mapping.end) found = mapping.resident > 0;
  }
  EXPECT_TRUE(found);
}

TEST(MemoryMappingsTest, AFileThatIsNotThereHasNone) {
  EXPECT_FALSE(ReadMappings("/proc/self/no-such-file").has_value());
}

TEST(MemoryMappingsTest, NothingResidentIsWhole) {
  EXPECT_EQ(MemoryShare{}.share(), 1);
  EXPECT_EQ((MemoryShare{4, 1}.share()), 0.25);
}

}  // namespace
}  // namespace dnc
