// absl::StrCat that also takes std::string_view: Debian builds Abseil with a string_view of its
// own.
#pragma once

#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace dnc {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

namespace internal {
inline absl::string_view Piece(std::string_view text) { return ToAbsl(text); }
template <typename T>
const T& Piece(const T& value) {
  return value;
}
}  // namespace internal

// StrCat("area code ", 201, ": ", std::string_view("gone")).
template <typename... Args>
std::string StrCat(const Args&... args) {
  return absl::StrCat(internal::Piece(args)...);
}

}  // namespace dnc
