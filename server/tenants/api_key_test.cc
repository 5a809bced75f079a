#include "server/tenants/api_key.h"

#include <gtest/gtest.h>

#include <set>

#include "server/base/error.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";

TEST(ApiKeyTest, HasTheDocumentedForm) {
  const NewApiKey key = GenerateApiKey();
  EXPECT_EQ(key.id.size(), 8U);
  EXPECT_EQ(key.secret.size(), 5U + 8 + 1 + 40);
  EXPECT_EQ(key.secret.substr(0, 14), "dnck_" + key.id + "_");
  EXPECT_EQ(key.secret.substr(14).find_first_not_of(kAlphabet), std::string::npos);
  EXPECT_EQ(key.id.find_first_not_of(kAlphabet), std::string::npos);
  EXPECT_EQ(*ApiKeyId(key.secret), key.id);
}

TEST(ApiKeyTest, NoTwoAreEqual) {
  std::set<std::string> secrets;
  std::set<char> characters;
  for (int i = 0; i < 2000; ++i) {
    const NewApiKey key = GenerateApiKey();
    EXPECT_TRUE(secrets.insert(key.secret).second);
    characters.insert(key.secret.begin() + 14, key.secret.end());
  }
  EXPECT_EQ(characters.size(), kAlphabet.size());
}

// The characters do not matter: the checksum is linear, so one key would prove it, and a few more
// do no harm.
TEST(ApiKeyTest, RefusesEveryChangeOfOneCharacter) {
  for (int round = 0; round < 5; ++round) {
    const std::string secret = GenerateApiKey().secret;
    for (size_t at = 0; at < secret.size(); ++at) {
      for (int value = 0; value < 256; ++value) {
        std::string changed = secret;
        changed[at] = static_cast<char>(value);
        if (changed == secret) continue;
        ASSERT_FALSE(ApiKeyId(changed).ok()) << "at " << at << " character " << value;
      }
    }
  }
}

TEST(ApiKeyTest, RefusesSwappedNeighbours) {
  const std::string secret = GenerateApiKey().secret;
  for (size_t at = 0; at + 1 < secret.size(); ++at) {
    std::string changed = secret;
    std::swap(changed[at], changed[at + 1]);
    EXPECT_TRUE(changed == secret || !ApiKeyId(changed).ok()) << "at " << at;
  }
}

TEST(ApiKeyTest, RefusesWhatIsCutOrLonger) {
  const std::string secret = GenerateApiKey().secret;
  for (size_t size = 0; size < secret.size(); ++size) {
    EXPECT_FALSE(ApiKeyId(secret.substr(0, size)).ok());
    EXPECT_FALSE(ApiKeyId(secret.substr(secret.size() - size)).ok());
  }
  EXPECT_FALSE(ApiKeyId(secret + "0").ok());
  EXPECT_FALSE(ApiKeyId(" " + secret).ok());
  EXPECT_FALSE(ApiKeyId(std::string(1 << 20, 'a')).ok());
}

TEST(ApiKeyTest, SaysWhatIsWrongAndNothingOfTheKey) {
  const std::string secret = GenerateApiKey().secret;
  std::string mistyped = secret;
  mistyped[20] = mistyped[20] == '7' ? '8' : '7';
  for (const std::string& bad : {std::string("sk_live"), secret.substr(0, 30), mistyped}) {
    const absl::Status status = ApiKeyId(bad).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated);
    EXPECT_EQ(ErrorReason(status), reason::kUnauthenticated);
    EXPECT_EQ(ToStd(status.message()).find(secret.substr(5, 8)), std::string_view::npos);
    EXPECT_EQ(ToStd(status.message()).find("sk_live"), std::string_view::npos);
  }
}

TEST(ApiKeyTest, HashesAreSha256) {
  // The value is that of FIPS 180-2, appendix B.1.
  const std::string hash = HashApiKey("abc");
  ASSERT_EQ(hash.size(), 32U);
  EXPECT_EQ(static_cast<uint8_t>(hash[0]), 0xBA);
  EXPECT_EQ(static_cast<uint8_t>(hash[31]), 0xAD);
  EXPECT_TRUE(EqualHashes(hash, HashApiKey("abc")));
  for (size_t at = 0; at < hash.size(); ++at) {
    std::string other = hash;
    other[at] = static_cast<char>(other[at] ^ 1);
    EXPECT_FALSE(EqualHashes(hash, other));
  }
  EXPECT_FALSE(EqualHashes(hash, hash.substr(1)));
  EXPECT_FALSE(EqualHashes("", ""));
}

}  // namespace
}  // namespace dnc
