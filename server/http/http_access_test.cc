#include "server/http/http_access.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/error.h"
#include "server/rpc/test_stores.h"

namespace dnc {
namespace {

HttpRequest Head(std::vector<HttpField> fields) {
  HttpRequest head;
  head.method = "GET";
  head.path = "/";
  head.headers = std::move(fields);
  return head;
}

class HttpAccessTest : public testing::Test {
 protected:
  HttpAccessTest()
      : dir_(testing::TempDir() + "/dnc_access_" +
             testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(dir_);
    stores_ = std::make_unique<TestStores>(dir_, &clock_);
    authorizer_ = std::make_unique<Authorizer>(&stores_->directory(), &stores_->order(), false);
    strict_ = std::make_unique<Authorizer>(&stores_->directory(), &stores_->order(), true);
  }
  ~HttpAccessTest() override {
    stores_.reset();
    std::filesystem::remove_all(dir_);
  }

  std::string NewKey(std::vector<KeyScope> scopes, const std::string& tenant) {
    ApiKey key;
    key.tenant_id = tenant;
    key.scopes = std::move(scopes);
    key.display_name = "a key";
    const auto made = stores_->directory().CreateKey(key, "test");
    EXPECT_TRUE(made.ok()) << made.status();
    return made.ok() ? made->secret : "";
  }
  // The reason of a refusal, or `ok`. On a server without keys.
  std::string Ask(std::vector<HttpField> fields, Permission permission = Permission::kScrub,
                  std::optional<std::string_view> key = {}) const {
    return Told(
        HttpAccess(authorizer_.get(), false).Admit(Head(std::move(fields)), key, permission));
  }
  // On one that asks for keys.
  std::string AskStrict(std::vector<HttpField> fields, Permission permission = Permission::kScrub,
                        std::optional<std::string_view> key = {}) const {
    return Told(HttpAccess(strict_.get(), true).Admit(Head(std::move(fields)), key, permission));
  }
  static std::string Told(const absl::StatusOr<Caller>& admitted) {
    return admitted.ok() ? "ok" : ErrorReason(admitted.status());
  }

  const std::string dir_;
  const Clock clock_;
  std::unique_ptr<TestStores> stores_;
  std::unique_ptr<Authorizer> authorizer_;
  std::unique_ptr<Authorizer> strict_;
};

TEST_F(HttpAccessTest, LoopbackIsNamed) {
  for (const char* const host : {"localhost", "LocalHost:8061", "127.0.0.1", "127.0.0.1:8061",
                                 "127.9.8.7:1", "[::1]", "[::1]:8061"}) {
    EXPECT_EQ(Ask({{"host", host}}), "ok") << host;
  }
  for (const char* const host :
       {"", "example.com", "localhost.example.com", "127.0.0.1.example.com", "127.0.0.256",
        "127.0.0", "127.0.0.1.1", "10.0.0.1", "[::2]", "::1", "127.0.0.1:80@evil", "localhost.",
        "2130706433"}) {
    EXPECT_EQ(Ask({{"host", host}}), "UNAUTHENTICATED") << host;
  }
  EXPECT_EQ(Ask({}), "UNAUTHENTICATED");
}

TEST_F(HttpAccessTest, ForeignPagesAndProxiesAreRefused) {
  const HttpField host{"host", "127.0.0.1:8061"};
  EXPECT_EQ(Ask({host, {"origin", "http://127.0.0.1:8061"}}), "ok");
  EXPECT_EQ(Ask({host, {"origin", "https://127.0.0.1:8061"}}), "ok");
  EXPECT_EQ(Ask({{"host", "localhost"}, {"origin", "http://localhost"}}), "ok");
  EXPECT_EQ(Ask({{"host", "localhost:80"}, {"origin", "http://localhost"}}), "ok");
  for (const char* const origin :
       {"null", "http://evil.example", "http://127.0.0.1:8062", "http://127.0.0.1",
        "ftp://127.0.0.1:8061", "127.0.0.1:8061", ""}) {
    EXPECT_EQ(Ask({host, {"origin", origin}}), "UNAUTHENTICATED") << origin;
  }
  EXPECT_EQ(Ask({host, {"origin", "http://127.0.0.1:8061"}, {"origin", "http://evil.example"}}),
            "UNAUTHENTICATED");
  for (const char* const name :
       {"forwarded", "x-forwarded-for", "x-forwarded-host", "via", "x-real-ip"}) {
    EXPECT_EQ(Ask({host, {name, "x"}}), "UNAUTHENTICATED") << name;
    EXPECT_EQ(Ask({host, {name, "x"}}, Permission::kOpen), "UNAUTHENTICATED") << name;
  }
}

TEST_F(HttpAccessTest, BrowsersSayWhoseRequestItIs) {
  const HttpField host{"host", "127.0.0.1:8061"};
  const HttpField navigates{"sec-fetch-mode", "navigate"};
  for (const char* const site : {"same-origin", "none"}) {
    EXPECT_EQ(Ask({host, {"sec-fetch-site", site}}), "ok") << site;
    EXPECT_EQ(Ask({host, {"sec-fetch-site", site}}, Permission::kOpen), "ok") << site;
  }
  for (const char* const site : {"cross-site", "same-site", ""}) {
    EXPECT_EQ(Ask({host, {"sec-fetch-site", site}}), "UNAUTHENTICATED") << site;
    EXPECT_EQ(
        Ask({host, {"sec-fetch-site", site}, {"sec-fetch-mode", "no-cors"}}, Permission::kOpen),
        "UNAUTHENTICATED")
        << site;
    // A link leads to the console, but asks no question.
    EXPECT_EQ(Ask({host, {"sec-fetch-site", site}, navigates}, Permission::kOpen), "ok") << site;
    EXPECT_EQ(Ask({host, {"sec-fetch-site", site}, navigates}), "UNAUTHENTICATED") << site;
  }
  EXPECT_EQ(Ask({host, {"sec-fetch-site", "none"}, {"sec-fetch-site", "cross-site"}}),
            "UNAUTHENTICATED");
  const HttpField key{"authorization", "Bearer " + NewKey({KeyScope::kScrub}, "default")};
  EXPECT_EQ(Ask({host, key, {"sec-fetch-site", "cross-site"}}), "ok");
}

TEST_F(HttpAccessTest, WithoutAKeyOneMayScrub) {
  const HttpField host{"host", "localhost"};
  EXPECT_EQ(Ask({host}, Permission::kOpen), "ok");
  EXPECT_EQ(Ask({host}, Permission::kScrub), "ok");
  for (const Permission permission :
       {Permission::kLists, Permission::kRecords, Permission::kOperate}) {
    EXPECT_EQ(Ask({host}, permission), "UNAUTHENTICATED");
  }
  const auto refused =
      HttpAccess(authorizer_.get(), false).Admit(Head({host}), {}, Permission::kOperate);
  EXPECT_NE(refused.status().message().find("--create-operator-key"), absl::string_view::npos);
  const auto caller =
      HttpAccess(authorizer_.get(), false).Admit(Head({host}), {}, Permission::kScrub);
  ASSERT_TRUE(caller.ok());
  EXPECT_FALSE(caller->Has(KeyScope::kOperate));
  EXPECT_TRUE(HttpAccess(authorizer_.get(), false).AdmitWatcher(Head({host})).ok());
}

TEST_F(HttpAccessTest, AKeyThatIsSentIsChecked) {
  const std::string operating = NewKey({KeyScope::kOperate}, "");
  const std::string scrubbing = NewKey({KeyScope::kScrub}, "default");
  const HttpField host{"host", "far.example"};
  const HttpField operates{"authorization", "Bearer " + operating};
  const HttpField scrubs{"authorization", "Bearer " + scrubbing};
  const HttpField wrong{"authorization", "Bearer dnck_nothing"};
  for (const bool strict : {false, true}) {
    const auto ask = [&](std::vector<HttpField> fields, Permission permission,
                         std::optional<std::string_view> key = {}) {
      return strict ? AskStrict(std::move(fields), permission, key)
                    : Ask(std::move(fields), permission, key);
    };
    // Whoever has a key may come from anywhere.
    EXPECT_EQ(ask({host, operates, {"x-forwarded-for", "1"}}, Permission::kOperate), "ok");
    EXPECT_EQ(ask({host, scrubs, {"origin", "http://x"}}, Permission::kScrub), "ok");
    EXPECT_EQ(ask({host, scrubs}, Permission::kOperate), "SCOPE_MISSING");
    EXPECT_EQ(ask({host}, Permission::kScrub, scrubbing), "ok");
    EXPECT_EQ(ask({host, scrubs}, Permission::kScrub, scrubbing), "ok");
    EXPECT_EQ(ask({host, scrubs}, Permission::kScrub, operating), "UNAUTHENTICATED");
    EXPECT_EQ(ask({host, wrong}, Permission::kScrub), "UNAUTHENTICATED");
    EXPECT_EQ(ask({{"host", "localhost"}, wrong}, Permission::kScrub), "UNAUTHENTICATED");
    EXPECT_EQ(ask({{"host", "localhost"}}, Permission::kScrub, "dnck_nothing"), "UNAUTHENTICATED");
    EXPECT_EQ(ask({{"host", "localhost"}, scrubs, scrubs}, Permission::kScrub), "UNAUTHENTICATED");
    EXPECT_EQ(ask({{"host", "localhost"}, {"authorization", ""}}, Permission::kScrub),
              "UNAUTHENTICATED");
  }
}

TEST_F(HttpAccessTest, AServerWithKeysAsksForOne) {
  const HttpField host{"host", "localhost"};
  EXPECT_EQ(AskStrict({host}), "UNAUTHENTICATED");
  EXPECT_EQ(AskStrict({{"host", "10.1.2.3"}}, Permission::kOpen), "ok");
  const HttpAccess access(strict_.get(), true);
  EXPECT_FALSE(access.AdmitWatcher(Head({host})).ok());
  const std::string operating = NewKey({KeyScope::kOperate}, "");
  EXPECT_TRUE(access.AdmitWatcher(Head({host, {"authorization", "Bearer " + operating}})).ok());
}

}  // namespace
}  // namespace dnc
