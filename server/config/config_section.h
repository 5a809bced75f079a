// Reads a mapping of a YAML file into typed fields, and rejects every key that nobody asked for.
// All errors name the key and its line.
//
//   ConfigSection section("limits", node);
//   section.Read("max_batch", &limits.max_batch, 1, 1'000'000);
//   return section.Finish();
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "yaml-cpp/yaml.h"

namespace dnc {

// Keeps the first error, after which reads do nothing. A key that is missing or has no value leaves
// its field alone. Not thread-safe.
class ConfigSection {
 public:
  // `path` is the section's name for messages, empty for the whole file. `node` may be missing.
  ConfigSection(std::string path, const YAML::Node& node);

  void Read(std::string_view key, bool* field);
  void Read(std::string_view key, int* field, int least, int most);
  void Read(std::string_view key, uint32_t* field, uint32_t least, uint32_t most);
  void Read(std::string_view key, uint64_t* field, uint64_t least, uint64_t most);
  void Read(std::string_view key, double* field, double least, double most);
  void Read(std::string_view key, std::string* field);
  void Read(std::string_view key, std::vector<std::string>* field);
  // Reads a count of bytes: `4194304`, or with a unit (KiB, MiB, GiB), `4 MiB`.
  void ReadBytes(std::string_view key, uint64_t* field, uint64_t least, uint64_t most);
  void ReadBytes(std::string_view key, int* field, int least, int most);
  // Reads a whole number of `unit`s.
  void ReadDuration(std::string_view key, absl::Duration* field, absl::Duration unit, int least,
                    int most);
  // Takes a key that has lost its meaning, whatever it says: adds its name and line to `retired`.
  void ReadRetired(std::string_view key, std::vector<std::string>* retired);
  // Returns the node of a key that is a section or list of its own; undefined if it is missing.
  YAML::Node Child(std::string_view key);

  // Records an error about `key`: "limits.max_batch (line 7): ...".
  void Fail(std::string_view key, std::string_view what);

  // Returns the first error, which may be a key that nobody has read.
  absl::Status Finish();

 private:
  template <class Whole>
  void ReadWhole(std::string_view key, Whole* field, Whole least, Whole most);
  // Returns the node of a key that has a value, or an undefined node.
  YAML::Node Take(std::string_view key);
  std::string Place(std::string_view key) const;

  const std::string path_;
  const YAML::Node node_;
  std::set<std::string, std::less<>> known_;
  absl::Status status_;
};

// Makes an INVALID_ARGUMENT error for the configuration file.
absl::Status ConfigError(std::string_view message);

}  // namespace dnc
