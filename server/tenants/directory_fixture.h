// A directory over a store in a folder of its own, with a clock that tests set.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "server/base/clock.h"
#include "server/base/error.h"
#include "server/base/revision_order.h"
#include "server/base/str_cat.h"
#include "server/storage/store.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// Thread-safe.
class SetClock : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixMicros(micros_.load()); }
  void Advance(absl::Duration by) { micros_ += absl::ToInt64Microseconds(by); }

 private:
  std::atomic<int64_t> micros_{1'700'000'000'000'000};
};

class DirectoryFixture : public testing::Test {
 protected:
  DirectoryFixture() : dir_(StrCat(testing::TempDir(), "/dnc_directory_test.", getpid())) {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
  }
  ~DirectoryFixture() override {
    Close();
    std::filesystem::remove_all(dir_);
  }

  void OpenStore() {
    auto store = Store::Open({.path = dir_ + "/tenants"});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = std::move(*store);
  }

  // The store stays open.
  absl::Status OpenDirectory() {
    directory_.reset();
    order_ = std::make_unique<RevisionOrder>();
    auto directory = TenantDirectory::Open(store_.get(), order_.get(), &clock_, limits_);
    if (!directory.ok()) return directory.status();
    directory_ = std::move(*directory);
    return absl::OkStatus();
  }

  void Open() {
    OpenStore();
    const absl::Status opened = OpenDirectory();
    ASSERT_TRUE(opened.ok()) << opened;
  }

  void Close() {
    directory_.reset();
    store_.reset();
  }

  void Reopen() {
    Close();
    Open();
  }

  static Tenant NewTenant(std::string id) {
    Tenant tenant;
    tenant.id = std::move(id);
    tenant.display_name = "A seller";
    tenant.terms.entitled.set(201).set(212);
    return tenant;
  }

  TenantViewPtr Make(std::string id) {
    auto made = directory_->Create(NewTenant(std::move(id)), "opkey001");
    EXPECT_TRUE(made.ok()) << made.status();
    return *made;
  }

  static ApiKey NewKey(std::string tenant_id) {
    ApiKey key;
    key.scopes =
        tenant_id.empty() ? std::vector{KeyScope::kOperate} : std::vector{KeyScope::kScrub};
    key.tenant_id = std::move(tenant_id);
    key.display_name = "dialer 1";
    return key;
  }

  TenantDirectory::CreatedKey MakeKey(std::string tenant_id) {
    auto made = directory_->CreateKey(NewKey(std::move(tenant_id)), "opkey001");
    EXPECT_TRUE(made.ok()) << made.status();
    return *made;
  }

  void Suspend(std::string_view id) {
    Tenant tenant = (*directory_->Find(id))->tenant;
    tenant.state = TenantState::kSuspended;
    EXPECT_TRUE(directory_->Update(tenant, "opkey001").ok());
  }

  std::string ReasonOf(const absl::Status& status) {
    return status.ok() ? "" : ErrorReason(status);
  }

  std::string dir_;
  SetClock clock_;
  DirectoryLimits limits_;
  std::unique_ptr<RevisionOrder> order_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<TenantDirectory> directory_;
};

}  // namespace dnc
