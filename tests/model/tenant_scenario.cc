#include "tests/model/tenant_scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/support/wait.h"

namespace dnc::blackbox {
namespace {

constexpr size_t kTenants = 4;
// New Jersey, New York, Missouri, Texas, and one that no state has.
constexpr int kTenantAreas[] = {201, 212, 314, 512, 950};
const char* const kPublished[] = {"national", "state:TX", "litigator:abc",
                                  "wireless", "wireline", "other:own-2"};

struct ListToMake {
  const char* id;
  v1::OwnListKind kind;
  const char* scope;
};
const ListToMake kLists[] = {{"acme", v1::OWN_LIST_KIND_INTERNAL, "acme"},
                             {"acme-spring", v1::OWN_LIST_KIND_INTERNAL, "acme/spring"},
                             {"customers", v1::OWN_LIST_KIND_EBR, ""},
                             {"acme-customers", v1::OWN_LIST_KIND_EBR, "acme"},
                             {"consents", v1::OWN_LIST_KIND_CONSENT, ""},
                             {"spring-consents", v1::OWN_LIST_KIND_CONSENT, "acme/spring"}};

}  // namespace

TenantScenario::TenantScenario(Random& random)
    : random_(random),
      server_(ServerSettings{dir_.path() + "/data", {}}),
      begin_(std::time(nullptr) - 40 * kDay) {
  // Otherwise nobody needs a key until the operator's first one is made and the server restarts.
  if (OneIn(random_, 2)) {
    chief_ = server_.CreateOperatorKey();
    EXPECT_FALSE(chief_.empty()) << server_.Log();
  }
  Connect();
  if (!chief_.empty()) NoteFirstKey();
  for (const char* const list : kPublished) {
    // Some are stale from the start.
    const bool old = std::string(list) != "national" && OneIn(random_, 4);
    LoadPublished(list, begin_ + (old ? 0 : 30) * kDay);
  }
}

std::string TenantScenario::Diary() const {
  std::string text = "\nwhat was done:\n";
  for (const std::string& entry : diary_) text += "  " + entry + "\n";
  return text;
}

void TenantScenario::Connect() {
  ASSERT_TRUE(server_.Start()) << server_.Log();
  client_ = std::make_unique<TestClient>(server_.address(), chief_);
  keys_required_ = !chief_.empty();
  ASSERT_TRUE(WaitUntil([this] { return !client_->Verdicts({2015550123}).empty(); })) << Diary();
}

void TenantScenario::Restart(bool gently) {
  Note(gently ? "restart" : "kill");
  if (gently) {
    EXPECT_EQ(server_.Stop(), 0) << server_.Log();
  } else {
    server_.Kill();
  }
  Connect();
}

TenantClient TenantScenario::As(const std::string& tenant_id) {
  return {client_->channel(), tenant_id, chief_.empty() ? "" : "Bearer " + chief_};
}

bool TenantScenario::Active(const TenantOracle& oracle) const {
  return oracle.tenant().state() == v1::TENANT_STATE_ACTIVE;
}

TenantOracle& TenantScenario::AnyTenant() {
  auto tenant = tenants_.begin();
  std::advance(tenant, static_cast<std::ptrdiff_t>(Below(random_, tenants_.size())));
  return tenant->second;
}

std::string TenantScenario::AnyList(const TenantOracle& oracle) {
  auto list = oracle.lists().begin();
  std::advance(list, static_cast<std::ptrdiff_t>(Below(random_, oracle.lists().size())));
  return list->first;
}

// There are few numbers, so that everything meets everything.
uint64_t TenantScenario::AnyNumber() {
  const auto area = static_cast<uint64_t>(kTenantAreas[Below(random_, std::size(kTenantAreas))]);
  return area * 10'000'000 + (555 + Below(random_, 2)) * 10'000 + Below(random_, 6);
}

void TenantScenario::LoadPublished(const std::string& list, std::time_t obtained_at) {
  NumberSets numbers;
  std::vector<uint64_t> rows;
  for (const int area : kTenantAreas) {
    // In some lives, 950 is not covered.
    if (list == "national" && area == 950 && made_ % 2 == 1) continue;
    numbers[area];
  }
  for (int i = 0; i < 25; ++i) {
    const uint64_t number = AnyNumber();
    if (numbers.count(AreaOf(number)) != 0) numbers[AreaOf(number)].insert(number);
  }
  if (list == "national") {
    // A file says which area codes it covers by the numbers in it.
    for (auto& [area, set] : numbers) set.insert(static_cast<uint64_t>(area) * 10'000'000 + 9999);
  }
  for (const auto& [area, set] : numbers) rows.insert(rows.end(), set.begin(), set.end());
  LoadRequest request;
  request.list = list;
  request.obtained_at = obtained_at;
  request.allow_all = true;
  const std::string stem = "list-" + std::to_string(++made_);
  if (list == "national") {
    request.files = {FullList(stem, rows)};
  } else {
    const bool ported = list == "wireless" || list == "wireline";
    request.files = {ported ? PortedList(stem, rows) : CsvList(stem, rows)};
  }
  Note("load " + list);
  const LoadOutcome outcome = client_->Load(request);
  ASSERT_TRUE(outcome.succeeded()) << outcome.Describe() << Diary();
  OracleLoad load;
  load.list = list;
  load.full = numbers;
  load.obtained_at = obtained_at;
  load.id = stem;
  published_.Load(load);
}

// Tenants that named the list are told that it is missing, until it is loaded again.
void TenantScenario::RetirePublished() {
  const std::string list = kPublished[1 + Below(random_, std::size(kPublished) - 1)];
  if (!published_.loaded(list)) return;
  Note("retire " + list);
  v1::RetireListResponse response;
  const grpc::Status status = client_->Retire(list, &response);
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  const Oracle before = published_;
  published_.Retire(list);
  // This counts by the server's policy, which counts all lists; tenants may add more.
  EXPECT_GE(response.becomes_callable(), before.BecomeCallable(published_, std::time(nullptr)))
      << Diary();
}

void TenantScenario::FillConfiguration(v1::Tenant& tenant) {
  tenant.clear_entitlement();
  tenant.clear_policy();
  tenant.clear_quotas();
  const uint64_t paid = Below(random_, 4);
  tenant.mutable_entitlement()->set_all(paid < 2);
  for (const int area : kTenantAreas) {
    if (paid == 2 && OneIn(random_, 2)) tenant.mutable_entitlement()->add_area_codes(area);
  }
  v1::TenantPolicy& policy = *tenant.mutable_policy();
  policy.set_wireless_counts(!OneIn(random_, 3));
  for (const char* const list : kPublished) {
    // A list that is not loaded is not newly named.
    if (OneIn(random_, 4) && published_.loaded(list)) policy.add_lists(list);
  }
  for (const v1::Liftable what : {v1::LIFTABLE_NATIONAL, v1::LIFTABLE_STATE}) {
    if (!OneIn(random_, 3)) policy.add_consent_lifts(what);
    if (!OneIn(random_, 3)) policy.add_ebr_lifts(what);
  }
  if (OneIn(random_, 2)) policy.add_consent_lifts(v1::LIFTABLE_WIRELESS);
  if (OneIn(random_, 3)) tenant.mutable_quotas()->set_max_records(20 + Below(random_, 30));
}

void TenantScenario::CreateTenant() {
  v1::CreateTenantRequest request;
  request.mutable_tenant()->set_tenant_id("t" + std::to_string(++made_));
  FillConfiguration(*request.mutable_tenant());
  const std::string& id = request.tenant().tenant_id();
  Note("create " + id);
  TenantClient operate = As("");
  v1::CreateTenantResponse response;
  const grpc::Status status =
      operate.Call(operate.tenants(), &v1::TenantService::Stub::CreateTenant, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  TenantOracle oracle(response.tenant());
  TenantClient own = As(id);
  for (const ListToMake& list : kLists) {
    if (OneIn(random_, 5)) continue;
    v1::CreateListRequest make;
    make.mutable_list()->set_list_id(list.id);
    make.mutable_list()->set_kind(list.kind);
    make.mutable_list()->set_scope(list.scope);
    v1::CreateListResponse made;
    const grpc::Status done =
        own.Call(own.lists(), &v1::ListService::Stub::CreateList, make, &made);
    ASSERT_TRUE(done.ok()) << done.error_message() << Diary();
    oracle.lists()[list.id] = {list.kind, list.scope, {}, {}};
  }
  tenants_.emplace(id, std::move(oracle));
}

void TenantScenario::ConfigureTenant() {
  TenantOracle& oracle = AnyTenant();
  const v1::Quotas quotas = oracle.tenant().quotas();
  v1::UpdateTenantRequest request;
  *request.mutable_tenant() = oracle.tenant();
  FillConfiguration(*request.mutable_tenant());
  Note("configure " + request.tenant().ShortDebugString());
  TenantClient operate = As("");
  v1::UpdateTenantResponse response;
  const grpc::Status status =
      operate.Call(operate.tenants(), &v1::TenantService::Stub::UpdateTenant, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  request.mutable_tenant()->set_revision(response.tenant().revision());
  oracle.tenant() = request.tenant();
  // Quotas that are left out stay as they are.
  if (!request.tenant().has_quotas()) *oracle.tenant().mutable_quotas() = quotas;
}

void TenantScenario::SuspendOrResume() {
  TenantOracle& oracle = AnyTenant();
  v1::UpdateTenantRequest request;
  *request.mutable_tenant() = oracle.tenant();
  request.mutable_tenant()->set_state(Active(oracle) ? v1::TENANT_STATE_SUSPENDED
                                                     : v1::TENANT_STATE_ACTIVE);
  Note("suspend or resume " + oracle.tenant().tenant_id());
  TenantClient operate = As("");
  v1::UpdateTenantResponse response;
  const grpc::Status status =
      operate.Call(operate.tenants(), &v1::TenantService::Stub::UpdateTenant, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  request.mutable_tenant()->set_revision(response.tenant().revision());
  oracle.tenant() = request.tenant();
}

void TenantScenario::RemoveTenant() {
  const TenantOracle& oracle = AnyTenant();
  const std::string id = oracle.tenant().tenant_id();
  const bool active = Active(oracle);
  Note("remove " + id);
  TenantClient operate = As("");
  v1::RemoveTenantRequest request;
  request.set_tenant_id(id);
  v1::RemoveTenantResponse response;
  const grpc::Status status =
      operate.Call(operate.tenants(), &v1::TenantService::Stub::RemoveTenant, request, &response);
  if (active) {
    EXPECT_EQ(ReasonOf(status), "NOT_SUSPENDED") << Diary();
    return;
  }
  ASSERT_TRUE(status.ok()) << status.error_message() << Diary();
  tenants_.erase(id);
  removed_.insert(id);
  for (KeyModel& key : keys_) {
    if (key.key.tenant_id() == id) key.gone = true;
  }
}

bool TenantScenario::Step() {
  if (::testing::Test::HasFailure()) return false;
  const uint64_t choice = Below(random_, 100);
  if (tenants_.size() < 2 || (choice < 4 && tenants_.size() < kTenants)) {
    CreateTenant();
  } else if (choice < 10) {
    ConfigureTenant();
  } else if (choice < 16) {
    SuspendOrResume();
  } else if (choice < 18) {
    RemoveTenant();
  } else if (choice < 48) {
    AddNumbers();
  } else if (choice < 56) {
    OneIn(random_, 3) ? RepeatRemove() : RepeatAdd();
  } else if (choice < 70) {
    RemoveNumbers();
  } else if (choice < 80) {
    ImportNumbers();
  } else if (choice < 88) {
    ChangeBlocks();
  } else if (choice < 93) {
    LoadPublished(kPublished[Below(random_, std::size(kPublished))],
                  begin_ + 31 * kDay + static_cast<std::time_t>(++made_));
  } else if (choice < 96) {
    Restart(OneIn(random_, 2));
  } else if (choice < 99) {
    RetirePublished();
  }
  if (!::testing::Test::HasFailure()) ChangeKeys();
  if (!::testing::Test::HasFailure()) AskWithKeys();
  if (!::testing::Test::HasFailure()) AskAll();
  return !::testing::Test::HasFailure();
}

}  // namespace dnc::blackbox
