#include "server/tenants/directory_view.h"

#include <gtest/gtest.h>

#include <ctime>
#include <thread>

#include "absl/time/time.h"

namespace dnc {
namespace {

TenantViewPtr NewView(int number) {
  Tenant tenant;
  tenant.number = static_cast<TenantNumber>(number);
  tenant.id = StrCat("tenant-", number);
  return MakeTenantView(std::move(tenant), {});
}

TEST(SharedMapTest, ACopyKeepsWhatItHad) {
  SharedMap<int> first;
  for (int i = 0; i < 5000; ++i) first.Fill(StrCat("key", i), i);
  SharedMap<int> second = first;
  second.Put("key7", 70);
  second.Put("new", 1);
  second.Erase("key8");
  EXPECT_EQ(*first.Find("key7"), 7);
  EXPECT_EQ(*first.Find("key8"), 8);
  EXPECT_EQ(first.Find("new"), nullptr);
  EXPECT_EQ(*second.Find("key7"), 70);
  EXPECT_EQ(second.Find("key8"), nullptr);
  EXPECT_EQ(*second.Find("new"), 1);
  int count = 0;
  second.ForEach([&count](int) { ++count; });
  EXPECT_EQ(count, 5000);
  EXPECT_EQ(SharedMap<int>().Find(""), nullptr);
}

TEST(DirectoryViewCellTest, EachThreadSeesTheLastOfEachCell) {
  DirectoryViewCell one;
  DirectoryViewCell two;
  for (int round = 0; round < 3; ++round) {
    auto view = std::make_shared<DirectoryView>();
    view->tenants.Fill("one", NewView(round));
    one.Publish(view);
    two.Publish(std::make_shared<DirectoryView>());
    const auto look = [&] {
      EXPECT_EQ((*one.Get().tenants.Find("one"))->tenant.number, static_cast<uint32_t>(round));
      EXPECT_EQ(two.Get().tenants.Find("one"), nullptr);
      EXPECT_EQ((*one.Get().tenants.Find("one"))->tenant.number, static_cast<uint32_t>(round));
    };
    look();
    std::thread(look).join();
  }
}

// Measures what a change costs besides its write to disk, with many tenants and keys. The bound is
// loose, because machines differ.
// Only this thread's processor time counts, not what else the machine does.
absl::Duration ThreadTime() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return absl::DurationFromTimespec(time);
}

TEST(DirectoryViewTest, AChangeCopiesLittleOfManyTenants) {
  DirectoryView view;
  for (int i = 0; i < 100'000; ++i) {
    view.tenants.Fill(StrCat("tenant-", i), NewView(i));
    auto key = std::make_shared<KeyEntry>();
    key->key.id = StrCat(10'000'000 + i);
    view.keys.Fill(key->key.id, key);
  }
  auto latest = std::make_shared<const DirectoryView>(std::move(view));
  DirectoryViewCell cell;
  cell.Publish(latest);
  constexpr int kChanges = 1000;
  const absl::Duration begin = ThreadTime();
  for (int i = 0; i < kChanges; ++i) {
    auto next = std::make_shared<DirectoryView>(*latest);
    next->tenants.Put(StrCat("tenant-", i * 97), NewView(i));
    cell.Publish(next);
    latest = std::move(next);
  }
  const absl::Duration change = (ThreadTime() - begin) / kChanges;
  const absl::Duration looked = ThreadTime();
  size_t found = 0;
  for (int i = 0; i < 100'000; ++i) {
    found += cell.Get().tenants.Find(StrCat("tenant-", i)) != nullptr ? 1 : 0;
  }
  const absl::Duration search = (ThreadTime() - looked) / 100'000;
  EXPECT_EQ(found, 100'000U);
  RecordProperty("change", absl::FormatDuration(change));
  RecordProperty("search", absl::FormatDuration(search));
  std::printf("a change: %s, a search: %s\n", absl::FormatDuration(change).c_str(),
              absl::FormatDuration(search).c_str());
  EXPECT_LT(change, absl::Milliseconds(5));
}

}  // namespace
}  // namespace dnc
