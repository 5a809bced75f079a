// dnc.v1.RegistryService.
#pragma once

#include <cstdint>

#include "server/intake/intake.h"
#include "server/rpc/method_table.h"
#include "server/service/release_admin.h"
#include "server/service/stream_places.h"

namespace dnc {

// What all uploads of a server share.
struct UploadShared {
  // At most `all` uploads at the same time, and at most `each` of one key; callers without a key
  // count as one.
  UploadShared(int all, int each, uint64_t most_bytes, Intake* into)
      : places(all, each), max_bytes(most_bytes), intake(into) {}

  StreamPlaces places;
  const uint64_t max_bytes;  // of the files of one upload together
  Intake* const intake;
};

// Outlives the calls.
class RegistryService {
 public:
  // What is given must outlive the service. A key has at most `max_watches` watches of loads.
  RegistryService(ReleaseAdmin* admin, UploadShared* uploads, int max_watches);
  RegistryService(const RegistryService&) = delete;
  RegistryService& operator=(const RegistryService&) = delete;

  // Adds the service's methods.
  void AddTo(MethodTable* table);

 private:
  void AddChanges(MethodTable* table);
  void AddReads(MethodTable* table);

  ReleaseAdmin* const admin_;
  UploadShared* const uploads_;
  StreamPlaces watches_;
};

}  // namespace dnc
