// What dncctl says with its exit code.
#pragma once

namespace dnc::cli {

inline constexpr int kExitOk = 0;
inline constexpr int kExitError = 1;
inline constexpr int kExitUsage = 2;
// A change that makes numbers callable, and that nobody confirmed. Nothing changed.
inline constexpr int kExitNotConfirmed = 2;
// Only `check`: the verdict is LISTED; it is another one that isn't CLEAR.
inline constexpr int kExitListed = 10;
inline constexpr int kExitNotClear = 11;

// Only `doctor`: something should be looked at; something is wrong.
inline constexpr int kExitWarnings = 12;
inline constexpr int kExitUnwell = 13;

}  // namespace dnc::cli
