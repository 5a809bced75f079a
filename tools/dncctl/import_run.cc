// One thread sends parts of the file and takes their answers, which come in the same order:
//
//   file_ --> SendNext --> under_way_ (at most 2) --> ReadAnswer --> TakeAnswer --> reports
//                ^                                                      |
//                +---- again_: records without a fact, smaller parts <--+
//
// A part stays in under_way_ until its answer is there. So after an error everything without an
// answer is still at hand: Shrink cuts it smaller if that helps, and the next attempt sends it
// again. The server then answers "already there" for what it had already written.
#include "tools/dncctl/import_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "tools/cli/terminal.h"
#include "tools/dncctl/record_csv.h"

namespace dnc::cli {
namespace {
// While the server writes one part, the next is ready for it, and another is being parsed.
constexpr size_t kUnderWay = 2;
}  // namespace

ImportRun::ImportRun(Session& session, ImportFile* file, Facts facts, LineReport* refused,
                     LineReport* kept, ProgressBar* bar, uint64_t bytes)
    : session_(session),
      file_(*file),
      facts_(facts),
      refused_(*refused),
      kept_(*kept),
      bar_(*bar),
      bytes_(bytes) {}

absl::Status ImportRun::Run(const std::string& list) {
  bar_.Begin("importing");
  absl::Status status = refused_.WriteHeading(file_);
  if (status.ok()) status = kept_.WriteHeading(file_);
  if (!status.ok()) return status;
  do {
    status = Attempt(list);
  } while (Shrink(status));
  bar_.Clear();
  return status;
}

absl::Status ImportRun::Attempt(const std::string& list) {
  stream_.reset();  // it and the watchdog use the previous attempt's context
  watchdog_.reset();
  context_ = std::make_unique<grpc::ClientContext>();
  watchdog_ = std::make_unique<Watchdog>(context_.get(), session_.timeout());
  broken_ = false;
  watchdog_->BeginWait();
  stream_ = session_.lists().ImportNumbers(context_.get());
  watchdog_->EndWait();
  v1::ImportNumbersRequest first;
  first.set_list_id(list);
  absl::Status status = stream_->Write(first) ? ReadFirstAnswer() : Broken();
  if (status.ok()) status = Parts();
  if (!status.ok() && !broken_) context_->TryCancel();
  if (status.ok()) stream_->WritesDone();
  watchdog_->BeginWait();
  const absl::Status ended = FromGrpcStatus(stream_->Finish());
  watchdog_->EndWait();
  if (!status.ok() && !broken_) return status;
  if (watchdog_->fired()) return session_.Explain(absl::DeadlineExceededError(""));
  if (!ended.ok()) return session_.Explain(ended);
  return status;
}

absl::Status ImportRun::Parts() {
  while (more_ || !again_.empty() || !under_way_.empty()) {
    const bool sends = under_way_.size() < kUnderWay && (more_ || !again_.empty());
    absl::Status status = sends ? SendNext() : ReadAnswer();
    if (!status.ok()) return status;
  }
  return broken_file_;
}

absl::Status ImportRun::SendNext() {
  ImportPart part;
  if (!again_.empty()) {
    part = std::move(again_.front());
    again_.pop_front();
  } else {
    const auto read = file_.Next(limits_, &part);
    // What was sent is answered all the same, and is durable.
    more_ = read.ok() && *read;
    if (!read.ok()) broken_file_ = read.status();
    // Lines before the unreadable one are reported and sent.
    if (!more_ && part.lines.empty() && part.refused.empty()) return absl::OkStatus();
  }
  under_way_.push_back(std::move(part));
  const ImportPart& sent = under_way_.back();
  return sent.lines.empty() || stream_->Write(sent.request) ? absl::OkStatus() : Broken();
}

absl::Status ImportRun::ReadFirstAnswer() {
  watchdog_->BeginWait();
  const bool read = stream_->Read(&answer_);
  watchdog_->EndWait();
  return read ? TakeAnswer({}) : Broken();
}

// The oldest part stays under way until its answer is there.
absl::Status ImportRun::ReadAnswer() {
  if (under_way_.front().lines.empty()) {
    ImportPart part = std::move(under_way_.front());
    under_way_.pop_front();
    return refused_.Tell(std::move(part.refused));
  }
  watchdog_->BeginWait();
  const bool read = stream_->Read(&answer_);
  watchdog_->EndWait();
  if (!read) return Broken();
  ImportPart part = std::move(under_way_.front());
  under_way_.pop_front();
  return TakeAnswer(std::move(part));
}

absl::Status ImportRun::TakeAnswer(ImportPart part) {
  counts_.added += answer_.added();
  counts_.already_there += answer_.already_there();
  counts_.updated += answer_.updated();
  counts_.not_in_force += answer_.not_in_force();
  counts_.revision = std::max(counts_.revision, answer_.revision());
  if (!answer_.tenant_id().empty()) counts_.tenant = answer_.tenant_id();
  const uint64_t outcomes = answer_.added() + answer_.already_there() + answer_.updated() +
                            static_cast<uint64_t>(answer_.refused_size());
  if (outcomes != part.lines.size()) {
    return absl::InternalError(
        fmt::format("the server answered {} outcomes for {} records", outcomes, part.lines.size()));
  }
  if (!part.lines.empty()) answered_line_ = std::max(answered_line_, part.lines.back().line);
  if (auto status = TakeRefused(&part); !status.ok()) return status;
  counts_.durable_line = DurableLine();
  std::vector<ImportLine> kept;
  for (ImportLine& line : part.lines) {
    if (!line.because.empty()) kept.push_back(std::move(line));
  }
  if (auto status = kept_.Tell(std::move(kept)); !status.ok()) return status;
  if (auto status = refused_.Tell(std::move(part.refused)); !status.ok()) return status;
  bar_.Update(file_.bytes_read(), bytes_, fmt::format("{} refused", refused_.count()));
  return absl::OkStatus();
}

// Removes the lines that the server has refused from part->lines: they go to part->refused, or are
// sent again.
absl::Status ImportRun::TakeRefused(ImportPart* part) {
  ImportPart again;
  std::vector<bool> gone(part->lines.size());
  for (const v1::RefusedRecord& refusal : answer_.refused()) {
    const size_t index = refusal.index();
    if (index >= part->lines.size() || gone[index]) {
      return absl::InternalError("the server refused a record that it was not sent");
    }
    gone[index] = true;
    if (refusal.over()) {  // nothing is wrong with the line, and nothing needs correction
      ++counts_.over;
      continue;
    }
    ImportLine& line = part->lines[index];
    v1::Record& record = *part->request.mutable_records(static_cast<int>(index));
    if (facts_ == Facts::kKeepWithout && UnsetNamedFacts(refusal.message(), &record)) {
      line.because += (line.because.empty() ? "" : "; ") + refusal.message();
      again.request.add_records()->Swap(&record);
      again.lines.push_back(std::move(line));
    } else {
      line.because = refusal.message();
      part->refused.push_back(std::move(line));
    }
  }
  size_t kept = 0;
  for (size_t i = 0; i < part->lines.size(); ++i) {
    if (gone[i]) continue;
    if (kept != i) part->lines[kept] = std::move(part->lines[i]);
    ++kept;
  }
  part->lines.resize(kept);
  if (!again.lines.empty()) again_.push_back(std::move(again));
  return absl::OkStatus();
}

uint64_t ImportRun::DurableLine() const {
  uint64_t line = answered_line_;
  for (const auto* parts : {&under_way_, &again_}) {
    for (const ImportPart& part : *parts) {
      for (const ImportLine& open : part.lines) line = std::min(line, open.line - 1);
    }
  }
  return line;
}

bool ImportRun::Shrink(const absl::Status& status) {
  if (status.ok() || !broken_ || under_way_.empty()) return false;
  const ImportPart& refused = under_way_.front();
  const size_t records = refused.lines.size();
  const size_t fewer = SmallerBatch(status, records);
  const size_t bytes = refused.request.ByteSizeLong();
  // These are gRPC's own words for a message that is too long; a server's refusal has a reason.
  const bool too_long =
      absl::IsResourceExhausted(status) && ReasonOf(status).empty() && records > 1;
  if (fewer == 0 && !too_long) return false;
  if (fewer > 0) limits_.records = fewer;
  if (too_long) limits_.bytes = bytes / 2;
  std::deque<ImportPart> smaller;
  for (auto* parts : {&under_way_, &again_}) {
    for (ImportPart& part : *parts) {
      for (ImportPart& cut : CutPart(std::move(part), limits_)) smaller.push_back(std::move(cut));
    }
    parts->clear();
  }
  again_ = std::move(smaller);
  return true;
}

absl::Status ImportRun::Broken() {
  broken_ = true;
  return absl::UnavailableError("the server ended the import too early; repeat it");
}

LineReport::LineReport(std::string line_heading, std::string because_heading, std::string told,
                       OutputFile* file, ProgressBar* bar)
    : line_heading_(std::move(line_heading)),
      because_heading_(std::move(because_heading)),
      told_(std::move(told)),
      file_(file),
      bar_(*bar) {}

absl::Status LineReport::WriteHeading(const ImportFile& import) {
  delimiter_ = import.delimiter();
  if (file_ == nullptr || has_heading_) return absl::OkStatus();
  has_heading_ = true;
  return file_->Write(fmt::format("{1}{0}{2}{0}{3}\n", delimiter_, line_heading_, because_heading_,
                                  import.heading()));
}

absl::Status LineReport::Tell(std::vector<ImportLine> lines) {
  std::sort(lines.begin(), lines.end(),
            [](const auto& one, const auto& other) { return one.line < other.line; });
  for (const ImportLine& line : lines) {
    ++count_;
    if (file_ != nullptr) {
      auto status = file_->Write(fmt::format("{1}{0}{2}{0}{3}\n", delimiter_, line.line,
                                             CsvField(line.because, delimiter_), line.raw));
      if (!status.ok()) return status;
    } else if (count_ <= kTold) {
      bar_.Clear();
      fmt::print(stderr, "line {}: {}{}\n", line.line, told_, Printable(line.because));
    }
  }
  return absl::OkStatus();
}

}  // namespace dnc::cli
