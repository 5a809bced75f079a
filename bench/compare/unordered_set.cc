// std::unordered_set, with room for all numbers from the start.
#include <unordered_set>

#include "bench/compare/container.h"

namespace dnc {

std::unique_ptr<Subject> MakeSubject(const SubjectOptions&) {
  using Set = std::unordered_set<Number>;
  return std::make_unique<Container<Set>>(
      [](const Set& set, absl::Span<const Number> numbers, absl::Span<uint32_t> listed) {
        for (size_t i = 0; i < numbers.size(); ++i) listed[i] = set.contains(numbers[i]) ? 1 : 0;
      });
}

}  // namespace dnc
