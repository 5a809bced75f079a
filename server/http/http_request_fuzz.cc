// Any bytes of a caller: the parser, the limits and the router must come through, and the
// connection must end with all that it held given back. The first byte says how long the pieces
// are in which the rest arrives.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string>

#include "server/base/check.h"
#include "server/http/test_front.h"

namespace dnc {
namespace {

constexpr int64_t kPoolBytes = 1 << 20;

void Echo(const HttpCallPtr& call, const PathParts& parts) {
  HttpAnswer answer;
  answer.content_type = "text/plain";
  answer.body = call->request().body;
  for (const auto& [name, value] : parts) answer.headers.push_back({"x-" + name, value});
  call->Answer(std::move(answer));
}

TestFront* NewFront() {
  auto* const made = new TestFront();  // lives as long as the program
  made->router().Add({"GET", "/", 0, &Echo});
  made->router().Add({"GET", "/v1/{kind}/{name}", 0, &Echo});
  made->router().Add({"POST", "/v1/{kind}/{name}:echo", 1 << 16, &Echo});
  HttpOptions options;
  options.max_body_bytes = 1 << 16;
  options.max_unfinished_bytes = kPoolBytes;
  made->Start(options);
  return made;
}

}  // namespace
}  // namespace dnc

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static dnc::TestFront* const front = dnc::NewFront();
  if (size == 0) return 0;
  const size_t piece = data[0] == 0 ? size : data[0];
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  {
    dnc::TestPeer peer = front->Connect();
    for (size_t at = 0; at < bytes.size(); at += piece) {
      if (!peer.Send(std::string_view(bytes).substr(at, piece))) break;
    }
    peer.FinishSending();
    peer.Rest();
  }
  DNC_CHECK(front->front().WaitUntilClosed(absl::Seconds(60)), "the connection ends");
  DNC_CHECK(front->front().free_bytes() == dnc::kPoolBytes, "what it held comes back");
  return 0;
}
