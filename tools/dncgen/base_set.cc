#include "tools/dncgen/base_set.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "absl/base/const_init.h"
#include "absl/synchronization/mutex.h"
#include "fmt/format.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "tools/dncgen/file_name.h"
#include "tools/dncgen/line_reader.h"
#include "tools/dncgen/parallel.h"

namespace dnc {
namespace {

constexpr size_t kWordsPerArea = kNumbersPerArea / 64;
constexpr size_t kExchanges = static_cast<size_t>(kAreaCodes) * kExchangesPerArea;
static_assert(kNumbersPerArea % 64 == 0);

absl::Status BadLine(const std::string& path) {
  return Error(reason::kBadFile,
               fmt::format("{} is not flat text as dncgen writes it; name a folder of "
                           "`dncgen full` without --xml",
                           path));
}

// Reads `digits`; returns false if a character is no digit.
bool ReadDigits(std::string_view digits, uint64_t* value) {
  for (char c : digits) {
    if (c < '0' || c > '9') return false;
    *value = *value * 10 + static_cast<uint64_t>(c - '0');
  }
  return true;
}

bool IsFullList(const std::string& name) {
  return DayOfFileName(name).has_value() && name.find("_changes_") == std::string::npos &&
         name.find(".partial") == std::string::npos;
}

}  // namespace

// Reads several files at the same time into one set.
class BaseReader {
 public:
  explicit BaseReader(BaseSet& set) : set_(set) {}

  absl::Status ReadFile(const std::string& path) {
    return ForEachLine(path, [&](std::string_view line) {
      uint64_t number = 0;
      if (line.size() != 11 || line[3] != ',' || !ReadDigits(line.substr(0, 3), &number) ||
          !ReadDigits(line.substr(4), &number)) {
        return BadLine(path);
      }
      if (AreaCodeOf(number) != area_code_) Enter(AreaCodeOf(number));
      const uint32_t at = SubscriberOf(number);
      // Two files of the same area code may be read at the same time.
      std::atomic_ref<uint64_t>((*area_)[at / 64])
          .fetch_or(uint64_t{1} << (at % 64), std::memory_order_relaxed);
      return absl::OkStatus();
    });
  }

 private:
  void Enter(int area_code) {
    static absl::Mutex mutex(absl::kConstInit);
    const absl::MutexLock lock(&mutex);
    auto& area = set_.areas_[static_cast<size_t>(area_code)];
    if (area == nullptr) area = std::make_unique<BaseSet::Area>(kWordsPerArea, 0);
    area_ = area.get();
    area_code_ = area_code;
  }

  BaseSet& set_;
  int area_code_ = -1;
  BaseSet::Area* area_ = nullptr;
};

BaseSet::BaseSet() : areas_(kAreaCodes), before_(kExchanges + 1, 0) {}

absl::StatusOr<BaseSet> BaseSet::Read(const std::string& folder, int threads) {
  BaseSet set;
  std::vector<std::string> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!IsFullList(name)) continue;
    set.day_ = std::max(paths.empty() ? *DayOfFileName(name) : set.day_, *DayOfFileName(name));
    paths.push_back(entry.path().string());
  }
  if (error || paths.empty()) {
    return Error(reason::kNotFound,
                 fmt::format("{} holds no full list; write one with `dncgen full --out {}`", folder,
                             folder));
  }
  DNC_RETURN_IF_ERROR(ForEachInParallel(
      paths.size(), threads, [&](size_t at) { return BaseReader(set).ReadFile(paths[at]); }));
  set.Count();
  return set;
}

absl::Status BaseSet::Apply(const std::string& change_list) {
  DNC_RETURN_IF_ERROR(ForEachLine(change_list, [&](std::string_view line) {
    uint64_t number = 0;
    const bool add = !line.empty() && line.back() == 'A';
    if (line.size() != 32 || line[10] != ',' || line[30] != ',' || (!add && line.back() != 'D') ||
        !ReadDigits(line.substr(0, 10), &number)) {
      return BadLine(change_list);
    }
    auto& area = areas_[static_cast<size_t>(AreaCodeOf(number))];
    if (area == nullptr) area = std::make_unique<Area>(kWordsPerArea, 0);
    const uint32_t at = SubscriberOf(number);
    const uint64_t bit = uint64_t{1} << (at % 64);
    (*area)[at / 64] = add ? (*area)[at / 64] | bit : (*area)[at / 64] & ~bit;
    return absl::OkStatus();
  }));
  Count();
  return absl::OkStatus();
}

bool BaseSet::Contains(Number number) const {
  const auto& area = areas_[static_cast<size_t>(AreaCodeOf(number))];
  const uint32_t at = SubscriberOf(number);
  return area != nullptr && ((*area)[at / 64] >> (at % 64) & 1) != 0;
}

void BaseSet::Count() {
  std::fill(before_.begin(), before_.end(), 0);
  for (size_t code = 0; code < areas_.size(); ++code) {
    if (areas_[code] == nullptr) continue;
    for (uint32_t word = 0; word < kWordsPerArea; ++word) {
      // Exchanges do not begin at a word, so the numbers at the boundary are counted bit by bit.
      uint64_t bits = (*areas_[code])[word];
      const uint32_t seam = (word * 64 / kNumbersPerExchange + 1) * kNumbersPerExchange - word * 64;
      const size_t exchange = code * kExchangesPerArea + word * 64 / kNumbersPerExchange;
      if (seam < 64) {
        before_[exchange + 2] += static_cast<uint64_t>(std::popcount(bits >> seam));
        bits &= (uint64_t{1} << seam) - 1;
      }
      before_[exchange + 1] += static_cast<uint64_t>(std::popcount(bits));
    }
  }
  for (size_t i = 1; i < before_.size(); ++i) before_[i] += before_[i - 1];
}

BaseSet::Ranks BaseSet::RanksOf(int area_code) const {
  const size_t exchange = static_cast<size_t>(area_code) * kExchangesPerArea;
  return {before_[exchange], before_[exchange + kExchangesPerArea]};
}

Number BaseSet::NthListed(uint64_t rank) const {
  const auto after = std::upper_bound(before_.begin(), before_.end(), rank);
  const auto exchange = static_cast<uint64_t>(after - before_.begin()) - 1;
  uint64_t left = rank - before_[exchange];
  const Area& area = *areas_[exchange / kExchangesPerArea];
  const auto start = static_cast<uint32_t>(exchange % kExchangesPerArea) * kNumbersPerExchange;
  for (uint32_t word = start / 64;; ++word) {
    uint64_t bits = area[word];
    if (word == start / 64) bits &= ~uint64_t{0} << (start % 64);
    const auto count = static_cast<uint64_t>(std::popcount(bits));
    if (left >= count) {
      left -= count;
      continue;
    }
    for (; left > 0; --left) bits &= bits - 1;
    const uint32_t at = word * 64 + static_cast<uint32_t>(std::countr_zero(bits));
    return MakeNumber(static_cast<int>(exchange / kExchangesPerArea), at);
  }
}

Number DrawListed(const BaseSet& base, BaseSet::Ranks ranks, Random& random) {
  return base.NthListed(ranks.first + random.Below64(ranks.end - ranks.first));
}

Number DrawUnlisted(const BaseSet& base, BaseSet::Ranks ranks, Random& random) {
  while (true) {
    const Number listed = DrawListed(base, ranks, random);
    for (int i = 0; i < 100; ++i) {
      const Number number =
          listed - listed % kNumbersPerExchange + random.Below(kNumbersPerExchange);
      if (!base.Contains(number)) return number;
    }
  }
}

}  // namespace dnc
