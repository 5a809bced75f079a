// CRoaring's 64-bit map, optimized after loading. It has no call for many questions at once.
#include <roaring/roaring64map.hh>

#include "bench/compare/subject.h"

namespace dnc {
namespace {

class RoaringMap : public Subject {
 public:
  absl::Status Add(absl::Span<const Number> numbers) override {
    map_.addMany(numbers.size(), numbers.data());
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    map_.runOptimize();
    map_.shrinkToFit();
    return absl::OkStatus();
  }

  absl::Status Ask(absl::Span<const Number> numbers, absl::Span<uint32_t> listed) override {
    for (size_t i = 0; i < numbers.size(); ++i) {
      listed[i] = map_.contains(uint64_t{numbers[i]}) ? 1 : 0;
    }
    return absl::OkStatus();
  }

  bool thread_safe() const override { return true; }

 private:
  Roaring64Map map_;
};

}  // namespace

std::unique_ptr<Subject> MakeSubject(const SubjectOptions&) {
  return std::make_unique<RoaringMap>();
}

}  // namespace dnc
