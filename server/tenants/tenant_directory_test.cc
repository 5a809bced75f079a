#include "server/tenants/tenant_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <functional>

#include "server/tenants/directory_checks.h"
#include "server/tenants/directory_fixture.h"

namespace dnc {
namespace {

using testing::HasSubstr;

class TenantDirectoryTest : public DirectoryFixture {
 protected:
  TenantDirectoryTest() { Open(); }

  std::vector<TenantChange> ChangesOf(std::string_view id) {
    auto changes = directory_->Changes(id, 1000, 0);
    EXPECT_TRUE(changes.ok()) << changes.status();
    return *changes;
  }
};

TEST_F(TenantDirectoryTest, HasTheDefaultTenantFromTheStart) {
  const TenantViewPtr tenant = *directory_->Find("default");
  EXPECT_EQ(tenant->tenant.number, 1U);
  EXPECT_TRUE(tenant->tenant.terms.entitled.all());
  ASSERT_EQ(tenant->lists.size(), 1U);
  EXPECT_EQ(tenant->lists.at("internal").kind, TenantListKind::kInternal);
  EXPECT_EQ(tenant->lists.at("internal").number, 1U);
  const Caller caller = directory_->LocalCaller();
  EXPECT_EQ(caller.tenant, tenant);
  EXPECT_EQ(caller.key_id, "local");
  EXPECT_TRUE(caller.Has(KeyScope::kScrub) && caller.Has(KeyScope::kWriteLists) &&
              caller.Has(KeyScope::kOperate));
  EXPECT_EQ(order_->last(), 1U);
}

TEST_F(TenantDirectoryTest, KeepsEverythingOverAReopen) {
  Tenant tenant = NewTenant("acme");
  tenant.display_name = "Acme \xc3\x84";
  tenant.terms.lists = {"national", "state:TX"};
  tenant.terms.consent_lifts = kLiftsWireless | kLiftsNational;
  tenant.terms.ebr_lifts = kLiftsNothing;
  tenant.terms.wireless_counts = false;
  tenant.terms.entitled.set(999);
  tenant.quotas = {.numbers_per_second = 5, .calls_under_way = 6, .max_records = 1ULL << 36};
  ASSERT_TRUE(directory_->Create(tenant, "opkey001").ok());
  TenantList list;
  list.id = "optouts-spring";
  list.scope = "brand/spring";
  list.display_name = "Spring";
  ASSERT_TRUE(directory_->CreateList("acme", list, "opkey001").ok());
  ASSERT_TRUE(directory_->AddBlocks("acme", "optouts-spring", {"415", "212555"}, "opkey001").ok());
  const auto key = MakeKey("acme");
  const TenantViewPtr before = *directory_->Find("acme");
  const uint64_t last = order_->last();
  Reopen();
  EXPECT_EQ(order_->last(), last);
  const TenantViewPtr after = *directory_->Find("acme");
  EXPECT_EQ(after->tenant.number, before->tenant.number);
  EXPECT_EQ(after->tenant.display_name, before->tenant.display_name);
  EXPECT_EQ(after->tenant.terms, tenant.terms);
  EXPECT_EQ(after->tenant.quotas, tenant.quotas);
  EXPECT_EQ(after->tenant.created_at, clock_.Now());
  EXPECT_EQ(after->tenant.revision, before->tenant.revision);
  const TenantList& kept = after->lists.at("optouts-spring");
  EXPECT_EQ(kept.number, 2U);
  EXPECT_EQ(kept.scope, "brand/spring");
  EXPECT_EQ(kept.blocks, (std::vector<std::string>{"212555", "415"}));
  ASSERT_EQ(after->blocks.size(), 1U);
  EXPECT_TRUE(after->blocks[0].area_codes[415]);
  EXPECT_EQ(after->blocks[0].exchanges, std::vector<uint32_t>{212555});
  EXPECT_EQ(directory_->Authenticate(key.secret)->tenant, after);
}

TEST_F(TenantDirectoryTest, ListsById) {
  for (const char* id : {"b", "a", "c"}) Make(id);
  const auto ids = [](const std::vector<TenantViewPtr>& tenants) {
    std::string text;
    for (const TenantViewPtr& tenant : tenants) text += tenant->tenant.id + " ";
    return text;
  };
  EXPECT_EQ(ids(directory_->All()), "a b c default ");
  EXPECT_EQ(ids(directory_->List("", 2)), "a b ");
  EXPECT_EQ(ids(directory_->List("b", 2)), "c default ");
  EXPECT_EQ(ids(directory_->List("default", 2)), "");
}

TEST_F(TenantDirectoryTest, UpdatesFromTheRevisionGiven) {
  Tenant tenant = Make("acme")->tenant;
  tenant.display_name = "New name";
  const TenantViewPtr second = *directory_->Update(tenant, "opkey001");
  EXPECT_GT(second->tenant.revision, tenant.revision);
  EXPECT_EQ(order_->last(), second->tenant.revision);
  tenant.display_name = "Newer name";
  const absl::Status old = directory_->Update(tenant, "opkey001").status();
  EXPECT_EQ(old.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(old), reason::kChangedMeanwhile);
  tenant.revision = 0;
  EXPECT_TRUE(directory_->Update(tenant, "opkey001").ok());
  // There is nothing to change, so there is no revision and no record.
  const uint64_t last = order_->last();
  EXPECT_EQ((*directory_->Update(tenant, "opkey001"))->tenant.revision, last);
  EXPECT_EQ(order_->last(), last);
  EXPECT_EQ(ReasonOf(directory_->Update(NewTenant("nobody"), "x").status()), reason::kNotFound);
}

TEST_F(TenantDirectoryTest, RecordsWhoChangedWhatAndWhen) {
  Tenant tenant = Make("acme")->tenant;
  const absl::Time made_at = clock_.Now();
  clock_.Advance(absl::Hours(1));
  tenant.display_name = "Acme Inc";
  tenant.state = TenantState::kSuspended;
  tenant.terms.entitled.reset(201).set(305);
  tenant.terms.ebr_lifts = kLiftsNothing;
  tenant.quotas.numbers_per_second = 500;
  ASSERT_TRUE(directory_->Update(tenant, "opkey002").ok());
  clock_.Advance(absl::Hours(1));
  const auto key = MakeKey("acme");
  ASSERT_TRUE(directory_->AddBlocks("acme", "internal", {"212"}, "writer01").ok());

  const std::vector<TenantChange> changes = ChangesOf("acme");
  ASSERT_EQ(changes.size(), 4U);
  EXPECT_EQ(changes[0].description, "blocked 212 on list internal");
  EXPECT_EQ(changes[0].changed_by, "writer01");
  EXPECT_EQ(changes[1].description,
            "created key " + key.key.id + " \"dialer 1\" to scrub, without expiry");
  EXPECT_FALSE(changes[1].after.has_value());
  EXPECT_EQ(changes[2].description,
            "changed display name from \"A seller\" to \"Acme Inc\"; state from active to "
            "suspended; entitlement from 2 area codes to 2 area codes (added 305; removed 201); "
            "what a business relationship lifts from national and state to nothing; numbers a "
            "second from the default to 500");
  EXPECT_EQ(changes[2].changed_by, "opkey002");
  EXPECT_EQ(changes[2].time, made_at + absl::Hours(1));
  EXPECT_EQ(changes[2].after->terms, tenant.terms);
  EXPECT_EQ(changes[3].description, "created tenant acme, entitled to 2 area codes");
  EXPECT_EQ(changes[3].time, made_at);
  for (size_t i = 0; i + 1 < changes.size(); ++i) {
    EXPECT_EQ(changes[i].revision, changes[i + 1].revision + 1);
  }
  const auto page = *directory_->Changes("acme", 2, changes[1].revision);
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].revision, changes[2].revision);
  EXPECT_EQ(ChangesOf("").size(), 0U);
  MakeKey("");
  EXPECT_EQ(ChangesOf("").size(), 1U);
  EXPECT_EQ(ReasonOf(directory_->Changes("nobody", 10, 0).status()), reason::kNotFound);
}

TEST_F(TenantDirectoryTest, KeepsTheNewestChanges) {
  limits_.max_changes = 5;
  Reopen();
  Tenant tenant = Make("acme")->tenant;
  tenant.revision = 0;
  for (int i = 0; i < 12; ++i) {
    if (i == 6) Reopen();  // the count starts anew
    tenant.display_name = StrCat("name ", i);
    ASSERT_TRUE(directory_->Update(tenant, "opkey001").ok());
  }
  const std::vector<TenantChange> changes = ChangesOf("acme");
  ASSERT_EQ(changes.size(), 5U);
  EXPECT_THAT(changes.front().description, HasSubstr("to \"name 11\""));
  EXPECT_THAT(changes.back().description, HasSubstr("to \"name 7\""));
  EXPECT_EQ(ChangesOf("default").size(), 1U);
  limits_.max_changes = 2;
  Reopen();
  tenant.display_name = "the last";
  ASSERT_TRUE(directory_->Update(tenant, "opkey001").ok());
  EXPECT_EQ(ChangesOf("acme").size(), 2U);
}

TEST_F(TenantDirectoryTest, RemovesOnlySuspendedOnesAndNeverGivesTheirIdsAgain) {
  const TenantNumber number = Make("acme")->tenant.number;
  const auto key = MakeKey("acme");
  const absl::Status active = directory_->Remove("acme", "opkey001").status();
  EXPECT_EQ(active.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ReasonOf(active), reason::kNotSuspended);
  Suspend("acme");
  const auto gone = directory_->Remove("acme", "opkey001");
  ASSERT_TRUE(gone.ok()) << gone.status();
  EXPECT_EQ(gone->number, number);
  EXPECT_EQ(gone->revision, order_->last());
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(ReasonOf(directory_->Find("acme").status()), reason::kNotFound);
    EXPECT_EQ(ReasonOf(directory_->Remove("acme", "x").status()), reason::kNotFound);
    EXPECT_EQ(ReasonOf(directory_->Keys("acme").status()), reason::kNotFound);
    EXPECT_EQ(ReasonOf(directory_->RevokeKey(key.key.id, "x").status()), reason::kNotFound);
    EXPECT_EQ(directory_->Authenticate(key.secret).status().code(),
              absl::StatusCode::kUnauthenticated);
    EXPECT_EQ(ReasonOf(directory_->Create(NewTenant("acme"), "x").status()),
              reason::kAlreadyExists);
    EXPECT_EQ(directory_->Removed(), std::vector<TenantNumber>{number});
    EXPECT_EQ(ChangesOf("acme")[0].description, "removed tenant acme with 1 keys and 1 lists");
    Reopen();
  }
  EXPECT_GT(Make("other")->tenant.number, number);
  Suspend("default");
  EXPECT_EQ(ReasonOf(directory_->Remove("default", "x").status()), reason::kInvalidRequest);
}

TEST_F(TenantDirectoryTest, HoldsItsLimits) {
  limits_ = {.max_tenants = 3, .max_keys = 2, .max_lists = 2, .max_blocks = 3};
  Reopen();
  Make("a");
  Make("b");
  EXPECT_EQ(ReasonOf(directory_->Create(NewTenant("c"), "x").status()), reason::kLimitReached);
  Suspend("b");
  ASSERT_TRUE(directory_->Remove("b", "x").ok());
  EXPECT_TRUE(directory_->Create(NewTenant("c"), "x").ok());

  MakeKey("a");
  const auto second = MakeKey("a");
  EXPECT_EQ(ReasonOf(directory_->CreateKey(NewKey("a"), "x").status()), reason::kLimitReached);
  ASSERT_TRUE(directory_->RevokeKey(second.key.id, "x").ok());
  EXPECT_TRUE(directory_->CreateKey(NewKey("a"), "x").ok());

  TenantList list;
  list.id = "second";
  EXPECT_TRUE(directory_->CreateList("a", list, "x").ok());
  EXPECT_EQ(ReasonOf(directory_->CreateList("a", list, "x").status()), reason::kAlreadyExists);
  list.id = "third";
  EXPECT_EQ(ReasonOf(directory_->CreateList("a", list, "x").status()), reason::kLimitReached);

  EXPECT_TRUE(directory_->AddBlocks("a", "internal", {"212", "213"}, "x").ok());
  EXPECT_TRUE(directory_->AddBlocks("a", "second", {"212"}, "x").ok());
  EXPECT_EQ(ReasonOf(directory_->AddBlocks("a", "second", {"213"}, "x").status()),
            reason::kLimitReached);
  EXPECT_TRUE(directory_->RemoveBlocks("a", "internal", {"212"}, "x").ok());
  EXPECT_TRUE(directory_->AddBlocks("a", "second", {"213"}, "x").ok());
}

// A write that fails, here because files may not grow, changes nothing that anybody sees.
TEST_F(TenantDirectoryTest, AFailedWriteIsNoChange) {
  Make("acme");
  const auto key = MakeKey("acme");
  const uint64_t last = order_->last();
  // The log of writes must be the only file above the limit.
  StoreBatch filler;
  filler.Put(Column::kMeta, "zzz", std::string(2 << 20, 'z'));
  ASSERT_TRUE(store_->Write(filler).ok());
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit less = before;
  less.rlim_cur = 1 << 20;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &less), 0);
  const absl::Status revoked = directory_->RevokeKey(key.key.id, "x").status();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(ReasonOf(revoked), reason::kDiskFull) << revoked;
  EXPECT_EQ(order_->last(), last);
  EXPECT_TRUE(directory_->Authenticate(key.secret).ok());
  EXPECT_EQ((*directory_->Keys("acme"))[0].revoked_at, absl::InfiniteFuture());
  const auto changes = directory_->Changes("acme", 10, 0);
  ASSERT_TRUE(changes.ok()) << changes.status();
  EXPECT_EQ(changes->size(), 2U);
  // With room again, the same change is accepted and kept.
  Reopen();
  EXPECT_EQ(order_->last(), last);
  const absl::Status again = directory_->RevokeKey(key.key.id, "x").status();
  ASSERT_TRUE(again.ok()) << again;
  Reopen();
  EXPECT_EQ(order_->last(), last + 1);
  EXPECT_FALSE(directory_->Authenticate(key.secret).ok());
}

TEST_F(TenantDirectoryTest, GathersBlocksByScope) {
  Make("a");
  TenantList list;
  list.id = "more";
  ASSERT_TRUE(directory_->CreateList("a", list, "x").ok());
  list.id = "brand";
  list.scope = "brand";
  ASSERT_TRUE(directory_->CreateList("a", list, "x").ok());
  ASSERT_TRUE(directory_->AddBlocks("a", "internal", {"212", "415555"}, "x").ok());
  ASSERT_TRUE(directory_->AddBlocks("a", "more", {"213", "415555", "302000"}, "x").ok());
  ASSERT_TRUE(directory_->AddBlocks("a", "brand", {"999"}, "x").ok());
  const TenantViewPtr tenant = *directory_->Find("a");
  ASSERT_EQ(tenant->blocks.size(), 2U);
  for (const TenantView::Blocks& blocks : tenant->blocks) {
    if (blocks.scope.empty()) {
      EXPECT_EQ(blocks.area_codes.count(), 2U);
      EXPECT_EQ(blocks.exchanges, (std::vector<uint32_t>{302000, 415555}));
    } else {
      EXPECT_EQ(blocks.scope, "brand");
      EXPECT_TRUE(blocks.area_codes[999]);
    }
  }
  // What is so already takes no revision.
  const uint64_t last = order_->last();
  EXPECT_EQ(*directory_->AddBlocks("a", "brand", {"999"}, "x"), last);
  EXPECT_EQ(*directory_->RemoveBlocks("a", "brand", {"888"}, "x"), last);
  EXPECT_EQ(*directory_->RemoveBlocks("a", "brand", {"888", "999"}, "x"), last + 1);
  EXPECT_EQ((*directory_->Find("a"))->blocks.size(), 1U);
  EXPECT_EQ(ReasonOf(directory_->AddBlocks("a", "none", {"212"}, "x").status()), reason::kNotFound);
  EXPECT_EQ(ReasonOf(directory_->AddBlocks("none", "none", {"212"}, "x").status()),
            reason::kNotFound);
}

TEST_F(TenantDirectoryTest, RefusesBadTenants) {
  const std::vector<std::pair<std::function<void(Tenant&)>, std::string>> table = {
      {[](Tenant& t) { t.id = std::string(""); }, "tenant_id"},
      {[](Tenant& t) { t.id = std::string("Acme"); }, "tenant_id"},
      {[](Tenant& t) { t.id = std::string("-a"); }, "tenant_id"},
      {[](Tenant& t) { t.id = std::string(64, 'a'); }, "tenant_id"},
      {[](Tenant& t) { t.id = std::string("a/b"); }, "tenant_id"},
      {[](Tenant& t) { t.display_name = std::string(201, 'a'); }, "display_name"},
      {[](Tenant& t) { t.display_name = std::string("a\nb"); }, "display_name"},
      {[](Tenant& t) { t.display_name = std::string("\xff"); }, "display_name"},
      {[](Tenant& t) { t.state = static_cast<TenantState>(3); }, "state"},
      {[](Tenant& t) { t.terms.entitled.set(199); }, "199"},
      {[](Tenant& t) { t.terms.lists = {""}; }, "policy.lists"},
      {[](Tenant& t) {
         t.terms.lists = {"national", "national"};
       },
       "twice"},
      {[](Tenant& t) { t.terms.lists.assign(101, "x"); }, "policy.lists"},
      {[](Tenant& t) { t.terms.ebr_lifts = kLiftsWireless; }, "ebr_lifts"},
      {[](Tenant& t) { t.terms.ebr_lifts = 8; }, "policy"},
      {[](Tenant& t) { t.terms.consent_lifts = 0xFF; }, "policy"},
      {[](Tenant& t) { t.quotas.numbers_per_second = kMaxNumbersPerSecond + 1; },
       "quotas.numbers_per_second"},
      {[](Tenant& t) { t.quotas.calls_under_way = kMaxCallsUnderWay + 1; },
       "quotas.calls_under_way"},
      {[](Tenant& t) { t.quotas.max_records = kMaxQuotaRecords + 1; }, "quotas.max_records"},
  };
  for (const auto& [spoil, named] : table) {
    Tenant tenant = NewTenant("good");
    spoil(tenant);
    const absl::Status status = directory_->Create(tenant, "x").status();
    EXPECT_EQ(ReasonOf(status), reason::kInvalidRequest) << named;
    EXPECT_THAT(std::string(status.message()), HasSubstr(named));
    EXPECT_FALSE(directory_->Update(tenant, "x").ok());
  }
  EXPECT_EQ(order_->last(), 1U);
}

TEST_F(TenantDirectoryTest, RefusesBadListsAndBlocks) {
  Make("a");
  const std::vector<std::pair<std::function<void(TenantList&)>, std::string>> lists = {
      {[](TenantList& l) { l.id = std::string("A"); }, "list_id"},
      {[](TenantList& l) { l.kind = static_cast<TenantListKind>(0); }, "kind"},
      {[](TenantList& l) { l.kind = static_cast<TenantListKind>(4); }, "kind"},
      {[](TenantList& l) { l.scope = std::string("a/b/c"); }, "scope"},
      {[](TenantList& l) { l.scope = std::string("a/"); }, "scope"},
      {[](TenantList& l) { l.display_name = std::string("\x01"); }, "display_name"},
  };
  for (const auto& [spoil, named] : lists) {
    TenantList list;
    list.id = "good";
    spoil(list);
    const absl::Status status = directory_->CreateList("a", list, "x").status();
    EXPECT_EQ(ReasonOf(status), reason::kInvalidRequest) << named;
    EXPECT_THAT(std::string(status.message()), HasSubstr(named));
  }
  TenantList ebr;
  ebr.id = "ebr";
  ebr.kind = TenantListKind::kEbr;
  ASSERT_TRUE(directory_->CreateList("a", ebr, "x").ok());
  EXPECT_FALSE(directory_->AddBlocks("a", "ebr", {"212"}, "x").ok());
  for (const char* block : {"", "2", "21", "2125", "21255", "2125550", "199", "012555", "abc",
                            "21x", " 212", "2125551212"}) {
    const absl::Status status =
        directory_->AddBlocks("a", "internal", {"212", block}, "x").status();
    EXPECT_EQ(ReasonOf(status), reason::kInvalidRequest) << block;
    EXPECT_THAT(std::string(status.message()), HasSubstr("blocks[1]"));
  }
  EXPECT_FALSE(directory_->AddBlocks("a", "internal", {}, "x").ok());
  EXPECT_FALSE(
      directory_->AddBlocks("a", "internal", std::vector<std::string>(1001, "212"), "x").ok());
  EXPECT_TRUE((*directory_->Find("a"))->blocks.empty());
}

TEST(PlainTextTest, IsUtf8WithoutControlCharacters) {
  for (const char* good : {"", "plain", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x93\x9e"}) {
    EXPECT_TRUE(IsPlainText(good)) << good;
  }
  for (const char* bad : {"\t", "\x7f", "\xc2\x80", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xc3", "\xe2\x82", "\x80", "\xf8\x88\x80\x80\x80", "a\xc3("}) {
    EXPECT_FALSE(IsPlainText(bad)) << bad;
  }
  EXPECT_FALSE(IsPlainText(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace dnc
