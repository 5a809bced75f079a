// The part of dncd that all who ask it share: the numbers are the registry's text files, loaded
// durably with dncctl.
#pragma once

#include <cstdint>
#include <string>

#include "bench/compare/subject.h"

namespace dnc {

class DncdSubject : public Subject {
 public:
  explicit DncdSubject(SubjectOptions options) : options_(std::move(options)) {}

  absl::Status Begin(uint64_t total) override;
  absl::Status Add(absl::Span<const Number> numbers) override;
  absl::Status Finish() override;
  bool thread_safe() const override { return true; }
  SubjectMemory memory() override;

 protected:
  const std::string& address() const { return options_.address; }
  // Sets `*listed` by a verdict. Fails if it is neither clear nor listed.
  static absl::Status Take(int verdict, uint32_t* listed);

 private:
  void Write();

  const SubjectOptions options_;
  std::string prefix_;
  std::string text_;
  int area_code_ = 0;
};

}  // namespace dnc
