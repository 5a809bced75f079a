#include "server/records/tenant_records.h"

#include <functional>
#include <utility>

#include "server/base/status_macros.h"
#include "server/records/record_committer.h"
#include "server/records/record_maintenance.h"
#include "server/records/record_reader.h"
#include "server/records/records_parts.h"

namespace dnc {
namespace {

// Hands each call to the part whose it is.
class TenantRecordsImpl final : public TenantRecords {
 public:
  TenantRecordsImpl(TenantRecordsOptions options, Store* store, RevisionOrder* order,
                    const Clock* clock)
      : parts_(std::move(options), store, order, clock) {}

  // The committer ends with what waits, and then maintenance; the proofs are of what is left then.
  ~TenantRecordsImpl() override {
    maintenance_.BeginStop();
    const bool started = committer_.started();
    committer_.Stop();
    maintenance_.Stop();
    if (started) maintenance_.LeaveProofs();
  }

  absl::Status Start() {
    DNC_RETURN_IF_ERROR(committer_.Open());
    DNC_RETURN_IF_ERROR(maintenance_.Start());
    committer_.Start([this] { maintenance_.DoSoon(); });
    return absl::OkStatus();
  }

  void FindFacts(const TenantView& tenant, std::string_view scope, absl::Time now,
                 absl::Span<const Number> numbers, absl::Span<uint8_t> facts,
                 std::vector<FactChange>* changes) const override {
    reader_.FindFacts(tenant, scope, now, numbers, facts, changes);
  }
  absl::StatusOr<std::vector<Found>> Find(TenantNumber tenant, Number number) const override {
    return reader_.Find(tenant, number);
  }
  absl::StatusOr<uint64_t> Scan(
      TenantNumber tenant, ListNumber list, Number from,
      absl::FunctionRef<bool(ListNumber list, const TenantRecord& record)> fn) const override {
    return reader_.Scan(tenant, list, from, fn);
  }
  absl::Status Changes(TenantNumber tenant, uint64_t after_revision,
                       absl::FunctionRef<bool(const RecordChange& change)> fn) const override {
    return reader_.Changes(tenant, after_revision, fn);
  }

  void Submit(RecordWrite write, std::function<void(absl::StatusOr<WriteReply>)> done) override {
    committer_.Submit(std::move(write), std::move(done));
  }
  ListJournal* journal() override { return &committer_; }
  absl::Status NoteListsOnce(absl::Span<const TenantViewPtr> tenants) override {
    return committer_.NoteListsOnce(tenants);
  }
  absl::Status Drop(TenantNumber tenant) override { return committer_.Drop(tenant); }
  uint64_t Records(TenantNumber tenant) const override { return committer_.Records(tenant); }
  uint64_t Records(TenantNumber tenant, ListNumber list) const override {
    return committer_.Records(tenant, list);
  }

  TenantRecordsStats stats() const override {
    TenantRecordsStats stats;
    parts_.counters.Fill(stats);
    stats.records = committer_.Records();
    stats.revision = parts_.order->last();
    stats.verified = parts_.health.verified();
    stats.proven = parts_.health.proven();
    stats.damaged_tenants = parts_.health.damaged_tenants();
    const GrowingFilterStats filter = parts_.filter.Stats();
    stats.filter_bytes = filter.memory_bytes;
    stats.filter_bits_a_record = filter.bits_a_key;
    stats.filter_fill = filter.fill;
    stats.filter_expected_error = filter.estimated_error_rate;
    stats.filter_asked = filter.probes;
    stats.filter_passed = filter.possible;
    stats.filter_false = filter.false_positives;
    stats.filter_rebuilding = filter.rebuilding;
    stats.filter_rebuild_due = parts_.filter.rebuild_due() != RebuildReason::kNone;
    stats.filter_rebuilds = filter.rebuilds;
    stats.waiting_writes = committer_.waiting_writes();
    stats.max_waiting_writes = parts_.options.max_waiting_writes;
    stats.request_ids = parts_.store->EstimateCount(Column::kRequests);
    return stats;
  }

 private:
  RecordsParts parts_;
  const RecordReader reader_{&parts_};
  RecordCommitter committer_{&parts_};
  RecordMaintenance maintenance_{&parts_, &committer_};
};

}  // namespace

absl::StatusOr<std::unique_ptr<TenantRecords>> TenantRecords::Open(TenantRecordsOptions options,
                                                                   Store* store,
                                                                   RevisionOrder* order,
                                                                   const Clock* clock) {
  auto records = std::make_unique<TenantRecordsImpl>(std::move(options), store, order, clock);
  DNC_RETURN_IF_ERROR(records->Start());
  return records;
}

}  // namespace dnc
