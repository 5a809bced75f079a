// Keys that are made, revoked and expired, and calls with them and with texts that are no keys.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "tests/model/tenant_scenario.h"
#include "tests/support/wait.h"

namespace dnc::blackbox {
namespace {

constexpr int kCallsAStep = 4;
constexpr v1::KeyScope kAllScopes[] = {v1::KEY_SCOPE_SCRUB, v1::KEY_SCOPE_WRITE_LISTS,
                                       v1::KEY_SCOPE_OPERATE};

Moment Now() { return std::chrono::system_clock::now(); }

std::vector<v1::KeyScope> ScopesOf(const v1::CreateKeyRequest& request) {
  std::vector<v1::KeyScope> scopes;
  for (const int scope : request.scopes()) scopes.push_back(static_cast<v1::KeyScope>(scope));
  return scopes;
}

// Returns a key that nobody was ever given.
std::string Spoilt(Random& random, const std::string& secret, const std::string& other) {
  std::string spoilt = secret;
  switch (Below(random, 4)) {
    case 0: {  // another character, anywhere behind the prefix
      char& one = spoilt[5 + Below(random, spoilt.size() - 5)];
      one = one == '7' ? '8' : '7';
      break;
    }
    case 1:
      spoilt.resize(Below(random, spoilt.size()));
      break;
    case 2:
      spoilt += 'x';
      break;
    default:  // the name of one key with the secret of another
      spoilt = secret.substr(0, 13) + other.substr(13);
  }
  return spoilt == secret ? "dnck_" : spoilt;
}

}  // namespace

// Notes the key that was made before the server's first start.
void TenantScenario::NoteFirstKey() {
  TenantClient operate = As("");
  v1::ListKeysResponse answer;
  const grpc::Status status = operate.Call(operate.tenants(), &v1::TenantService::Stub::ListKeys,
                                           v1::ListKeysRequest(), &answer);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(answer.keys_size(), 1);
  const v1::Key& key = answer.keys(0);
  EXPECT_EQ(key.key_id(), chief_.substr(5, 8));
  EXPECT_EQ(key.tenant_id(), "");
  EXPECT_FALSE(key.has_expires_at() || key.has_revoked_at());
  ASSERT_EQ(key.scopes_size(), 1);
  EXPECT_EQ(key.scopes(0), v1::KEY_SCOPE_OPERATE);
  keys_.push_back({key, chief_, true, false});
  keys_.back().key.clear_last_used_at();
}

void TenantScenario::ChangeKeys() {
  if (tenants_.empty()) return;
  if (keys_.size() < 4 || OneIn(random_, 4)) {
    CreateKey();
  } else if (OneIn(random_, 8)) {
    RevokeAnyKey();
  }
  if (!::testing::Test::HasFailure() && OneIn(random_, 4)) CompareKeys();
}

void TenantScenario::CreateKey() {
  v1::CreateKeyRequest request;
  const bool of_operator = OneIn(random_, 6);
  if (!of_operator) request.set_tenant_id(AnyTenant().tenant().tenant_id());
  const bool gone = !of_operator && !removed_.empty() && OneIn(random_, 15);
  if (gone) request.set_tenant_id(*removed_.begin());
  // Most of them are permitted.
  const bool any = OneIn(random_, 8);
  for (const v1::KeyScope scope : kAllScopes) {
    const bool fits = (scope == v1::KEY_SCOPE_OPERATE) == of_operator;
    if (any ? OneIn(random_, 2) : fits && (of_operator || !OneIn(random_, 3))) {
      request.add_scopes(scope);
    }
  }
  request.set_display_name("key " + std::to_string(++made_));
  // The chief key must stay. The others expire soon, or much later.
  if (!(of_operator && chief_.empty()) && OneIn(random_, 2)) {
    const uint64_t seconds = OneIn(random_, 4) ? 3600 : 2 + Below(random_, 4);
    request.mutable_expires_at()->set_seconds(std::time(nullptr) +
                                              static_cast<std::time_t>(seconds));
  }
  Note("create " + request.ShortDebugString());
  TenantClient operate = As("");
  v1::CreateKeyResponse answer;
  const grpc::Status status =
      operate.Call(operate.tenants(), &v1::TenantService::Stub::CreateKey, request, &answer);
  if (gone || !MayHaveScopes(of_operator, ScopesOf(request))) {
    const std::string reason = ReasonOf(status);
    EXPECT_TRUE((gone && reason == "NOT_FOUND") || reason == "INVALID_REQUEST")
        << reason << Diary();
    return;
  }
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  v1::Key expected;
  expected.set_key_id(answer.secret().substr(5, 8));
  expected.set_tenant_id(request.tenant_id());
  *expected.mutable_scopes() = request.scopes();
  expected.set_display_name(request.display_name());
  *expected.mutable_created_at() = answer.key().created_at();
  if (request.has_expires_at()) *expected.mutable_expires_at() = request.expires_at();
  EXPECT_EQ(answer.key().ShortDebugString(), expected.ShortDebugString()) << Diary();
  EXPECT_LE(std::abs(std::time(nullptr) - expected.created_at().seconds()), 60) << Diary();
  keys_.push_back({expected, answer.secret(), false, false});
  if (of_operator && chief_.empty()) {
    chief_ = answer.secret();
    keys_.back().used = true;
  }
}

// Revokes a key during a stream: the stream's next batch must be refused.
void TenantScenario::RevokeDuringStream(KeyModel& model) {
  const TenantOracle& oracle = tenants_.at(model.key.tenant_id());
  const Batch first = AnyBatch(5);
  const Batch second = AnyBatch(5);
  std::vector<v1::ScrubResponse> answers;
  model.used = true;
  const grpc::Status status =
      With({"Bearer " + model.secret, &model, ""})
          .ScrubStream({first.request, second.request}, &answers, [&] { RevokeKey(model); });
  if (::testing::Test::HasFailure()) return;
  ASSERT_EQ(answers.size(), 1U) << model.key.ShortDebugString() << Diary();
  EXPECT_EQ(ReasonOf(status), "UNAUTHENTICATED") << model.key.ShortDebugString() << Diary();
  ExpectSameAnswer(oracle, first, answers[0]);
}

void TenantScenario::RevokeAnyKey() {
  KeyModel& model = keys_[Below(random_, keys_.size())];
  if (model.secret == chief_) return;
  const bool live = model.LiveDuring(Now(), Now() + kPatience).value_or(false);
  const auto tenant = tenants_.find(model.key.tenant_id());
  const bool scrubs =
      tenant != tenants_.end() && Active(tenant->second) && live && model.Has(v1::KEY_SCOPE_SCRUB);
  return scrubs && OneIn(random_, 2) ? RevokeDuringStream(model) : RevokeKey(model);
}

void TenantScenario::RevokeKey(KeyModel& model) {
  v1::RevokeKeyRequest request;
  request.set_key_id(model.key.key_id());
  Note("revoke " + request.key_id());
  TenantClient operate = As("");
  v1::RevokeKeyResponse answer;
  const grpc::Status status =
      operate.Call(operate.tenants(), &v1::TenantService::Stub::RevokeKey, request, &answer);
  if (model.gone) {
    EXPECT_EQ(ReasonOf(status), "NOT_FOUND") << Diary();
    return;
  }
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  ASSERT_TRUE(answer.key().has_revoked_at()) << Diary();
  // A key that is revoked again has been revoked since the first time.
  if (!model.key.has_revoked_at()) *model.key.mutable_revoked_at() = answer.key().revoked_at();
  answer.mutable_key()->clear_last_used_at();
  EXPECT_EQ(answer.key().ShortDebugString(), model.key.ShortDebugString()) << Diary();
}

// Compares the keys of a tenant or of the operator: all of them, as they were made and revoked.
void TenantScenario::CompareKeys() {
  v1::ListKeysRequest request;
  if (!OneIn(random_, 3)) request.set_tenant_id(AnyTenant().tenant().tenant_id());
  TenantClient operate = As("");
  v1::ListKeysResponse answer;
  const grpc::Status status =
      operate.Call(operate.tenants(), &v1::TenantService::Stub::ListKeys, request, &answer);
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  std::map<std::string, const KeyModel*> expected;
  for (const KeyModel& model : keys_) {
    if (model.key.tenant_id() == request.tenant_id()) expected[model.key.key_id()] = &model;
  }
  ASSERT_EQ(static_cast<size_t>(answer.keys_size()), expected.size()) << Diary();
  for (int i = 0; i < answer.keys_size(); ++i) {
    v1::Key told = answer.keys(i);
    ASSERT_EQ(expected.count(told.key_id()), 1U) << told.ShortDebugString() << Diary();
    const KeyModel& model = *expected.at(told.key_id());
    EXPECT_FALSE(told.has_last_used_at() && !model.used) << told.ShortDebugString() << Diary();
    told.clear_last_used_at();
    EXPECT_EQ(told.ShortDebugString(), model.key.ShortDebugString()) << Diary();
    const v1::Key& newer = answer.keys(std::max(0, i - 1));
    EXPECT_GE(newer.created_at().seconds(), told.created_at().seconds()) << Diary();
  }
}

Presented TenantScenario::AnyPresented() {
  Presented presented;
  if (!OneIn(random_, 12)) {
    KeyModel& model = keys_[Below(random_, keys_.size())];
    const KeyModel& other = keys_[Below(random_, keys_.size())];
    if (OneIn(random_, 8)) {
      presented.authorization = "Bearer " + Spoilt(random_, model.secret, other.secret);
    } else if (OneIn(random_, 30)) {
      presented.authorization = OneIn(random_, 2) ? model.secret : "Basic " + model.secret;
    } else {
      presented.authorization = "Bearer " + model.secret;
      presented.key = &model;
      model.used = true;
    }
  }
  if (OneIn(random_, 2)) return presented;
  const bool operates = presented.key == nullptr || presented.key->OfOperator();
  presented.named = AnyTenant().tenant().tenant_id();
  if (!operates && OneIn(random_, 3)) presented.named = presented.key->key.tenant_id();
  if (OneIn(random_, 8)) presented.named = "nobody";
  if (!removed_.empty() && OneIn(random_, 8)) presented.named = *removed_.rbegin();
  return presented;
}

TenantClient TenantScenario::With(const Presented& presented) {
  return {client_->channel(), presented.named, presented.authorization};
}

TenantOracle* TenantScenario::Meant(const Presented& presented) {
  std::string id = presented.named;
  if (id.empty() && presented.key != nullptr) id = presented.key->key.tenant_id();
  const auto tenant = tenants_.find(id);
  return tenant == tenants_.end() ? nullptr : &tenant->second;
}

std::optional<std::string> TenantScenario::Judge(const Presented& presented, Access access,
                                                 Moment begin, const grpc::Status& status) {
  TenantStates states = {{"default", v1::TENANT_STATE_ACTIVE}};
  for (const auto& [id, oracle] : tenants_) states[id] = oracle.tenant().state();
  const auto live = presented.key == nullptr ? std::optional<bool>(false)
                                             : presented.key->LiveDuring(begin, Now());
  // Near its expiry, the answer tells whether the key was still live; everything else must fit.
  const bool was_live = live.value_or(status.error_code() != grpc::StatusCode::UNAUTHENTICATED);
  const Admission expected = Admit(presented, access, was_live, keys_required_, states);
  std::string where = "as '" + presented.named + "' with '" + presented.authorization +
                      "', access " + std::to_string(static_cast<int>(access)) +
                      (keys_required_ ? ", keys required" : ", keys not required");
  if (presented.key != nullptr) where += ", key " + presented.key->key.ShortDebugString();
  EXPECT_EQ(status.error_code(), expected.code)
      << where << ": " << status.error_message() << Diary();
  if (expected.code == grpc::StatusCode::OK) {
    if (!status.ok()) return std::nullopt;
    return expected.tenant_id;
  }
  EXPECT_EQ(expected.reasons.count(ReasonOf(status)), 1U)
      << where << ": " << ReasonOf(status) << Diary();
  return std::nullopt;
}

void TenantScenario::AskWithKeys() {
  if (keys_.empty() || tenants_.empty()) return;
  for (int i = 0; i < kCallsAStep && !::testing::Test::HasFailure(); ++i) {
    const Presented presented = AnyPresented();
    switch (Below(random_, 4)) {
      case 0:
        ScrubWith(presented);
        break;
      case 1:
        AddWith(presented);
        break;
      case 2:
        ReadWith(presented);
        break;
      default:
        OperateWith(presented);
    }
  }
}

void TenantScenario::ScrubWith(const Presented& presented) {
  const Batch batch = AnyBatch(20);
  TenantClient client = With(presented);
  const Moment begin = Now();
  std::vector<v1::ScrubResponse> answers(1);
  grpc::Status status;
  if (OneIn(random_, 4)) {
    answers.clear();
    status = client.ScrubStream({batch.request}, &answers);
  } else {
    status =
        client.Call(client.scrubs(), &v1::ScrubService::Stub::Scrub, batch.request, answers.data());
  }
  const auto tenant_id = Judge(presented, Access::kScrub, begin, status);
  if (!tenant_id || *tenant_id == "default") return;
  ASSERT_EQ(answers.size(), 1U) << Diary();
  ExpectSameAnswer(tenants_.at(*tenant_id), batch, answers[0]);
}

// If the call is admitted, the record belongs to the key's tenant and to nobody else: AskAll
// compares all tenants.
void TenantScenario::AddWith(const Presented& presented) {
  TenantOracle* const meant = Meant(presented);
  v1::AddNumbersRequest request;
  request.set_list_id(meant == nullptr ? "internal" : AnyList(*meant));
  const v1::OwnListKind kind =
      meant == nullptr ? v1::OWN_LIST_KIND_INTERNAL : meant->lists().at(request.list_id()).kind;
  for (uint64_t i = 1 + Below(random_, 4); i > 0; --i) *request.add_records() = AnyRecord(kind);
  if (presented.key != nullptr && OneIn(random_, 2)) request.mutable_records(0)->clear_made_by();
  Note("add with '" + presented.authorization + "' as '" + presented.named +
       "': " + request.ShortDebugString());
  TenantClient client = With(presented);
  const Moment begin = Now();
  v1::AddNumbersResponse answer;
  const grpc::Status status =
      client.Call(client.lists(), &v1::ListService::Stub::AddNumbers, request, &answer);
  const auto tenant_id = Judge(presented, Access::kLists, begin, status);
  if (!tenant_id || *tenant_id == "default") return;
  ASSERT_EQ(answer.results_size(), request.records_size()) << Diary();
  for (int i = 0; i < request.records_size(); ++i) {
    v1::Record record = request.records(i);
    if (record.made_by().empty()) record.set_made_by(presented.key->key.key_id());
    EXPECT_EQ(answer.results(i).outcome(),
              tenants_.at(*tenant_id).Add(request.list_id(), record, answer.revision()))
        << i << ": " << answer.results(i).message() << Diary();
  }
}

void TenantScenario::ReadWith(const Presented& presented) {
  TenantClient client = With(presented);
  const Moment begin = Now();
  if (OneIn(random_, 2)) {
    v1::GetRecordRequest request;
    request.set_number(std::to_string(AnyNumber()));
    v1::GetRecordResponse answer;
    const grpc::Status status =
        client.Call(client.lists(), &v1::ListService::Stub::GetRecord, request, &answer);
    const auto tenant_id = Judge(presented, Access::kRecords, begin, status);
    if (!tenant_id || *tenant_id == "default") return;
    return ExpectKnown(tenants_.at(*tenant_id), request.number(), answer);
  }
  const TenantOracle* const meant = Meant(presented);
  v1::ListRecordsRequest request;
  request.set_list_id(meant == nullptr ? "internal" : AnyList(*meant));
  v1::ListRecordsResponse answer;
  const grpc::Status status =
      client.Call(client.lists(), &v1::ListService::Stub::ListRecords, request, &answer);
  const auto tenant_id = Judge(presented, Access::kRecords, begin, status);
  if (!tenant_id || *tenant_id == "default") return;
  const auto& expected = tenants_.at(*tenant_id).lists().at(request.list_id()).records;
  ASSERT_EQ(static_cast<size_t>(answer.records_size()), expected.size()) << Diary();
  for (const v1::Record& record : answer.records()) {
    ASSERT_EQ(expected.count(record.number()), 1U) << Diary();
    EXPECT_EQ(record.ShortDebugString(), expected.at(record.number()).ShortDebugString());
  }
}

void TenantScenario::OperateWith(const Presented& presented) {
  TenantClient client = With(presented);
  const Moment begin = Now();
  v1::ListTenantsResponse answer;
  const grpc::Status status = client.Call(client.tenants(), &v1::TenantService::Stub::ListTenants,
                                          v1::ListTenantsRequest(), &answer);
  if (!Judge(presented, Access::kOperate, begin, status)) return;
  std::vector<std::string> told;
  for (const v1::Tenant& tenant : answer.tenants()) {
    told.push_back(tenant.tenant_id());
    if (tenant.tenant_id() == "default") continue;
    ASSERT_EQ(tenants_.count(tenant.tenant_id()), 1U) << tenant.tenant_id() << Diary();
    const TenantOracle& oracle = tenants_.at(tenant.tenant_id());
    EXPECT_EQ(tenant.state(), oracle.tenant().state()) << tenant.tenant_id() << Diary();
    EXPECT_EQ(tenant.records(), oracle.Records()) << tenant.tenant_id() << Diary();
  }
  EXPECT_EQ(told.size(), tenants_.size() + 1) << Diary();
  EXPECT_TRUE(std::is_sorted(told.begin(), told.end())) << Diary();
}

}  // namespace dnc::blackbox
