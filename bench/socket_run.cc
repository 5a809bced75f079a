#include "bench/socket_run.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "server/base/check.h"

namespace dnc {
namespace {

int ConnectTo(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  DNC_CHECK(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0,
            "the server listens");
  return fd;
}

}  // namespace

SocketRun::SocketRun(const SnapshotPtr& snapshot, int loops)
    : registry_("/nonexistent"), stores_(folder_.path(), &clock_) {
  registry_.SetSnapshot(snapshot);
  stores_.order().StartFrom(snapshot->revision);
  const std::string path = folder_.path() + "/socket";
  ServerOptions options;
  options.listen = "unix:" + path;
  options.rpc.threads = loops;
  options.rpc.spin = absl::ZeroDuration();
  auto server = Server::Start(options, stores_.Parts(&registry_, &metrics_));
  DNC_CHECK(server.ok(), "the server starts");
  server_ = *std::move(server);
  client_ = Connect();
}

SocketRun::~SocketRun() {
  client_.reset();
  server_->Stop();
}

std::unique_ptr<TestClient> SocketRun::Connect() const {
  return std::make_unique<TestClient>(ConnectTo(folder_.path() + "/socket"));
}

bool SocketRun::Scrub(absl::Span<const Number> numbers) {
  v1::ScrubRequest request;
  request.mutable_numbers()->Add(numbers.begin(), numbers.end());
  return Scrub(client_.get(), request);
}

bool SocketRun::Scrub(TestClient* client, const v1::ScrubRequest& request) {
  const TestAnswer& answer =
      client->Call("/dnc.v1.ScrubService/Scrub", request.SerializeAsString());
  v1::ScrubResponse response;
  const auto messages = answer.messages();
  return answer.code() == "0" && messages.size() == 1 && response.ParseFromString(messages[0]) &&
         response.verdicts_size() == request.numbers_size();
}

}  // namespace dnc
