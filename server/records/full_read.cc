#include "server/records/full_read.h"

#include <algorithm>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "server/base/log_line.h"
#include "server/base/status_macros.h"
#include "server/records/ledger.h"
#include "server/records/record_keys.h"
#include "server/records/tenant_record.h"
#include "server/storage/checked_value.h"

namespace dnc {
namespace {

constexpr size_t kKeysAtOnce = 4096;
constexpr uint64_t kProgressRecords = 20'000'000;

// Keys [begin, end).
struct Part {
  std::string begin;
  std::string end;
};

// All keys that there can be, cut where the ledger says that many records are. The records of a
// number are in one part.
std::vector<Part> Cut(const Ledger& ledger, uint64_t records_per_part) {
  std::vector<std::string> cuts;
  uint64_t records = 0;
  for (const TenantNumber tenant : ledger.Tenants()) {
    const uint64_t pieces = 1 + ledger.records(tenant) / records_per_part;
    records += ledger.records(tenant);
    if (pieces == 1 && records < records_per_part) continue;
    records = 0;
    for (uint64_t piece = 0; piece < pieces; ++piece) {
      cuts.push_back(EncodeRecordKey({tenant, kNumberLimit / pieces * piece, 0}));
    }
  }
  std::vector<Part> parts(1);
  for (std::string& cut : cuts) {
    parts.back().end = cut;
    parts.push_back({std::move(cut), ""});
  }
  return parts;
}

class Reading {
 public:
  Reading(const StoreSnapshot& store, const FullReadOptions& options, Ledger stored)
      : store_(store),
        options_(options),
        stored_(std::move(stored)),
        parts_(Cut(stored_, options.records_per_part)) {}

  absl::StatusOr<std::set<TenantNumber>> Run() ABSL_LOCKS_EXCLUDED(mutex_) {
    std::vector<std::thread> threads;
    for (int i = 1; i < options_.threads; ++i) threads.emplace_back([this] { ReadParts(); });
    ReadParts();
    for (std::thread& thread : threads) thread.join();
    const absl::MutexLock lock(&mutex_);
    DNC_RETURN_IF_ERROR(status_);
    for (const TenantNumber tenant : stored_.Differences(counted_)) damaged_.insert(tenant);
    return std::move(damaged_);
  }

 private:
  // What one thread has read of a part.
  struct Found {
    Ledger ledger;
    std::set<TenantNumber> damaged;
    std::vector<BloomKey> keys;
    uint64_t records = 0;
  };

  void ReadParts() ABSL_LOCKS_EXCLUDED(mutex_) {
    while (true) {
      const size_t next = next_.fetch_add(1);
      if (next >= parts_.size()) return;
      Found found;
      const absl::Status status = store_.Scan(
          Column::kRecords, parts_[next].begin, parts_[next].end,
          [&](std::string_view key, std::string_view value) { return Take(found, key, value); });
      FlushKeys(found);
      const absl::MutexLock lock(&mutex_);
      counted_.Merge(found.ledger);
      damaged_.merge(found.damaged);
      if (status.ok()) continue;
      if (status_.ok()) status_ = status;
      next_ = parts_.size();
    }
  }

  absl::Status Take(Found& found, std::string_view key, std::string_view value) {
    DNC_ASSIGN_OR_RETURN(const RecordKey record_key, DecodeRecordKey(key));
    if (!RemoveCheck(key, value).has_value()) found.damaged.insert(record_key.tenant);
    found.ledger.Add({record_key.tenant, record_key.list}, DigestOfRecord(key, value));
    if (++found.records % kKeysAtOnce == 0) {
      DNC_RETURN_IF_ERROR(GoOn());
    }
    if (options_.rebuild == nullptr) return absl::OkStatus();
    const BloomKey bloom_key{record_key.tenant, record_key.number};
    if (!found.keys.empty() && found.keys.back() == bloom_key) return absl::OkStatus();
    if (found.keys.size() >= kKeysAtOnce) FlushKeys(found);
    found.keys.push_back(bloom_key);
    return absl::OkStatus();
  }

  void FlushKeys(Found& found) const {
    if (options_.rebuild != nullptr) options_.rebuild->Add(found.keys);
    found.keys.clear();
  }

  absl::Status GoOn() {
    if (options_.stop != nullptr && options_.stop->load(std::memory_order_relaxed)) {
      return absl::CancelledError("the server stops");
    }
    const uint64_t read = read_.fetch_add(kKeysAtOnce) + kKeysAtOnce;
    if (read / kProgressRecords != (read - kKeysAtOnce) / kProgressRecords) {
      LogInfo("tenants' records: {} of {} million read", read / 1'000'000,
              stored_.records() / 1'000'000);
    }
    return absl::OkStatus();
  }

  const StoreSnapshot& store_;
  const FullReadOptions& options_;
  const Ledger stored_;
  const std::vector<Part> parts_;
  std::atomic<size_t> next_{0};
  std::atomic<uint64_t> read_{0};
  absl::Mutex mutex_;
  Ledger counted_ ABSL_GUARDED_BY(mutex_);
  std::set<TenantNumber> damaged_ ABSL_GUARDED_BY(mutex_);
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::StatusOr<std::set<TenantNumber>> ReadAllRecords(const StoreSnapshot& store,
                                                      const FullReadOptions& options) {
  DNC_ASSIGN_OR_RETURN(Ledger stored, Ledger::Read(store));
  return Reading(store, options, std::move(stored)).Run();
}

}  // namespace dnc
