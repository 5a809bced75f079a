#include "server/rest/http_rule.h"

#include <algorithm>

#include "google/api/annotations.pb.h"

namespace dnc {

std::optional<HttpRule> HttpRuleOf(const google::protobuf::MethodDescriptor& method) {
  if (!method.options().HasExtension(google::api::http)) return std::nullopt;
  const google::api::HttpRule& rule = method.options().GetExtension(google::api::http);
  switch (rule.pattern_case()) {
    case google::api::HttpRule::kGet:
      return HttpRule{"GET", rule.get(), rule.body()};
    case google::api::HttpRule::kPut:
      return HttpRule{"PUT", rule.put(), rule.body()};
    case google::api::HttpRule::kPost:
      return HttpRule{"POST", rule.post(), rule.body()};
    case google::api::HttpRule::kDelete:
      return HttpRule{"DELETE", rule.delete_(), rule.body()};
    default:
      return std::nullopt;
  }
}

const google::protobuf::MethodDescriptor* FindMethod(std::string_view path) {
  std::string name(path.substr(path.empty() ? 0 : 1));
  std::replace(name.begin(), name.end(), '/', '.');
  return google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(name);
}

}  // namespace dnc
