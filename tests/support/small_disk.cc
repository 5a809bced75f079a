#include "tests/support/small_disk.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace dnc::blackbox {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kDiskBytes = 256 << 20;

bool WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  return !file.fail();
}

// Gives this program its own mounts, which end with it. Call before any thread exists.
bool OwnMounts() {
  const uid_t user = ::getuid();
  if (user == 0) {
    if (::unshare(CLONE_NEWNS) != 0) return false;
  } else {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
    WriteText("/proc/self/setgroups", "deny");
    if (!WriteText("/proc/self/uid_map", "0 " + std::to_string(user) + " 1")) return false;
  }
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

}  // namespace

bool SmallDiskTest::own_mounts_ = false;

void SmallDiskTest::SetUpTestSuite() { own_mounts_ = OwnMounts(); }

void SmallDiskTest::TearDown() {
  if (!mounted_) return;
  server().Kill();
  ::umount2(data_dir().c_str(), MNT_DETACH);
}

bool SmallDiskTest::MountSmallDisk() {
  fs::create_directories(data_dir());
  const std::string size = "size=" + std::to_string(kDiskBytes);
  mounted_ = own_mounts_ && ::mount("none", data_dir().c_str(), "tmpfs", 0, size.c_str()) == 0;
  return mounted_;
}

uint64_t SmallDiskTest::FreeBytes() const {
  struct statvfs room {};
  ::statvfs(data_dir().c_str(), &room);
  return room.f_bavail * room.f_bsize;
}

bool SmallDiskTest::Fill(uint64_t free) const {
  // The server may take the space first; then there is less to fill.
  for (int attempt = 0; attempt < 100; ++attempt) {
    const uint64_t now = FreeBytes();
    if (now <= free) return true;
    const int fd = ::open(Filler().c_str(), O_WRONLY | O_CREAT, 0600);
    if (fd < 0) return false;
    const off_t filled = ::lseek(fd, 0, SEEK_END);
    const int error = ::posix_fallocate(fd, filled, static_cast<off_t>(now - free));
    ::close(fd);
    if (error == 0) return true;
  }
  return false;
}

void SmallDiskTest::MakeRoom() const { fs::remove(Filler()); }

}  // namespace dnc::blackbox
