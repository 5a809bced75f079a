// How a filter is replaced while others probe it and insert into it.
//
// Probes and inserts read one pointer, `state_`, while they hold a pass of the gate. It names the
// filter that answers and, during a rebuild, the one that is being filled. The thread that replaces
// the pointer waits until every pass that may have seen the old one is returned:
//
//   owner          BeginRebuild         store.Snapshot()   Add ... Add          Finish
//   state_    {A, -} ---> {A, B} ----------------------------------------> {B, -}
//   probes    ask A       ask A                                            ask B
//   inserts   into A      into A and B                                     into B
//                      ^ WaitForReaders                                 ^ WaitForReaders, A is
//                      freed
//
// An insert that saw {A, -} has returned before BeginRebuild does. Its record was written before
// it, so the snapshot that is taken next has it, and Add brings it into B. A later insert sees B
// itself. So B lacks nothing when it begins to answer.
#include "server/index/growing_filter.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "server/base/check.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

double Share(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

GrowingFilter::GrowingFilter(const GrowingFilterOptions& options)
    : options_(options), state_(new State()) {
  DNC_CHECK(options.bits_a_key > 0, "the bits a key of a Bloom filter");
}

GrowingFilter::~GrowingFilter() {
  DNC_CHECK(!rebuilding_, "a Bloom filter is destroyed while it is being rebuilt");
  delete state_.load();
}

void GrowingFilter::Insert(const BloomKey& key) { InsertBatch({&key, 1}); }

void GrowingFilter::InsertBatch(absl::Span<const BloomKey> keys) {
  // The keys go in by parts, so that a thread that waits for readers does not wait long.
  constexpr size_t kPart = 4096;
  for (; !keys.empty(); keys.remove_prefix(std::min(kPart, keys.size()))) {
    const absl::Span<const BloomKey> part = keys.subspan(0, kPart);
    const ReaderGate::Pass pass(gate_);
    const State& state = *state_.load();
    if (state.current == nullptr) {
      // Adopt reads this after the last insert that saw no filter has ended.
      inserted_without_filter_.store(true, std::memory_order_relaxed);
    } else {
      state.current->InsertBatch(part);
    }
    if (state.next != nullptr) state.next->InsertBatch(part);
  }
}

bool GrowingFilter::MayContain(const BloomKey& key) const {
  uint32_t result = 0;
  return MayContainBatch(key.tenant, {&key.number, 1}, 0, {&result, 1}) != 0;
}

size_t GrowingFilter::MayContainBatch(uint32_t tenant, absl::Span<const Number> numbers, int bit,
                                      absl::Span<uint32_t> results) const {
  assert(numbers.size() == results.size() && bit >= 0 && bit < 32);
  const ReaderGate::Pass pass(gate_);
  const BloomFilter* filter = state_.load()->current;
  size_t possible = numbers.size();
  if (filter != nullptr) {
    possible = filter->MayContainBatch(tenant, numbers, bit, results);
  } else {
    for (uint32_t& result : results) result |= uint32_t{1} << bit;
  }
  Count(numbers.size(), possible);
  return possible;
}

void GrowingFilter::NoteDeleted(uint64_t keys) {
  const ReaderGate::Pass pass(gate_);
  const State& state = *state_.load();
  if (state.current != nullptr) state.current->NoteDeleted(keys);
  if (state.next != nullptr) state.next->NoteDeleted(keys);
}

void GrowingFilter::NoteFalsePositives(uint64_t count) const {
  false_positives_.fetch_add(count, std::memory_order_relaxed);
}

absl::Status GrowingFilter::Adopt(std::unique_ptr<BloomFilter> filter) {
  const absl::MutexLock lock(&mutex_);
  std::shared_ptr<BloomFilter> adopted = std::move(filter);
  const auto refused = [] {
    return Error(reason::kInternalOrder,
                 "the Bloom filter's image comes too late, keys were inserted or a rebuild began; "
                 "rebuild the filter from the store");
  };
  if (current_ != nullptr || rebuilding_) return refused();
  // Inserts see the filter before the question is asked, so that none slips through in between. One
  // that comes at this very moment makes Adopt refuse as well.
  Publish(nullptr, adopted);
  if (inserted_without_filter_.load(std::memory_order_relaxed)) {
    Publish(nullptr, nullptr);
    return refused();
  }
  Publish(std::move(adopted), nullptr);
  before_current_ = Sum();
  return absl::OkStatus();
}

absl::StatusOr<GrowingFilter::Rebuild> GrowingFilter::BeginRebuild(uint64_t capacity) {
  const BloomDesign design = DesignBloom(capacity, options_.bits_a_key, options_.seed);
  if (design.blocks > std::min(kMaxBloomBlocks, options_.max_bytes / kBloomBlockBytes)) {
    return Error(reason::kLimitReached,
                 StrCat("a Bloom filter for ", capacity, " keys is larger than the limit of ",
                        options_.max_bytes, " bytes; raise the limit, or add memory"));
  }
  {
    const absl::MutexLock lock(&mutex_);
    if (rebuilding_) {
      return Error(reason::kInternalOrder,
                   "the Bloom filter is being rebuilt already; wait for the end of that");
    }
    rebuilding_ = true;
  }
  auto next = std::make_shared<BloomFilter>(design);
  const absl::MutexLock lock(&mutex_);
  Publish(current_, next);
  return Rebuild(this, std::move(next));
}

void GrowingFilter::Publish(std::shared_ptr<BloomFilter> current,
                            std::shared_ptr<BloomFilter> next) {
  const State* before = state_.exchange(new State{current.get(), next.get()});
  gate_.WaitForReaders();
  delete before;
  current_ = std::move(current);
  next_ = std::move(next);
}

void GrowingFilter::FinishRebuild(const std::shared_ptr<BloomFilter>& next) {
  const absl::MutexLock lock(&mutex_);
  DNC_CHECK(rebuilding_ && next_ == next, "a Bloom filter's rebuild ends that did not begin");
  Publish(next, nullptr);
  before_current_ = Sum();
  rebuilding_ = false;
  ++rebuilds_;
}

void GrowingFilter::AbandonRebuild() {
  const absl::MutexLock lock(&mutex_);
  Publish(current_, nullptr);
  rebuilding_ = false;
}

RebuildReason GrowingFilter::rebuild_due() const {
  const ReaderGate::Pass pass(gate_);
  const BloomFilter* filter = state_.load()->current;
  if (filter == nullptr) return RebuildReason::kNoFilter;
  if (filter->keys() > filter->design().capacity) return RebuildReason::kFull;
  const uint64_t deleted = filter->deleted();
  if (deleted > 0 && Share(deleted, filter->keys()) >= options_.worn_share) {
    return RebuildReason::kWorn;
  }
  return RebuildReason::kNone;
}

std::shared_ptr<const BloomFilter> GrowingFilter::current() const {
  const absl::MutexLock lock(&mutex_);
  return current_;
}

void GrowingFilter::Count(size_t probes, size_t possible) const {
  Counts& counts = counts_[ThreadSlot()];
  counts.probes.fetch_add(probes, std::memory_order_relaxed);
  counts.possible.fetch_add(possible, std::memory_order_release);
}

GrowingFilter::Totals GrowingFilter::Sum() const {
  Totals totals;
  for (const Counts& counts : counts_) {
    // The part is read before the whole, so that it is never the larger one.
    totals.possible += counts.possible.load(std::memory_order_acquire);
    totals.probes += counts.probes.load(std::memory_order_relaxed);
  }
  totals.false_positives = false_positives_.load(std::memory_order_relaxed);
  return totals;
}

GrowingFilterStats GrowingFilter::Stats() const {
  GrowingFilterStats stats;
  std::shared_ptr<const BloomFilter> filter;
  Totals before;
  const Totals totals = Sum();
  {
    const absl::MutexLock lock(&mutex_);
    filter = current_;
    before = before_current_;
    stats.rebuilding = rebuilding_;
    stats.rebuilds = rebuilds_;
  }
  stats.probes = totals.probes;
  stats.possible = totals.possible;
  stats.false_positives = totals.false_positives;
  if (filter == nullptr) return stats;
  const BloomLoad load = filter->SampleLoad();
  stats.ready = true;
  stats.keys = filter->keys();
  stats.deleted = filter->deleted();
  stats.capacity = filter->design().capacity;
  stats.memory_bytes = filter->memory_bytes();
  stats.bits_a_key = Share(8 * stats.memory_bytes, stats.keys);
  stats.fill = load.fill;
  stats.estimated_error_rate = load.error_rate;
  const auto since = [](uint64_t now, uint64_t then) { return now > then ? now - then : 0; };
  const uint64_t wrong = since(totals.false_positives, before.false_positives);
  const uint64_t no = since(totals.probes - totals.possible, before.probes - before.possible);
  stats.observed_error_rate = Share(wrong, wrong + no);
  return stats;
}

GrowingFilter::Rebuild::Rebuild(Rebuild&& other) noexcept
    : owner_(other.owner_), next_(std::exchange(other.next_, nullptr)) {}

GrowingFilter::Rebuild& GrowingFilter::Rebuild::operator=(Rebuild&& other) noexcept {
  if (this == &other) return *this;
  Abandon();
  owner_ = other.owner_;
  next_ = std::exchange(other.next_, nullptr);
  return *this;
}

GrowingFilter::Rebuild::~Rebuild() { Abandon(); }

void GrowingFilter::Rebuild::Add(absl::Span<const BloomKey> keys) {
  DNC_CHECK(next_ != nullptr, "keys are added to a Bloom filter's rebuild that is over");
  next_->InsertBatch(keys);
}

uint64_t GrowingFilter::Rebuild::keys() const { return next_ == nullptr ? 0 : next_->keys(); }

void GrowingFilter::Rebuild::Finish() {
  DNC_CHECK(next_ != nullptr, "a Bloom filter's rebuild is finished twice");
  owner_->FinishRebuild(std::exchange(next_, nullptr));
}

void GrowingFilter::Rebuild::Abandon() {
  if (next_ == nullptr) return;
  next_ = nullptr;
  owner_->AbandonRebuild();
}

}  // namespace dnc
