// Addresses that a server listens on: HOST:PORT, or a socket in the file system.
#pragma once

#include <string>

namespace dnc {

// "HOST:PORT" with a port from 0 to 65535; HOST may be an IPv6 address in brackets.
bool IsListenAddress(const std::string& address);
// "unix:/PATH": a socket in the file system; an absolute path of at most 100 bytes.
bool IsUnixAddress(const std::string& address);
// The path in such an address.
std::string UnixPathOf(const std::string& address);
// Returns whether only programs of this machine reach the address.
bool IsLoopback(const std::string& address);

}  // namespace dnc
