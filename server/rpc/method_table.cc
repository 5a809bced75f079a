#include "server/rpc/method_table.h"

namespace dnc {

void MethodTable::Add(std::string_view path, Requests requests, Begin begin) {
  methods_.emplace(std::string(path), Entry{requests, std::move(begin)});
}

std::shared_ptr<CallHandler> MethodTable::Accept(const CallPtr& call) const {
  const auto found = methods_.find(call->path());
  if (found == methods_.end()) return nullptr;
  const Entry& method = found->second;
  if (method.requests == Requests::kOne) {
    call->ExpectOneMessage();
    call->AskMessage();
  }
  return method.begin(rpc_, call);
}

std::set<std::string> MethodTable::Services() const {
  std::set<std::string> services;
  for (const auto& [path, method] : methods_) {
    services.insert(path.substr(1, path.rfind('/') - 1));
  }
  return services;
}

}  // namespace dnc
