#include "tools/dncgen/lead_list.h"

#include <cmath>
#include <iterator>
#include <memory>

#include "fmt/format.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "tools/dncgen/base_set.h"
#include "tools/dncgen/generated_file.h"
#include "tools/dncgen/random.h"

namespace dnc {
namespace {

constexpr const char* kFirstNames[] = {"Ada",  "Ben",   "Cleo", "Dan", "Eva",     "Finn",
                                       "Gina", "Hugo",  "Ines", "Jon", "Kim",     "Leo",
                                       "Mia",  "Núria", "Omar", "Pia", "Quentin", "Rosa"};
constexpr const char* kLastNames[] = {"Adams",   "Brook", "Castro", "Dunn",
                                      "Ellis",   "Frost", "Garcia", "Hill",
                                      "Iverson", "Jones", "O'Neil", "\"\"Ace\"\" King"};
constexpr const char* kCities[] = {"Springfield", "\"Portland, ME\"", "Salem", "\"Paris, TX\"",
                                   "Franklin",    "Clinton",          "",      "Georgetown"};

template <size_t N>
const char* Pick(const char* const (&values)[N], Random& random) {
  return values[random.Below(static_cast<uint32_t>(N))];
}

// Writes the number in one of the ways that people use.
std::string Writing(Number number, Random& random) {
  const int area = AreaCodeOf(number);
  const uint32_t exchange = SubscriberOf(number) / kNumbersPerExchange;
  const uint32_t line = SubscriberOf(number) % kNumbersPerExchange;
  switch (random.Below(9)) {
    case 0:
      return fmt::format("({:03}) {:03}-{:04}", area, exchange, line);
    case 1:
      return fmt::format("{:03}-{:03}-{:04}", area, exchange, line);
    case 2:
      return fmt::format("+1.{:03}.{:03}.{:04}", area, exchange, line);
    case 3:
      return fmt::format("+1{:03}{:03}{:04}", area, exchange, line);
    case 4:
      return fmt::format("1{:03}{:03}{:04}", area, exchange, line);
    case 5:
      return fmt::format("{:03} {:03} {:04}", area, exchange, line);
    case 6:
      return fmt::format("1-{:03}-{:03}-{:04}", area, exchange, line);
    case 7:
      return fmt::format("\"({:03}) {:03}-{:04}\"", area, exchange, line);
    default:
      return fmt::format("{:03}{:03}{:04}", area, exchange, line);
  }
}

}  // namespace

absl::StatusOr<uint64_t> WriteLeadList(const BaseSet& base, const LeadListOptions& options) {
  if (base.numbers() == 0 || !(options.hit_rate >= 0 && options.hit_rate <= 1)) {
    return Error(reason::kInvalidRequest, "the base is empty or --hit-rate is not between 0 and 1");
  }
  DNC_ASSIGN_OR_RETURN(auto leads, GeneratedFile::Create(options.path, {}));
  std::unique_ptr<GeneratedFile> truth;
  if (!options.truth_path.empty()) {
    DNC_ASSIGN_OR_RETURN(truth, GeneratedFile::Create(options.truth_path, {}));
    DNC_RETURN_IF_ERROR(truth->Append("id,listed\n"));
  }
  DNC_RETURN_IF_ERROR(leads->Append("id,name,phone,city\n"));
  const auto hits =
      static_cast<uint64_t>(std::llround(options.hit_rate * static_cast<double>(options.numbers)));
  uint64_t hits_left = hits;
  const BaseSet::Ranks all = {0, base.numbers()};
  Random random(options.seed, Purpose::kLeads, {options.numbers});
  for (uint64_t id = 1; id <= options.numbers; ++id) {
    // This draws without replacement, so that the share is exact.
    const bool hit = random.Below64(options.numbers - id + 1) < hits_left;
    if (hit) --hits_left;
    const Number number = hit ? DrawListed(base, all, random) : DrawUnlisted(base, all, random);
    const char* first = Pick(kFirstNames, random);
    const char* last = Pick(kLastNames, random);
    const std::string phone = Writing(number, random);
    DNC_RETURN_IF_ERROR(leads->Append(
        fmt::format("{},\"{} {}\",{},{}\n", id, first, last, phone, Pick(kCities, random))));
    if (truth) DNC_RETURN_IF_ERROR(truth->Append(fmt::format("{},{}\n", id, hit ? 1 : 0)));
  }
  if (truth) DNC_RETURN_IF_ERROR(truth->Close());
  DNC_RETURN_IF_ERROR(leads->Close());
  return hits;
}

}  // namespace dnc
