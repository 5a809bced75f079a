// compare_calibration measures the machine itself, as a reference for every other figure. It prints
// JSON: a random line of memory on one and two threads, a copy, a ping-pong over TCP.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "bench/compare/harness.h"
#include "bench/synthetic_registry.h"

namespace dnc {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kCopyBytes = size_t{256} << 20;

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Returns nanoseconds per line on each of `threads` threads at once; the median.
nlohmann::json Lines(int threads, int rounds, double seconds) {
  std::vector<std::unique_ptr<RandomLines>> lines;
  double huge = 1;
  for (int i = 0; i < threads; ++i) {
    lines.push_back(std::make_unique<RandomLines>(kLineMemory));
    huge = std::min(huge, lines.back()->HugeShare());
  }
  std::vector<double> times;
  for (int round = 0; round < rounds; ++round) {
    std::vector<double> mine(lines.size());
    std::vector<std::thread> workers;
    for (size_t i = 0; i < lines.size(); ++i) {
      workers.emplace_back([&, i] { mine[i] = NanosecondsALine(*lines[i], seconds); });
    }
    for (std::thread& worker : workers) worker.join();
    times.insert(times.end(), mine.begin(), mine.end());
  }
  return {{"ns", Median(times)},
          {"least_ns", *std::min_element(times.begin(), times.end())},
          {"threads", threads},
          {"huge_pages", huge}};
}

// Returns gigabytes a second of memcpy; copied bytes count once.
nlohmann::json Copy(int rounds) {
  std::vector<char> from(kCopyBytes, 1);
  std::vector<char> to(kCopyBytes, 2);
  std::vector<double> rates;
  for (int round = 0; round < rounds; ++round) {
    const auto start = Clock::now();
    std::memcpy(to.data(), from.data(), kCopyBytes);
    asm volatile("" : : "r"(to.data()) : "memory");
    const std::chrono::duration<double> spent = Clock::now() - start;
    rates.push_back(static_cast<double>(kCopyBytes) / spent.count() / 1e9);
  }
  return {{"gb_a_second", Median(rates)}};
}

// Moves all of `size` bytes with read or write, calling it as often as needed. Returns false if the
// other end is gone.
template <typename Call, typename Byte>
bool Whole(Call call, int socket, Byte* data, size_t size) {
  while (size > 0) {
    const ssize_t done = call(socket, data, size);
    if (done <= 0) return false;
    data += done;
    size -= static_cast<size_t>(done);
  }
  return true;
}

// A connected pair of TCP sockets on loopback.
struct Pair {
  int client = -1;
  int server = -1;

  Pair() {
    const int listener = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    client = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, generic, size) == 0 && listen(listener, 1) == 0 &&
        getsockname(listener, generic, &size) == 0 && connect(client, generic, size) == 0) {
      server = accept(listener, nullptr, nullptr);
    }
    close(listener);
    const int on = 1;
    for (const int end : {client, server}) {
      setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
  }
  ~Pair() {
    close(client);
    close(server);
  }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
};

// Returns the microseconds of a round trip of `there` bytes and `back` bytes, with blocking reads
// and writes.
nlohmann::json PingPong(size_t there, size_t back, int trips) {
  Pair pair;
  if (pair.server < 0) return nullptr;
  std::thread echo([&] {
    std::vector<char> in(there);
    const std::vector<char> out(back, 'b');
    while (Whole(read, pair.server, in.data(), there) &&
           Whole(write, pair.server, out.data(), back)) {
    }
  });
  const std::vector<char> out(there, 'a');
  std::vector<char> in(back);
  std::vector<double> times;
  bool ok = true;
  for (int i = 0; i < trips && ok; ++i) {
    const auto start = Clock::now();
    ok = Whole(write, pair.client, out.data(), there) && Whole(read, pair.client, in.data(), back);
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  shutdown(pair.client, SHUT_RDWR);
  echo.join();
  if (!ok) return nullptr;
  std::sort(times.begin(), times.end());
  return {{"bytes_there", there},
          {"bytes_back", back},
          {"p50_us", times[times.size() / 2]},
          {"p99_us", times[times.size() * 99 / 100]}};
}

}  // namespace
}  // namespace dnc

int main(int argc, char** argv) {
  int rounds = 9;
  double seconds = 0.2;
  int trips = 50'000;
  CLI::App app("Measures the machine itself and prints JSON.");
  app.add_option("--rounds", rounds, "The median of so many")->capture_default_str();
  app.add_option("--seconds", seconds, "A round of lines takes")->capture_default_str();
  app.add_option("--trips", trips, "Round trips over TCP")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  nlohmann::json out;
  for (const int threads : {1, 2}) {
    out["lines"].push_back(dnc::Lines(threads, rounds, seconds));
  }
  out["copy"] = dnc::Copy(rounds);
  // A number takes 8 bytes on the way there; on the way back it takes a byte and a bit, as in the
  // columnar answer.
  for (const size_t numbers : {1, 1'000, 10'000}) {
    const size_t back = numbers + (numbers + 7) / 8;
    out["tcp"].push_back(dnc::PingPong(8 * numbers, back, trips / (numbers > 1'000 ? 5 : 1)));
    if (out["tcp"].back().is_null()) {
      fmt::print(stderr, "compare_calibration: no TCP connection over loopback\n");
      return 1;
    }
  }
  fmt::print("{}\n", out.dump());
  return 0;
}
