// The server itself, end to end, asked with dncload's thin client over a unix socket. Every number
// gets a verdict.
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bench/compare/dncd_subject.h"
#include "dnc/v1/scrub_service.pb.h"
#include "server/base/status_macros.h"
#include "tools/dncload/thin_caller.h"

namespace dnc {
namespace {

constexpr size_t kNumbersACall = 10'000;  // that the server takes

// The connection of a thread.
class Asker final : private load::CallUser {
 public:
  explicit Asker(const load::Target& target)
      : caller_(target, {.kind = load::SenderKind::kThin, .timeout = 60}, this) {}

  absl::Status Connect() {
    constexpr std::chrono::seconds kPatience(10);
    return caller_.Connect(load::Clock::now() + kPatience);
  }

  // Returns an answer for each part of kNumbersACall. All are asked before the first answer is
  // read. Valid until the next call.
  absl::StatusOr<absl::Span<const v1::ScrubResponse>> Ask(absl::Span<const Number> numbers) {
    const size_t parts = (numbers.size() + kNumbersACall - 1) / kNumbersACall;
    questions_.resize(parts);
    answers_.resize(parts);
    status_ = absl::OkStatus();
    missing_ = parts;
    for (size_t i = 0; i < parts; ++i) {
      const auto part = numbers.subspan(i * kNumbersACall, kNumbersACall);
      request_.clear_numbers();
      request_.mutable_numbers()->Add(part.begin(), part.end());
      request_.SerializeToString(&questions_[i]);
      caller_.Start(&answers_[i], questions_[i]);
    }
    caller_.Flush();
    constexpr int64_t kWait = 50'000'000;  // ns
    while (missing_ > 0) caller_.Take(kWait);
    if (!status_.ok()) return status_;
    return answers_;
  }

 private:
  void OnEnded(void* tag, const absl::Status& status, std::string_view answer) override {
    --missing_;
    status_.Update(status);
    auto* const response = static_cast<v1::ScrubResponse*>(tag);
    if (status.ok() && !response->ParseFromArray(answer.data(), static_cast<int>(answer.size()))) {
      status_.Update(absl::InternalError("an answer that is no ScrubResponse"));
    }
  }

  load::ThinCaller caller_;
  v1::ScrubRequest request_;
  std::vector<std::string> questions_;
  std::vector<v1::ScrubResponse> answers_;
  size_t missing_ = 0;
  absl::Status status_;
};

class DncdThinServer : public DncdSubject {
 public:
  using DncdSubject::DncdSubject;

  absl::Status Begin(uint64_t total) override {
    load::TargetOptions options;
    options.server = address();
    auto target = load::Target::Make(options);
    if (!target.ok()) return target.status();
    target_ = std::make_unique<load::Target>(*std::move(target));
    return DncdSubject::Begin(total);
  }

  absl::Status Ask(absl::Span<const Number> numbers, absl::Span<uint32_t> listed) override {
    thread_local std::unique_ptr<Asker> asker;
    if (asker == nullptr) {
      auto made = std::make_unique<Asker>(*target_);
      DNC_RETURN_IF_ERROR(made->Connect());
      asker = std::move(made);
    }
    DNC_ASSIGN_OR_RETURN(const auto answers, asker->Ask(numbers));
    for (size_t part = 0; part < answers.size(); ++part) {
      const size_t start = part * kNumbersACall;
      const size_t count = std::min(kNumbersACall, numbers.size() - start);
      if (static_cast<size_t>(answers[part].verdicts_size()) != count) {
        return absl::InternalError("an answer with another count of verdicts");
      }
      for (size_t i = 0; i < count; ++i) {
        DNC_RETURN_IF_ERROR(Take(answers[part].verdicts(static_cast<int>(i)), &listed[start + i]));
      }
    }
    return absl::OkStatus();
  }

 private:
  std::unique_ptr<load::Target> target_;
};

}  // namespace

std::unique_ptr<Subject> MakeSubject(const SubjectOptions& options) {
  return std::make_unique<DncdThinServer>(options);
}

}  // namespace dnc
