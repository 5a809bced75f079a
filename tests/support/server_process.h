// A real dncd as a child process, which tests may end as roughly as they like.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace dnc::blackbox {

struct ServerSettings {
  std::string data_dir;
  std::vector<std::string> arguments;  // after --data-dir and --listen
  uint64_t max_file_bytes = 0;         // the size limit of any file that it writes; 0: none
  std::string listen = "127.0.0.1:0";
  // Further YAML for its configuration file, unless the arguments name another file.
  std::string config = {};
};

// The child dies with its owner, and with the test program. Not thread-safe.
class ServerProcess {
 public:
  explicit ServerProcess(ServerSettings settings);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // Starts it, on a free loopback port unless the settings name one. Returns true once it accepts
  // calls. Returns false if it ended instead, or if it said nothing for 60 seconds (it is then
  // killed).
  bool Start();

  // Makes an operator's key while the server does not run, as `dncd --create-operator-key` does.
  // Returns an empty text if that failed.
  std::string CreateOperatorKey() const;

  // Sends SIGTERM, and SIGKILL after 20 seconds. Returns the exit code, or -1 if a signal ended it.
  int Stop();

  // Sends SIGKILL, and returns when the process is gone. Does nothing if it no longer runs.
  void Kill();

  bool running();
  pid_t pid() const { return pid_; }
  const std::string& address() const { return address_; }  // HOST:PORT

  // Returns what it has written to standard error over all its starts.
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
