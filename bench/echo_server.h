// What gRPC itself costs: a server on the same kind of queue as dncd's, with nothing behind it.
#pragma once

#include <memory>
#include <string>

namespace dnc {

// Serves /dnc.v1.ScrubService/Scrub on a port of loopback until the standard input ends. A
// request's first four bytes tell how long a response is wanted. Prints the port.
int RunEchoServer(int spin_microseconds);

// Sends back as many bytes as a message wants, over bare TCP; one connection. Prints the port.
int RunPingPongServer();

// One of these in a process of its own, that ends with this object.
class BenchServer {
 public:
  // `role`: `echo` or `ping-pong`.
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
