// Takes what a reader found, checks it against the label, counts it, and hands it to the sink in
// batches.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/formats/registry_file.h"

namespace dnc {

// Not thread-safe.
class RecordBatch {
 public:
  // `facts.name` must be set. The batch sets the counts, the kind and the first record outside the
  // label in `facts`. Both arguments must outlive the batch.
  RecordBatch(FileFacts& facts, RecordSink& sink);

  // Returns the three-digit label that every record must carry; 0 if any area code may come.
  int label() const { return label_; }

  FileKind kind() const { return facts_.kind; }
  // Notes that the file is not written as the FTC writes its own.
  void NoteOtherForm() { facts_.registry_form = false; }
  // Notes that the file itself says that it is about this area code alone.
  void NoteAreaCode(int area_code) { facts_.told_area_code = area_code; }
  // Sets the file's kind. Fails with BAD_FILE if the file was found to be the other kind before.
  absl::Status SetKind(FileKind kind, uint64_t line);

  // Adds one record; its area code must be valid. Records outside the label are only counted.
  absl::Status AddNumber(Number number, uint64_t line) { return AddRange(number, number, line); }
  // Adds all numbers from `first` to `last`, of one area code.
  absl::Status AddRange(Number first, Number last, uint64_t line);
  absl::Status AddChange(const ChangeRecord& change, uint64_t line);

  // For a reader's fast path: Room returns a place, never empty, for numbers that the reader has
  // checked itself, also against the label. The reader then says how many it put there, and how
  // many of those are unassignable.
  absl::Span<Number> Room();
  absl::Status Commit(size_t count, size_t unassignable);

  // Hands on what is left. Call once, at the end.
  absl::Status Flush();

 private:
  absl::Status FlushNumbers();
  absl::Status FlushChanges();
  bool CountIfOutside(Number number, uint64_t line, uint64_t records);

  FileFacts& facts_;
  RecordSink& sink_;
  const int label_;
  std::vector<Number> numbers_;
  size_t filled_ = 0;  // how many entries of numbers_ are filled
  std::vector<ChangeRecord> changes_;
};

// Returns whether the exchange starts with 0 or 1.
constexpr bool IsUnassignable(Number number) { return SubscriberOf(number) < 2'000'000; }

}  // namespace dnc
