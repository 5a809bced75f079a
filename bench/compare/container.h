// Makes a container in the process a subject: unordered_set, flat_hash_set, a sorted vector.
#pragma once

#include "absl/types/span.h"
#include "bench/compare/subject.h"

namespace dnc {

// Holds the numbers in a `Set` that has room for all of them from the start. `ask` answers a batch
// as Subject::Ask does.
template <typename Set>
class Container : public Subject {
 public:
  using AskFunction = void (*)(const Set& set, absl::Span<const Number> numbers,
                               absl::Span<uint32_t> listed);

  explicit Container(AskFunction ask) : ask_(ask) {}

  absl::Status Begin(uint64_t total) override {
    set_.reserve(total);
    return absl::OkStatus();
  }

  absl::Status Add(absl::Span<const Number> numbers) override {
    for (const Number number : numbers) set_.insert(set_.end(), number);
    return absl::OkStatus();
  }

  absl::Status Ask(absl::Span<const Number> numbers, absl::Span<uint32_t> listed) override {
    ask_(set_, numbers, listed);
    return absl::OkStatus();
  }

  bool thread_safe() const override { return true; }

 private:
  Set set_;
  AskFunction ask_;
};

}  // namespace dnc
