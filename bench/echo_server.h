// Measures what gRPC's own server costs, with nothing behind it.
#pragma once

#include <memory>
#include <string>

namespace dnc {

// Serves /dnc.v1.ScrubService/Scrub on a loopback port until the standard input ends. A request's
// first four bytes say how long the response must be. Prints the port.
int RunEchoServer(int spin_microseconds);

// Sends back as many bytes as a message asks for, over bare TCP, on one connection. Prints the
// port.
int RunPingPongServer();

// Runs one of these servers in a process of its own, which ends with this object.
class BenchServer {
 public:
  // `role` is `echo` or `ping-pong`.
  BenchServer(const std::string& role, int spin_microseconds);
  ~BenchServer();
  BenchServer(const BenchServer&) = delete;
  BenchServer& operator=(const BenchServer&) = delete;

  int pid() const { return pid_; }
  int port() const { return port_; }
  std::string address() const;

 private:
  int pid_ = 0;
  int stdin_ = -1;
  int port_ = 0;
};

}  // namespace dnc
