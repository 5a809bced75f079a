// The server itself, end to end, asked with the client library over a unix socket. Every number
// gets a verdict.
#include <memory>

#include "bench/compare/dncd_subject.h"
#include "clients/cpp/dnc/client.h"
#include "server/base/status_macros.h"

namespace dnc {
namespace {

class DncdServer : public DncdSubject {
 public:
  using DncdSubject::DncdSubject;

  absl::Status Begin(uint64_t total) override {
    auto client = Client::Connect({.target = address()});
    if (!client.ok()) return client.status();
    client_ = std::make_unique<Client>(*std::move(client));
    return DncdSubject::Begin(total);
  }

  absl::Status Ask(absl::Span<const Number> numbers, absl::Span<uint32_t> listed) override {
    const ScrubResult result = client_->Scrub(numbers);
    if (!result.ok()) return result.status();
    for (size_t i = 0; i < numbers.size(); ++i) {
      DNC_RETURN_IF_ERROR(Take(result.verdict(i), &listed[i]));
    }
    return absl::OkStatus();
  }

 private:
  std::unique_ptr<Client> client_;
};

}  // namespace

std::unique_ptr<Subject> MakeSubject(const SubjectOptions& options) {
  return std::make_unique<DncdServer>(options);
}

}  // namespace dnc
