// The machine that a figure was measured on; without it the figure says nothing.
#pragma once

#include <string>

namespace dnc::load {

struct Machine {
  std::string name;  // its host name
  std::string processor;
  int cores = 0;  // that this program may use
  double memory_gib = 0;
  std::string kernel;
  std::string system;  // "Debian GNU/Linux 12 (bookworm)"
};

// What cannot be found out is "unknown", or 0.
Machine ThisMachine();

}  // namespace dnc::load
