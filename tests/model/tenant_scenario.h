// A random life of a server with tenants: everything is done to the real server and to an oracle a
// tenant, and all that can be read is compared.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/model/oracle.h"
#include "tests/model/tenant_oracle.h"
#include "tests/support/seed.h"
#include "tests/support/server_process.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tenant_client.h"
#include "tests/support/test_client.h"

namespace dnc::blackbox {

// Not thread-safe. Failures are GoogleTest failures.
class TenantScenario {
 public:
  explicit TenantScenario(Random& random);

  // Does one step and asks afterwards. False when a test has failed.
  bool Step();
  // For failure messages: what was done so far.
  std::string Diary() const;

 private:
  // A write that can be repeated, and what it was answered.
  struct Repeatable {
    std::string tenant_id;
    v1::AddNumbersRequest request;
    v1::AddNumbersResponse answer;
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
  void RemoveNumbers();
  void ImportNumbers();
  void ChangeBlocks();

  // Of tenant_reads.cc.
  void AskAll();
  void CompareScrub(TenantOracle& oracle);
  void CompareRecords(TenantOracle& oracle);
  void ComparePages(TenantOracle& oracle);
  void CompareChanges(TenantOracle& oracle);
  void ExpectSuspended(const std::string& tenant_id);
  void ExpectGone(const std::string& tenant_id);

  TenantOracle& AnyTenant();
  TenantClient As(const std::string& tenant_id);
  bool Active(const TenantOracle& oracle) const;
  std::string AnyList(const TenantOracle& oracle);
  uint64_t AnyNumber();
  v1::Record AnyRecord(v1::OwnListKind kind);
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
  std::vector<Repeatable> repeatable_;
  uint64_t made_ = 0;  // tenants, request ids and files so far, for names
  std::vector<std::string> diary_;
};

}  // namespace dnc::blackbox
