// A folder that exists as long as the test.
#pragma once

#include <string>

namespace dnc::blackbox {

class TempDir {
 public:
  // Makes a fresh folder below $TMPDIR or /tmp. Aborts if that fails.
  TempDir();
  // Removes it with everything in it.
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace dnc::blackbox
