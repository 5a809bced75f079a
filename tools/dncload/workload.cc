#include "tools/dncload/workload.h"

#include <algorithm>
#include <set>
#include <utility>

#include "dnc/v1/scrub_service.pb.h"
#include "fmt/format.h"
#include "tools/dncgen/base_set.h"

namespace dnc::load {
namespace {

// Each size has at least so many questions, so that small pools still vary, and at most so many.
constexpr uint64_t kLeastQuestions = 16;
constexpr uint64_t kMaxQuestions = 1 << 16;

// Returns the ranges of the list that numbers are drawn from.
std::vector<BaseSet::Ranks> DrawnRanks(const BaseSet& base, int campaign_areas, uint64_t seed) {
  if (campaign_areas == 0) return {{0, base.numbers()}};
  // Large area codes are more likely, as they are for a dialer.
  Random random(seed, Purpose::kLoad, {10});
  std::set<int> areas;
  for (int tries = 0; tries < 10'000 && static_cast<int>(areas.size()) < campaign_areas; ++tries) {
    areas.insert(AreaCodeOf(DrawListed(base, {0, base.numbers()}, random)));
  }
  std::vector<BaseSet::Ranks> ranks;
  for (const int area : areas) ranks.push_back(base.RanksOf(area));
  return ranks;
}

}  // namespace

template <typename Draw>
void Workload::AddPools(const WorkloadOptions& options, Draw draw) {
  const uint64_t share = options.pool_numbers / options.batches.size();
  for (const BatchShare& batch : options.batches) {
    Pool pool;
    pool.share = batch;
    const auto size = static_cast<uint64_t>(batch.numbers);
    pool.count = std::clamp(share / size, kLeastQuestions, kMaxQuestions);
    v1::ScrubRequest request;
    for (size_t i = 0; i < pool.count; ++i) {
      request.clear_numbers();
      for (uint64_t k = 0; k < size; ++k) {
        const NumberTruth drawn = draw();
        request.add_numbers(drawn.number);
        pool.truth.push_back(drawn.truth);
        if (drawn.truth == Truth::kListed) ++listed_;
      }
      request.AppendToString(&pool.requests);
    }
    pool.request_bytes = pool.requests.size() / pool.count;
    numbers_ += pool.truth.size();
    weights_ += batch.weight;
    pools_.push_back(std::move(pool));
  }
}

absl::StatusOr<Workload> Workload::FromBase(const BaseSet& base, const WorkloadOptions& options) {
  if (base.numbers() == 0) return absl::InvalidArgumentError("--base holds no number");
  const auto ranks = DrawnRanks(base, options.campaign_areas, options.seed);
  Random random(options.seed, Purpose::kLoad, {11});
  Workload workload;
  workload.AddPools(options, [&]() -> NumberTruth {
    const auto& from = ranks[random.Below(static_cast<uint32_t>(ranks.size()))];
    if (random.Unit() < options.hit_rate) return {DrawListed(base, from, random), Truth::kListed};
    return {DrawUnlisted(base, from, random), Truth::kUnlisted};
  });
  return workload;
}

absl::StatusOr<Workload> Workload::FromNumbers(absl::Span<const NumberTruth> numbers,
                                               const WorkloadOptions& options) {
  if (numbers.empty()) return absl::InvalidArgumentError("the file holds no number");
  size_t next = 0;
  Workload workload;
  workload.AddPools(options, [&] {
    const NumberTruth& drawn = numbers[next];
    next = next + 1 == numbers.size() ? 0 : next + 1;
    return drawn;
  });
  return workload;
}

Workload::Cursor Workload::StartCursor(int thread) const {
  Cursor cursor{Random(1, Purpose::kLoad, {12, static_cast<uint64_t>(thread)}), {}};
  // Threads ask different questions at the same time.
  for (const Pool& pool : pools_) cursor.next.push_back(cursor.random.Below64(pool.count));
  return cursor;
}

Question Workload::Next(Cursor& cursor) const {
  size_t at = 0;
  if (pools_.size() > 1) {
    double drawn = cursor.random.Unit() * weights_;
    while (at + 1 < pools_.size() && drawn >= pools_[at].share.weight) {
      drawn -= pools_[at++].share.weight;
    }
  }
  const Pool& pool = pools_[at];
  const size_t question = cursor.next[at];
  cursor.next[at] = question + 1 == pool.count ? 0 : question + 1;
  const auto size = static_cast<size_t>(pool.share.numbers);
  return {std::string_view(pool.requests).substr(question * pool.request_bytes, pool.request_bytes),
          absl::MakeConstSpan(pool.truth).subspan(question * size, size)};
}

double Workload::mean_batch() const {
  double numbers = 0;
  for (const Pool& pool : pools_) numbers += pool.share.numbers * pool.share.weight;
  return numbers / weights_;
}

}  // namespace dnc::load
