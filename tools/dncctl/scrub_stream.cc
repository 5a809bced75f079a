// Two threads share one stream, and the batches that are under way wait between them:
//
//   calling thread   source --> BatchFeed --> waiting_ --> Write --> server
//   reader thread    sink <-- CheckAnswer <-- waiting_ <-- Read <--- server
//
// A batch enters the queue before it is written, so its answer always finds it; the server answers
// in the order of the batches. If the stream ends early, the batches that the sink did not get are
// kept. If that was because the server takes fewer numbers at once, BatchFeed cuts them smaller and
// a new stream asks them again, so no row is lost.
#include "tools/dncctl/scrub_stream.h"

#include <fmt/format.h>

#include <deque>
#include <limits>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "tools/cli/terminal.h"
#include "tools/dncctl/session.h"

namespace dnc::cli {
namespace {

constexpr size_t kBatchesInFlight = 8;

// An answer with another count than the question is no answer.
absl::Status CheckAnswer(size_t asked, const v1::ScrubResponse& answer) {
  const auto verdicts = static_cast<size_t>(answer.verdicts_size());
  const auto results = static_cast<size_t>(answer.results_size());
  if (verdicts != asked || results != asked) {
    return absl::InternalError(fmt::format(
        "the server answered {} verdicts and {} results for {} numbers", verdicts, results, asked));
  }
  for (int i = 0; i < answer.verdicts_size(); ++i) {
    if (answer.verdicts(i) != answer.results(i).verdict()) {
      return absl::InternalError("the server's answer contradicts itself");
    }
  }
  return absl::OkStatus();
}

// Provides the source's batches, cut to what the server takes, and again those that had no answer.
class BatchFeed {
 public:
  explicit BatchFeed(const BatchSource& source) : source_(source) {}

  absl::StatusOr<bool> Next(ScrubBatch* batch) {
    if (pending_.empty()) {
      ScrubBatch whole;
      const auto more = source_(&whole);
      if (!more.ok() || !*more) return more;
      Cut(std::move(whole), &pending_);
    }
    *batch = std::move(pending_.front());
    pending_.pop_front();
    return true;
  }

  // Makes batches of at most `most` numbers from now on; those that had no answer come first.
  void Shrink(size_t most, std::deque<ScrubBatch> unanswered) {
    most_ = most;
    for (ScrubBatch& batch : pending_) unanswered.push_back(std::move(batch));
    pending_.clear();
    for (ScrubBatch& batch : unanswered) Cut(std::move(batch), &pending_);
  }

 private:
  void Cut(ScrubBatch whole, std::deque<ScrubBatch>* out) const {
    if (whole.texts.size() <= most_) {
      out->push_back(std::move(whole));
      return;
    }
    size_t next = 0;
    ScrubBatch part;
    for (ScrubRow& row : whole.rows) {
      if (!part.rows.empty() && part.texts.size() + row.texts > most_) {
        out->push_back(std::exchange(part, {}));
      }
      for (size_t i = 0; i < row.texts; ++i) part.texts.push_back(std::move(whole.texts[next++]));
      part.bytes += row.raw.size();
      part.rows.push_back(std::move(row));
    }
    out->push_back(std::move(part));
  }

  const BatchSource& source_;
  size_t most_ = std::numeric_limits<size_t>::max();
  std::deque<ScrubBatch> pending_;
};

// The batches that wait for their answers, at most `limit` of them. Thread-safe.
class BatchQueue {
 public:
  explicit BatchQueue(size_t limit) : limit_(limit) {}

  // Waits for room and takes the batch. Returns false after Close, and then leaves the batch alone.
  bool Push(ScrubBatch& batch) {
    const absl::MutexLock lock(&mutex_, absl::Condition(this, &BatchQueue::MayPush));
    if (closed_) return false;
    batches_.push_back(std::move(batch));
    return true;
  }

  // Waits for a batch. Returns nullopt after Close, when the queue is empty.
  std::optional<ScrubBatch> Pop() {
    const absl::MutexLock lock(&mutex_, absl::Condition(this, &BatchQueue::MayPop));
    if (batches_.empty()) return std::nullopt;
    ScrubBatch batch = std::move(batches_.front());
    batches_.pop_front();
    return batch;
  }

  void Close() {
    const absl::MutexLock lock(&mutex_);
    closed_ = true;
  }

 private:
  bool MayPush() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return closed_ || batches_.size() < limit_;
  }
  bool MayPop() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closed_ || !batches_.empty(); }

  const size_t limit_;
  absl::Mutex mutex_;
  std::deque<ScrubBatch> batches_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

class Pipeline {
 public:
  Pipeline(Session& session, BatchFeed& feed, const BatchSink& sink)
      : session_(session),
        feed_(feed),
        sink_(sink),
        watchdog_(&context_, session.timeout()),
        stream_(Begin()),
        waiting_(kBatchesInFlight) {}

  absl::Status Run(const ScrubQuestion& question) {
    std::thread reader([this] { ReadAnswers(); });
    const absl::Status written = WriteBatches(question);
    if (written.ok()) {
      stream_->WritesDone();
    } else {
      context_.TryCancel();
    }
    waiting_.Close();
    reader.join();
    while (auto batch = waiting_.Pop()) unanswered_.push_back(*std::move(batch));
    if (unsent_.has_value()) unanswered_.push_back(*std::move(unsent_));
    watchdog_.BeginWait();
    const absl::Status ended = FromGrpcStatus(stream_->Finish());
    if (!written.ok()) return written;
    if (watchdog_.fired()) return session_.Explain(absl::DeadlineExceededError(""));
    if (!sink_status_.ok()) return sink_status_;
    if (!ended.ok()) return session_.Explain(ended);
    if (broken_ || cut_short_)
      return absl::UnavailableError("the server ended the stream too early");
    return absl::OkStatus();
  }

  // Returns what the sink did not get. Call it after Run.
  std::deque<ScrubBatch>& unanswered() { return unanswered_; }

 private:
  using Stream = grpc::ClientReaderWriter<v1::ScrubStreamRequest, v1::ScrubStreamResponse>;

  // Waits for the connection.
  std::unique_ptr<Stream> Begin() {
    watchdog_.BeginWait();
    auto stream = session_.scrub().ScrubStream(&context_);
    watchdog_.EndWait();
    return stream;
  }

  // Returns only errors of the source; a broken stream ends it early.
  absl::Status WriteBatches(const ScrubQuestion& question) {
    v1::ScrubStreamRequest request;
    v1::ScrubRequest& scrub = *request.mutable_scrub();
    scrub.set_detail(v1::DETAIL_FULL);
    if (question.as_of.has_value()) *scrub.mutable_as_of() = ToTimestamp(*question.as_of);
    if (question.as_answered_at.has_value()) {
      *scrub.mutable_as_answered_at() = ToTimestamp(*question.as_answered_at);
    }
    scrub.set_scope(question.scope);
    while (true) {
      ScrubBatch batch;
      const auto more = feed_.Next(&batch);
      if (!more.ok()) return more.status();
      if (!*more) return absl::OkStatus();
      scrub.mutable_texts()->Assign(batch.texts.begin(), batch.texts.end());
      // The batch waits before it is written, so an answer never comes before its batch is known.
      const bool taken = waiting_.Push(batch);
      if (!taken) unsent_ = std::move(batch);
      if (!taken || (!scrub.texts().empty() && !stream_->Write(request))) {
        cut_short_ = true;
        return absl::OkStatus();
      }
    }
  }

  void ReadAnswers() {
    v1::ScrubStreamResponse response;
    while (auto batch = waiting_.Pop()) {
      response.mutable_scrub()->Clear();
      // A batch of blank lines was not sent.
      if (!batch->texts.empty()) {
        watchdog_.BeginWait();
        broken_ = !stream_->Read(&response);
        watchdog_.EndWait();
        if (broken_) {
          unanswered_.push_front(*std::move(batch));
          break;
        }
      }
      sink_status_ = CheckAnswer(batch->texts.size(), response.scrub());
      if (sink_status_.ok()) sink_status_ = sink_(*batch, response.scrub());
      if (!sink_status_.ok()) {
        context_.TryCancel();
        break;
      }
    }
    waiting_.Close();
  }

  Session& session_;
  BatchFeed& feed_;
  const BatchSink& sink_;
  grpc::ClientContext context_;
  Watchdog watchdog_;
  std::unique_ptr<Stream> stream_;
  BatchQueue waiting_;
  bool cut_short_ = false;             // used by the writer
  bool broken_ = false;                // used by the reader until it has been joined
  absl::Status sink_status_;           // the same
  std::deque<ScrubBatch> unanswered_;  // the same
  std::optional<ScrubBatch> unsent_;
};

}  // namespace

absl::Status ScrubStream(Session& session, const ScrubQuestion& question, const BatchSource& source,
                         const BatchSink& sink) {
  BatchFeed feed(source);
  for (;;) {
    Pipeline pipeline(session, feed, sink);
    absl::Status status = pipeline.Run(question);
    // The batch that is too large is the first one without an answer.
    std::deque<ScrubBatch>& unanswered = pipeline.unanswered();
    const size_t most =
        unanswered.empty() ? 0 : SmallerBatch(status, unanswered.front().texts.size());
    if (most == 0) return status;
    feed.Shrink(most, std::move(unanswered));
  }
}

}  // namespace dnc::cli
