#include "server/rpc/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "server/base/error.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

absl::Status CannotListen(const std::string& path, std::string_view why) {
  return Error(reason::kCannotListen, StrCat("cannot listen on ", path, ": ", why));
}

// Whether somebody accepts connections there; errno tells why not.
bool IsServed(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::copy_n(path.data(), std::min(path.size(), sizeof(address.sun_path) - 1), address.sun_path);
  const bool served = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  const int error = errno;
  close(fd);
  errno = error;
  return served;
}

}  // namespace

absl::Status FreeSocket(const std::string& path) {
  struct stat found {};
  if (lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return CannotListen(path, std::strerror(errno));
  }
  if (!S_ISSOCK(found.st_mode)) {
    return CannotListen(path, "something else than a socket is there; choose another path");
  }
  if (IsServed(path) || errno != ECONNREFUSED) {
    return CannotListen(path,
                        "another program serves this socket; stop it, or choose another path");
  }
  if (unlink(path.c_str()) != 0) return CannotListen(path, std::strerror(errno));
  return absl::OkStatus();
}

absl::Status SetMode(const std::string& path, uint32_t mode) {
  if (chmod(path.c_str(), mode) == 0) return absl::OkStatus();
  return CannotListen(path, std::strerror(errno));
}

}  // namespace dnc
