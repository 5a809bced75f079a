// How a batch is answered. The lists take far more memory than the caches hold, so most time is
// spent waiting for cache lines. Groups of 64 numbers therefore overlap: while one group is
// answered, the lines for the next groups are on their way.
//
//   group g+3   Fetch    splits the numbers and requests the cache line of each, in every list
//   group g+2            its lines are on their way
//   group g+1   Resolve  where that line only holds a difference, requests the line of its base
//   group g     Answer   tests the numbers in every list, and reads their answers from the plan
//
// The lines go into the second-level cache, which takes more requests at a time than the first
// (prefetch_line.h). A request then never waits for others, so the group must be further ahead than
// it would be otherwise.
//
// The test gives one word per list, with a bit for each number. The plan's table has a row for each
// area code and is indexed by one byte per number, with a bit for each list. So the words are
// transposed (Transpose):
//
//              number 0 1 2 3 ...                              list 0 1 2
//     list 0:         1 0 0 1        Transpose    number 0:         1 0 1
//     list 1:         0 0 1 0      ------------>  number 1:         0 0 1
//     list 2:         1 1 0 0                     number 2:         0 1 0
//
//     answer of a number = table[row of its area code + its byte]
//
// What the table cannot know is answered number by number, straight from the rules: the few numbers
// about which the tenant's records say something, and all numbers if there are too many lists for a
// table.
#include "server/scrub/batch_engine.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "server/base/check.h"
#include "server/index/group_lookup.h"
#include "server/scrub/answer_ends.h"
#include "server/scrub/scrub_plan.h"

namespace dnc {
namespace {

static_assert(kGroupSize == 64, "a word has a bit for each number of a group");

// The plans that a thread used last, the latest one first. They are few, because tenants with the
// same terms share a plan.
class Plans {
 public:
  ScrubPlan& Of(const SnapshotPtr& snapshot, const TenantTerms* terms, absl::Time now) {
    size_t at = 0;
    while (at + 1 < plans_.size() && plans_[at] != nullptr &&
           !plans_[at]->Fits(snapshot, terms, now)) {
      ++at;
    }
    if (plans_[at] == nullptr || !plans_[at]->Fits(snapshot, terms, now)) {
      plans_[at] = std::make_unique<ScrubPlan>(snapshot, terms);
    }
    std::rotate(plans_.begin(), plans_.begin() + static_cast<ptrdiff_t>(at),
                plans_.begin() + static_cast<ptrdiff_t>(at) + 1);
    return *plans_.front();
  }

 private:
  std::array<std::unique_ptr<ScrubPlan>, 8> plans_;
};

// Byte i of entry b is bit i of b, so that one look-up spreads eight bits into eight bytes.
constexpr std::array<uint64_t, 256> MakeSpread() {
  std::array<uint64_t, 256> spread{};
  for (uint64_t bits = 0; bits < 256; ++bits) {
    for (uint64_t i = 0; i < 8; ++i) spread[bits] |= (bits >> i & 1) << (8 * i);
  }
  return spread;
}
constexpr std::array<uint64_t, 256> kSpread = MakeSpread();

// Sets bit l of marks[i] to bit i of listed[l].
void Transpose(absl::Span<const uint64_t> listed, size_t count,
               std::array<uint8_t, kGroupSize>& marks) {
  for (size_t start = 0; start < count; start += 8) {
    uint64_t eight = 0;
    for (size_t l = 0; l < listed.size(); ++l) eight |= kSpread[listed[l] >> start & 0xFF] << l;
    std::memcpy(marks.data() + start, &eight, sizeof(eight));
  }
}

class BatchScrub {
 public:
  BatchScrub(const Snapshot& snapshot, absl::Time now, const TenantSide& tenant,
             const BatchAnswers& answers, ScrubPlan& plan, std::vector<GroupLookup>& lookups,
             std::vector<uint64_t>& listed)
      : snapshot_(snapshot),
        now_(now),
        facts_(tenant.terms == nullptr ? absl::Span<const uint8_t>() : tenant.facts),
        answers_(answers),
        plan_(plan),
        lookups_(lookups),
        listed_(listed) {}

  void Fetch(size_t g, absl::Span<const Number> numbers) {
    Split(numbers, Group(g));
    for (size_t l = 0; l < Lists(); ++l) snapshot_.lists[l]->numbers.Fetch(Group(g), Lookup(g, l));
  }

  void Resolve(size_t g) {
    for (size_t l = 0; l < Lists(); ++l) Lookup(g, l).Resolve(Group(g));
  }

  void Answer(size_t g) {
    for (size_t l = 0; l < Lists(); ++l) listed_[l] = Lookup(g, l).Test(Group(g));
    if (plan_.has_table()) {
      AnswerFromTable(g);
      AnswerWithRecords(g);
    } else {
      for (size_t i = 0; i < Group(g).count; ++i) AnswerFromRules(g, i);
    }
  }

  const AskedAreas& asked() const { return asked_; }

  // Returns AnswerEnds::LeastOfLists once the last answer is given; the plan knows the spans of the
  // area codes.
  absl::Time LeastOfLists(absl::Span<const Number> numbers) const {
    const absl::Span<const uint8_t> verdicts = answers_.verdicts;
    // If something is not covered, its area code may have no answer that holds.
    const bool all_hold =
        verdicts.empty() || std::memchr(verdicts.data(), static_cast<int>(Verdict::kNotCovered),
                                        verdicts.size()) == nullptr;
    return all_hold ? LeastOf(asked_) : LeastOf(HoldingAreas(numbers, verdicts));
  }

 private:
  absl::Time LeastOf(const AskedAreas& areas) const {
    LeastEnd end(now_);
    areas.ForEach([&](uint16_t area) { end.Add(plan_.ListsSpanOf(area)); });
    return end.least();
  }

  size_t Lists() const { return snapshot_.lists.size(); }
  NumberGroup& Group(size_t g) { return groups_[g % kGroupsAhead]; }
  GroupLookup& Lookup(size_t g, size_t list) { return lookups_[g % kGroupsAhead * Lists() + list]; }

  void AnswerFromTable(size_t g) {
    std::array<uint8_t, kGroupSize> marks;
    Transpose(listed_, Group(g).count, marks);
    if (ReadTable(g, marks)) return;
    // These are the first numbers of some area code; the table has its answers from now on.
    plan_.Classify(snapshot_, now_, Group(g));
    DNC_CHECK(ReadTable(g, marks), "an area code that was classified has answers");
  }

  // Returns false if the table has no answer for some number.
  bool ReadTable(size_t g, const std::array<uint8_t, kGroupSize>& marks) {
    const NumberGroup& group = Group(g);
    const BatchAnswer* const table = plan_.table();
    const uint16_t* const rows = plan_.rows();
    std::array<uint8_t, kGroupSize> verdicts;  // kept apart, because bytes may alias anything
    ReasonSet* const reasons = answers_.reasons.data() + g * kGroupSize;
    ForEachIn(
        group, [&](size_t i) __attribute__((always_inline)) {
          const uint16_t area = group.areas[i];
          asked_.Add(area);
          const BatchAnswer answer = table[rows[area] + size_t{marks[i]}];
          verdicts[i] = static_cast<uint8_t>(answer.verdict);
          reasons[i] = answer.reasons;
        });
    std::memcpy(answers_.verdicts.data() + g * kGroupSize, verdicts.data(), group.count);
    return std::memchr(verdicts.data(), static_cast<int>(Verdict::kUnspecified), group.count) ==
           nullptr;
  }

  // Answers those numbers again about which the tenant's records say something; they are few.
  void AnswerWithRecords(size_t g) {
    if (facts_.empty()) return;
    const uint8_t* const facts = facts_.data() + g * kGroupSize;
    const size_t count = Group(g).count;
    static_assert(kNoRecord == 0);
    for (size_t i = 0; i < count;) {
      uint64_t eight = 1;
      if (i + sizeof(eight) <= count) std::memcpy(&eight, facts + i, sizeof(eight));
      if (eight == 0) {
        i += sizeof(eight);
        continue;
      }
      if (facts[i] != kNoRecord) AnswerFromRules(g, i);
      ++i;
    }
  }

  void AnswerFromRules(size_t g, size_t i) {
    const size_t at = g * kGroupSize + i;
    const uint8_t facts = facts_.empty() ? uint8_t{kNoRecord} : facts_[at];
    const uint16_t area = Group(g).areas[i];
    asked_.Add(area);
    const BatchAnswer answer = plan_.Decide(snapshot_, now_, area, listed_, i, facts);
    answers_.verdicts[at] = static_cast<uint8_t>(answer.verdict);
    answers_.reasons[at] = answer.reasons;
  }

  const Snapshot& snapshot_;
  const absl::Time now_;
  const absl::Span<const uint8_t> facts_;  // empty: no number has any
  const BatchAnswers& answers_;
  ScrubPlan& plan_;
  std::vector<GroupLookup>& lookups_;
  std::vector<uint64_t>& listed_;  // for the group being answered, one word for each list
  std::array<NumberGroup, kGroupsAhead> groups_;
  AskedAreas asked_;
};

// Each thread keeps one scratch area, so that a batch allocates nothing.
struct Scratch {
  Plans plans;
  std::vector<GroupLookup> lookups;
  std::vector<uint64_t> listed;
};

}  // namespace

BatchBasis ScrubBatch(const SnapshotPtr& snapshot, absl::Time now, absl::Span<const Number> numbers,
                      const TenantSide& tenant, const BatchAnswers& answers) {
  DNC_CHECK(numbers.size() == answers.verdicts.size() && numbers.size() == answers.reasons.size(),
            "a scrub answers every number");
  DNC_CHECK(tenant.terms == nullptr || tenant.facts.size() == numbers.size(),
            "a tenant's scrub knows what its records say of every number");
  thread_local Scratch scratch;
  const size_t lists = snapshot->lists.size();
  if (scratch.lookups.size() < lists * kGroupsAhead) scratch.lookups.resize(lists * kGroupsAhead);
  scratch.listed.resize(lists);
  BatchScrub scrub(*snapshot, now, tenant, answers, scratch.plans.Of(snapshot, tenant.terms, now),
                   scratch.lookups, scratch.listed);
  InGroups(
      numbers.size(),
      [&](size_t g) { scrub.Fetch(g, numbers.subspan(g * kGroupSize, kGroupSize)); },
      [&](size_t g) { scrub.Resolve(g); }, [&](size_t g) { scrub.Answer(g); });
  return {scrub.asked(), scrub.LeastOfLists(numbers)};
}

}  // namespace dnc
