#include "tools/dncload/load_run.h"

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "dnc/v1/scrub_service.grpc.pb.h"
#include "server/base/status_macros.h"
#include "tools/dncgen/random.h"

namespace dnc {
namespace {

using Clock = std::chrono::steady_clock;

// Requests are made before the clock starts, so that the figure is the server's.
constexpr int kRequests = 64;

struct Question {
  v1::ScrubRequest request;
  std::vector<bool> listed;
};

std::vector<Question> MakeQuestions(const BaseSet& base, const LoadRunOptions& options,
                                    int caller) {
  Random random(options.seed, Purpose::kLeads, {static_cast<uint64_t>(caller)});
  std::vector<Question> questions(kRequests);
  for (Question& question : questions) {
    for (int i = 0; i < options.batch; ++i) {
      Number number = base.NthListed(random.Below64(base.numbers()));
      if (random.Unit() >= options.hit_rate) {
        number = number - number % kNumbersPerExchange + random.Below(kNumbersPerExchange);
      }
      question.request.add_numbers(number);
      question.listed.push_back(base.Contains(number));
    }
  }
  return questions;
}

// One caller: a connection, one call at a time.
class Caller {
 public:
  Caller(const BaseSet& base, const LoadRunOptions& options, int index)
      : questions_(MakeQuestions(base, options, index)) {
    grpc::ChannelArguments arguments;
    arguments.SetInt("dncload.caller", index);  // otherwise callers share a connection
    stub_ = v1::ScrubService::NewStub(
        grpc::CreateCustomChannel(options.server, grpc::InsecureChannelCredentials(), arguments));
  }

  void Run(Clock::time_point end) {
    for (size_t i = 0; status_.ok() && Clock::now() < end; ++i) {
      Ask(questions_[i % questions_.size()]);
    }
  }

  const absl::Status& status() const { return status_; }
  const LoadRunResult& result() const { return result_; }

 private:
  void Ask(const Question& question) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    const auto start = Clock::now();
    const grpc::Status status = stub_->Scrub(&context, question.request, &response_);
    const std::chrono::duration<double, std::micro> took = Clock::now() - start;
    if (!status.ok()) {
      status_ =
          absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
      return;
    }
    if (response_.verdicts_size() != question.request.numbers_size()) {
      status_ = absl::InternalError("the server answered another number of numbers than asked");
      return;
    }
    ++result_.calls;
    result_.latencies.push_back(took.count());
    for (int i = 0; i < response_.verdicts_size(); ++i) {
      const auto verdict = static_cast<size_t>(response_.verdicts(i));
      ++result_.verdicts[std::min(verdict, result_.verdicts.size() - 1)];
      if (question.listed[static_cast<size_t>(i)] && verdict == v1::VERDICT_CLEAR) ++result_.wrong;
    }
    result_.numbers += static_cast<uint64_t>(response_.verdicts_size());
  }

  std::vector<Question> questions_;
  std::unique_ptr<v1::ScrubService::Stub> stub_;
  v1::ScrubResponse response_;
  absl::Status status_;
  LoadRunResult result_;
};

}  // namespace

double LoadRunResult::Percentile(double share) const {
  if (latencies.empty()) return 0;
  const auto at = static_cast<size_t>(share * static_cast<double>(latencies.size()));
  return latencies[std::min(at, latencies.size() - 1)];
}

absl::StatusOr<LoadRunResult> RunLoad(const BaseSet& base, const LoadRunOptions& options) {
  std::vector<std::unique_ptr<Caller>> callers;
  for (int i = 0; i < options.threads; ++i) {
    callers.push_back(std::make_unique<Caller>(base, options, i));
  }
  // The first calls pay for the connections.
  for (auto& caller : callers) {
    caller->Run(Clock::now() + std::chrono::milliseconds(100));
    DNC_RETURN_IF_ERROR(caller->status());
  }
  std::vector<LoadRunResult> before;
  for (auto& caller : callers) before.push_back(caller->result());
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(
                               std::chrono::duration<double>(options.seconds));
  std::vector<std::thread> threads;
  for (auto& caller : callers) threads.emplace_back([&caller, end] { caller->Run(end); });
  for (std::thread& thread : threads) thread.join();
  LoadRunResult sum;
  sum.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  for (size_t i = 0; i < callers.size(); ++i) {
    DNC_RETURN_IF_ERROR(callers[i]->status());
    const LoadRunResult& part = callers[i]->result();
    sum.calls += part.calls - before[i].calls;
    sum.numbers += part.numbers - before[i].numbers;
    sum.wrong += part.wrong;
    for (size_t v = 0; v < sum.verdicts.size(); ++v) sum.verdicts[v] += part.verdicts[v];
    sum.latencies.insert(sum.latencies.end(),
                         part.latencies.begin() + static_cast<std::ptrdiff_t>(before[i].calls),
                         part.latencies.end());
  }
  std::sort(sum.latencies.begin(), sum.latencies.end());
  return sum;
}

}  // namespace dnc
