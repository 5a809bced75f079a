// absl::flat_hash_set with prefetches in groups: the choice of a person who knows what
// std::unordered_set costs.
#include "absl/container/flat_hash_set.h"

#include <algorithm>

#include "bench/compare/container.h"

namespace dnc {
namespace {

constexpr size_t kGroup = 32;

using Set = absl::flat_hash_set<Number>;

void AskInGroups(const Set& set, absl::Span<const Number> numbers, absl::Span<uint32_t> listed) {
  for (size_t start = 0; start < numbers.size(); start += kGroup) {
    const size_t end = std::min(start + kGroup, numbers.size());
    if (end - start > 1) {
      for (size_t i = start; i < end; ++i) set.prefetch(numbers[i]);
    }
    for (size_t i = start; i < end; ++i) listed[i] = set.contains(numbers[i]) ? 1 : 0;
  }
}

}  // namespace

std::unique_ptr<Subject> MakeSubject(const SubjectOptions&) {
  return std::make_unique<Container<Set>>(AskInGroups);
}

}  // namespace dnc
