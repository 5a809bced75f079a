// The frame of a tool's main(), and the tools' exit codes.
#pragma once

namespace dnc::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitError = 1;
inline constexpr int kExitUsage = 2;
// A change would make numbers callable, and nobody confirmed it. Nothing changed.
inline constexpr int kExitNotConfirmed = 2;
// Only `check` returns these: the verdict is LISTED; the verdict is another one that is not CLEAR.
inline constexpr int kExitListed = 10;
inline constexpr int kExitNotClear = 11;

// Only `doctor` returns these: something should be looked at; something is wrong.
inline constexpr int kExitWarnings = 12;
inline constexpr int kExitUnwell = 13;

// Runs a tool, reports what it throws and output that could not be written, and ends the process
// with its exit code. It ends at once: when the last channel is destroyed, gRPC would wait up to
// ten seconds for calls that a server that hangs has left unfinished.
[[noreturn]] void RunTool(int (*run)(int argc, char** argv), int argc, char** argv);

}  // namespace dnc::cli
