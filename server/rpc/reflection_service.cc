#include "server/rpc/reflection_service.h"

#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "grpc/reflection/v1/reflection.pb.h"
#include "server/base/str_cat.h"
#include "server/rpc/served_call.h"
#include "server/service/request_errors.h"
#include "server/wire/event_loop.h"

namespace dnc {
namespace {

namespace reflection = grpc::reflection::v1;
using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

// Answers in its turn on the loop: to describe a file takes long, and anybody may ask.
class ReflectionCall final : public TurnStream, public EventLoop::Job {
 public:
  ReflectionCall(const RpcContext& rpc, const MethodTable* table, StreamPlaces* places,
                 CallPtr call)
      : TurnStream(rpc, Method::kReflection, std::move(call)), table_(*table), places_(*places) {}

  void RunJob() override;

 private:
  absl::Status Admitted() override {
    if (absl::Status open = AdmitNew(Permission::kOpen).status(); !open.ok()) return open;
    if (place_.Take(&places_, HostOf(call().peer()))) return absl::OkStatus();
    return LimitReached(StrCat("the server answers ", places_.all(),
                               " reflection streams at the same time, and ", places_.each(),
                               " from one address; end some, or ask again in a moment"));
  }
  void Take() override { call().loop()->Submit(Self(this)); }
  void AllSent() override { Finish(absl::OkStatus()); }

  void AnswerOne(const reflection::ServerReflectionRequest& request,
                 reflection::ServerReflectionResponse* response);
  // The file and all that it imports, those left out that the stream has told before.
  void Tell(const FileDescriptor* file, reflection::ServerReflectionResponse* response);
  void TellOne(const FileDescriptor* file, reflection::FileDescriptorResponse* files);

  const MethodTable& table_;
  StreamPlaces& places_;
  StreamPlace place_;
  std::set<const FileDescriptor*> told_;
};

// Each file is serialized once on each loop.
const std::string& Serialized(const FileDescriptor* file) {
  thread_local std::unordered_map<const FileDescriptor*, std::string> known;
  std::string& text = known[file];
  if (text.empty()) {
    google::protobuf::FileDescriptorProto content;
    file->CopyTo(&content);
    text = content.SerializeAsString();
  }
  return text;
}

void Fail(absl::StatusCode code, const std::string& message,
          reflection::ServerReflectionResponse* response) {
  response->mutable_error_response()->set_error_code(static_cast<int>(code));
  response->mutable_error_response()->set_error_message(message);
}

void ReflectionCall::RunJob() {
  if (gone()) return;
  reflection::ServerReflectionRequest request;
  if (const absl::Status read = ReadMessage(kMaxSmallBytes, &request); !read.ok()) {
    Finish(read);
    return;
  }
  reflection::ServerReflectionResponse response;
  response.set_valid_host(request.host());
  *response.mutable_original_request() = request;
  AnswerOne(request, &response);
  Write(response);
}

void ReflectionCall::AnswerOne(const reflection::ServerReflectionRequest& request,
                               reflection::ServerReflectionResponse* response) {
  using Request = reflection::ServerReflectionRequest;
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  switch (request.message_request_case()) {
    case Request::kListServices:
      for (const std::string& service : table_.Services()) {
        // Other versions of a service have its messages, and no contract of their own.
        if (pool.FindServiceByName(service) == nullptr) continue;
        response->mutable_list_services_response()->add_service()->set_name(service);
      }
      return;
    case Request::kFileByFilename:
      return Tell(pool.FindFileByName(request.file_by_filename()), response);
    case Request::kFileContainingSymbol:
      return Tell(pool.FindFileContainingSymbol(request.file_containing_symbol()), response);
    case Request::kFileContainingExtension:
      return Tell(nullptr, response);
    case Request::kAllExtensionNumbersOfType: {
      const std::string& type = request.all_extension_numbers_of_type();
      if (pool.FindMessageTypeByName(type) == nullptr) return Tell(nullptr, response);
      response->mutable_all_extension_numbers_response()->set_base_type_name(type);
      return;
    }
    case Request::MESSAGE_REQUEST_NOT_SET:
      return Fail(absl::StatusCode::kInvalidArgument,
                  "the question asks for nothing that this server knows", response);
  }
}

void ReflectionCall::Tell(const FileDescriptor* file,
                          reflection::ServerReflectionResponse* response) {
  if (file == nullptr) {
    Fail(absl::StatusCode::kNotFound, "the server's contract has nothing of that name", response);
    return;
  }
  // What is asked for comes always, and first.
  told_.erase(file);
  TellOne(file, response->mutable_file_descriptor_response());
}

void ReflectionCall::TellOne(const FileDescriptor* file,
                             reflection::FileDescriptorResponse* files) {
  if (!told_.insert(file).second) return;
  files->add_file_descriptor_proto(Serialized(file));
  for (int i = 0; i < file->dependency_count(); ++i) TellOne(file->dependency(i), files);
}

}  // namespace

void AddReflectionService(StreamPlaces* places, MethodTable* table) {
  // The older version has the same messages under other names, and older clients ask for it.
  for (const char* version : {"v1", "v1alpha"}) {
    table->AddStream<ReflectionCall>(
        StrCat("/grpc.reflection.", version, ".ServerReflection/ServerReflectionInfo"),
        Permission::kOpen, table, places);
  }
}

}  // namespace dnc
