// The answer to a scrub of any size. Whatever went wrong, the answer for a number is do-not-call
// until the server has said CLEAR for exactly that number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "dnc/v1/scrub_service.pb.h"
#include "dnc/v1/verdict.pb.h"

namespace dnc {

// Of what an answer must be to permit calls.
struct Wanted {
  // What `as_of` or `as_answered_at` asked for. InfiniteFuture: now.
  absl::Time moment = absl::InfiniteFuture();
  // The client's clock when the answer had come.
  absl::Time now = absl::Now();
  // How far an answer about now may be from that, before and behind.
  absl::Duration max_clock_difference = absl::Minutes(10);
};

// Returns OK if an answer says what it rests on: it has a snapshot and, if anything is `clear`, a
// revision and the moment that it is for, which is the one asked for. Otherwise nothing shows that
// a dncd has looked at its lists, for this question.
absl::Status CheckSnapshot(bool has_snapshot, const v1::Snapshot& snapshot, bool clear,
                           const Wanted& wanted);

// Fails if a CLEAR that ends at `end` held no longer when it was given for now. As of an earlier
// moment the server may answer for the last instant of what ended then.
absl::Status CheckEnd(const google::protobuf::Timestamp& end, const v1::Snapshot& snapshot,
                      const Wanted& wanted);

// Several threads may call const member functions at once.
class [[nodiscard]] ScrubResult {
 public:
  // Makes an answer about nothing: do-not-call for every index.
  ScrubResult() = default;
  // Makes an answer for `size` numbers, all do-not-call until batches are added.
  explicit ScrubResult(size_t size) : verdicts_(size), reasons_(size) {}

  // Returns how many numbers were asked about.
  [[nodiscard]] size_t size() const { return verdicts_.size(); }

  // Returns true only if the server answered CLEAR for the number at index `i` of the question.
  // False past the end.
  [[nodiscard]] bool may_call(size_t i) const { return verdict(i) == v1::VERDICT_CLEAR; }

  // Returns VERDICT_UNSPECIFIED, which means do-not-call, for a number without an answer, for a
  // verdict that this version does not know, and past the end.
  [[nodiscard]] v1::Verdict verdict(size_t i) const;

  // Returns all reasons that apply, ascending, including those that this version has no name for.
  [[nodiscard]] std::vector<v1::Reason> reasons(size_t i) const;

  // Returns the same reasons as a set: bit n stands for the reason with value n.
  [[nodiscard]] uint32_t reason_bits(size_t i) const {
    return i < reasons_.size() ? reasons_[i] : 0;
  }

  // Returns until when the verdict at index `i` holds, by all that is known now; a later load or
  // write may change it sooner. The verdict may hold longer, because the server gives the lists'
  // ends for the batch as a whole. InfinitePast if nothing holds (no answer, INVALID, NOT_COVERED,
  // past the end), InfiniteFuture for a verdict without an end.
  [[nodiscard]] absl::Time valid_until(size_t i) const;

  // OK if every number has an answer; otherwise, why the first batch without one failed. Batches
  // from that one on were not asked about, and are do-not-call; batches before it keep their
  // answers.
  [[nodiscard]] const absl::Status& status() const { return status_; }
  [[nodiscard]] bool ok() const { return status_.ok(); }

  // Returns how many numbers have an answer from the server; they are the first ones.
  [[nodiscard]] size_t answered() const { return answered_; }

  // Returns what the answers rest on, one entry for each batch that was answered, in order.
  [[nodiscard]] const std::vector<v1::Snapshot>& snapshots() const { return snapshots_; }

  // Adds the answer for the next `asked` numbers. An answer that does not have exactly one verdict
  // and one set of reasons for each of them, or that does not say on which snapshot it rests
  // (CheckSnapshot), or whose CLEAR is over (CheckEnd), or that tells an end of no number or
  // without a time, fails and changes no number.
  [[nodiscard]] absl::Status AddBatch(size_t asked, const v1::ScrubResponse& response,
                                      const Wanted& wanted);

  // Records why the rest has no answer. Keeps the first error.
  void Fail(absl::Status status) { status_.Update(std::move(status)); }

 private:
  std::vector<uint8_t> verdicts_;
  std::vector<uint32_t> reasons_;
  size_t answered_ = 0;
  std::vector<std::pair<size_t, absl::Time>> batch_ends_;  // by the first index of each batch
  std::map<size_t, absl::Time> earlier_ends_;              // by index
  std::vector<v1::Snapshot> snapshots_;
  absl::Status status_;
};

}  // namespace dnc
