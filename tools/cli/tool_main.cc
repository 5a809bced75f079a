#include "tools/cli/tool_main.h"

#include <fmt/format.h>
#include <grpc/grpc.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "tools/cli/terminal.h"

namespace dnc::cli {

void RunTool(int (*run)(int argc, char** argv), int argc, char** argv) {
  // A closed pipe then causes a write error, after which files are cleaned up, instead of killing
  // the process.
  signal(SIGPIPE, SIG_IGN);
  grpc_init();  // there is no shutdown, so no channel is the last
  int code = kExitError;
  try {
    code = run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "error: {}\n", Printable(error.what()));
  }
  // An answer that did not reach its reader is no answer.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fmt::print(stderr, "error: the output could not be written\n");
    code = kExitError;
  }
  std::fflush(stderr);
  std::_Exit(code);
}

}  // namespace dnc::cli
