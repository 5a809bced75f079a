// The changes of the directory as values. A command carries all that it needs: who asks for it,
// when, and what was drawn at random, fixed before the command is ordered. It never carries a
// secret: of a key it has the id and the SHA-256.
//
// Applying a command (TenantDirectory::Apply) reads neither a clock nor a random source, and
// depends on no order of an unordered container: applied to the same state, under the same revision
// and with the same limits, it leaves the same state on every server. Numbers of tenants and lists
// are counted by the state. commands_test.cc of the room records holds this together with the
// tenants' writes. Local, and so not the same everywhere, are only
// - when keys were last used, and with it the digest in the head of the directory;
// - when the tenant `default` was made, which is at the first start of each server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "server/tenants/tenant.h"

namespace dnc {

struct TenantCommand {
  enum class What : uint8_t { kCreate, kUpdate, kRemove };
  What what = What::kCreate;
  absl::Time time;
  std::string by;  // key id
  // Its number, created_at and, but for an update, revision are given by the directory. An update
  // with a revision is refused if the tenant is at another one. Of a removal only the id counts.
  Tenant tenant;
};

struct KeyCommand {
  enum class What : uint8_t { kCreate, kRevoke };
  What what = What::kCreate;
  absl::Time time;
  std::string by;
  // To create: as MakeApiKey returns it. To revoke: only the id counts.
  ApiKey key;
};

struct ListCommand {
  enum class What : uint8_t { kCreate, kAddBlocks, kRemoveBlocks };
  What what = What::kCreate;
  absl::Time time;
  std::string by;
  std::string tenant_id;
  // To create: id, kind, scope and display_name. Otherwise only id and blocks count.
  TenantList list;
};

// A change of the server as a whole, which is recorded among those of the operator's keys.
struct ServerCommand {
  absl::Time time;
  std::string by;
  std::string description;
  // An operator has accepted a clock that lies behind this moment, which the stores know of: the
  // keys that had run out by then, and would live again, are ended.
  std::optional<absl::Time> accepted_over;
};

// What became of a list.
struct ListOutcome {
  TenantList list;
  // From which on it is so. A command that finds all as it asks changes nothing.
  uint64_t revision = 0;
};

}  // namespace dnc
