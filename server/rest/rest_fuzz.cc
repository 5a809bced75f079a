// Any bytes as a call of /v1: the first byte chooses the method, the query ends at a line feed, the
// rest is the body. What is taken can be told again, and means what protobuf reads.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dnc/v1/list_service.pb.h"
#include "dnc/v1/registry_service.pb.h"
#include "dnc/v1/scrub_service.pb.h"
#include "dnc/v1/tenant_service.pb.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/json_util.h"
#include "server/base/check.h"
#include "server/rest/message_json.h"
#include "server/rest/request_binding.h"

namespace {

using namespace dnc;  // NOLINT(google-build-using-namespace)
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

// The methods that are found by HTTP.
const std::vector<const MethodDescriptor*>& Methods() {
  static const auto* const found = [] {
    auto* const methods = new std::vector<const MethodDescriptor*>;
    for (const Message* const one :
         {static_cast<const Message*>(&v1::ScrubRequest::default_instance()),
          static_cast<const Message*>(&v1::GetStatusRequest::default_instance()),
          static_cast<const Message*>(&v1::Tenant::default_instance()),
          static_cast<const Message*>(&v1::Record::default_instance())}) {
      const auto* const file = one->GetDescriptor()->file();
      for (int i = 0; i < file->service(0)->method_count(); ++i) {
        if (HttpRuleOf(*file->service(0)->method(i)).has_value()) {
          methods->push_back(file->service(0)->method(i));
        }
      }
    }
    return methods;
  }();
  return *found;
}

void CheckTaken(const Message& message, std::string_view body) {
  const std::string text = MessageJson(message);
  const std::unique_ptr<Message> again(message.New()), theirs(message.New());
  DNC_CHECK(ReadMessageJson(text, again.get()).ok(), "what is told is taken");
  DNC_CHECK(again->SerializeAsString() == message.SerializeAsString(), "and is the same");
  if (!body.empty() &&
      google::protobuf::util::JsonStringToMessage(std::string(body), theirs.get()).ok()) {
    DNC_CHECK(theirs->SerializeAsString() == message.SerializeAsString(),
              "protobuf reads the same");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // It tells of every string that is no UTF-8.
  static auto* const silenced = google::protobuf::SetLogHandler(nullptr);
  static_cast<void>(silenced);
  if (size == 0) return 0;
  const MethodDescriptor& method = *Methods()[data[0] % Methods().size()];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const size_t end = bytes.find('\n');
  HttpRequest call;
  call.query = std::string(bytes.substr(0, end));
  if (end != std::string_view::npos) call.body = std::string(bytes.substr(end + 1));
  call.headers = {{"content-type", "application/json"}};
  const HttpRule rule = *HttpRuleOf(method);
  const auto* const prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(method.input_type());
  const std::unique_ptr<Message> bound(prototype->New()), read(prototype->New());
  if (BindRequest(rule, call, {}, bound.get()).ok()) CheckTaken(*bound, "");
  if (ReadMessageJson(call.body, read.get()).ok()) CheckTaken(*read, call.body);
  return 0;
}
