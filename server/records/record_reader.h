// The reading half of TenantRecords: the filter first, the store for what it lets through.
//
// Thread-safe; takes no lock that a write holds.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/records/records_parts.h"
#include "server/records/tenant_records.h"

namespace dnc {

// Each method is the one of TenantRecords with the same name.
class RecordReader {
 public:
  // `parts` must outlive it.
  explicit RecordReader(RecordsParts* parts) : parts_(*parts) {}

  void FindFacts(const TenantView& tenant, std::string_view scope, absl::Time now,
                 absl::Span<const Number> numbers, absl::Span<uint8_t> facts,
                 std::vector<FactChange>* changes) const;
  absl::StatusOr<std::vector<TenantRecords::Found>> Find(TenantNumber tenant, Number number) const;
  absl::StatusOr<uint64_t> Scan(
      TenantNumber tenant, ListNumber list, Number from,
      absl::FunctionRef<bool(ListNumber list, const TenantRecord& record)> fn) const;
  absl::Status Changes(TenantNumber tenant, uint64_t after_revision,
                       absl::FunctionRef<bool(const RecordChange& change)> fn) const;

 private:
  RecordsParts& parts_;
};

}  // namespace dnc
