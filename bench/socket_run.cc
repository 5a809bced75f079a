#include "bench/socket_run.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <vector>

#include "dnc/v1/scrub_service.pb.h"
#include "server/base/check.h"

namespace dnc {
namespace {

constexpr char kScrubPath[] = "/dnc.v1.ScrubService/Scrub";

int ConnectTo(const std::string& path) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  DNC_CHECK(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0,
            "the server listens");
  return fd;
}

std::string RequestFor(absl::Span<const Number> numbers) {
  v1::ScrubRequest request;
  request.mutable_numbers()->Add(numbers.begin(), numbers.end());
  return request.SerializeAsString();
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

const std::string& SocketRun::KeyAboveQuota() {
  if (!key_.empty()) return key_;
  Tenant tenant;
  tenant.id = "floods";
  tenant.quotas.numbers_per_second = 1;
  tenant.terms.entitled.set();
  DNC_CHECK(stores_.directory().Create(tenant, "bench").ok(), "a tenant is made");
  ApiKey key;
  key.tenant_id = tenant.id;
  key.scopes = {KeyScope::kScrub};
  auto made = stores_.directory().CreateKey(key, "bench");
  DNC_CHECK(made.ok(), "a key is made");
  key_ = "Bearer " + made->secret;
  // A batch of more than a second's worth puts the quota into debt for hours.
  client_->Call(kScrubPath, RequestFor(std::vector<Number>(10'000, 2'015'550'100)),
                {{"authorization", key_}});
  return key_;
}

bool SocketRun::Refused(absl::Span<const Number> numbers) {
  const TestAnswer& answer =
      client_->Call(kScrubPath, RequestFor(numbers), {{"authorization", KeyAboveQuota()}});
  return answer.code() == "8" &&
         answer.trailers.at("grpc-message").find("quota") != std::string::npos;
}

bool SocketRun::Scrub(absl::Span<const Number> numbers) {
  v1::ScrubRequest request;
  request.mutable_numbers()->Add(numbers.begin(), numbers.end());
  return Scrub(client_.get(), request);
}

bool SocketRun::Scrub(TestClient* client, const v1::ScrubRequest& request) {
  const TestAnswer& answer = client->Call(kScrubPath, request.SerializeAsString());
  v1::ScrubResponse response;
  const auto messages = answer.messages();
  return answer.code() == "0" && messages.size() == 1 && response.ParseFromString(messages[0]) &&
         response.verdicts_size() == request.numbers_size();
}

}  // namespace dnc
