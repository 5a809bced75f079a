// The service room over real stores and real files, without any front.
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/service/authorizer.h"
#include "server/service/decide.h"
#include "server/service/list_changes.h"
#include "server/service/list_queries.h"
#include "server/service/page.h"
#include "server/service/release_admin.h"
#include "server/service/request_limits.h"
#include "server/service/revision_wait.h"
#include "server/service/tenant_admin.h"
#include "server/service/upload_session.h"
#include "server/service/waker.h"
#include "server/storage/store.h"
#include "server/storage/tenant_columns.h"
#include "tests/support/temp_dir.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() {
    const std::string folder = dir_.path();
    std::filesystem::create_directories(folder + "/files");
    StoreOptions of_tenants;
    of_tenants.path = folder + "/tenants";
    of_tenants.columns = TenantColumns();
    tenants_store_ = *Store::Open(of_tenants);
    TenantRecordsOptions of_records;
    of_records.data_dir = folder;
    of_records.filter_min_records = 1'000;
    records_ = *TenantRecords::Open(of_records, tenants_store_.get(), &order_, &clock_);
    directory_ = *TenantDirectory::Open(tenants_store_.get(), &order_, &clock_, {});
    directory_->SetJournal(records_->journal());
    registry_store_ = *Store::Open({.path = folder + "/registry"});
    RegistryOptions of_registry;
    of_registry.data_dir = folder;
    of_registry.load_threads = 1;
    registry_ = *Registry::Open(of_registry, registry_store_.get(), &clock_, &order_);
    EXPECT_TRUE(registry_->WaitUntilReady().ok());
    IntakeOptions of_intake;
    of_intake.data_dir = folder;
    of_intake.load_dirs = {folder + "/files"};
    of_intake.load_threads = 1;
    of_intake.guards.min_first_numbers = 0;  // the lists of tests are small
    intake_ = *Intake::Open(of_intake, registry_store_.get(), registry_.get(), &clock_);
    authorizer_.emplace(directory_.get(), &order_, /*keys_required=*/true);
    tenant_admin_.emplace(directory_.get(), records_.get(), registry_.get(), &waker_);
    release_admin_.emplace(ServerFacts{"1.2.3", clock_.Now(), 100, 1 << 20, &order_},
                           registry_.get(), intake_.get(), &clock_);
    changes_.emplace(
        ListChanges::Limits{.max_batch = 3},
        ListChanges::Sources{directory_.get(), records_.get(), &quotas_, registry_.get(), &clock_});
    decider_.emplace(DecideLimits(),
                     DecideSources{registry_.get(), records_.get(), &quotas_, &metrics_, &clock_});
    queries_.emplace(ListQueries::Sources{directory_.get(), records_.get(), &order_});
  }

  // A caller with this secret, as a front would bring it.
  absl::StatusOr<Caller> Admit(const std::string& secret, Permission permission,
                               std::optional<std::string_view> tenant = {}) const {
    const std::string authorization = StrCat("Bearer ", secret);
    return authorizer_->Admit({.authorization = authorization, .tenant = tenant}, permission);
  }
  // The secret of a new key.
  std::string NewKey(const std::string& tenant, std::vector<KeyScope> scopes) {
    auto made = tenant_admin_->CreateKey(Operator(), {.tenant_id = tenant, .scopes = scopes});
    EXPECT_TRUE(made.ok()) << made.status();
    return made->secret;
  }
  Caller Operator() const { return directory_->LocalCaller(); }
  Caller Writer() const { return directory_->LocalCaller(); }

  absl::StatusOr<WriteReply> Add(const Caller& caller, AddRecordsCommand command) {
    std::promise<absl::StatusOr<WriteReply>> reply;
    changes_->Add(caller, std::move(command),
                  [&reply](const absl::StatusOr<WriteReply>& done) { reply.set_value(done); });
    return reply.get_future().get();
  }
  absl::StatusOr<WriteReply> Remove(const Caller& caller, RemoveRecordsCommand command) {
    std::promise<absl::StatusOr<WriteReply>> reply;
    changes_->Remove(caller, std::move(command),
                     [&reply](const absl::StatusOr<WriteReply>& done) { reply.set_value(done); });
    return reply.get_future().get();
  }
  std::vector<Number> Read(const Caller& caller, const std::string& number) const {
    std::vector<Number> found;
    EXPECT_TRUE(queries_
                    ->Record(caller, number,
                             [&found](const TenantList&, const TenantRecord& record) {
                               found.push_back(record.number);
                             })
                    .ok());
    return found;
  }
  static GivenRecord Of(const std::string& number) {
    GivenRecord record;
    record.number = number;
    record.channel = Channel::kCall;
    return record;
  }
  // The verdict on a number, as of all changes so far.
  Verdict Ask(Number number) const {
    Caller caller = Writer();
    caller.revision = order_.last();
    const std::vector<ParsedNumber> numbers = {NormalizeNumber(number)};
    const absl::StatusOr<Answer> answer = decider_->Decide(caller, {}, numbers);
    EXPECT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->evidence.revision, order_.last());
    return static_cast<Verdict>(answer->verdicts.at(0));
  }
  LoadInfo WaitFor(uint64_t id) const {
    EXPECT_TRUE(WaitUntil([&] {
      const LoadState state = release_admin_->GetLoad(id)->state;
      return state == LoadState::kSucceeded || state == LoadState::kRefused;
    }));
    return *release_admin_->GetLoad(id);
  }

  const blackbox::TempDir dir_;  // outlives the stores in it
  Clock clock_;
  RevisionOrder order_;
  QuotaMeter quotas_;
  Metrics metrics_;
  Waker waker_;
  std::unique_ptr<Store> tenants_store_;
  std::unique_ptr<Store> registry_store_;
  std::unique_ptr<TenantRecords> records_;
  std::unique_ptr<TenantDirectory> directory_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<Intake> intake_;
  std::optional<Authorizer> authorizer_;
  std::optional<TenantAdmin> tenant_admin_;
  std::optional<ReleaseAdmin> release_admin_;
  std::optional<ListChanges> changes_;
  std::optional<ListQueries> queries_;
  std::optional<Decider> decider_;
};

TEST_F(ServiceTest, WhatIsWrittenIsReadBack) {
  const absl::StatusOr<WriteReply> added =
      Add(Writer(), {.records = {Of("(201) 555-0101"), Of("555"), Of("2015550102")}});
  ASSERT_TRUE(added.ok()) << added.status();
  ASSERT_EQ(added->results.size(), 3U);
  EXPECT_EQ(added->results[0].outcome, WriteOutcome::kAdded);
  EXPECT_EQ(added->results[1].outcome, WriteOutcome::kRefused);
  EXPECT_EQ(added->results[2].outcome, WriteOutcome::kAdded);
  EXPECT_EQ(added->revision, queries_->revision());
  EXPECT_THAT(Read(Writer(), "201-555-0101"), ElementsAre(2015550101));

  std::vector<WriteOutcome> told;
  const auto part = queries_->NextChanges(
      Writer(), added->revision - 1, 0,
      [&told](const TenantList&, const RecordChange& change) { told.push_back(change.outcome); });
  ASSERT_TRUE(part.ok()) << part.status();
  EXPECT_EQ(part->revision, added->revision);
  EXPECT_THAT(told, ElementsAre(WriteOutcome::kAdded, WriteOutcome::kAdded));

  const absl::StatusOr<WriteReply> removed =
      Remove(Writer(), {.numbers = {"2015550102"}, .remove_do_not_call = true, .reason = "error"});
  ASSERT_TRUE(removed.ok()) << removed.status();
  EXPECT_EQ(removed->results.at(0).outcome, WriteOutcome::kRemoved);
  EXPECT_THAT(Read(Writer(), "2015550102"), ElementsAre());
}

TEST_F(ServiceTest, LimitsStandBeforeAnythingIsWritten) {
  const uint64_t before = queries_->revision();
  const GivenRecord record = Of("2015550101");
  EXPECT_EQ(ErrorReason(Add(Writer(), {.records = {record, record, record, record}}).status()),
            reason::kBatchTooLarge);
  EXPECT_EQ(ErrorReason(Add(Writer(), {.records = {record},
                                       .request_id = std::string(kMaxRequestIdBytes + 1, 'x')})
                            .status()),
            reason::kInvalidRequest);
  EXPECT_EQ(ErrorReason(Remove(Writer(), {.numbers = {"2015550101"},
                                          .reason = std::string(kMaxRemovalReasonBytes + 1, 'x')})
                            .status()),
            reason::kInvalidRequest);
  EXPECT_EQ(ErrorReason(Add(Writer(), {.list_id = "no-such-list", .records = {record}}).status()),
            reason::kNotFound);
  EXPECT_EQ(
      ErrorReason(
          changes_->AddBlocks(Writer(), "", std::vector<std::string>(kMaxBlocksAtOnce + 1, "212"))
              .status()),
      reason::kInvalidRequest);
  EXPECT_EQ(queries_->revision(), before);
}

// An opt-out that is meant for one list must not become a consent of another.
TEST_F(ServiceTest, ARecordOfAnotherListIsRefused) {
  GivenRecord record = Of("2015550101");
  record.list_id = "consents";
  const absl::StatusOr<WriteReply> reply = Add(Writer(), {.records = {record}});
  ASSERT_TRUE(reply.ok()) << reply.status();
  EXPECT_EQ(reply->results.at(0).outcome, WriteOutcome::kRefused);
  EXPECT_THAT(reply->results.at(0).message, HasSubstr("list_id"));
}

TEST_F(ServiceTest, WhoMayNotIsRefused) {
  ASSERT_TRUE(tenant_admin_->Create(Operator(), {.id = "brand-a", .display_name = "A"}).ok());
  const std::string scrubs = NewKey("brand-a", {KeyScope::kScrub});
  const std::string writes = NewKey("brand-a", {KeyScope::kWriteLists});
  const std::string operates = NewKey("", {KeyScope::kOperate});

  EXPECT_EQ(Admit(scrubs, Permission::kScrub)->tenant->tenant.id, "brand-a");
  EXPECT_EQ(ErrorReason(Admit(scrubs, Permission::kLists).status()), reason::kScopeMissing);
  EXPECT_EQ(ErrorReason(Admit(writes, Permission::kScrub).status()), reason::kScopeMissing);
  EXPECT_EQ(ErrorReason(Admit(writes, Permission::kOperate).status()), reason::kScopeMissing);
  // Others must not learn which tenants exist.
  EXPECT_EQ(ErrorReason(Admit(writes, Permission::kLists, "nobody").status()),
            reason::kScopeMissing);
  EXPECT_EQ(ErrorReason(Admit(operates, Permission::kLists).status()), reason::kInvalidRequest);
  EXPECT_EQ(ErrorReason(Admit(operates, Permission::kLists, "nobody").status()), reason::kNotFound);
  EXPECT_EQ(Admit(operates, Permission::kLists, " brand-a ")->tenant->tenant.id, "brand-a");
  EXPECT_EQ(ErrorReason(authorizer_->Admit({}, Permission::kScrub).status()),
            reason::kUnauthenticated);
  EXPECT_EQ(
      ErrorReason(authorizer_->Admit({.metadata_bytes = 1 << 20}, Permission::kOpen).status()),
      reason::kLimitReached);

  ASSERT_TRUE(
      tenant_admin_->Update(Operator(), {.id = "brand-a", .state = TenantState::kSuspended}).ok());
  EXPECT_EQ(ErrorReason(Admit(writes, Permission::kLists).status()), reason::kTenantSuspended);
  EXPECT_TRUE(Admit(operates, Permission::kRecords, "brand-a").ok());
}

TEST_F(ServiceTest, AKeyEndsWhenItWasToldTo) {
  const absl::Time end = absl::FromUnixSeconds(absl::ToUnixSeconds(clock_.Now()) + 3600);
  const auto made = tenant_admin_->CreateKey(
      Operator(), {.tenant_id = "default", .scopes = {KeyScope::kScrub}, .expires_at = end});
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(Admit(made->secret, Permission::kScrub)->expires_at, end);
  EXPECT_EQ(made->key.hash.size(), 32U);
  EXPECT_EQ(made->key.hash.find(made->secret), std::string::npos);
}

TEST_F(ServiceTest, WhatIsLeftOutOfATenantStays) {
  GivenTenant given{.id = "brand-a", .display_name = "A"};
  given.entitled.set();
  given.quotas = Quotas{.numbers_per_second = 7};
  ASSERT_TRUE(tenant_admin_->Create(Operator(), given).ok());
  const auto updated = tenant_admin_->Update(Operator(), {.id = "brand-a", .display_name = "B"});
  ASSERT_TRUE(updated.ok()) << updated.status();
  EXPECT_EQ(updated->view->tenant.display_name, "B");
  EXPECT_EQ(updated->view->tenant.quotas.numbers_per_second, 7U);
  // But an entitlement that is not said is none.
  EXPECT_TRUE(updated->view->tenant.terms.entitled.none());
  EXPECT_EQ(ErrorReason(tenant_admin_->Create(Operator(), {.id = "c", .revision = 1}).status()),
            reason::kInvalidRequest);
}

TEST_F(ServiceTest, LoadsAFileAndTellsOfIt) {
  const std::string path = dir_.path() + "/files/area_201.txt";
  std::ofstream(path) << "201,5550100\n201,5550101\n";
  LoadOptions options;
  options.obtained_at = clock_.Now() - absl::Hours(24);
  const absl::StatusOr<LoadInfo> load = release_admin_->Load(options, {path});
  ASSERT_TRUE(load.ok()) << load.status();
  const LoadInfo ended = WaitFor(load->id);
  ASSERT_EQ(ended.state, LoadState::kSucceeded) << ended.error;

  EXPECT_EQ(Ask(2015550101), Verdict::kListed);
  EXPECT_EQ(Ask(2015550109), Verdict::kClear);
  ASSERT_TRUE(Add(Writer(), {.records = {Of("2015550109")}}).ok());
  EXPECT_EQ(Ask(2015550109), Verdict::kListed);

  const ServerStatus status = release_admin_->Status();
  EXPECT_EQ(status.version, "1.2.3");
  EXPECT_EQ(status.numbers, 2U);
  EXPECT_EQ(status.revision, order_.last());
  EXPECT_EQ(release_admin_->Coverage("")->list, "national");
  const auto history = release_admin_->HistoryOf("201 555 0101");
  ASSERT_TRUE(history.ok()) << history.status();
  EXPECT_THAT(history->history.listed_on, ElementsAre("national"));
  EXPECT_EQ(ErrorReason(release_admin_->HistoryOf("911").status()), reason::kInvalidRequest);
  EXPECT_EQ(ErrorReason(release_admin_->Load(options, {}).status()), reason::kInvalidRequest);
  EXPECT_EQ(ErrorReason(release_admin_->Retire(Operator(), {}).status()), reason::kInvalidRequest);
}

TEST_F(ServiceTest, TakesAnUploadInOrder) {
  UploadSession upload(1'000, intake_.get());
  EXPECT_EQ(ErrorReason(upload.StartFile("a.txt", 0)), reason::kInvalidRequest);
  UploadSession good(1'000, intake_.get());
  LoadOptions options;
  options.obtained_at = clock_.Now() - absl::Hours(24);
  ASSERT_TRUE(good.SetOptions(options).ok());
  ASSERT_TRUE(good.StartFile("area_212.txt", 12).ok());
  ASSERT_TRUE(good.Append("212,5550100\n").ok());
  const absl::StatusOr<LoadInfo> load = good.Complete();
  ASSERT_TRUE(load.ok()) << load.status();
  EXPECT_EQ(WaitFor(load->id).state, LoadState::kSucceeded);
}

TEST_F(ServiceTest, PagesLeadThroughAllRecords) {
  for (const char* number : {"2015550101", "2015550102", "2015550103"}) {
    ASSERT_TRUE(Add(Writer(), {.records = {Of(number)}}).ok());
  }
  std::vector<Number> told;
  const auto tell = [&told](const TenantList&, const TenantRecord& record) {
    told.push_back(record.number);
  };
  std::string token;
  int pages = 0;
  do {
    const auto next = queries_->Records(Writer(), "", 2, token, tell);
    ASSERT_TRUE(next.ok()) << next.status();
    token = *next;
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(pages, 2);
  EXPECT_THAT(told, ElementsAre(2015550101, 2015550102, 2015550103));
  EXPECT_FALSE(queries_->Records(Writer(), "", 2, "here", tell).ok());
  EXPECT_FALSE(queries_->Records(Writer(), "", kRecordPageSizes.most + 1, "", tell).ok());
}

TEST(PageTest, TokensAreThoseThatWereGiven) {
  for (const uint64_t place : {uint64_t{1}, uint64_t{2015550101}, UINT64_MAX}) {
    EXPECT_EQ(ReadPageToken(PageToken(place)).value(), place);
  }
  EXPECT_EQ(ReadPageToken("").value(), 0U);
  for (const char* bad : {"0", "-1", "1 ", "x", "18446744073709551616"}) {
    EXPECT_EQ(ErrorReason(ReadPageToken(bad).status()), reason::kInvalidRequest) << bad;
  }
  EXPECT_EQ(ReadPage(0, "")->size, kPageSizes.usual);
  EXPECT_EQ(ReadPage(1'000'000, "7")->size, kPageSizes.most);
  EXPECT_FALSE(PageSize(kPageSizes.most + 1, kPageSizes).ok());
  std::vector<int> items = {9, 8, 7};
  const auto id_of = [](int id) { return static_cast<uint64_t>(id); };
  EXPECT_EQ(CutToPage({.size = 2}, &items, id_of), "8");
  EXPECT_THAT(items, ElementsAre(9, 8));
  EXPECT_EQ(CutToPage({.size = 2}, &items, id_of), "");
}

TEST(LoadOptionsTest, AreCheckedOnce) {
  LoadOptions options;
  EXPECT_TRUE(CheckLoadOptions(options).ok());
  options.requested_by = std::string(kMaxWhoAndWhyBytes + 1, 'x');
  EXPECT_FALSE(CheckLoadOptions(options).ok());
  options.requested_by.clear();
  options.csv.column_number = kMaxCsvColumns + 1;
  EXPECT_FALSE(CheckLoadOptions(options).ok());
  options.csv.column_number = 3;
  options.allow = {"shrunk:201"};
  EXPECT_FALSE(CheckLoadOptions(options).ok());
}

TEST_F(ServiceTest, AWaitThatTheCallersDeadlineEndsIsToldAsTheDeadline) {
  RevisionWait waits({.longest = absl::FromChrono(kPatience)},
                     {&order_, registry_.get(), &*authorizer_});
  Caller caller = Writer();
  EXPECT_EQ(ErrorReason(waits.Reach(order_.last() + 1, absl::Now() + absl::Milliseconds(50), {},
                                    Permission::kScrub, &caller)),
            reason::kDeadlinePassed);
  RevisionWait impatient({.longest = absl::Milliseconds(50)},
                         {&order_, registry_.get(), &*authorizer_});
  EXPECT_EQ(ErrorReason(impatient.Reach(order_.last() + 1, absl::InfiniteFuture(), {},
                                        Permission::kScrub, &caller)),
            reason::kRevisionNotReached);
}

}  // namespace
}  // namespace dnc
