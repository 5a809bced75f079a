#include "server/http/status_pages.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/http/problem.h"
#include "server/service/request_errors.h"
#include "server/telemetry/metrics_text.h"

namespace dnc {
namespace {

// Scrapers are few; so many may ask at the same time.
constexpr size_t kMaxWaiting = 64;

HttpAnswer PlainText(std::string text) {
  HttpAnswer answer;
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = std::move(text);
  return answer;
}

}  // namespace

StatusPages::StatusPages(const StatusSources& sources) : from_(sources), worker_(1, kMaxWaiting) {}

std::vector<std::string> StatusPages::WhyNotReady() const {
  if (from_.health->Serves("").value_or(false)) return {};
  std::vector<std::string> reasons;
  if (!from_.metrics->accepting()) {
    reasons.emplace_back("the server is ending, or has no file descriptors for more connections");
  }
  if (from_.registry->snapshot() == nullptr) {
    reasons.emplace_back("the stored releases are being read and verified");
  } else if (!CanAnswerScrubs(*from_.registry)) {
    reasons.emplace_back(
        "no list that the policy requires covers an area code; load one, see GetCoverage");
  }
  if (reasons.empty()) reasons.emplace_back("it has just become ready; ask again");
  return reasons;
}

HttpAnswer StatusPages::Ready() const {
  const std::vector<std::string> reasons = WhyNotReady();
  if (reasons.empty()) return PlainText("ready\n");
  return ProblemAnswer(
      Error(reason::kStarting, StrCat("scrubs can't be answered: ", absl::StrJoin(reasons, "; "))));
}

HttpAnswer StatusPages::MetricsPage(const HttpRequest& request) const {
  const MetricsFormat format = AcceptedFormat(request.Header("accept").value_or(""));
  HttpAnswer answer;
  answer.content_type = MetricsContentType(format);
  answer.body = WriteMetrics(from_.collector->Collect(), format);
  return answer;
}

void StatusPages::Post(const HttpCallPtr& call,
                       HttpAnswer (*page)(const StatusPages&, const HttpRequest&)) {
  if (!worker_.TryPost([this, call, page] { call->Answer(page(*this, call->request())); })) {
    call->Answer(ProblemAnswer(TooManyCallsWait()));
  }
}

void StatusPages::AddTo(const HttpAccess* access, Router* router) {
  router->Add({"GET", "/livez", 0, [access](const HttpCallPtr& call, const PathParts& /*parts*/) {
                 const absl::Status admitted =
                     access == nullptr
                         ? absl::OkStatus()
                         : access->Admit(call->request(), {}, Permission::kOpen).status();
                 call->Answer(admitted.ok() ? PlainText("ok\n") : ProblemAnswer(admitted));
               }});
  router->Add(
      {"GET", "/readyz", 0, [this, access](const HttpCallPtr& call, const PathParts& /*parts*/) {
         if (access != nullptr) {
           const auto admitted = access->Admit(call->request(), {}, Permission::kOpen);
           if (!admitted.ok()) return call->Answer(ProblemAnswer(admitted.status()));
         }
         Post(call, [](const StatusPages& pages, const HttpRequest& /*request*/) {
           return pages.Ready();
         });
       }});
  router->Add(
      {"GET", "/metrics", 0, [this, access](const HttpCallPtr& call, const PathParts& /*parts*/) {
         if (access != nullptr) {
           const absl::Status admitted = access->AdmitWatcher(call->request());
           if (!admitted.ok()) return call->Answer(ProblemAnswer(admitted));
         }
         Post(call, [](const StatusPages& pages, const HttpRequest& request) {
           return pages.MetricsPage(request);
         });
       }});
}

}  // namespace dnc
