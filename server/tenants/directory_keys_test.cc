#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <functional>
#include <map>

#include "server/tenants/api_key.h"
#include "server/tenants/directory_fixture.h"

namespace dnc {
namespace {

class DirectoryKeysTest : public DirectoryFixture {
 protected:
  DirectoryKeysTest() {
    Open();
    Make("acme");
  }

  absl::Status Refusal(std::string_view secret) {
    return directory_->Authenticate(secret).status();
  }
};

TEST_F(DirectoryKeysTest, AuthenticatesWhomTheKeyIsFor) {
  ApiKey wanted = NewKey("acme");
  wanted.scopes = {KeyScope::kWriteLists, KeyScope::kScrub};
  const auto made = directory_->CreateKey(wanted, "opkey001");
  ASSERT_TRUE(made.ok()) << made.status();
  const auto caller = directory_->Authenticate(made->secret);
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_EQ(caller->tenant->tenant.id, "acme");
  EXPECT_EQ(caller->key_id, made->key.id);
  EXPECT_TRUE(caller->Has(KeyScope::kScrub));
  EXPECT_TRUE(caller->Has(KeyScope::kWriteLists));
  EXPECT_FALSE(caller->Has(KeyScope::kOperate));

  EXPECT_FALSE(directory_->HasOperatorKey());
  const auto operators = MakeKey("");
  EXPECT_TRUE(directory_->HasOperatorKey());
  const auto operator_caller = directory_->Authenticate(operators.secret);
  ASSERT_TRUE(operator_caller.ok());
  EXPECT_EQ(operator_caller->tenant, nullptr);
  EXPECT_TRUE(operator_caller->Has(KeyScope::kOperate));
  EXPECT_FALSE(operator_caller->Has(KeyScope::kScrub));
}

TEST_F(DirectoryKeysTest, TellsNoDifferenceBetweenDeadAndUnknown) {
  ApiKey short_lived = NewKey("acme");
  short_lived.expires_at = clock_.Now() + absl::Hours(1);
  const auto expired = *directory_->CreateKey(short_lived, "x");
  const auto revoked = MakeKey("acme");
  EXPECT_TRUE(directory_->Authenticate(expired.secret).ok());
  clock_.Advance(absl::Hours(1));
  ASSERT_TRUE(directory_->RevokeKey(revoked.key.id, "x").ok());
  const absl::Status unknown = Refusal(GenerateApiKey().secret);
  EXPECT_EQ(unknown.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(ReasonOf(unknown), reason::kUnauthenticated);
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(Refusal(expired.secret), unknown);
    EXPECT_EQ(Refusal(revoked.secret), unknown);
    Reopen();
  }
  // A malformed key is reported as such: everybody can see that without asking.
  EXPECT_NE(Refusal(revoked.secret.substr(1)), unknown);
  EXPECT_EQ(Refusal("").code(), absl::StatusCode::kUnauthenticated);
}

// Makes another secret under the same id, with a right checksum. The checksum is linear, so the sum
// (exclusive or, character by character) of an odd number of keys is a well-formed key. Elimination
// finds an even number of keys whose ids add up to zero; adding them to `key` leaves its id as it
// was.
std::string Forge(const std::string& key) {
  constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
  const auto values = [&](const std::string& text) {
    std::vector<size_t> digits;
    for (const char c : text.substr(5, 8) + text.substr(14)) digits.push_back(kAlphabet.find(c));
    return digits;
  };
  // What is left of each key, by its highest bit: the bits of its id, and one bit that is set in
  // the sum of an odd number of keys.
  std::map<uint64_t, std::pair<uint64_t, std::vector<size_t>>> rows;
  while (true) {
    std::vector<size_t> sum = values(GenerateApiKey().secret);
    uint64_t bits = 1;
    for (size_t i = 0; i < 8; ++i) bits = bits << 5 | sum[i];
    const auto add = [&sum](const std::vector<size_t>& other) {
      for (size_t i = 0; i < sum.size(); ++i) sum[i] ^= other[i];
    };
    for (auto row = rows.rbegin(); row != rows.rend(); ++row) {
      if ((bits & row->first) == 0) continue;
      bits ^= row->second.first;
      add(row->second.second);
    }
    if (bits != 0) {
      rows[std::bit_floor(bits)] = {bits, sum};
      continue;
    }
    add(values(key));
    std::string forged = key.substr(0, 14);
    for (size_t i = 8; i < sum.size(); ++i) forged.push_back(kAlphabet[sum[i]]);
    return forged;
  }
}

TEST_F(DirectoryKeysTest, TheSecretDecidesAndNotTheId) {
  const auto made = MakeKey("acme");
  const std::string forged = Forge(made.secret);
  ASSERT_NE(forged, made.secret);
  ASSERT_EQ(*ApiKeyId(forged), made.key.id);
  EXPECT_EQ(Refusal(forged), Refusal(GenerateApiKey().secret));
  EXPECT_TRUE(directory_->Authenticate(made.secret).ok());
  EXPECT_EQ(Refusal(forged), Refusal(GenerateApiKey().secret)) << "also when the key is known";
  EXPECT_FALSE(directory_->Authenticate(made.secret + " ").ok());
  EXPECT_TRUE(directory_->Authenticate(made.secret).ok());
}

TEST_F(DirectoryKeysTest, RevokingCountsAtOnceAndOnce) {
  const auto key = MakeKey("acme");
  const auto other = MakeKey("acme");
  ASSERT_TRUE(directory_->Authenticate(key.secret).ok());
  const auto revoked = directory_->RevokeKey(key.key.id, "opkey007");
  ASSERT_TRUE(revoked.ok());
  EXPECT_EQ(revoked->revoked_at, clock_.Now());
  EXPECT_FALSE(directory_->Authenticate(key.secret).ok());
  EXPECT_TRUE(directory_->Authenticate(other.secret).ok());
  const uint64_t last = order_->last();
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(directory_->RevokeKey(key.key.id, "x")->revoked_at, revoked->revoked_at);
  EXPECT_EQ(order_->last(), last);
  EXPECT_EQ((*directory_->Changes("acme", 1, 0))[0].changed_by, "opkey007");
  EXPECT_EQ(ReasonOf(directory_->RevokeKey("00000000", "x").status()), reason::kNotFound);
}

TEST_F(DirectoryKeysTest, AClockThatIsSetBackRevivesNoRevokedKey) {
  const auto key = MakeKey("acme");
  ASSERT_TRUE(directory_->RevokeKey(key.key.id, "x").ok());
  clock_.Advance(-absl::Hours(1000));
  EXPECT_FALSE(directory_->Authenticate(key.secret).ok());
  Reopen();
  EXPECT_FALSE(directory_->Authenticate(key.secret).ok());
}

TEST_F(DirectoryKeysTest, TheOperatorKeepsAKey) {
  EXPECT_FALSE(directory_->HadOperatorKey());
  const auto first = MakeKey("");
  const absl::Status last = directory_->RevokeKey(first.key.id, "x").status();
  EXPECT_EQ(last.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(directory_->Authenticate(first.secret).ok());
  ApiKey short_lived = NewKey("");
  short_lived.expires_at = clock_.Now() + absl::Hours(1);
  ASSERT_TRUE(directory_->CreateKey(short_lived, "x").ok());
  ASSERT_TRUE(directory_->RevokeKey(first.key.id, "x").ok());
  EXPECT_TRUE(directory_->HasOperatorKey());
  // A server that once asked for keys goes on asking when the last one has expired.
  clock_.Advance(absl::Hours(2));
  Reopen();
  EXPECT_FALSE(directory_->HasOperatorKey());
  EXPECT_TRUE(directory_->HadOperatorKey());
}

TEST_F(DirectoryKeysTest, SuspendingCountsAtOnceAndCanBeUndone) {
  const auto key = MakeKey("acme");
  Suspend("acme");
  const absl::Status refused = Refusal(key.secret);
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(refused), reason::kTenantSuspended);
  Reopen();
  EXPECT_EQ(ReasonOf(Refusal(key.secret)), reason::kTenantSuspended);
  Tenant tenant = (*directory_->Find("acme"))->tenant;
  tenant.state = TenantState::kActive;
  ASSERT_TRUE(directory_->Update(tenant, "x").ok());
  EXPECT_TRUE(directory_->Authenticate(key.secret).ok());
}

TEST_F(DirectoryKeysTest, ListsKeysForAYearAfterTheirEnd) {
  const auto first = MakeKey("acme");
  clock_.Advance(absl::Hours(1));
  const auto second = MakeKey("acme");
  ASSERT_TRUE(directory_->RevokeKey(first.key.id, "x").ok());
  auto keys = *directory_->Keys("acme");
  ASSERT_EQ(keys.size(), 2U);
  EXPECT_EQ(keys[0].id, second.key.id);
  EXPECT_EQ(keys[1].id, first.key.id);
  EXPECT_TRUE(directory_->Keys("")->empty());
  clock_.Advance(absl::Hours(24 * 365));
  EXPECT_EQ(directory_->Keys("acme")->size(), 1U);
  MakeKey("acme");  // this forgets the key on disk too
  EXPECT_EQ(ReasonOf(directory_->RevokeKey(first.key.id, "x").status()), reason::kNotFound);
  Reopen();
  EXPECT_EQ(directory_->Keys("acme")->size(), 2U);
}

TEST_F(DirectoryKeysTest, MarksTheLastUseByTheMinute) {
  const auto key = MakeKey("acme");
  const auto last_use = [&] { return (*directory_->Keys("acme"))[0].last_used_at; };
  EXPECT_EQ(last_use(), absl::InfinitePast());
  ASSERT_TRUE(directory_->Authenticate(key.secret).ok());
  const absl::Time used = last_use();
  EXPECT_LE(used, clock_.Now());
  EXPECT_GT(used, clock_.Now() - absl::Minutes(1));
  Reopen();
  EXPECT_EQ(last_use(), absl::InfinitePast()) << "not written yet";
  ASSERT_TRUE(directory_->Authenticate(key.secret).ok());
  const uint64_t last = order_->last();
  ASSERT_TRUE(directory_->FlushLastUsed().ok());
  ASSERT_TRUE(directory_->FlushLastUsed().ok());
  EXPECT_EQ(order_->last(), last);
  Reopen();
  EXPECT_EQ(last_use(), used);
  // A revocation does not lose it.
  clock_.Advance(absl::Minutes(5));
  ASSERT_TRUE(directory_->Authenticate(key.secret).ok());
  ASSERT_TRUE(directory_->RevokeKey(key.key.id, "x").ok());
  Reopen();
  EXPECT_EQ(last_use(), used + absl::Minutes(5));
}

TEST_F(DirectoryKeysTest, WritesManyLastUses) {
  limits_.max_keys = 3000;
  Reopen();
  std::vector<std::string> secrets;
  for (int i = 0; i < 2500; ++i) secrets.push_back(MakeKey("acme").secret);
  for (const std::string& secret : secrets) ASSERT_TRUE(directory_->Authenticate(secret).ok());
  ASSERT_TRUE(directory_->FlushLastUsed().ok());
  Reopen();
  const std::vector<ApiKey> keys = *directory_->Keys("acme");
  EXPECT_EQ(keys.size(), secrets.size());
  for (const ApiKey& key : keys) {
    ASSERT_NE(key.last_used_at, absl::InfinitePast());
  }
}

TEST_F(DirectoryKeysTest, StoresNoSecret) {
  const auto key = MakeKey("acme");
  size_t records = 0;
  const absl::Status scanned =
      store_->Scan(Column::kMeta, "", "\xff", [&](std::string_view name, std::string_view value) {
        ++records;
        EXPECT_EQ(name.find(key.secret.substr(14)), std::string_view::npos);
        EXPECT_EQ(value.find(key.secret.substr(14)), std::string_view::npos);
        return absl::OkStatus();
      });
  EXPECT_TRUE(scanned.ok());
  EXPECT_GT(records, 5U);
}

TEST_F(DirectoryKeysTest, RefusesBadKeys) {
  const std::vector<std::pair<std::function<void(ApiKey&)>, std::string>> table = {
      {[](ApiKey& k) { k.scopes = {}; }, "scopes"},
      {[](ApiKey& k) {
         k.scopes = {KeyScope::kScrub, KeyScope::kScrub};
       },
       "twice"},
      {[](ApiKey& k) { k.scopes = {static_cast<KeyScope>(0)}; }, "scopes"},
      {[](ApiKey& k) { k.scopes = {static_cast<KeyScope>(4)}; }, "scopes"},
      {[](ApiKey& k) { k.scopes = {KeyScope::kOperate}; }, "operate"},
      {[](ApiKey& k) {
         k.scopes = {KeyScope::kScrub, KeyScope::kOperate};
       },
       "operate"},
      {[](ApiKey& k) { k.tenant_id.clear(); }, "operator"},
      {[](ApiKey& k) {
         k.tenant_id.clear();
         k.scopes = {KeyScope::kOperate, KeyScope::kScrub};
       },
       "operator"},
      {[this](ApiKey& k) { k.expires_at = clock_.Now(); }, "expires_at"},
      {[](ApiKey& k) { k.expires_at = absl::UnixEpoch(); }, "expires_at"},
      {[](ApiKey& k) { k.display_name = std::string("\r"); }, "display_name"},
  };
  for (const auto& [spoil, named] : table) {
    ApiKey key = NewKey("acme");
    spoil(key);
    const absl::Status status = directory_->CreateKey(key, "x").status();
    EXPECT_EQ(ReasonOf(status), reason::kInvalidRequest) << named;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(named));
  }
  EXPECT_EQ(ReasonOf(directory_->CreateKey(NewKey("nobody"), "x").status()), reason::kNotFound);
  EXPECT_TRUE(directory_->Keys("acme")->empty());
}

}  // namespace
}  // namespace dnc
