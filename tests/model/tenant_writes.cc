// The writes of a tenant, each done to the server and to the oracle.
#include <gtest/gtest.h>

#include "tests/model/tenant_scenario.h"

namespace dnc::blackbox {
namespace {

const char* const kBlocks[] = {"201", "512", "201555", "212555", "314555", "950556"};

}  // namespace

v1::Record TenantScenario::AnyRecord(v1::OwnListKind kind) {
  const std::time_t now = std::time(nullptr);
  v1::Record record;
  record.set_number(OneIn(random_, 30) ? "12" : std::to_string(AnyNumber()));
  record.set_made_by("tests");
  record.mutable_made_at()->set_seconds(begin_ - static_cast<std::time_t>(Below(random_, 3)));
  if (OneIn(random_, 4)) record.set_reason("asked");
  if (OneIn(random_, 8)) record.set_channel(v1::CHANNEL_WEB);
  if (OneIn(random_, 50)) record.set_note(std::string(1001, 'n'));
  if (kind == v1::OWN_LIST_KIND_INTERNAL) {
    if (OneIn(random_, 8)) record.mutable_made_at()->set_seconds(now + 3600);
    if (OneIn(random_, 3)) {  // made long ago: some have ended, some are kept too shortly
      record.mutable_made_at()->set_seconds(now - 6 * 365 * kDay);
      const auto years = static_cast<std::time_t>(4 + Below(random_, 4));
      record.mutable_expires_at()->set_seconds(now + (years - 6) * 365 * kDay + 10 * kDay);
    }
    return record;
  }
  if (OneIn(random_, 3)) {
    record.mutable_expires_at()->set_seconds(now + (OneIn(random_, 2) ? 5 : -5) * kDay);
  }
  // Some exemptions do not count yet, and some never will.
  const auto ahead = static_cast<std::time_t>(1 + Below(random_, 20)) * 3600;
  if (OneIn(random_, 8)) record.mutable_made_at()->set_seconds(now + ahead);
  if (kind != v1::OWN_LIST_KIND_EBR || OneIn(random_, 30)) return record;
  const bool inquiry = OneIn(random_, 3);
  record.set_ebr_kind(inquiry ? v1::EBR_KIND_INQUIRY : v1::EBR_KIND_TRANSACTION);
  // These are around the ends of the rules, to the day and the hour.
  const int lengths[] = {90, 180, 365, 548, 10};
  const std::time_t age = lengths[Below(random_, std::size(lengths))] * kDay +
                          (static_cast<std::time_t>(Below(random_, 145)) - 72) * 3600;
  record.mutable_last_event_at()->set_seconds(OneIn(random_, 8) ? now + ahead : now - age);
  return record;
}

void TenantScenario::AddNumbers() {
  TenantOracle& oracle = AnyTenant();
  if (!Active(oracle)) return;
  Repeatable write{oracle.tenant().tenant_id(), {}, {}};
  const std::string list = AnyList(oracle);
  write.request.set_list_id(list);
  const uint64_t count = OneIn(random_, 2) ? 1 : 1 + Below(random_, 12);
  for (uint64_t i = 0; i < count; ++i) {
    *write.request.add_records() = AnyRecord(oracle.lists().at(list).kind);
  }
  // Every tenant may use the same id.
  if (OneIn(random_, 2)) write.request.set_request_id(std::to_string(made_++));
  Note("add to " + list + " of " + write.tenant_id + ": " + write.request.ShortDebugString());
  TenantClient own = As(write.tenant_id);
  const grpc::Status status =
      own.Call(own.lists(), &v1::ListService::Stub::AddNumbers, write.request, &write.answer);
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  ASSERT_EQ(write.answer.results_size(), write.request.records_size());
  for (int i = 0; i < write.request.records_size(); ++i) {
    EXPECT_EQ(write.answer.results(i).outcome(),
              oracle.Add(list, write.request.records(i), write.answer.revision()))
        << i << ": " << write.answer.results(i).message() << Diary();
  }
  if (!write.request.request_id().empty()) repeatable_.push_back(write);
}

void TenantScenario::RepeatAdd() {
  if (repeatable_.empty()) return;
  const size_t which = Below(random_, repeatable_.size());
  Repeatable write = repeatable_[which];
  const auto tenant = tenants_.find(write.tenant_id);
  if (tenant == tenants_.end() || !Active(tenant->second)) return;
  Note("repeat " + write.request.request_id() + " of " + write.tenant_id);
  const bool other = OneIn(random_, 4);
  if (other) write.request.mutable_records(0)->set_reason("other content");
  TenantClient own = As(write.tenant_id);
  v1::AddNumbersResponse answer;
  const grpc::Status status =
      own.Call(own.lists(), &v1::ListService::Stub::AddNumbers, write.request, &answer);
  if (other) {
    EXPECT_EQ(blackbox::ReasonOf(status), "REQUEST_ID_REUSED") << Diary();
    return;
  }
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  ASSERT_EQ(answer.results_size(), write.request.records_size()) << Diary();
  // What was answered is in force: a record that was removed since is there again.
  const size_t changes = tenant->second.changes().size();
  for (int i = 0; i < answer.results_size(); ++i) {
    EXPECT_EQ(answer.results(i).outcome(),
              tenant->second.AddAgain(write.request.list_id(), write.request.records(i),
                                      write.answer.results(i).outcome(), write.answer.revision(),
                                      answer.revision()))
        << i << ": " << answer.results(i).message() << Diary();
  }
  if (tenant->second.changes().size() == changes) {
    EXPECT_EQ(answer.revision(), write.answer.revision()) << Diary();
    return;
  }
  EXPECT_GT(answer.revision(), write.answer.revision()) << Diary();
  repeatable_[which].answer = answer;
}

void TenantScenario::RepeatRemove() {
  if (removals_.empty()) return;
  const RepeatableRemoval& removal = removals_[Below(random_, removals_.size())];
  const auto tenant = tenants_.find(removal.tenant_id);
  if (tenant == tenants_.end() || !Active(tenant->second)) return;
  Note("repeat removal " + removal.request.request_id() + " of " + removal.tenant_id);
  TenantClient own = As(removal.tenant_id);
  v1::RemoveNumbersResponse answer;
  const grpc::Status status =
      own.Call(own.lists(), &v1::ListService::Stub::RemoveNumbers, removal.request, &answer);
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  ASSERT_EQ(answer.results_size(), removal.request.numbers_size()) << Diary();
  EXPECT_EQ(answer.revision(), removal.answer.revision()) << Diary();
  for (int i = 0; i < answer.results_size(); ++i) {
    EXPECT_EQ(answer.results(i).outcome(),
              tenant->second.RemoveAgain(removal.request.list_id(), removal.request.numbers(i),
                                         removal.answer.results(i).outcome()))
        << i << ": " << answer.results(i).message() << Diary();
  }
}

void TenantScenario::RemoveNumbers() {
  TenantOracle& oracle = AnyTenant();
  if (!Active(oracle)) return;
  v1::RemoveNumbersRequest request;
  const std::string list = AnyList(oracle);
  request.set_list_id(list);
  request.set_remove_do_not_call(!OneIn(random_, 3));
  for (uint64_t i = 1 + Below(random_, 8); i > 0; --i) {
    request.add_numbers(OneIn(random_, 30) ? "12" : std::to_string(AnyNumber()));
  }
  for (const auto& [number, record] : oracle.lists().at(list).records) {
    if (OneIn(random_, 6)) request.add_numbers(number);
  }
  if (OneIn(random_, 2)) request.set_request_id(std::to_string(made_++));
  Note("remove of " + oracle.tenant().tenant_id() + ": " + request.ShortDebugString());
  TenantClient own = As(oracle.tenant().tenant_id());
  v1::RemoveNumbersResponse answer;
  const grpc::Status status =
      own.Call(own.lists(), &v1::ListService::Stub::RemoveNumbers, request, &answer);
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  ASSERT_EQ(answer.results_size(), request.numbers_size());
  for (int i = 0; i < request.numbers_size(); ++i) {
    EXPECT_EQ(
        answer.results(i).outcome(),
        oracle.Remove(list, request.numbers(i), request.remove_do_not_call(), answer.revision()))
        << i << Diary();
  }
  if (request.request_id().empty()) return;
  removals_.push_back({oracle.tenant().tenant_id(), request, answer});
}

void TenantScenario::ImportNumbers() {
  TenantOracle& oracle = AnyTenant();
  if (!Active(oracle)) return;
  const std::string list = AnyList(oracle);
  std::vector<v1::ImportNumbersRequest> parts(1 + Below(random_, 3));
  parts[0].set_list_id(list);
  for (v1::ImportNumbersRequest& part : parts) {
    for (uint64_t i = Below(random_, 10); i > 0; --i) {
      *part.add_records() = AnyRecord(oracle.lists().at(list).kind);
    }
  }
  Note("import to " + list + " of " + oracle.tenant().tenant_id());
  std::vector<v1::ImportNumbersResponse> answers;
  const grpc::Status status = As(oracle.tenant().tenant_id()).Import(parts, &answers);
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  ASSERT_EQ(answers.size(), parts.size());
  for (size_t p = 0; p < parts.size(); ++p) {
    std::map<v1::WriteOutcome, uint64_t> counts;
    std::vector<uint32_t> refused;
    for (int i = 0; i < parts[p].records_size(); ++i) {
      const v1::WriteOutcome outcome = oracle.Add(list, parts[p].records(i), answers[p].revision());
      ++counts[outcome];
      if (outcome == v1::WRITE_OUTCOME_REFUSED) refused.push_back(static_cast<uint32_t>(i));
    }
    std::vector<uint32_t> told;
    for (const v1::RefusedRecord& record : answers[p].refused()) told.push_back(record.index());
    EXPECT_EQ(told, refused) << Diary();
    EXPECT_EQ(answers[p].added(), counts[v1::WRITE_OUTCOME_ADDED]) << Diary();
    EXPECT_EQ(answers[p].already_there(), counts[v1::WRITE_OUTCOME_ALREADY_THERE]) << Diary();
    EXPECT_EQ(answers[p].updated(), counts[v1::WRITE_OUTCOME_UPDATED]) << Diary();
  }
}

void TenantScenario::ChangeBlocks() {
  TenantOracle& oracle = AnyTenant();
  if (!Active(oracle)) return;
  const std::string list = AnyList(oracle);
  TenantListModel& model = oracle.lists().at(list);
  const std::string block = kBlocks[Below(random_, std::size(kBlocks))];
  const bool add = model.blocks.empty();
  TenantClient own = As(oracle.tenant().tenant_id());
  grpc::Status status;
  const std::string changed = add ? block : *model.blocks.begin();
  uint64_t revision = 0;
  Note((add ? "block of " : "unblock of ") + oracle.tenant().tenant_id() + " " + list);
  if (add) {
    v1::AddBlocksRequest request;
    request.set_list_id(list);
    request.add_blocks(block);
    v1::AddBlocksResponse answer;
    status = own.Call(own.lists(), &v1::ListService::Stub::AddBlocks, request, &answer);
    if (model.kind != v1::OWN_LIST_KIND_INTERNAL) {
      EXPECT_EQ(blackbox::ReasonOf(status), "INVALID_REQUEST") << Diary();
      return;
    }
    revision = answer.revision();
  } else {
    v1::RemoveBlocksRequest request;
    request.set_list_id(list);
    request.add_blocks(*model.blocks.begin());
    v1::RemoveBlocksResponse answer;
    status = own.Call(own.lists(), &v1::ListService::Stub::RemoveBlocks, request, &answer);
    revision = answer.revision();
  }
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  oracle.ChangeBlock(list, changed, add, revision);
}

}  // namespace dnc::blackbox
