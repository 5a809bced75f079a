// What a server needs beside a registry, over stores in a folder, for tests.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "server/rpc/fake_registry.h"
#include "server/rpc/server.h"
#include "server/service/decide.h"
#include "server/storage/store.h"
#include "server/storage/tenant_columns.h"

namespace dnc {

class TestStores {
 public:
  TestStores(const std::string& folder, const Clock* clock, uint64_t filter_records = 1'000)
      : clock_(clock) {
    std::filesystem::create_directories(folder);
    StoreOptions options;
    options.path = folder + "/tenants";
    options.columns = TenantColumns();
    auto store = Store::Open(options);
    EXPECT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    TenantRecordsOptions own;
    own.data_dir = folder;
    own.filter_min_records = filter_records;
    auto lists = TenantRecords::Open(own, store_.get(), &order_, clock);
    EXPECT_TRUE(lists.ok()) << lists.status();
    tenant_records_ = *std::move(lists);
    auto directory = TenantDirectory::Open(store_.get(), &order_, clock, {});
    EXPECT_TRUE(directory.ok()) << directory.status();
    directory_ = *std::move(directory);
    directory_->SetJournal(tenant_records_->journal());
  }

  ServerParts Parts(FakeRegistry* registry, Metrics* metrics) {
    return {registry, registry, directory_.get(), tenant_records_.get(),
            &quotas_, &order_,  metrics,          clock_};
  }
  DecideSources Sources(Registry* registry, Metrics* metrics) {
    return {registry, tenant_records_.get(), &quotas_, metrics, clock_};
  }

  RevisionOrder& order() { return order_; }
  TenantDirectory& directory() { return *directory_; }
  TenantRecords& tenant_records() { return *tenant_records_; }

 private:
  const Clock* const clock_;
  RevisionOrder order_;
  QuotaMeter quotas_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<TenantRecords> tenant_records_;
  std::unique_ptr<TenantDirectory> directory_;
};

}  // namespace dnc
