// Knows how much admitted work waits for a loop, about how long that takes, and when the loop has
// spent enough of its time on refusing.
//
//   calls ──► admitted? ──yes──► waiting work ──► done: cost and processor time make the pace
//                 │ no
//                 └──► refused: its time must be earned by nine times as much work
//
// Work has a cost in units of the caller's, which need only be in proportion to each other: what a
// unit takes is measured while the loop has more to do than one turn holds. The thread's own
// processor time is measured, so that a machine that gives its cores to others too, and lets the
// loop stand for a while, makes nothing look slow.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace dnc {

// Belongs to its loop's thread.
class WorkMeter {
 public:
  using Nanoseconds = std::chrono::nanoseconds;

  // Work was admitted.
  void Add(int64_t cost) {
    waiting_ += cost;
    arrived_ += cost;
  }
  // It is done.
  void Remove(int64_t cost) { waiting_ -= cost; }
  // It is done elsewhere.
  void MoveAway(int64_t cost) {
    waiting_ -= cost;
    moved_ += cost;
  }
  // What has moved away from another loop is to be done here. It has not arrived here, so that it
  // says nothing of what taking in and refusing cost.
  void MoveHere(int64_t cost) { waiting_ += cost; }
  // How much has moved away since the last call of this.
  int64_t TakeMoved() { return std::exchange(moved_, 0); }
  // Work was refused because there is too much to do.
  void NoteRefused(int64_t cost) {
    arrived_ += cost;
    refused_ += cost;
  }

  // How much was admitted and is not done.
  int64_t waiting() const { return waiting_; }
  // How long that takes, with all that the loop does besides.
  Nanoseconds Wait() const {
    return Nanoseconds(static_cast<int64_t>(static_cast<double>(waiting_) * Pace()));
  }

  // About how long a single job of this cost takes, without what the loop does besides.
  Nanoseconds TimeOf(int64_t cost) const {
    return Nanoseconds(static_cast<int64_t>(static_cast<double>(cost) * JobPace()));
  }
  // Tells how long a job took. By the clock and not by processor time, which costs more to read:
  // the machine may have stopped the thread meanwhile, so no job counts as very slow.
  void NoteJob(int64_t cost, Nanoseconds took) {
    constexpr int64_t kSlowest = 4;
    const Nanoseconds counted = std::min(took, TimeOf(cost) * kSlowest);
    Remember(cost, &jobs_done_);
    Remember(counted.count(), &jobs_took_);
  }

  // Whether the loop has worked for some time without a pause. Before that, what waits is a burst,
  // as it comes after a quiet time or when the machine had stopped the thread for a while.
  bool SteadilyBusy() const { return busy_ >= kBurst; }

  // Whether work was refused in this turn.
  bool refuses() const { return refused_ > 0; }
  // Whether the loop may take in calls that it may have to refuse. While it may not, it works.
  bool MayTakeIn() const { return debt_ <= Nanoseconds::zero(); }

  // Tells that a turn is over that began with no work left over, and whether there was nothing to
  // do.
  void EndShortTurn(bool idle) {
    if (idle) busy_ = Nanoseconds::zero();
    moved_ = 0;
    arrived_ = 0;
    refused_ = 0;
  }

  // A turn that had work left over from the one before.
  struct FullTurn {
    int64_t done = 0;    // the cost of the work that was done
    Nanoseconds around;  // the thread's processor time for taking in and sending
    Nanoseconds all;     // the same for the whole turn
  };
  void EndFullTurn(const FullTurn& turn) {
    Remember(turn.done, &done_);
    Remember(turn.all.count(), &took_);
    // A large request arrives over many turns, and is refused in the last of them.
    Remember(std::exchange(arrived_, 0), &arrived_of_late_);
    Remember(std::exchange(refused_, 0), &refused_of_late_);
    const double share = refused_of_late_ / std::max(arrived_of_late_, 1.0);
    const Nanoseconds refusing(
        static_cast<int64_t>(static_cast<double>(turn.around.count()) * share));
    const Nanoseconds earned = (turn.all - refusing) / kWorkForRefusing;
    debt_ = std::clamp(debt_ + refusing - earned, Nanoseconds::zero(), kMaxDebt);
    busy_ += turn.all;
  }

 private:
  // Refusing gets a tenth of the time while there is work.
  static constexpr int64_t kWorkForRefusing = 9;
  // However long a turn refused: what waits in the sockets must not wait for long.
  static constexpr Nanoseconds kMaxDebt = std::chrono::microseconds(500);
  // Some milliseconds' worth.
  static constexpr double kTurnsRemembered = 32;
  static constexpr Nanoseconds kBurst = std::chrono::milliseconds(10);
  // What a unit of AdmissionControl takes on a core of 2020, until it is measured, in nanoseconds.
  static constexpr double kFirstPace = 20;
  static constexpr double kFirstDone = 50'000;

  // Adds to a sum over the last turns, in which older ones count less.
  static void Remember(int64_t value, double* sum) {
    *sum += static_cast<double>(value) - *sum / kTurnsRemembered;
  }
  double Pace() const { return took_ / std::max(done_, 1.0); }
  double JobPace() const { return jobs_took_ / std::max(jobs_done_, 1.0); }

  int64_t waiting_ = 0;
  int64_t moved_ = 0;
  int64_t arrived_ = 0;  // in this turn, admitted or refused
  int64_t refused_ = 0;  // of that
  Nanoseconds debt_{0};
  Nanoseconds busy_{0};  // since there was last nothing to do, in full turns
  // Sums over the last turns: the cost of what was done, and the nanoseconds of all.
  double done_ = kFirstDone;
  double took_ = kFirstDone * kFirstPace;
  // The same of single jobs.
  double jobs_done_ = kFirstDone;
  double jobs_took_ = kFirstDone * kFirstPace;
  double arrived_of_late_ = 0;
  double refused_of_late_ = 0;
};

}  // namespace dnc
