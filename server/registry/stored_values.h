// Converts between the registry's values and its stored records (records.proto). All such
// conversions are here.
//
// A stored time is in microseconds since 1970 UTC. Where the record says so, 0 means no time.
#pragma once

#include <cstdint>
#include <memory>

#include "absl/time/time.h"
#include "server/registry/list_info.h"
#include "server/registry/records.pb.h"
#include "server/registry/release_info.h"

namespace dnc {

struct ListState;
struct RegistryState;

inline int64_t ToMicros(absl::Time time) { return absl::ToUnixMicros(time); }
inline absl::Time FromMicros(int64_t micros) { return absl::FromUnixMicros(micros); }

// Makes a list's entry in the catalog, which names its release in force.
storage::ListHead ToHead(const ListState& list);
// Makes the list without its release, seals and numbers. Its name gives its kind.
std::shared_ptr<ListState> ToList(const storage::ListHead& head);

// Makes the record of the area seals of a list's release in force.
storage::Seals ToRecord(const ListState& list);
// Puts the area seals into `list`, whose kind must be set.
void FromRecord(const storage::Seals& seals, ListState& list);

// Makes the catalog, which says which releases are in force. A start reads it first.
storage::Catalog ToCatalog(const RegistryState& state);
// Puts the catalog into `state`, except for the lists.
void FromRecord(const storage::Catalog& catalog, RegistryState& state);

// These convert a file's report. The record also has what a report lacks, the times of the file's
// changes, which ToFile leaves empty.
FileReport ToReport(const storage::File& file);
storage::File ToFile(const FileReport& report);

// Makes the description of a release, except for `in_force` and `kept`.
ReleaseInfo ToInfo(const storage::Release& release);

// Makes what an area seal tells about its area code; the caller adds the state and the ages.
AreaInfo ToInfo(const storage::Seal& seal);

// Fills in what a release's record says about the area codes of `list`: the counts of numbers and
// area codes, the oldest and newest date of their data, and their digest.
void SumUp(const ListState& list, storage::Release& release);

}  // namespace dnc
