// The frame of a tool's main(), and what the tools say with their exit codes.
#pragma once

namespace dnc::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitError = 1;
inline constexpr int kExitUsage = 2;
// A change that makes numbers callable, and that nobody confirmed. Nothing changed.
inline constexpr int kExitNotConfirmed = 2;
// Only `check` says these: the verdict is LISTED; it is another one that isn't CLEAR.
inline constexpr int kExitListed = 10;
inline constexpr int kExitNotClear = 11;

// Only `doctor` says these: something should be looked at; something is wrong.
inline constexpr int kExitWarnings = 12;
inline constexpr int kExitUnwell = 13;

// Runs a tool, tells of what it throws and of output that could not be written, and ends the
// process with its exit code. It ends at once: when the last channel goes, gRPC would wait up to
// ten seconds for what a server that hangs has left under way.
[[noreturn]] void RunTool(int (*run)(int argc, char** argv), int argc, char** argv);

}  // namespace dnc::cli
