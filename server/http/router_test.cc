#include "server/http/router.h"

#include <string>

#include "gtest/gtest.h"

namespace dnc {
namespace {

class RouterTest : public testing::Test {
 protected:
  void Add(const std::string& method, const std::string& path) {
    router_.Add({method, path, 0, [](const HttpCallPtr&, const PathParts&) {}});
  }
  // The path of the route that answers; what is allowed if there is none.
  std::string Find(const std::string& method, const std::string& path) {
    const Router::Found found = router_.Find(method, path);
    parts_ = found.parts;
    return found.route != nullptr ? found.route->method + " " + found.route->path
                                  : "allow " + found.allow;
  }

  Router router_;
  PathParts parts_;
};

TEST_F(RouterTest, FindsByMethodAndPath) {
  Add("GET", "/");
  Add("GET", "/v1/lists");
  Add("POST", "/v1/lists");
  Add("DELETE", "/v1/lists/{list}");
  EXPECT_EQ(Find("GET", "/"), "GET /");
  EXPECT_EQ(Find("POST", "/v1/lists"), "POST /v1/lists");
  EXPECT_EQ(Find("HEAD", "/v1/lists"), "GET /v1/lists");
  EXPECT_EQ(Find("PUT", "/v1/lists"), "allow GET, HEAD, POST");
  EXPECT_EQ(Find("DELETE", "/v1/lists/a%2Fb%20c"), "DELETE /v1/lists/{list}");
  EXPECT_EQ(parts_, (PathParts{{"list", "a/b c"}}));
  for (const char* const none : {"/v1", "/v1/lists/", "/v1/lists/a/b", "//v1/lists", "", "*",
                                 "v1/lists", "/V1/lists", "/v1/lists/%2", "/v1/lists/%zz"}) {
    EXPECT_EQ(Find("GET", none), "allow ") << none;
  }
  EXPECT_EQ(Find("GET", "/v1/%6Cists"), "GET /v1/lists");
}

TEST_F(RouterTest, ATextGoesBeforeAName) {
  Add("GET", "/v1/{kind}/{name}");
  Add("GET", "/v1/tenants/{tenant}");
  Add("GET", "/v1/tenants/all");
  Add("POST", "/v1/tenants/{tenant}");
  EXPECT_EQ(Find("GET", "/v1/tenants/all"), "GET /v1/tenants/all");
  EXPECT_EQ(Find("GET", "/v1/tenants/x"), "GET /v1/tenants/{tenant}");
  EXPECT_EQ(Find("GET", "/v1/lists/x"), "GET /v1/{kind}/{name}");
  EXPECT_EQ(parts_, (PathParts{{"kind", "lists"}, {"name", "x"}}));
  Add("PUT", "/v1/tenants/{id}");
  EXPECT_EQ(Find("POST", "/v1/tenants/x"), "POST /v1/tenants/{tenant}");
  EXPECT_EQ(parts_, (PathParts{{"tenant", "x"}}));
}

TEST_F(RouterTest, TheLastSegmentMayEndWithAVerb) {
  Add("POST", "/v1/lists/{list}");
  Add("POST", "/v1/lists/{list}:retire");
  Add("POST", "/v1/numbers:add");
  EXPECT_EQ(Find("POST", "/v1/lists/x"), "POST /v1/lists/{list}");
  EXPECT_EQ(Find("POST", "/v1/lists/x:retire"), "POST /v1/lists/{list}:retire");
  EXPECT_EQ(parts_, (PathParts{{"list", "x"}}));
  EXPECT_EQ(Find("POST", "/v1/lists/x%3Aretire"), "POST /v1/lists/{list}");
  EXPECT_EQ(Find("POST", "/v1/numbers:add"), "POST /v1/numbers:add");
  EXPECT_EQ(Find("POST", "/v1/numbers"), "allow ");
}

}  // namespace
}  // namespace dnc
