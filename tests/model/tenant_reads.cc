// Compares all that a tenant can read with the oracle.
#include <gtest/gtest.h>

#include "tests/model/tenant_scenario.h"

namespace dnc::blackbox {
namespace {

void ExpectSameRecord(const v1::Record& expected, const v1::Record& told) {
  EXPECT_EQ(told.ShortDebugString(), expected.ShortDebugString());
}

}  // namespace

void TenantScenario::AskAll() {
  for (auto& [id, oracle] : tenants_) {
    if (!Active(oracle)) {
      ExpectSuspended(id);
      // The operator may still read what the tenant has.
      if (OneIn(random_, 3)) CompareRecords(oracle);
      if (OneIn(random_, 4)) ComparePages(oracle);
      continue;
    }
    CompareScrub(oracle);
    CompareAsOf(oracle);
    if (OneIn(random_, 2)) CompareChecks(oracle);
    if (OneIn(random_, 3)) CompareStream(oracle);
    if (OneIn(random_, 3)) CompareRecords(oracle);
    if (OneIn(random_, 4)) ComparePages(oracle);
    if (OneIn(random_, 6)) CompareChanges(oracle);
    if (::testing::Test::HasFailure()) return;
  }
  for (const std::string& id : removed_) ExpectGone(id);
}

void TenantScenario::ExpectSuspended(const std::string& tenant_id) {
  TenantClient own = As(tenant_id);
  v1::ScrubRequest request;
  request.add_numbers(AnyNumber());
  v1::ScrubResponse answer;
  EXPECT_EQ(ReasonOf(own.Call(own.scrubs(), &v1::ScrubService::Stub::Scrub, request, &answer)),
            "TENANT_SUSPENDED")
      << Diary();
}

void TenantScenario::ExpectGone(const std::string& tenant_id) {
  std::vector<v1::Record> records;
  EXPECT_EQ(ReasonOf(As(tenant_id).Export("", &records)), "NOT_FOUND") << Diary();
}

// Expects all that the lists know about a number, and nothing else.
void TenantScenario::ExpectKnown(const TenantOracle& oracle, const std::string& number,
                                 const v1::GetRecordResponse& answer) {
  std::map<std::string, v1::Record> told;
  for (const v1::Record& record : answer.records()) told[record.list_id()] = record;
  size_t known = 0;
  for (const auto& [id, list] : oracle.lists()) {
    const auto record = list.records.find(number);
    if (record == list.records.end()) continue;
    ++known;
    ExpectSameRecord(record->second, told[id]);
  }
  ASSERT_EQ(static_cast<size_t>(answer.records_size()), known) << Diary();
}

void TenantScenario::CompareRecords(TenantOracle& oracle) {
  TenantClient own = As(oracle.tenant().tenant_id());
  for (int i = 0; i < 3; ++i) {
    v1::GetRecordRequest request;
    request.set_number(std::to_string(AnyNumber()));
    v1::GetRecordResponse answer;
    const grpc::Status status =
        own.Call(own.lists(), &v1::ListService::Stub::GetRecord, request, &answer);
    ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
    ExpectKnown(oracle, request.number(), answer);
  }
  std::vector<v1::Record> records;
  const grpc::Status status = own.Export("", &records);
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  ASSERT_EQ(records.size(), oracle.Records()) << Diary();
  for (size_t i = 0; i < records.size(); ++i) {
    EXPECT_LE(records[i == 0 ? 0 : i - 1].number(), records[i].number());
    const auto& expected = oracle.lists().at(records[i].list_id()).records;
    ASSERT_EQ(expected.count(records[i].number()), 1U) << Diary();
    ExpectSameRecord(expected.at(records[i].number()), records[i]);
  }
}

void TenantScenario::ComparePages(TenantOracle& oracle) {
  TenantClient own = As(oracle.tenant().tenant_id());
  v1::ListRecordsRequest request;
  request.set_list_id(AnyList(oracle));
  request.set_page_size(static_cast<uint32_t>(1 + Below(random_, 9)));
  const auto& expected = oracle.lists().at(request.list_id()).records;
  auto next = expected.begin();
  do {
    v1::ListRecordsResponse page;
    const grpc::Status status =
        own.Call(own.lists(), &v1::ListService::Stub::ListRecords, request, &page);
    ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
    for (const v1::Record& record : page.records()) {
      ASSERT_TRUE(next != expected.end()) << Diary();
      ExpectSameRecord((next++)->second, record);
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_TRUE(next == expected.end()) << Diary();
  v1::ListListsResponse lists;
  const grpc::Status status =
      own.Call(own.lists(), &v1::ListService::Stub::ListLists, v1::ListListsRequest(), &lists);
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  ASSERT_EQ(static_cast<size_t>(lists.lists_size()), oracle.lists().size()) << Diary();
  for (const v1::OwnList& list : lists.lists()) {
    const TenantListModel& model = oracle.lists().at(list.list_id());
    EXPECT_EQ(list.records(), model.records.size()) << list.list_id() << Diary();
    EXPECT_EQ(std::set<std::string>(list.blocks().begin(), list.blocks().end()), model.blocks);
  }
}

// Compares the changes from a random one on. From the first one on, they must add up to what the
// lists hold.
void TenantScenario::CompareChanges(TenantOracle& oracle) {
  const auto& all = oracle.changes();
  if (all.empty()) return;
  const uint64_t last_block =
      oracle.block_changes().empty() ? 0 : oracle.block_changes().back().first;
  const uint64_t after = OneIn(random_, 2) ? 0 : all[Below(random_, all.size())].first;
  std::vector<std::pair<uint64_t, v1::RecordChange>> expected;
  for (const auto& change : all) {
    if (change.first > after) expected.push_back(change);
  }
  if (expected.empty()) return;
  const uint64_t last = std::max(last_block, expected.back().first);
  std::vector<std::string> blocks;
  for (const auto& [revision, change] : oracle.block_changes()) {
    if (revision > after) blocks.push_back(change.ShortDebugString());
  }
  std::vector<std::string> blocks_told;
  std::vector<std::pair<uint64_t, v1::RecordChange>> told;
  std::map<std::pair<std::string, std::string>, v1::Record> replayed;
  const grpc::Status status =
      As(oracle.tenant().tenant_id()).Watch(after, [&](const v1::WatchChangesResponse& part) {
        for (const v1::RecordChange& change : part.changes()) {
          told.emplace_back(part.revision(), change);
        }
        for (const v1::BlockChange& change : part.block_changes()) {
          blocks_told.push_back(change.ShortDebugString());
        }
        return part.last_of_revision() && part.revision() >= last;
      });
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  ASSERT_EQ(blocks_told, blocks) << Diary();
  ASSERT_EQ(told.size(), expected.size()) << Diary();
  for (size_t i = 0; i < told.size(); ++i) {
    const v1::RecordChange& change = told[i].second;
    ASSERT_EQ(told[i].first, expected[i].first) << Diary();
    ASSERT_EQ(change.outcome(), expected[i].second.outcome()) << Diary();
    const std::pair<std::string, std::string> key(change.record().list_id(),
                                                  change.record().number());
    if (change.outcome() == v1::WRITE_OUTCOME_REMOVED) {
      EXPECT_EQ(change.record().number(), expected[i].second.record().number()) << Diary();
      replayed.erase(key);
    } else {
      ExpectSameRecord(expected[i].second.record(), change.record());
      replayed[key] = change.record();
    }
  }
  if (after != 0) return;
  ASSERT_EQ(replayed.size(), oracle.Records()) << Diary();
  for (const auto& [key, record] : replayed) {
    ExpectSameRecord(oracle.lists().at(key.first).records.at(key.second), record);
  }
}

}  // namespace dnc::blackbox
