// The evidence of an answer: what it rests on and until when it holds. A batch, a single answer and
// an answer as of a moment have the same evidence, made here; whoever shows an answer translates
// it.
//
//   EvidenceSource source(*snapshot, AskedAreas::All());
//   ScrubBatch(...);                                   // says which area codes were asked for
//   source.Fill(*snapshot, asked, &evidence);          // the ages of the lists
//   ends.Fill(..., &evidence);                         // until when it holds (answer_ends.h)
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/scrub/asked_areas.h"
#include "server/scrub/snapshot.h"

namespace dnc {

// From which release of a list an answer was given.
struct ReleaseName {
  std::string list;
  uint64_t release_id = 0;  // 0: nothing is loaded
  std::string digest;       // 32 hexadecimal digits
};
using ReleaseNames = std::shared_ptr<const std::vector<ReleaseName>>;

// How old the data is that a list answered from, for the area codes that were asked for and that
// the list covers.
struct ListAge {
  // When the oldest of it was obtained; InfinitePast if the list covers none of them.
  absl::Time obtained_at = absl::InfinitePast();
  // Until when all of it is young enough; InfiniteFuture if the list covers none of them.
  absl::Time valid_until = absl::InfiniteFuture();
  // Up to when silent change lists show that nothing changed in the oldest of it; InfinitePast if
  // none does.
  absl::Time known_by_silence_at = absl::InfinitePast();

  friend bool operator==(const ListAge&, const ListAge&) = default;
};

// A number whose answer ends before the published lists do, because a record of the tenant ends or
// begins to count.
struct EarlierEnd {
  uint32_t index = 0;  // the number's place among those that were asked
  absl::Time valid_until;

  friend bool operator==(const EarlierEnd&, const EarlierEnd&) = default;
};

struct Evidence {
  // Every change up to this one is in the answer: of lists, of the tenant's records and terms, and
  // of its keys.
  uint64_t revision = 0;
  // The revision of the published lists, which may be later.
  uint64_t lists_revision = 0;
  // The moment that the answer is about.
  absl::Time decided_at;
  // Until when all answers hold that hold at `decided_at`: the least of their ends. InfiniteFuture:
  // none holds, or none ends.
  absl::Time valid_until = absl::InfiniteFuture();
  // The lists that count, in the order of the policy. Two answers that share the pointer rest on
  // the same releases.
  ReleaseNames releases;
  // How old the data of each of them is; as many as `releases` has.
  std::vector<ListAge> ages;
  // The numbers whose answers end earlier than their lists, ascending by index.
  std::vector<EarlierEnd> earlier_ends;
};

// Works out what the answers from one snapshot rest on. The work that does not depend on the
// question is done once. Keeps no list alive. A const source is thread-safe.
class EvidenceSource {
 public:
  // For questions about the area codes `areas` only: `AskedAreas::All()` if any may be asked for.
  EvidenceSource(const Snapshot& snapshot, const AskedAreas& areas);

  // The lists of the snapshot.
  const ReleaseNames& releases() const { return releases_; }

  // Puts the lists and their ages into `evidence`, and leaves the rest of it as it is. `snapshot`
  // is that of the source; `asked` are area codes of those that it was made for. Allocates nothing
  // if `evidence` had as many lists before.
  void Fill(const Snapshot& snapshot, const AskedAreas& asked, Evidence* evidence) const;

 private:
  // The area codes of which a list has data.
  struct Order {
    std::vector<uint16_t> by_age;  // the oldest first
    // The first is that whose data grows too old first; empty if that is the order by age, too.
    std::vector<uint16_t> by_end;
  };

  static Order OrderOf(const SnapshotList& list, const AskedAreas& areas);

  uint64_t lists_revision_;
  ReleaseNames releases_;
  std::vector<Order> orders_;  // of each list
};

}  // namespace dnc
