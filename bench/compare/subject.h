// What is compared: a way to store the listed numbers and to ask about many at once.
//
// Each subject is a program of its own, so that none inherits another's memory. Its file defines
// MakeSubject; main.cc has main. The harness loads it, asks, checks each answer, and prints JSON.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "server/numbers/phone_number.h"

namespace dnc {

// How much memory a subject takes, and how that is known.
struct SubjectMemory {
  uint64_t bytes = 0;  // 0: use the growth of the process, which the harness measures
  std::string source;  // tells a reader where the figure comes from
  uint64_t disk_bytes = 0;
};

class Subject {
 public:
  virtual ~Subject() = default;

  // Called once before the numbers come; `total` is their count.
  virtual absl::Status Begin(uint64_t /*total*/) { return absl::OkStatus(); }
  // Adds the next numbers, ascending over all calls, without duplicates.
  virtual absl::Status Add(absl::Span<const Number> numbers) = 0;
  // Called after the last number. From then on Ask must answer.
  virtual absl::Status Finish() { return absl::OkStatus(); }

  // Sets listed[i] to 1 if numbers[i] is listed. All are 0 before the call; the spans have the same
  // size. Several threads may call it only if thread_safe().
  virtual absl::Status Ask(absl::Span<const Number> numbers, absl::Span<uint32_t> listed) = 0;

  virtual bool thread_safe() const { return false; }
  // Returns false if it may wrongly say yes. It may never wrongly say no.
  virtual bool exact() const { return true; }
  // Called after questions have warmed it up.
  virtual SubjectMemory memory() { return {}; }
};

struct SubjectOptions {
  std::string directory;  // for subjects that keep files
  std::string address;    // for subjects that are servers: the folder or path of a unix socket
};

std::unique_ptr<Subject> MakeSubject(const SubjectOptions& options);

}  // namespace dnc
