// Between the registry's values and its stored records (records.proto): all conversions stand here.
//
// A stored time is in microseconds since 1970 UTC, and 0 where the record says that 0 is no time.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "server/registry/records.pb.h"
#include "server/registry/release_info.h"

namespace dnc {

struct ListState;
struct RegistryState;

inline int64_t ToMicros(absl::Time time) { return absl::ToUnixMicros(time); }
inline absl::Time FromMicros(int64_t micros) { return absl::FromUnixMicros(micros); }

// A list's entry in the catalog, which names its release in force.
storage::ListHead ToHead(const ListState& list);
// The list without its release, seals and numbers. Its kind is that of its name.
std::shared_ptr<ListState> ToList(const storage::ListHead& head);

// The area seals of a list's release in force.
storage::Seals ToRecord(const ListState& list);
// Puts them into `list`, whose kind is set.
void FromRecord(const storage::Seals& seals, ListState& list);

// What says which releases are in force; a start reads it first.
storage::Catalog ToCatalog(const RegistryState& state);
// Puts it into `state`, but for the lists.
void FromRecord(const storage::Catalog& catalog, RegistryState& state);

// A file's report. Its record also has what a report does not tell, the times of its changes, so
// ToFile leaves those empty.
FileReport ToReport(const storage::File& file);
storage::File ToFile(const FileReport& report);

// A release as it is told, `in_force` and `kept` aside.
ReleaseInfo ToInfo(const storage::Release& release);

// Fills in what a release's record tells of the area codes of `list`: how many numbers and area
// codes there are, the oldest and the newest date of their data, and their digest.
void SumUp(const ListState& list, storage::Release& release);

}  // namespace dnc
