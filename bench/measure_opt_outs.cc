// Measures opt-outs one by one: each writer has one number under way, like an agent who presses the
// key. Afterwards every acknowledged number is asked about, and one that is not listed ends the
// run.
//
//   dncd --data-dir DIR &
//   measure_opt_outs --writers 64 --seconds 5
//
// Takes DNC_KEY and DNC_TENANT from the environment, as dncctl does.
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "dnc/v1/list_service.grpc.pb.h"
#include "dnc/v1/scrub_service.grpc.pb.h"
#include "fmt/format.h"

namespace {

using SteadyClock = std::chrono::steady_clock;
namespace v1 = dnc::v1;

struct Options {
  std::string server = "127.0.0.1:50061";
  int writers = 64;
  double seconds = 5;
  uint64_t first = 2'012'000'000;
};

void SetCredentials(grpc::ClientContext& context) {
  if (const char* key = std::getenv("DNC_KEY")) {
    context.AddMetadata("authorization", std::string("Bearer ") + key);
  }
  if (const char* tenant = std::getenv("DNC_TENANT")) context.AddMetadata("dnc-tenant", tenant);
}

// One number under way.
struct Writer {
  std::unique_ptr<grpc::ClientContext> context;
  std::unique_ptr<grpc::ClientAsyncResponseReader<v1::AddNumbersResponse>> reader;
  v1::AddNumbersResponse response;
  grpc::Status status;
  SteadyClock::time_point start;
  uint64_t number = 0;
};

class OptOuts {
 public:
  OptOuts(const Options& options, const std::shared_ptr<grpc::Channel>& channel)
      : options_(options),
        next_(options.first),
        lists_(v1::ListService::NewStub(channel)),
        scrubs_(v1::ScrubService::NewStub(channel)) {}

  bool Run() {
    std::vector<Writer> writers(static_cast<size_t>(options_.writers));
    const auto start = SteadyClock::now();
    const auto end = start + std::chrono::duration_cast<SteadyClock::duration>(
                                 std::chrono::duration<double>(options_.seconds));
    for (Writer& writer : writers) Start(writer);
    size_t under_way = writers.size();
    void* tag = nullptr;
    bool ok = false;
    while (under_way > 0 && queue_.Next(&tag, &ok)) {
      Writer& writer = *static_cast<Writer*>(tag);
      Note(writer);
      if (error_.empty() && SteadyClock::now() < end) {
        Start(writer);
      } else {
        --under_way;
      }
    }
    seconds_ = std::chrono::duration<double>(SteadyClock::now() - start).count();
    return error_.empty() && AllListed();
  }

  void Print() {
    if (!error_.empty()) {
      fmt::print(stderr, "measure_opt_outs: {}\n", error_);
      return;
    }
    std::sort(latencies_.begin(), latencies_.end());
    const auto percentile = [this](double share) {
      return latencies_[static_cast<size_t>(share * static_cast<double>(latencies_.size() - 1))];
    };
    fmt::print(
        "{} writers: {} opt-outs in {:.1f} s, {:.0f} a second; p50 {:.2f} ms, p99 {:.2f} ms\n",
        options_.writers, acknowledged_.size(), seconds_,
        static_cast<double>(acknowledged_.size()) / seconds_, percentile(0.5), percentile(0.99));
  }

 private:
  void Start(Writer& writer) {
    writer.context = std::make_unique<grpc::ClientContext>();
    SetCredentials(*writer.context);
    writer.number = next_++;
    v1::AddNumbersRequest request;
    v1::Record* record = request.add_records();
    record->set_number(std::to_string(writer.number));
    record->set_channel(v1::CHANNEL_CALL);
    writer.start = SteadyClock::now();
    writer.reader = lists_->AsyncAddNumbers(writer.context.get(), request, &queue_);
    writer.reader->Finish(&writer.response, &writer.status, &writer);
  }

  void Note(const Writer& writer) {
    if (!writer.status.ok()) {
      error_ = writer.status.error_message();
    } else if (writer.response.results_size() != 1 ||
               writer.response.results(0).outcome() != v1::WRITE_OUTCOME_ADDED) {
      error_ = "a number was not added; name another --first";
    } else {
      acknowledged_.push_back(writer.number);
      const std::chrono::duration<double, std::milli> took = SteadyClock::now() - writer.start;
      latencies_.push_back(took.count());
    }
  }

  bool AllListed() {
    constexpr size_t kBatch = 10'000;
    for (size_t start = 0; start < acknowledged_.size(); start += kBatch) {
      v1::ScrubRequest request;
      const size_t end = std::min(acknowledged_.size(), start + kBatch);
      for (size_t i = start; i < end; ++i) request.add_numbers(acknowledged_[i]);
      grpc::ClientContext context;
      SetCredentials(context);
      v1::ScrubResponse response;
      const grpc::Status status = scrubs_->Scrub(&context, request, &response);
      if (!status.ok()) error_ = status.error_message();
      for (size_t i = start; i < end && error_.empty(); ++i) {
        const auto at = static_cast<int>(i - start);
        if (at < response.verdicts_size() && response.verdicts(at) == v1::VERDICT_LISTED) continue;
        error_ = "an acknowledged opt-out is not listed";
      }
      if (!error_.empty()) return false;
    }
    return true;
  }

  const Options& options_;
  uint64_t next_;
  std::unique_ptr<v1::ListService::Stub> lists_;
  std::unique_ptr<v1::ScrubService::Stub> scrubs_;
  grpc::CompletionQueue queue_;
  std::vector<uint64_t> acknowledged_;
  std::vector<double> latencies_;  // milliseconds
  std::string error_;
  double seconds_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Adds opt-outs one by one, by several writers, and measures.");
  app.add_option("--server", options.server, "HOST:PORT")
      ->envname("DNC_SERVER")
      ->capture_default_str();
  app.add_option("--writers", options.writers, "Numbers on the way at the same time")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "How long")->capture_default_str();
  app.add_option("--first", options.first, "The first number; the others follow")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  OptOuts run(options, grpc::CreateChannel(options.server, grpc::InsecureChannelCredentials()));
  const bool good = run.Run();
  run.Print();
  return good ? 0 : 1;
}
