#include "tools/dncgen/other_list.h"

#include <memory>
#include <utility>

#include "fmt/format.h"
#include "server/base/status_macros.h"
#include "tools/dncgen/generated_file.h"
#include "tools/dncgen/number_plan.h"
#include "tools/dncgen/random.h"

namespace dnc {
namespace {

std::string Head(OtherListKind kind) {
  switch (kind) {
    case OtherListKind::kState:
      return "phone,registered_on\n";
    case OtherListKind::kLitigator:
      return "name,phone,filed_on\n";
    case OtherListKind::kWireless:
      return "";
  }
  return "";
}

// Returns a line for the numbers `first` to `last`, which are the same number except in ranges.
std::string Line(const OtherListOptions& options, Number first, Number last) {
  if (options.kind == OtherListKind::kWireless) {
    if (first == last) return fmt::format("{:010}\n", first);
    return fmt::format("{:010},{:04}\n", first, last % kNumbersPerExchange);
  }
  Random random(options.seed, Purpose::kLists, {first});
  const std::string date = fmt::format("20{:02}-{:02}-{:02}", 4 + random.Below(22),
                                       1 + random.Below(12), 1 + random.Below(28));
  const auto [exchange, line] =
      std::pair(first / kNumbersPerExchange % kExchangesPerArea, first % kNumbersPerExchange);
  if (options.kind == OtherListKind::kState) {
    return fmt::format("({:03}) {:03}-{:04},{}\n", AreaCodeOf(first), exchange, line, date);
  }
  return fmt::format("\"Doe, Case \"\"{}\"\"\",{:03}-{:03}-{:04},{}\n", random.Below(100'000),
                     AreaCodeOf(first), exchange, line, date);
}

std::string ExchangeText(const OtherListOptions& options, int area_code, const ExchangePlan& plan) {
  std::string text;
  Number first = 0;
  Number last = 0;
  const Number base =
      MakeNumber(area_code, static_cast<uint32_t>(plan.exchange) * kNumbersPerExchange);
  ExchangeNumbers(area_code, plan, options.seed).ForEach([&](uint32_t suffix) {
    const Number number = base + suffix;
    if (options.ranges && first != 0 && number == last + 1) {
      last = number;
      return;
    }
    if (first != 0) text += Line(options, first, last);
    first = last = number;
  });
  return text + Line(options, first, last);
}

}  // namespace

absl::Status WriteOtherList(const OtherListOptions& options) {
  // A purpose of its own keeps the list different from a full list with the same seed.
  const uint64_t seed = Random(options.seed, Purpose::kLists).Next();
  DNC_ASSIGN_OR_RETURN(const auto areas, PlanAreas(options.numbers, seed, options.area_codes));
  DNC_ASSIGN_OR_RETURN(auto file, GeneratedFile::Create(options.path, {}));
  DNC_RETURN_IF_ERROR(file->Append(Head(options.kind)));
  for (const AreaPlan& area : areas) {
    for (const ExchangePlan& exchange : PlanExchanges(area, seed)) {
      DNC_RETURN_IF_ERROR(file->Append(ExchangeText(options, area.area_code, exchange)));
    }
  }
  return file->Close();
}

}  // namespace dnc
