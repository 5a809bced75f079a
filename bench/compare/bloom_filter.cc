// The split-block Bloom filter alone, as it stands before the tenants' records, with 12 bits per
// number. It sometimes wrongly says yes, so alone it could not serve a list.
#include "server/index/bloom_filter.h"

#include <vector>

#include "bench/compare/subject.h"

namespace dnc {
namespace {

constexpr double kBitsANumber = 12;

class Bloom : public Subject {
 public:
  absl::Status Begin(uint64_t total) override {
    filter_ = std::make_unique<BloomFilter>(DesignBloom(total, kBitsANumber, 0));
    return absl::OkStatus();
  }

  absl::Status Add(absl::Span<const Number> numbers) override {
    keys_.clear();
    for (const Number number : numbers) keys_.push_back({0, number});
    filter_->InsertBatch(keys_);
    return absl::OkStatus();
  }

  absl::Status Ask(absl::Span<const Number> numbers, absl::Span<uint32_t> listed) override {
    filter_->MayContainBatch(0, numbers, 0, listed);
    return absl::OkStatus();
  }

  bool thread_safe() const override { return true; }
  bool exact() const override { return false; }

  SubjectMemory memory() override { return {filter_->memory_bytes(), "its own count", 0}; }

 private:
  std::unique_ptr<BloomFilter> filter_;
  std::vector<BloomKey> keys_;
};

}  // namespace

std::unique_ptr<Subject> MakeSubject(const SubjectOptions&) { return std::make_unique<Bloom>(); }

}  // namespace dnc
