// The exact set, as the server keeps it.
#include <utility>

#include "bench/compare/subject.h"
#include "server/index/area_set.h"
#include "server/index/number_set.h"

namespace dnc {
namespace {

class ExactSet : public Subject {
 public:
  absl::Status Add(absl::Span<const Number> numbers) override {
    for (const Number number : numbers) {
      if (AreaCodeOf(number) != area_code_) Close(AreaCodeOf(number));
      builder_.Add(SubscriberOf(number));
    }
    return absl::OkStatus();
  }

  absl::Status Finish() override {
    Close(0);
    return absl::OkStatus();
  }

  absl::Status Ask(absl::Span<const Number> numbers, absl::Span<uint32_t> listed) override {
    set_.ContainsBatch(numbers, 0, listed);
    return absl::OkStatus();
  }

  bool thread_safe() const override { return true; }

  SubjectMemory memory() override { return {set_.memory_bytes(), "its own count", 0}; }

 private:
  void Close(int next) {
    if (area_code_ != 0) set_.set_area(area_code_, std::move(builder_).Build());
    area_code_ = next;
  }

  NumberSet set_;
  AreaSetBuilder builder_;
  int area_code_ = 0;
};

}  // namespace

std::unique_ptr<Subject> MakeSubject(const SubjectOptions&) { return std::make_unique<ExactSet>(); }

}  // namespace dnc
