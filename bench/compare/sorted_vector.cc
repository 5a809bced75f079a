// A sorted std::vector of 64-bit numbers with binary search.
#include <algorithm>
#include <vector>

#include "bench/compare/container.h"

namespace dnc {

std::unique_ptr<Subject> MakeSubject(const SubjectOptions&) {
  using Sorted = std::vector<Number>;
  return std::make_unique<Container<Sorted>>(
      [](const Sorted& sorted, absl::Span<const Number> numbers, absl::Span<uint32_t> listed) {
        for (size_t i = 0; i < numbers.size(); ++i) {
          listed[i] = std::binary_search(sorted.begin(), sorted.end(), numbers[i]) ? 1 : 0;
        }
      });
}

}  // namespace dnc
