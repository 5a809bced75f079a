#include "server/assembly/process_end.h"

#include <unistd.h>

#include <string>

#include "server/base/log_line.h"

namespace dnc {

StopSignals::StopSignals() {
  sigemptyset(&signals_);
  sigaddset(&signals_, SIGINT);
  sigaddset(&signals_, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void StopSignals::Wait() {
  int signal = 0;
  sigwait(&signals_, &signal);
  pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
}

std::function<void(const absl::Status&)> StuckStore::Handler() {
  return [this](const absl::Status& cause) { Tell(cause); };
}

void StuckStore::Tell(const absl::Status& cause) {
  {
    const absl::MutexLock lock(&mutex_);
    if (!cause_.ok()) return;
    cause_ = cause;
  }
  LogError(
      "{}. dncd ends, so that whoever started it starts it again: that opens the store anew. "
      "Nothing that was acknowledged is lost (docs/operations.md, DncTenantWritesFailing)",
      std::string(cause.message()));
  kill(getpid(), SIGTERM);
}

absl::Status StuckStore::cause() const {
  const absl::MutexLock lock(&mutex_);
  return cause_;
}

}  // namespace dnc
