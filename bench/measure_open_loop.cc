// Calls at times that are set beforehand, whatever becomes of those before: so a server that falls
// behind can't hide it. Prints what came of them as one line of JSON. bench/overload.sh and
// bench/quiet.sh run it.
//
//   measure_open_loop --server 127.0.0.1:50061 --numbers sample.txt --batch 1000 --rate 20000
//
// Without --rate as fast as it goes with --under-way calls at the same time: the highest rate.
#include <sys/prctl.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "bench/rpc_client.h"

namespace dnc {
namespace {

using std::chrono::duration;
using std::chrono::microseconds;

struct Options {
  std::string server, key, numbers;
  double rate = 0;
  double seconds = 5;
  double warm_seconds = 0.5;
  size_t batch = 1'000;
  size_t connections = 4;
  size_t under_way = 32;     // without a rate
  size_t max_under_way = 0;  // with a rate: calls above it fail in the client; 0: no limit
  int deadline_microseconds = 0;
  bool packed = false;
};

struct Outcome {
  size_t offered = 0, ok = 0, refused = 0, refused_here = 0, late = 0, other = 0;
  std::vector<double> took;      // µs, of those that were answered, from their time
  std::vector<double> refusals;  // µs
  std::vector<double> lag;       // µs that the client itself was late
};

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        requests_(BenchRequests(BenchNumbers(options.numbers, 500'000), options.batch,
                                std::clamp<size_t>(500'000 / options.batch, 1, 50'000),
                                options.packed)),
        client_(options.server, options.key, options.connections) {
    prctl(PR_SET_TIMERSLACK, 1);  // sleeps end when they should
    (void)client_.MustCall(requests_.front());
  }

  void Run() {
    for (const double seconds : {options_.warm_seconds, options_.seconds}) {
      outcome_ = Outcome();
      const auto begin = BenchClock::now();
      if (options_.rate == 0) {
        Closed(EndAfter(seconds));
      } else {
        Open(EndAfter(seconds));
      }
      // Of a client that can't keep up, and of answers that come late, longer than was told.
      elapsed_ = duration<double>(BenchClock::now() - begin).count();
    }
    Print();
  }

 private:
  static BenchClock::time_point EndAfter(double seconds) {
    return BenchClock::now() + Span(seconds);
  }
  static BenchClock::duration Span(double seconds) {
    return std::chrono::duration_cast<BenchClock::duration>(duration<double>(seconds));
  }

  // As many calls at the same time as there may be.
  void Closed(BenchClock::time_point end) {
    const auto done = [this](const BenchAnswer& answer) { Count(answer); };
    while (BenchClock::now() < end) {
      while (client_.under_way() < options_.under_way) Send(BenchClock::now());
      client_.Poll(end, done);
    }
    client_.Drain(done);
  }

  // This thread sends, another one takes the answers: neither looks in vain.
  void Open(BenchClock::time_point end) {
    std::atomic<bool> sent{false};
    std::thread taker([&] {
      const auto done = [this](const BenchAnswer& answer) { Count(answer); };
      while (!sent) client_.Poll(BenchClock::now() + std::chrono::milliseconds(50), done);
      client_.Drain(done);
    });
    std::exponential_distribution<double> gap(options_.rate);
    for (auto next = BenchClock::now(); next < end; next += Span(gap(random_))) {
      std::this_thread::sleep_until(next);
      outcome_.lag.push_back(duration<double, std::micro>(BenchClock::now() - next).count());
      Send(next);
    }
    sent = true;
    taker.join();
  }

  void Send(BenchClock::time_point time) {
    ++outcome_.offered;
    if (options_.max_under_way > 0 && client_.under_way() >= options_.max_under_way) {
      ++outcome_.refused_here;
      return;
    }
    next_request_ = (next_request_ + 1) % requests_.size();
    client_.Start(requests_[next_request_], time, microseconds(options_.deadline_microseconds));
  }

  void Count(const BenchAnswer& answer) {
    const double took = duration<double, std::micro>(answer.took).count();
    if (answer.ok) {
      ++outcome_.ok;
      outcome_.took.push_back(took);
    } else if (answer.code == grpc::StatusCode::RESOURCE_EXHAUSTED && answer.has_details) {
      ++outcome_.refused;
      outcome_.refusals.push_back(took);
    } else if (answer.code == grpc::StatusCode::DEADLINE_EXCEEDED) {
      ++outcome_.late;
    } else {
      ++outcome_.other;
    }
  }

  void Print() {
    const auto rate = [this](size_t calls) { return static_cast<double>(calls) / elapsed_; };
    std::printf(
        "{\"offered\": %.0f, \"ok\": %.0f, \"refused\": %.0f, \"refused_here\": %.0f, "
        "\"late\": %.0f, \"other\": %.0f, \"p50\": %.0f, \"p99\": %.0f, \"p999\": %.0f, "
        "\"refusal_p99\": %.0f, \"client_lag_p99\": %.0f}\n",
        rate(outcome_.offered), rate(outcome_.ok), rate(outcome_.refused),
        rate(outcome_.refused_here), rate(outcome_.late), rate(outcome_.other),
        Percentile(outcome_.took, 0.5), Percentile(outcome_.took, 0.99),
        Percentile(outcome_.took, 0.999), Percentile(outcome_.refusals, 0.99),
        Percentile(outcome_.lag, 0.99));
  }

  const Options options_;
  const std::vector<grpc::ByteBuffer> requests_;
  BenchClient client_;
  double elapsed_ = 0;  // seconds from the first call to the last answer
  std::mt19937_64 random_{std::random_device{}()};
  size_t next_request_ = 0;
  Outcome outcome_;
};

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Calls to a dncd at set times.", "measure_open_loop");
  app.add_option("--server", options.server, "HOST:PORT of the dncd")->required();
  app.add_option("--numbers", options.numbers, "Lines of a plain registry file")->required();
  app.add_option("--key", options.key, "An API key");
  app.add_option("--rate", options.rate, "Calls a second, at random times");
  app.add_option("--seconds", options.seconds, "How long to measure");
  app.add_option("--batch", options.batch, "Numbers a call");
  app.add_option("--connections", options.connections, "Connections");
  app.add_option("--under-way", options.under_way, "Calls at the same time, without --rate");
  app.add_option("--max-under-way", options.max_under_way,
                 "With --rate: calls at the same time, above which the client itself refuses");
  app.add_option("--deadline", options.deadline_microseconds, "Of a call, in microseconds");
  app.add_flag("--packed", options.packed, "Five bytes a number");
  CLI11_PARSE(app, argc, argv);
  Load(options).Run();
  return 0;
}

}  // namespace
}  // namespace dnc

int main(int argc, char** argv) { return dnc::Main(argc, argv); }
