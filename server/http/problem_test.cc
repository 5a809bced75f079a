#include "server/http/problem.h"

#include <string>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "server/base/error.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

TEST(Problem, TellsReasonAndWhatToDo) {
  const HttpAnswer answer = ProblemAnswer(
      WithMetadata(InvalidRequest("a \"quoted\"\nline; send one"), "field", "numbers"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.content_type, "application/problem+json");
  EXPECT_EQ(answer.body.find('\n'), std::string::npos) << answer.body;
  EXPECT_EQ(answer.body.front(), '{');
  const auto problem = nlohmann::json::parse(answer.body);
  EXPECT_EQ(problem["title"], "Bad Request");
  EXPECT_EQ(problem["status"], 400);
  EXPECT_EQ(problem["detail"], "a \"quoted\"\nline; send one");
  EXPECT_EQ(problem["reason"], "INVALID_REQUEST");
  EXPECT_EQ(problem["metadata"]["field"], "numbers");
}

TEST(Problem, SaysWhenToTryAgain) {
  const HttpAnswer answer = ProblemAnswer(QuotaError("slow down", absl::Milliseconds(1200)));
  EXPECT_EQ(answer.status, 429);
  ASSERT_EQ(answer.headers.size(), 1U);
  EXPECT_EQ(answer.headers[0].name, "Retry-After");
  EXPECT_EQ(answer.headers[0].value, "2");
}

TEST(Problem, TakesTextThatIsNoUtf8) {
  EXPECT_TRUE(nlohmann::json::accept(ProblemAnswer(InvalidRequest("bad \xff byte")).body));
}

TEST(Problem, HasAStatusForEachCode) {
  EXPECT_EQ(HttpStatusOf(LimitReached("no room")), 503);
  EXPECT_EQ(HttpStatusOf(WithMetadata(LimitReached("too long"), "max_bytes", "1")), 413);
  EXPECT_EQ(HttpStatusOf(Stopping()), 503);
  EXPECT_EQ(HttpStatusOf(StillStarting()), 503);
  EXPECT_EQ(HttpStatusOf(Error(reason::kUnauthenticated, "")), 401);
  EXPECT_EQ(HttpStatusOf(Error(reason::kScopeMissing, "")), 403);
  EXPECT_EQ(HttpStatusOf(Error(reason::kNotFound, "")), 404);
  EXPECT_EQ(HttpStatusOf(Error(reason::kAlreadyExists, "")), 409);
  EXPECT_EQ(HttpStatusOf(Error(reason::kNotSupported, "")), 501);
  EXPECT_EQ(HttpStatusOf(Error(reason::kInternal, "")), 500);
  EXPECT_EQ(HttpStatusOf(DeadlinePassed()), 504);
}

}  // namespace
}  // namespace dnc
