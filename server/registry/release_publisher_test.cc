// Tests how the registry puts releases in force, with releases that are built by hand, without
// files and guards.
#include "server/registry/release_publisher.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/numbers/phone_number.h"
#include "server/registry/area_builder.h"
#include "server/registry/data_age.h"
#include "server/registry/registry.h"
#include "server/registry/stored_values.h"
#include "server/storage/store.h"

namespace dnc {
namespace {

class SteppedClock : public Clock {
 public:
  absl::Time Now() const override {
    return absl::FromCivil(absl::CivilDay(2026, 8, 10), absl::UTCTimeZone()) + passed;
  }
  absl::Duration passed = absl::ZeroDuration();
};

// What a release holds: lines of exchange 555, by area code.
using Content = std::map<int, std::set<uint32_t>>;

AreaSetPtr SetOf(const std::set<uint32_t>& lines) {
  AreaSetBuilder builder;
  for (const uint32_t line : lines) builder.Add(5'550'000 + line);
  return std::move(builder).Build();
}

// Builds a release of the national registry that holds exactly this content. Area codes that it
// does not name stay as they are.
BuiltRelease BuildOf(const ReleaseBase& base, const Content& content) {
  BuiltRelease built;
  built.list = std::make_shared<ListState>(*base.before);
  ListState& list = *built.list;
  for (const auto& [area_code, lines] : content) {
    const auto seal = list.seals.find(area_code);
    storage::Seal fresh;
    fresh.set_area_code(static_cast<uint32_t>(area_code));
    AreaBuilder area = seal == list.seals.end()
                           ? AreaBuilder(fresh, nullptr, false)
                           : AreaBuilder(seal->second, list.numbers.area(area_code), true);
    area.ReplaceBy(SetOf(lines), ToMicros(base.now), base.release_id);
    area.Finish(base.release_id, built.content);
    list.seals[area_code] = area.seal();
    list.numbers.set_area(area_code, area.numbers());
    built.reloaded.insert(area_code);
  }
  built.release.set_id(base.release_id);
  built.release.set_list_id(list.list_id);
  built.release.set_list(list.name);
  built.release.set_parent_id(base.before->head.id());
  SumUp(list, built.release);
  list.head = built.release;
  NoteBrought(*base.state, *base.before, built.reloaded, base.now, list);
  return built;
}

// A registry over a store of its own.
class Server {
 public:
  Server(std::string dir, int threads) : dir_(std::move(dir)), threads_(threads) {
    std::filesystem::remove_all(dir_);
    std::filesystem::create_directories(dir_);
    Open();
  }
  ~Server() {
    Close();
    std::filesystem::remove_all(dir_);
  }
  void Reopen() {
    Close();
    Open();
  }

  absl::StatusOr<std::optional<ReleaseInfo>> Publish(const Content& content,
                                                     const ReleasePublisher::Request& request = {
                                                         .list = "national"}) {
    const auto build = [&content](const ReleaseBase& base) -> absl::StatusOr<BuiltRelease> {
      return BuildOf(base, content);
    };
    auto info = registry_->publisher()->Publish(request, build);
    if (info.ok()) registry_->publisher()->TidyUp(request.list, stop_);
    return info;
  }
  bool Lists(Number number) const {
    return registry_->snapshot()->lists.at(0)->numbers.Contains(number);
  }
  // Returns everything that is stored.
  std::string Stored() const {
    std::string all;
    for (const Column column : {Column::kMeta, Column::kBlocks, Column::kChanges}) {
      const absl::Status status =
          store_->Scan(column, std::string_view("\0", 1), std::string(40, '\xFF'),
                       [&all](std::string_view key, std::string_view value) {
                         all += StrCat(key.size(), ":", key, value.size(), ":", value);
                         return absl::OkStatus();
                       });
      EXPECT_TRUE(status.ok()) << status;
    }
    return all;
  }

  SteppedClock& clock() { return clock_; }
  Registry& registry() { return *registry_; }

 private:
  void Open() {
    auto store = Store::Open({.path = dir_ + "/store"});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
    RegistryOptions options;
    options.data_dir = dir_;
    options.load_threads = threads_;
    options.max_releases = 8;
    auto registry = Registry::Open(options, store_.get(), &clock_, &order_);
    ASSERT_TRUE(registry.ok()) << registry.status();
    registry_ = *std::move(registry);
    ASSERT_TRUE(registry_->WaitUntilReady().ok());
  }
  void Close() {
    registry_.reset();
    store_.reset();
  }

  const std::string dir_;
  const int threads_;
  const std::atomic<bool> stop_{false};
  SteppedClock clock_;
  RevisionOrder order_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Registry> registry_;
};

std::string Dir(const std::string& name) {
  return StrCat(testing::TempDir(), "/dnc_publisher_",
                testing::UnitTest::GetInstance()->current_test_info()->name(), name);
}

TEST(ReleasePublisher, WhatIsPublishedAnswersAndOutlivesARestart) {
  Server server(Dir(""), 1);
  const auto info = server.Publish({{201, {100, 101}}});
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_EQ((*info)->revision, 1U);
  EXPECT_EQ((*info)->numbers, 2U);
  EXPECT_TRUE((*info)->in_force);
  EXPECT_EQ((*info)->published_at, server.clock().Now());
  EXPECT_TRUE(server.Lists(2015550100));
  server.Reopen();
  EXPECT_TRUE(server.Lists(2015550100));
  EXPECT_FALSE(server.Lists(2015550102));
}

TEST(ReleasePublisher, WhatIsNotPublishedChangesNothing) {
  Server server(Dir(""), 1);
  ASSERT_TRUE(server.Publish({{201, {100}}}).ok());
  const std::string before = server.Stored();
  const auto looked = server.Publish({{201, {101}}}, {.list = "national", .dry_run = true});
  ASSERT_TRUE(looked.ok()) << looked.status();
  EXPECT_FALSE(looked->has_value());
  EXPECT_EQ(server.Stored(), before);
  const auto refused = server.registry().publisher()->Publish(
      {.list = "national"}, [](const ReleaseBase&) -> absl::StatusOr<BuiltRelease> {
        return Error(reason::kBadFile, "refused");
      });
  EXPECT_EQ(ErrorReason(refused.status()), reason::kBadFile);
  const std::atomic<bool> stop{true};
  const auto stopped = server.Publish({{201, {101}}}, {.list = "national", .stop = &stop});
  EXPECT_EQ(ErrorReason(stopped.status()), reason::kLoadStopped);
  EXPECT_TRUE(server.Lists(2015550100));
  EXPECT_FALSE(server.Lists(2015550101));
  server.Reopen();
  EXPECT_TRUE(server.Lists(2015550100));
  EXPECT_FALSE(server.Lists(2015550101));
}

// Makes random releases, rollbacks and retirements, each at its own time.
std::vector<std::function<bool(Server&)>> RandomCommands(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::function<bool(Server&)>> commands;
  for (int i = 0; i < 60; ++i) {
    const uint64_t kind = random() % 10;
    if (kind == 0) {
      commands.emplace_back([](Server& server) {
        return server.registry().RollBack("national", 0, {.requested_by = "x"}).ok();
      });
    } else if (kind == 1) {
      commands.emplace_back([](Server& server) {
        return server.registry().Retire("national", {.reason = "y"}).ok();
      });
    } else {
      Content content;
      for (uint64_t n = random() % 4 + 1; n > 0; --n) {
        std::set<uint32_t>& lines = content[static_cast<int>(201 + random() % 5)];
        for (uint64_t m = random() % 300; m > 0; --m) {
          lines.insert(static_cast<uint32_t>(random() % 1000));
        }
      }
      commands.emplace_back([content](Server& server) { return server.Publish(content).ok(); });
    }
  }
  return commands;
}

TEST(ReleasePublisher, TheSameCommandsStoreTheSameOnEveryServer) {
  for (const uint64_t seed : {1U, 2U, 3U}) {
    Server one(Dir("_one"), 1);
    Server other(Dir("_other"), 4);
    int accepted = 0;
    int step = 0;
    for (const auto& command : RandomCommands(seed)) {
      const absl::Duration passed = absl::Minutes(++step);
      one.clock().passed = other.clock().passed = passed;
      const bool ok = command(one);
      EXPECT_EQ(command(other), ok);
      accepted += ok ? 1 : 0;
      // A restarted registry reads what was stored, and must go on like one that did not stop.
      if (step % 20 == 0) other.Reopen();
    }
    EXPECT_GT(accepted, 30);
    EXPECT_TRUE(one.Stored() == other.Stored()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace dnc
