// A real dncd as a child process, that tests may end as roughly as they like.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace dnc::blackbox {

struct ServerSettings {
  std::string data_dir;
  std::vector<std::string> arguments;  // after --data-dir and --listen
  uint64_t max_file_bytes = 0;         // limit of the size of any file it writes; 0: none
  // More of its configuration file, YAML, unless the arguments name another one.
  std::string config = {};
};

// Not thread-safe. The child dies with its owner, and with the test program.
class ServerProcess {
 public:
  explicit ServerProcess(ServerSettings settings);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Starts it on a free loopback port. True once it accepts calls; false if it ended instead, or
  // said nothing for 60 seconds (it is killed then).
  bool Start();

  // Makes an operator's key while the server does not run, as `dncd --create-operator-key` does.
  // Empty if that failed.
  std::string CreateOperatorKey() const;

  // SIGTERM, and SIGKILL after 20 seconds. Returns the exit code, or -1 if a signal ended it.
  int Stop();

  // SIGKILL. Returns when it is gone. Does nothing if it runs no more.
  void Kill();

  bool running();
  pid_t pid() const { return pid_; }
  const std::string& address() const { return address_; }  // HOST:PORT

  // What it has written to standard error over all its starts.
  std::string Log() const;

 private:
  bool ReadAddress(int fd);
  int Wait();
  std::string ConfigPath() const;

  ServerSettings settings_;
  std::string log_path_;
  std::string address_;
  pid_t pid_ = -1;
};

}  // namespace dnc::blackbox
