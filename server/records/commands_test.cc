// Commands are deterministic: the same ones, applied to two fresh stores, leave the same in both,
// though the clocks differ, one of them is read meanwhile, and is closed and opened again. What is
// local, and so may differ, stands in Held, and in tenant_records.h and directory_commands.h.
// DNC_SEED repeats a run.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <variant>
#include <vector>

#include "server/base/clock.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/records/change_log.h"
#include "server/records/idempotency_keys.h"
#include "server/records/record_keys.h"
#include "server/records/tenant_records.h"
#include "server/storage/checked_value.h"
#include "server/storage/tenant_columns.h"
#include "server/tenants/api_key.h"
#include "server/tenants/directory_records.h"
#include "server/tenants/tenant_directory.h"
#include "tests/support/wait.h"

namespace dnc {
namespace {

const absl::Time kBegin = absl::FromUnixSeconds(1'790'000'000);
constexpr absl::Duration kRequestIdAge = absl::Hours(10);

// Thread-safe.
class WrongClock : public Clock {
 public:
  absl::Time Now() const override { return absl::FromUnixMicros(micros_.load()); }
  void Set(absl::Time now) { micros_ = absl::ToUnixMicros(now); }

 private:
  std::atomic<int64_t> micros_{absl::ToUnixMicros(kBegin)};
};

// A write before its tenant and list are looked up in the directory that it is applied with.
struct NamedWrite {
  std::string tenant;
  std::string list;
  RecordWrite write;
};
// Writes that are ordered together, after a first one by itself: two revisions.
using Commit = std::vector<NamedWrite>;
using Command = std::variant<TenantCommand, KeyCommand, ListCommand, ServerCommand, Commit>;

std::string Text(const absl::Status& status) {
  return status.ok() ? "OK" : StrCat(ErrorReason(status), " ", ToStd(status.message()));
}

class Server {
 public:
  explicit Server(std::string folder) : folder_(std::move(folder)) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    Open();
  }
  ~Server() {
    Close();
    std::filesystem::remove_all(folder_);
  }

  void Open() {
    order_ = std::make_unique<RevisionOrder>();
    auto store =
        Store::Open({.path = folder_ + "/tenants", .columns = TenantColumns(), .sparing = true});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    TenantRecordsOptions options;
    options.data_dir = folder_;
    options.filter_min_records = 50;
    options.image_min_records = 0;
    options.request_id_age = kRequestIdAge;
    options.max_records = 150;
    auto records = TenantRecords::Open(options, store_.get(), order_.get(), &clock_);
    ASSERT_TRUE(records.ok()) << records.status();
    records_ = *std::move(records);
    auto directory = TenantDirectory::Open(
        store_.get(), order_.get(), &clock_,
        {.max_tenants = 5, .max_keys = 3, .max_lists = 4, .max_blocks = 6, .max_changes = 20});
    ASSERT_TRUE(directory.ok()) << directory.status();
    directory_ = *std::move(directory);
    directory_->SetJournal(records_->journal());
  }
  void Close() {
    directory_.reset();
    records_.reset();
    store_.reset();
  }
  // As a stop, or as a crash leaves it: without the proofs.
  void Reopen(bool without_proofs) {
    Close();
    if (without_proofs) {
      std::filesystem::remove(folder_ + "/tenants.filter");
      std::filesystem::remove(folder_ + "/tenants.seal");
    }
    Open();
  }

  // What the command's sender is told.
  std::string Apply(const TenantCommand& command) {
    const auto done = directory_->Apply(command);
    if (!done.ok()) return Text(done.status());
    if (command.what == TenantCommand::What::kRemove) {
      EXPECT_TRUE(records_->Drop((*done)->tenant.number).ok());
    }
    return StrCat((*done)->tenant.number, " ", (*done)->tenant.revision);
  }
  std::string Apply(const KeyCommand& command) {
    const auto done = directory_->Apply(command);
    return done.ok() ? done->id : Text(done.status());
  }
  std::string Apply(const ListCommand& command) {
    const auto done = directory_->Apply(command);
    return done.ok() ? StrCat(done->list.number, " ", done->revision) : Text(done.status());
  }
  std::string Apply(const ServerCommand& command) { return Text(directory_->Apply(command)); }
  std::string Apply(const Commit& commit) {
    std::vector<RecordWrite> writes;
    for (const NamedWrite& named : commit) {
      const auto tenant = directory_->Find(named.tenant);
      if (!tenant.ok()) continue;
      const auto list = (*tenant)->lists.find(named.list);
      if (list == (*tenant)->lists.end()) continue;
      writes.push_back(named.write);
      writes.back().tenant = *tenant;
      writes.back().list = list->second;
    }
    std::vector<std::promise<absl::StatusOr<WriteReply>>> done(writes.size());
    {
      // The committer takes the first, and waits for its revision; meanwhile the rest gathers.
      const auto held = order_->Begin();
      for (size_t i = 0; i < writes.size(); ++i) {
        records_->Submit(std::move(writes[i]), [&done, i](absl::StatusOr<WriteReply> reply) {
          done[i].set_value(std::move(reply));
        });
        if (i == 0) {
          EXPECT_TRUE(WaitUntil([this] { return records_->stats().waiting_writes == 0; }));
        }
      }
    }
    std::string told;
    for (auto& promise : done) {
      const absl::StatusOr<WriteReply> reply = promise.get_future().get();
      told += reply.ok() ? StrCat(reply->revision) : Text(reply.status());
      if (!reply.ok()) continue;
      for (const WriteResult& result : reply->results) {
        told += StrCat(" ", static_cast<int>(result.outcome), result.message);
      }
    }
    return told;
  }

  // Whatever a server is asked; what it is told doesn't matter here.
  void Read(std::string_view secret) {
    directory_->Authenticate(secret).IgnoreError();  // live or not, as the clock says
    for (const TenantViewPtr& tenant : directory_->All()) {
      std::vector<Number> numbers = {2'015'550'100, 2'015'550'101, 2'015'550'102};
      std::vector<uint8_t> facts(numbers.size());
      std::vector<FactChange> changes;
      records_->FindFacts(*tenant, "acme", clock_.Now(), numbers, absl::MakeSpan(facts), &changes);
      EXPECT_TRUE(records_->Find(tenant->tenant.number, numbers[0]).ok());
      const auto all = [](ListNumber, const TenantRecord&) { return true; };
      EXPECT_TRUE(records_->Scan(tenant->tenant.number, 0, 0, all).ok());
      EXPECT_TRUE(directory_->Keys(tenant->tenant.id).ok());
    }
    EXPECT_TRUE(directory_->FlushLastUsed().ok());
  }

  WrongClock& clock() { return clock_; }
  uint64_t DroppedUpTo() const { return records_->stats().changes_dropped_up_to; }

  // All that the store holds, by column and key, without what is local. Changes up to `dropped` are
  // no longer kept by one of the servers; request ids older than their age at `now` are gone.
  std::map<std::string, std::string> Held(uint64_t dropped, absl::Time now) const {
    std::map<std::string, std::string> held;
    for (const Column column : TenantColumns()) {
      const auto status =
          store_->Scan(column, "", "", [&](std::string_view key, std::string_view value) {
            const std::string kept =
                column == Column::kMeta ? KeptOfMeta(key, value, dropped) : std::string(value);
            const bool pruned =
                (column == Column::kRecordChanges && GetNumber(key.substr(4, 8)) <= dropped) ||
                (column == Column::kRequests && RequestIsOld(key, value, now, kRequestIdAge));
            if (!pruned && !kept.empty()) {
              held[StrCat(static_cast<int>(column), "/", std::string(key))] = kept;
            }
            return absl::OkStatus();
          });
      EXPECT_TRUE(status.ok()) << status;
    }
    return held;
  }

 private:
  // Empty: it is local.
  static std::string KeptOfMeta(std::string_view key, std::string_view value, uint64_t dropped) {
    const auto content = RemoveCheck(key, value);
    EXPECT_TRUE(content.has_value()) << key;
    if (key == kRecordsStoreKey || key == "own/lists-noted") return "";
    if (key == "own/changes") return std::string(content->substr(0, 8));  // changes ever
    if (key.substr(0, kMarkPrefix.size()) == kMarkPrefix && dropped > 0) return "";
    if (key == kHeadKey) {
      DirectoryHead head;
      EXPECT_TRUE(Decode(key, *content, &head).ok());
      head.digest = 0;  // it covers when keys were last used
      return Encode(head);
    }
    if (key.substr(0, kKeyPrefix.size()) == kKeyPrefix) {
      StoredKey stored;
      EXPECT_TRUE(Decode(key, *content, &stored).ok());
      stored.key.last_used_at = absl::InfinitePast();
      return Encode(stored);
    }
    return std::string(*content);
  }

  const std::string folder_;
  WrongClock clock_;
  std::unique_ptr<RevisionOrder> order_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<TenantRecords> records_;
  std::unique_ptr<TenantDirectory> directory_;
};

class Commands {
 public:
  explicit Commands(uint64_t seed) : random_(seed) {}

  uint64_t Below(uint64_t most) {
    return std::uniform_int_distribution<uint64_t>(0, most - 1)(random_);
  }
  absl::Time time() const { return time_; }

  Command Next() {
    time_ += absl::Seconds(Below(3'600));
    switch (Below(8)) {
      case 0:
        return OfTenant();
      case 1:
        return OfKey();
      case 2:
        return OfList();
      case 3:
        return ServerCommand{
            time_, By(), "a word",
            Below(2) == 0 ? std::optional(time_ + absl::Hours(Below(500))) : std::nullopt};
      default:
        return Writes();
    }
  }

 private:
  std::string By() { return StrCat("key", Below(9)); }
  std::string TenantId() {
    const uint64_t id = Below(8);
    return id < 3 ? kDefaultTenantId : StrCat("tenant-", id);
  }
  std::string ListId() {
    const uint64_t id = Below(6);
    return id < 2 ? kDefaultListId : StrCat("list-", id);
  }
  std::string Block() {
    return std::to_string(Below(2) == 0 ? 201 + Below(4) : 201'555 + Below(4));
  }

  TenantCommand OfTenant() {
    TenantCommand command;
    command.time = time_;
    command.by = By();
    command.tenant.id = TenantId();
    command.tenant.display_name = StrCat("Seller ", Below(4));
    command.tenant.terms.entitled.set(201 + Below(50));
    command.what = static_cast<TenantCommand::What>(Below(3));
    const bool suspend = command.what == TenantCommand::What::kUpdate && Below(2) == 0;
    command.tenant.state = suspend ? TenantState::kSuspended : TenantState::kActive;
    return command;
  }
  KeyCommand OfKey() {
    KeyCommand command;
    command.time = time_;
    command.by = By();
    // Few ids, so that some are taken, and revocations find one.
    command.key.id = StrCat("000000", 10 + Below(30));
    if (Below(3) == 0) {
      command.what = KeyCommand::What::kRevoke;
      return command;
    }
    for (int i = 0; i < 32; ++i) command.key.hash.push_back(static_cast<char>(Below(256)));
    const bool of_operator = Below(3) == 0;
    if (!of_operator) command.key.tenant_id = TenantId();
    command.key.scopes = {of_operator ? KeyScope::kOperate : KeyScope::kScrub};
    command.key.display_name = "dialer";
    if (Below(2) == 0) command.key.expires_at = time_ + absl::Hours(1 + Below(400));
    return command;
  }
  ListCommand OfList() {
    ListCommand command;
    command.time = time_;
    command.by = By();
    command.what = static_cast<ListCommand::What>(Below(3));
    command.tenant_id = TenantId();
    command.list.id = ListId();
    command.list.kind = static_cast<TenantListKind>(1 + Below(3));
    if (Below(2) == 0) command.list.scope = "acme";
    for (uint64_t i = 1 + Below(3); i > 0; --i) command.list.blocks.push_back(Block());
    return command;
  }
  Commit Writes() {
    Commit commit;
    for (uint64_t i = 1 + Below(5); i > 0; --i) {
      NamedWrite named{TenantId(), ListId(), {}};
      RecordWrite& write = named.write;
      write.time = time_;
      write.remove = Below(4) == 0;
      write.remove_do_not_call = Below(2) == 0;
      write.reason = write.remove ? "asked for" : "";
      write.by = By();
      if (Below(3) == 0) write.request_id = StrCat("request ", Below(20));
      write.request_ids_full = Below(10) == 0;
      write.max_records = Below(5) == 0 ? 5 : 0;
      for (uint64_t item = Below(12); item > 0; --item) write.items.push_back(Item());
      commit.push_back(std::move(named));
    }
    return commit;
  }
  RecordWrite::Item Item() {
    RecordWrite::Item item;
    item.record.number = 2'015'550'100 + Below(60);
    item.record.made_at = time_ - absl::Seconds(Below(1'000'000));
    item.record.made_by = By();
    item.dated = Below(2) == 0;
    if (Below(3) == 0) {
      item.record.ebr_kind = EbrKind::kTransaction;
      item.record.last_event_at = item.record.made_at;
    }
    if (Below(3) == 0) item.record.expires_at = time_ + absl::Hours(24 * Below(4'000));
    if (Below(8) == 0) item.refusal = "no number";
    return item;
  }

  std::mt19937_64 random_;
  absl::Time time_ = kBegin;
};

std::string Printable(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    char hex[8];
    std::snprintf(hex, sizeof(hex), c >= 0x20 && c < 0x7F ? "%c" : "\\x%02x",
                  static_cast<unsigned char>(c));
    text += hex;
  }
  return text;
}

void ExpectSame(const std::map<std::string, std::string>& one,
                const std::map<std::string, std::string>& two) {
  EXPECT_EQ(one.size(), two.size());
  for (const auto& [key, value] : one) {
    const auto found = two.find(key);
    ASSERT_NE(found, two.end()) << Printable(key) << " is in the one store only";
    ASSERT_EQ(Printable(value), Printable(found->second)) << Printable(key);
  }
}

TEST(CommandsTest, LeaveTheSameOnEveryServer) {
  const char* const given = std::getenv("DNC_SEED");
  const uint64_t seed = given == nullptr ? std::random_device()() : std::stoull(given);
  std::printf("DNC_SEED=%llu\n", static_cast<unsigned long long>(seed));
  const std::string folder = StrCat(testing::TempDir(), "/dnc_commands_test.", getpid());
  Server calm(folder + "_calm");
  Server busy(folder + "_busy");
  Commands commands(seed);
  std::mt19937_64 random(seed + 1);  // of what happens beside the commands
  const auto one_in = [&random](uint64_t many) { return random() % many == 0; };

  // A key that is used on the one server only.
  MadeApiKey key = MakeApiKey({});
  KeyCommand make{KeyCommand::What::kCreate, kBegin, "local", key.key};
  make.key.tenant_id = kDefaultTenantId;
  make.key.scopes = {KeyScope::kScrub};
  ASSERT_EQ(calm.Apply(make), busy.Apply(make));

  int done = 0;
  for (int step = 0; step < 400; ++step) {
    const Command command = commands.Next();
    // Days ahead or behind, but for one that never moves.
    busy.clock().Set(kBegin + absl::Hours(static_cast<int64_t>(random() % 2'000) - 1'000));
    if (one_in(5)) busy.Read(key.secret);
    if (one_in(40)) busy.Reopen(/*without_proofs=*/one_in(2));
    const std::string told =
        std::visit([&calm](const auto& applied) { return calm.Apply(applied); }, command);
    const std::string also =
        std::visit([&busy](const auto& applied) { return busy.Apply(applied); }, command);
    ASSERT_EQ(told, also) << "step " << step;
    if (step % 50 != 49) continue;
    // A server may drop old changes while it is read.
    uint64_t dropped = 0;
    std::map<std::string, std::string> held;
    do {
      dropped = std::max(calm.DroppedUpTo(), busy.DroppedUpTo());
      held = busy.Held(dropped, commands.time());
    } while (busy.DroppedUpTo() > dropped);
    ASSERT_NO_FATAL_FAILURE(ExpectSame(calm.Held(dropped, commands.time()), held))
        << "step " << step;
    done += held.size() > 20 ? 1 : 0;
  }
  EXPECT_GT(done, 4) << "the commands hardly did anything";
}

}  // namespace
}  // namespace dnc
