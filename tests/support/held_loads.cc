// Loaded into a dncd with LD_PRELOAD, this lets a test decide how long a load takes: uploaded files
// are not opened for reading as long as the file exists that DNC_TEST_HOLD names.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <thread>

namespace {

using Open = int (*)(const char*, int, ...);

void WaitWhileHeld(const char* path, int flags) {
  const char* const gate = std::getenv("DNC_TEST_HOLD");
  if (gate == nullptr || (flags & O_ACCMODE) != O_RDONLY || (flags & O_DIRECTORY) != 0 ||
      std::strstr(path, "/uploads/") == nullptr) {
    return;
  }
  const int error = errno;
  struct stat info {};
  while (stat(gate, &info) == 0) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  errno = error;
}

Open Next(const char* name) { return reinterpret_cast<Open>(dlsym(RTLD_NEXT, name)); }

// The mode is read even if the caller gave none; it is then ignored.
int OpenWhenReleased(Open next, const char* path, int flags, mode_t mode) {
  WaitWhileHeld(path, flags);
  return next(path, flags, mode);
}

}  // namespace

// These replace the C library's functions.
#define DNC_OPEN(name)                                        \
  extern "C" int name(const char* path, int flags, ...) {     \
    static const Open next = Next(#name);                     \
    va_list rest;                                             \
    va_start(rest, flags);                                    \
    const auto mode = static_cast<mode_t>(va_arg(rest, int)); \
    va_end(rest);                                             \
    return OpenWhenReleased(next, path, flags, mode);         \
  }

DNC_OPEN(open)
DNC_OPEN(open64)
