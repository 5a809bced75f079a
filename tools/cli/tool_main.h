// The frame of a tool's main().
#pragma once

namespace dnc::cli {

// Runs a tool, tells of what it throws and of output that could not be written, and ends the
// process with its exit code. It ends at once: when the last channel goes, gRPC would wait up to
// ten seconds for what a server that hangs has left under way.
[[noreturn]] void RunTool(int (*run)(int argc, char** argv), int argc, char** argv);

}  // namespace dnc::cli
