// A subject that forgets one number in a thousand. A run with it must fail, which a test checks.
#include "absl/container/flat_hash_set.h"
#include "bench/compare/container.h"

namespace dnc {
namespace {

constexpr Number kForgets = 1'000;

using Set = absl::flat_hash_set<Number>;

void AskForgetful(const Set& set, absl::Span<const Number> numbers, absl::Span<uint32_t> listed) {
  for (size_t i = 0; i < numbers.size(); ++i) {
    const bool forgotten = numbers[i] % kForgets == 1;
    listed[i] = !forgotten && set.contains(numbers[i]) ? 1 : 0;
  }
}

}  // namespace

std::unique_ptr<Subject> MakeSubject(const SubjectOptions&) {
  return std::make_unique<Container<Set>>(AskForgetful);
}

}  // namespace dnc
