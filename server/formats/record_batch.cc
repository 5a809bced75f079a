#include "server/formats/record_batch.h"

#include "server/base/status_macros.h"
#include "server/formats/bad_file.h"

namespace dnc {
namespace {
constexpr size_t kBatch = 4096;
}  // namespace

RecordBatch::RecordBatch(FileFacts& facts, RecordSink& sink)
    : facts_(facts), sink_(sink), label_(facts.name.area_code.value_or(0)), numbers_(kBatch) {}

absl::Status RecordBatch::SetKind(FileKind kind, uint64_t line) {
  if (facts_.kind == FileKind::kUnknown) facts_.kind = kind;
  if (facts_.kind == kind) return absl::OkStatus();
  return BadLine(line, kind == FileKind::kFull
                           ? "a record of a full list in a change list; the file is damaged or "
                             "put together from two"
                           : "a record of a change list in a full list; the file is damaged or "
                             "put together from two");
}

bool RecordBatch::CountIfOutside(Number number, uint64_t line, uint64_t records) {
  if (label_ == 0 || AreaCodeOf(number) == label_) return false;
  if (facts_.outside_label == 0) {
    facts_.first_outside_line = line;
    facts_.first_outside_area = AreaCodeOf(number);
  }
  facts_.outside_label += records;
  return true;
}

absl::Status RecordBatch::AddRange(Number first, Number last, uint64_t line) {
  if (CountIfOutside(first, line, last - first + 1)) return absl::OkStatus();
  for (Number number = first; number <= last; ++number) {
    Room()[0] = number;
    DNC_RETURN_IF_ERROR(Commit(1, IsUnassignable(number) ? 1 : 0));
  }
  return absl::OkStatus();
}

absl::Status RecordBatch::AddChange(const ChangeRecord& change, uint64_t line) {
  if (CountIfOutside(change.number, line, 1)) return absl::OkStatus();
  ++facts_.records;
  if (IsUnassignable(change.number)) ++facts_.unassignable;
  changes_.push_back(change);
  return changes_.size() == kBatch ? FlushChanges() : absl::OkStatus();
}

absl::Span<Number> RecordBatch::Room() { return absl::MakeSpan(numbers_).subspan(filled_); }

absl::Status RecordBatch::Commit(size_t count, size_t unassignable) {
  filled_ += count;
  facts_.records += count;
  facts_.unassignable += unassignable;
  return filled_ == numbers_.size() ? FlushNumbers() : absl::OkStatus();
}

absl::Status RecordBatch::FlushNumbers() {
  if (filled_ == 0) return absl::OkStatus();
  const absl::Status status = sink_.OnNumbers(absl::MakeConstSpan(numbers_.data(), filled_));
  filled_ = 0;
  return status;
}

absl::Status RecordBatch::FlushChanges() {
  if (changes_.empty()) return absl::OkStatus();
  const absl::Status status = sink_.OnChanges(changes_);
  changes_.clear();
  return status;
}

absl::Status RecordBatch::Flush() {
  DNC_RETURN_IF_ERROR(FlushNumbers());
  return FlushChanges();
}

}  // namespace dnc
