// dncload: asks a running dncd for batches of known numbers and measures rate and latency.
#include <cstdio>
#include <string>
#include <thread>

#include "CLI/CLI.hpp"
#include "fmt/format.h"
#include "tools/dncload/load_run.h"

namespace {

void Print(const dnc::LoadRunResult& result, const dnc::LoadRunOptions& options, bool json) {
  const double rate = static_cast<double>(result.numbers) / result.seconds;
  if (json) {
    fmt::print(
        "{{\"batch\":{},\"threads\":{},\"calls\":{},\"numbers\":{},\"seconds\":{:.3f},"
        "\"numbers_per_second\":{:.0f},\"p50_us\":{:.1f},\"p99_us\":{:.1f},\"max_us\":{:.1f},"
        "\"clear\":{},\"listed\":{},\"wrongly_clear\":{}}}\n",
        options.batch, options.threads, result.calls, result.numbers, result.seconds, rate,
        result.Percentile(0.5), result.Percentile(0.99), result.Percentile(1), result.verdicts[1],
        result.verdicts[2], result.wrong);
    return;
  }
  fmt::print(
      "{:>6} numbers a call: {:>9.0f} calls/s {:>7.2f} million numbers/s   "
      "p50 {:.0f} µs  p99 {:.0f} µs\n",
      options.batch, static_cast<double>(result.calls) / result.seconds, rate / 1e6,
      result.Percentile(0.5), result.Percentile(0.99));
}

}  // namespace

int main(int argc, char** argv) {
  dnc::LoadRunOptions options;
  options.server = "127.0.0.1:50061";
  std::string folder;
  std::vector<int> batches = {1, 1000, 10000};
  std::string changes;
  bool json = false;
  CLI::App app("Asks a running dncd for numbers of a synthetic registry and measures.");
  app.name("dncload");
  app.add_option("--server", options.server, "HOST:PORT")
      ->envname("DNC_SERVER")
      ->capture_default_str();
  app.add_option("--base", folder, "The folder of the full list that the server holds")->required();
  app.add_option("--changes", changes, "A change list that the server holds too");
  app.add_option("--batch", batches, "Numbers a call; several for several runs")
      ->delimiter(',')
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--threads", options.threads, "Callers, a connection each")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  app.add_option("--seconds", options.seconds, "How long each run takes")
      ->check(CLI::Range(0.1, 86400.0))
      ->capture_default_str();
  app.add_option("--hit-rate", options.hit_rate, "The share of numbers drawn from the list")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  app.add_flag("--json", json, "An object a run");
  app.footer("Exit codes: 0 measured, 1 an error or a listed number answered CLEAR, 2 usage.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const auto cores = static_cast<int>(std::thread::hardware_concurrency());
  auto base = dnc::BaseSet::Read(folder, std::max(1, cores));
  absl::Status status = base.status();
  if (status.ok() && !changes.empty()) status = base->Apply(changes);
  uint64_t wrong = 0;
  for (size_t i = 0; status.ok() && i < batches.size(); ++i) {
    options.batch = batches[i];
    const auto result = dnc::RunLoad(*base, options);
    status = result.status();
    if (!status.ok()) break;
    Print(*result, options, json);
    wrong += result->wrong;
  }
  if (wrong > 0) fmt::print(stderr, "dncload: {} listed numbers were answered CLEAR\n", wrong);
  if (!status.ok()) {
    const std::string message(status.message());
    fmt::print(stderr, "dncload: {}\n", message);
  }
  return status.ok() && wrong == 0 ? 0 : 1;
}
