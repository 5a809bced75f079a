// A random life of a server with tenants. Everything is done to the real server and to one oracle
// per tenant, and all that can be read is compared.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/model/key_oracle.h"
#include "tests/model/oracle.h"
#include "tests/model/tenant_oracle.h"
#include "tests/support/seed.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tenant_client.h"
#include "tests/support/test_client.h"

namespace dnc::blackbox {

// Failures are GoogleTest failures. Not thread-safe.
class TenantScenario {
 public:
  explicit TenantScenario(Random& random);

  // Does one step and then asks. Returns false when a test has failed.
  bool Step();
  // Returns what was done so far, for failure messages.
  std::string Diary() const;

 private:
  // A write that can be repeated, and its answer.
  struct Repeatable {
    std::string tenant_id;
    v1::AddNumbersRequest request;
    v1::AddNumbersResponse answer;
  };
  struct RepeatableRemoval {
    std::string tenant_id;
    v1::RemoveNumbersRequest request;
    v1::RemoveNumbersResponse answer;
  };
  // Numbers for a tenant to ask about; 0 is malformed. The request has them too.
  struct Batch {
    v1::ScrubRequest request;
    std::vector<uint64_t> numbers;
  };

  void Connect();
  void Restart(bool gently);
  void LoadPublished(const std::string& list, std::time_t obtained_at);
  void CreateTenant();
  void ConfigureTenant();
  void SuspendOrResume();
  void RemoveTenant();
  void AddNumbers();
  void RepeatAdd();
  void RepeatRemove();
  void RemoveNumbers();
  void ImportNumbers();
  void ChangeBlocks();

  // The following are in tenant_keys.cc.
  void NoteFirstKey();
  void ChangeKeys();
  void CreateKey();
  void RevokeAnyKey();
  void RevokeKey(KeyModel& model);
  void RevokeDuringStream(KeyModel& model);
  void CompareKeys();
  void AskWithKeys();
  Presented AnyPresented();
  void ScrubWith(const Presented& presented);
  void AddWith(const Presented& presented);
  void ReadWith(const Presented& presented);
  void OperateWith(const Presented& presented);
  // Checks that a call was admitted or refused as it must be. If it was admitted, returns as which
  // tenant.
  std::optional<std::string> Judge(const Presented& presented, Access access, Moment begin,
                                   const grpc::Status& status);
  // Returns the oracle of the tenant on whose behalf a call would be made; null if there is none.
  TenantOracle* Meant(const Presented& presented);
  TenantClient With(const Presented& presented);

  // The following are in tenant_scrubs.cc.
  void CompareScrub(const TenantOracle& oracle);
  void CompareAsOf(const TenantOracle& oracle);
  void CompareBatch(const TenantOracle& oracle, const Batch& batch);
  void CompareChecks(TenantOracle& oracle);
  void CompareStream(TenantOracle& oracle);
  Batch AnyBatch(size_t size);
  std::time_t AnyMoment();
  bool MayRefuse(const TenantOracle& oracle, const Batch& batch, const grpc::Status& status) const;
  void ExpectSameAnswer(const TenantOracle& oracle, const Batch& batch,
                        const v1::ScrubResponse& answer);
  void ExpectSameEnds(const Batch& batch, const std::vector<TenantAnswer>& expected,
                      const v1::ScrubResponse& answer);
  void ExpectSameResult(const TenantOracle& oracle, const TenantAnswer& expected,
                        const v1::NumberResult& result, const std::string& where);

  // The following are in tenant_reads.cc.
  void AskAll();
  void CompareRecords(TenantOracle& oracle);
  void ComparePages(TenantOracle& oracle);
  void CompareChanges(TenantOracle& oracle);
  void ExpectKnown(const TenantOracle& oracle, const std::string& number,
                   const v1::GetRecordResponse& answer);
  void ExpectSuspended(const std::string& tenant_id);
  void ExpectGone(const std::string& tenant_id);

  TenantOracle& AnyTenant();
  TenantClient As(const std::string& tenant_id);
  bool Active(const TenantOracle& oracle) const;
  std::string AnyList(const TenantOracle& oracle);
  uint64_t AnyNumber();
  v1::Record AnyRecord(v1::OwnListKind kind);
  void RetirePublished();
  void FillConfiguration(v1::Tenant& tenant);
  void Note(const std::string& entry) { diary_.push_back(entry); }

  Random& random_;
  TempDir dir_;
  ServerProcess server_;
  std::unique_ptr<TestClient> client_;
  Oracle published_;
  std::time_t begin_;
  std::map<std::string, TenantOracle> tenants_;
  std::set<std::string> removed_;
  std::deque<KeyModel> keys_;   // pointers into it stay valid
  std::string chief_;           // the operator's key with which everything is done; empty: none yet
  bool keys_required_ = false;  // since the server's last start
  std::vector<Repeatable> repeatable_;
  std::vector<RepeatableRemoval> removals_;
  uint64_t made_ = 0;  // tenants, request ids and files so far, for names
  std::vector<std::string> diary_;
};

}  // namespace dnc::blackbox
