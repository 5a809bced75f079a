// Tenants as a person would write them down: records in maps, and the precedence as a chain of
// questions. Oracle knows the published lists.
//
// Written from the contract (list_service.proto, tenant_service.proto, docs/tenants.md), without
// the server's own code.
#pragma once

#include <cstdint>
#include <ctime>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "dnc/v1/list_service.pb.h"
#include "dnc/v1/tenant_service.pb.h"
#include "dnc/v1/verdict.pb.h"
#include "tests/model/oracle.h"

namespace dnc::blackbox {

// A list of a tenant with its records by number.
struct TenantListModel {
  v1::OwnListKind kind = v1::OWN_LIST_KIND_UNSPECIFIED;
  std::string scope;
  std::map<std::string, v1::Record> records;  // as they must be returned
  std::set<std::string> blocks;
};

// An answer for a number as a tenant gets it.
struct TenantAnswer {
  v1::Verdict verdict = v1::VERDICT_UNSPECIFIED;
  v1::Rule rule = v1::RULE_UNSPECIFIED;
  uint32_t reasons = 0;
  // Until when it holds by the lists and by the records; 0 if it does not hold, or has no end.
  std::time_t lists_end = 0;
  std::time_t records_end = 0;
  // List, effect, and for tenant records when they were made; 0: not compared, or none.
  std::multiset<std::tuple<std::string, int, std::time_t>> matches;
};

// One tenant with everything that belongs to it; nothing is shared with another.
class TenantOracle {
 public:
  explicit TenantOracle(v1::Tenant tenant);

  v1::Tenant& tenant() { return tenant_; }
  const v1::Tenant& tenant() const { return tenant_; }
  std::map<std::string, TenantListModel>& lists() { return lists_; }
  const std::map<std::string, TenantListModel>& lists() const { return lists_; }

  // Returns what must happen to one record, in the order of the batch. `revision` is the write's.
  v1::WriteOutcome Add(const std::string& list_id, v1::Record record, uint64_t revision);
  v1::WriteOutcome Remove(const std::string& list_id, const std::string& number,
                          bool remove_do_not_call, uint64_t revision);
  // Does the same for a write that came before with the same request id. `told` is what was
  // answered then, with `told_revision`. It undoes nothing that came since, except the removal of
  // an opt-out.
  v1::WriteOutcome AddAgain(const std::string& list_id, const v1::Record& record,
                            v1::WriteOutcome told, uint64_t told_revision, uint64_t revision);
  v1::WriteOutcome RemoveAgain(const std::string& list_id, const std::string& number,
                               v1::WriteOutcome told) const;
  void ChangeBlock(const std::string& list_id, const std::string& block, bool add,
                   uint64_t revision);
  // Returns what WatchChanges must show, from the first change on.
  const std::vector<std::pair<uint64_t, v1::RecordChange>>& changes() const { return changes_; }
  const std::vector<std::pair<uint64_t, v1::BlockChange>>& block_changes() const {
    return block_changes_;
  }
  size_t Records() const;

  // `number` is 0 if malformed. For a past moment the tenant's lists are as they are now and exempt
  // from nothing, because they have no history.
  TenantAnswer Ask(const Oracle& published, uint64_t number, const std::string& scope,
                   std::time_t now, std::optional<std::time_t> as_of = std::nullopt) const;
  // Returns `published` without the lists that do not count for the tenant.
  Oracle Counted(const Oracle& published) const;

 private:
  // Stores the record, and notes the change.
  v1::WriteOutcome Put(const std::string& list_id, const v1::Record& record);
  // Returns whether a list counts for a question with this scope.
  bool HoldsFor(const TenantListModel& list, const std::string& scope) const;
  bool Known(const std::string& scope) const;
  std::time_t ListsEnd(const Oracle& counted, uint64_t number) const;
  // Notes the matches of tenant records, and returns their reasons.
  uint32_t AskRecords(uint64_t number, const std::string& scope, std::time_t now, bool exemptions,
                      TenantAnswer& answer) const;
  v1::Rule Decide(uint32_t counted, uint32_t own, bool malformed) const;
  bool Counts(const std::string& list) const;
  // Returns whether a list is missing that the tenant names and that should know the number.
  bool Misses(const Oracle& published, uint64_t number, bool as_of) const;

  v1::Tenant tenant_;
  std::map<std::string, TenantListModel> lists_;
  std::vector<std::pair<uint64_t, v1::RecordChange>> changes_;
  std::vector<std::pair<uint64_t, v1::BlockChange>> block_changes_;
};

}  // namespace dnc::blackbox
