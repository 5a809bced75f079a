// The frame of a test whose server has its data on its own small disk, which the test fills.
#pragma once

#include <cstdint>
#include <string>

#include "tests/support/server_test.h"

namespace dnc::blackbox {

// Why a test is skipped if MountSmallDisk fails.
constexpr char kNeedsSmallDisk[] =
    "needs a small disk of its own: run it as root, or allow user namespaces "
    "(sysctl kernel.unprivileged_userns_clone=1)";

class SmallDiskTest : public ServerTest {
 protected:
  static void SetUpTestSuite();
  void TearDown() override;

  // Mounts an empty disk of 256 MiB as data folder. Returns false if the machine does not permit
  // mounting one; the test is then skipped.
  bool MountSmallDisk();

  uint64_t FreeBytes() const;
  // Leaves at most `free` bytes on the disk. May be called again when the server has freed some.
  bool Fill(uint64_t free) const;
  void MakeRoom() const;

 private:
  std::string Filler() const { return data_dir() + "/filler"; }

  bool mounted_ = false;
  static bool own_mounts_;
};

}  // namespace dnc::blackbox
