#include "server/rpc/method_table.h"

#include "server/rpc/served_call.h"

namespace dnc {

void MethodTable::Add(std::string_view path, Requests requests, Permission permission,
                      Begin begin) {
  methods_.emplace(std::string(path), Entry{requests, permission, std::move(begin)});
}

void MethodTable::AddUnary(std::string_view path, UnaryHandler handler) {
  unary_.emplace(std::string(path), std::move(handler));
}

bool MethodTable::IsKnown(const GrpcStream& call) const {
  const auto found = methods_.find(call.path());
  return found != methods_.end() && found->second.permission != Permission::kOpen &&
         rpc_.authorizer->Admit(CredentialsOf(call), found->second.permission).ok();
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
