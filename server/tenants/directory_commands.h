// The changes of the directory as values. A command carries everything that it needs: who asks for
// it, when, and what was drawn at random. All this is fixed before the command is ordered. A
// command never carries a secret: of a key it has the id and the SHA-256.
//
// Applying a command (TenantDirectory::Apply) reads no clock and no random source, and depends on
// no order of an unordered container. Applied to the same state, under the same revision and with
// the same limits, it leaves the same state on every server. The state counts the numbers of
// tenants and lists. commands_test.cc of the room records tests this, together with the tenants'
// writes. Only two things are local, and so differ between servers:
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
  std::string by;  // the key's id
  // The directory sets its number, created_at and, except for an update, revision. An update with a
  // revision is refused if the tenant is at another one. For a removal only the id is used.
  Tenant tenant;
};

struct KeyCommand {
  enum class What : uint8_t { kCreate, kRevoke };
  What what = What::kCreate;
  absl::Time time;
  std::string by;
  // To create a key: what MakeApiKey returned. To revoke one: only the id is used.
  ApiKey key;
};

struct ListCommand {
  enum class What : uint8_t { kCreate, kAddBlocks, kRemoveBlocks };
  What what = What::kCreate;
  absl::Time time;
  std::string by;
  std::string tenant_id;
  // To create a list: id, kind, scope and display_name. Otherwise only id and blocks are used.
  TenantList list;
};

// A change of the server as a whole, recorded among the changes of the operator's keys.
struct ServerCommand {
  absl::Time time;
  std::string by;
  std::string description;
  // An operator has accepted a clock that is behind this moment, which the stores know. Keys that
  // had expired by then, and would become live again, are ended.
  std::optional<absl::Time> accepted_over;
};

// The state of a list after a command.
struct ListOutcome {
  TenantList list;
  // From this revision on it is so. A command that finds everything as it asks changes nothing.
  uint64_t revision = 0;
};

}  // namespace dnc
