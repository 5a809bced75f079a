// Compares what a call by gRPC's C++ client costs with gRPC's echo of the same bytes, and with a
// ping-pong over bare TCP. They take turns in one run, so the ratios hold on a noisy machine.
// bench/rpc.sh starts a server with a registry and runs this against it.
//
//   measure_rpc --server 127.0.0.1:50061 --pid "$(pidof dncd)" --numbers numbers.csv
//
// --cpu measures the server's CPU time per call, with eight calls under way. Start dncd with
// rpc.spin_microseconds 0 for it, since looking for the next event is no cost of a call. --idle
// measures calls after 0.5 to 5 s of silence, and the CPU time of an idle server.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "bench/echo_server.h"
#include "bench/rpc_client.h"
#include "bench/wire.h"
#include "dnc/v1/scrub_service.pb.h"
#include "grpcpp/support/slice.h"
#include "server/base/check.h"

namespace dnc {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;

constexpr size_t kUnderWay = 8;
constexpr int kDefaultSpin = 200;

struct Options {
  std::string role = "bench", server, key, numbers;
  int pid = 0;
  int spin = -1;
  int rounds = 15;
  int round_milliseconds = 200;
  int gaps = 40;
  bool cpu = false, idle = false;
  std::vector<size_t> batches = {1, 1'000, 10'000};
};

double CpuSeconds(int pid) {
  clockid_t clock = 0;
  timespec time{};
  DNC_CHECK(clock_getcpuclockid(pid, &clock) == 0 && clock_gettime(clock, &time) == 0,
            "the server's process is there");
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

double Microseconds(BenchClock::duration time) {
  return duration<double, std::micro>(time).count();
}

// A target says where calls go, and collects their outcome.
struct Target {
  std::string name;
  BenchClient* client = nullptr;
  int pid = 0;
  std::vector<grpc::ByteBuffer> requests;
  size_t next = 0;
  std::vector<double> took;      // µs
  std::vector<double> of_round;  // p50 of each round, or CPU time per call in µs
};

void CheckAnswer(const BenchAnswer& answer) {
  DNC_CHECK(answer.ok && answer.response_bytes > 0, "every call is answered");
}

const grpc::ByteBuffer& NextRequest(Target& target) {
  target.next = (target.next + 1) % target.requests.size();
  return target.requests[target.next];
}

// Makes one call after the other for that time, at least one.
void RoundTrips(Target& target, milliseconds time) {
  std::vector<double> took;
  const auto end = BenchClock::now() + time;
  do {
    target.client->Start(NextRequest(target), BenchClock::now());
    target.client->Drain([&](const BenchAnswer& answer) {
      CheckAnswer(answer);
      took.push_back(Microseconds(answer.took));
    });
  } while (BenchClock::now() < end);
  target.took.insert(target.took.end(), took.begin(), took.end());
  target.of_round.push_back(Percentile(took, 0.5));
}

void CpuOfCalls(Target& target, milliseconds time) {
  size_t calls = 0;
  const auto end = BenchClock::now() + time;
  const double before = CpuSeconds(target.pid);
  const auto done = [&](const BenchAnswer& answer) {
    CheckAnswer(answer);
    ++calls;
  };
  while (BenchClock::now() < end) {
    while (target.client->under_way() < kUnderWay) {
      target.client->Start(NextRequest(target), BenchClock::now());
    }
    target.client->Poll(BenchClock::now() + milliseconds(100), done);
  }
  target.client->Drain(done);
  target.of_round.push_back((CpuSeconds(target.pid) - before) / static_cast<double>(calls) * 1e6);
}

// Returns the median of the rounds' ratios.
double Ratio(const Target& target, const Target& to) {
  std::vector<double> ratios;
  for (size_t i = 0; i < target.of_round.size(); ++i) {
    ratios.push_back(target.of_round[i] / to.of_round[i]);
  }
  return Percentile(ratios, 0.5);
}

// Makes requests of the sizes of `like`, for an echo that answers `response` bytes.
std::vector<grpc::ByteBuffer> EchoRequests(const grpc::ByteBuffer& like, size_t response) {
  std::string bytes(std::max<size_t>(like.Length(), 4), '\0');
  const auto wanted = static_cast<uint32_t>(response);
  std::memcpy(bytes.data(), &wanted, sizeof(wanted));
  const grpc::Slice slice(bytes);
  return {grpc::ByteBuffer(&slice, 1)};
}

// Returns the p50 of a ping-pong of as many bytes over bare TCP, in µs.
double PingPong(int port, size_t request, size_t response) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  DNC_CHECK(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0,
            "the ping-pong answers");
  const PingPongSizes sizes{static_cast<uint32_t>(request), static_cast<uint32_t>(response)};
  std::vector<char> out(sizeof(sizes) + request);
  std::vector<char> in(response);
  std::memcpy(out.data(), &sizes, sizeof(sizes));
  std::vector<double> took;
  for (int i = 0; i < 3'000; ++i) {
    const auto begin = BenchClock::now();
    DNC_CHECK(WriteFully(fd, out.data(), out.size()) && ReadFully(fd, in.data(), in.size()),
              "the ping-pong answers");
    took.push_back(Microseconds(BenchClock::now() - begin));
  }
  close(fd);
  return Percentile(took, 0.5);
}

class Bench {
 public:
  explicit Bench(const Options& options)
      : options_(options),
        echo_(std::make_unique<BenchServer>("echo", options.spin)),
        numbers_(BenchNumbers(options.numbers, 2'000'000)),
        to_echo_(echo_->address(), ""),
        to_server_(options.server, options.key) {}

  void Run() {
    std::printf("| %s | numbers | form | request, response bytes | dncd | echo | ratio |%s\n",
                options_.cpu ? "server CPU a call, µs" : "round trip p50 (p99), µs",
                options_.cpu ? "" : " bare TCP |");
    std::printf("|---|---|---|---|---|---|---|%s\n", options_.cpu ? "" : "---|");
    for (const size_t batch : options_.batches) {
      for (const bool packed : {false, true}) Compare(batch, packed);
    }
  }

  void Idle() {
    Target server = MakeServer(1, false);
    Target echo = MakeEcho(server);
    std::mt19937 random(5);
    std::uniform_int_distribution<int> gap(500, 5'000);
    for (int i = 0; i < options_.gaps; ++i) {
      std::this_thread::sleep_for(milliseconds(gap(random)));
      // They take turns at being first, because the second one finds the client awake.
      Target* const order[] = {i % 2 == 0 ? &server : &echo, i % 2 == 0 ? &echo : &server};
      for (Target* const target : order) RoundTrips(*target, milliseconds(0));
    }
    std::printf(
        "| %d calls after 0.5 to 5 s of silence, µs | p50 | p99 | most |\n|---|---|---|---|\n",
        options_.gaps);
    for (Target* const target : {&server, &echo}) {
      std::printf("| %s | %.0f | %.0f | %.0f |\n", target->name.c_str(),
                  Percentile(target->of_round, 0.5), Percentile(target->of_round, 0.99),
                  Percentile(target->of_round, 1));
    }
    const double before = CpuSeconds(options_.pid);
    std::this_thread::sleep_for(std::chrono::seconds(10));
    std::printf("| CPU of an idle server | %.2f %% | | |\n",
                (CpuSeconds(options_.pid) - before) * 10);
  }

 private:
  Target MakeServer(size_t batch, bool packed) {
    Target server{"dncd", &to_server_, options_.pid};
    const size_t count = std::clamp<size_t>(numbers_.size() / batch, 1, 100'000);
    server.requests = BenchRequests(numbers_, batch, count, packed);
    return server;
  }

  Target MakeEcho(const Target& server) {
    response_ = to_server_.MustCall(server.requests.front());
    Target echo{"echo", &to_echo_, echo_->pid()};
    echo.requests = EchoRequests(server.requests.front(), response_.size());
    return echo;
  }

  void Compare(size_t batch, bool packed) {
    Target server = MakeServer(batch, packed);
    Target echo = MakeEcho(server);
    v1::ScrubResponse parsed;
    DNC_CHECK(
        parsed.ParseFromString(response_) && parsed.verdicts_size() == static_cast<int>(batch),
        "a verdict a number");
    const milliseconds time(options_.round_milliseconds);
    const auto measure = options_.cpu ? &CpuOfCalls : &RoundTrips;
    for (Target* const target : {&server, &echo}) measure(*target, time);  // warms up
    for (Target* const target : {&server, &echo}) {
      target->took.clear();
      target->of_round.clear();
    }
    for (int round = 0; round < options_.rounds; ++round) {
      Target* const order[] = {round % 2 == 0 ? &server : &echo, round % 2 == 0 ? &echo : &server};
      for (Target* const target : order) measure(*target, time);
    }
    const size_t request = server.requests.front().Length();
    const double ratio = Ratio(server, echo);
    std::printf("| | %zu | %s | %zu, %zu | ", batch, packed ? "packed" : "fixed64", request,
                response_.size());
    if (options_.cpu) {
      std::printf("%.2f | %.2f | %.2f |\n", Percentile(server.of_round, 0.5),
                  Percentile(echo.of_round, 0.5), ratio);
    } else {
      const BenchServer ping_pong("ping-pong", 0);
      std::printf("%.1f (%.1f) | %.1f (%.1f) | %.2f | %.1f |\n", Percentile(server.took, 0.5),
                  Percentile(server.took, 0.99), Percentile(echo.took, 0.5),
                  Percentile(echo.took, 0.99), ratio,
                  PingPong(ping_pong.port(), request, response_.size()));
    }
    std::fflush(stdout);
  }

  const Options options_;
  const std::unique_ptr<BenchServer> echo_;
  const std::vector<uint64_t> numbers_;
  BenchClient to_echo_;
  BenchClient to_server_;
  std::string response_;
};

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("A call to dncd beside an echo of the same bytes.", "measure_rpc");
  app.add_option("--server", options.server, "HOST:PORT of the dncd");
  app.add_option("--pid", options.pid, "Its process");
  app.add_option("--key", options.key, "An API key");
  app.add_option("--numbers", options.numbers, "A CSV of numbers of what it has loaded");
  app.add_option("--batch", options.batches, "Numbers a call")->delimiter(',');
  app.add_option("--rounds", options.rounds, "Rounds, of both alternately");
  app.add_option("--round", options.round_milliseconds, "Milliseconds of a round");
  app.add_option("--gaps", options.gaps, "Calls of --idle");
  app.add_flag("--cpu", options.cpu, "CPU a call instead of round trips");
  app.add_flag("--idle", options.idle, "Calls after silence");
  app.add_option("--role", options.role, "For its own servers");
  app.add_option("--spin", options.spin, "For the echo server: microseconds");
  CLI11_PARSE(app, argc, argv);
  if (options.role == "echo") return RunEchoServer(options.spin);
  if (options.role == "ping-pong") return RunPingPongServer();
  if (options.spin < 0) options.spin = options.cpu ? 0 : kDefaultSpin;
  if (options.server.empty() || options.pid == 0 || options.numbers.empty()) {
    std::fprintf(stderr, "--server, --pid and --numbers are needed; see bench/rpc.sh\n");
    return 2;
  }
  Bench bench(options);
  if (options.idle) {
    bench.Idle();
  } else {
    bench.Run();
  }
  return 0;
}

}  // namespace
}  // namespace dnc

int main(int argc, char** argv) { return dnc::Main(argc, argv); }
