// The evidence of an answer: what it rests on and until when it holds. A batch, a single answer and
// an answer as of a moment all have the evidence that is made here; the code that shows an answer
// only translates it.
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

// The release of a list from which an answer was given.
struct ReleaseName {
  std::string list;
  uint64_t release_id = 0;  // 0: nothing is loaded
  std::string digest;       // 32 hexadecimal digits
};
using ReleaseNames = std::shared_ptr<const std::vector<ReleaseName>>;

// How old the data is that a list answered from, for the area codes that were asked about and that
// the list covers.
struct ListAge {
  // When the oldest data was obtained; InfinitePast if the list covers none of these area codes.
  absl::Time obtained_at = absl::InfinitePast();
  // Until when all the data is young enough; InfiniteFuture if the list covers none of these area
  // codes.
  absl::Time valid_until = absl::InfiniteFuture();
  // Until when silent change lists show that nothing changed in the oldest data; InfinitePast if
  // none do.
  absl::Time known_by_silence_at = absl::InfinitePast();

  friend bool operator==(const ListAge&, const ListAge&) = default;
};

// A number whose answer ends before the published lists do, because a record of the tenant ends or
// begins to count.
struct EarlierEnd {
  uint32_t index = 0;  // the number's place in the question
  absl::Time valid_until;

  friend bool operator==(const EarlierEnd&, const EarlierEnd&) = default;
};

struct Evidence {
  // Every change up to this revision is in the answer: of lists, of the tenant's records and terms,
  // and of its keys.
  uint64_t revision = 0;
  // The revision of the published lists, which may be later.
  uint64_t lists_revision = 0;
  // The moment that the answer is about.
  absl::Time decided_at;
  // Until when all answers hold that hold at `decided_at`: the earliest of their ends.
  // InfiniteFuture if none holds, or if none ends.
  absl::Time valid_until = absl::InfiniteFuture();
  // The lists that count, in the policy's order. Two answers that share the pointer rest on the
  // same releases.
  ReleaseNames releases;
  // How old the data of each list is; has as many entries as `releases`.
  std::vector<ListAge> ages;
  // The numbers whose answers end before their lists do, ascending by index.
  std::vector<EarlierEnd> earlier_ends;
};

// Works out what the answers from one snapshot rest on. It does the work that does not depend on
// the question only once, and keeps no list alive. A const source is thread-safe.
class EvidenceSource {
 public:
  // Prepares for questions about the area codes `areas` only; `AskedAreas::All()` if any may come.
  EvidenceSource(const Snapshot& snapshot, const AskedAreas& areas);

  // Returns the lists of the snapshot.
  const ReleaseNames& releases() const { return releases_; }

  // Puts the lists and their ages into `evidence`, and leaves the rest of it alone. `snapshot` is
  // the source's own; `asked` are some of the area codes that the source was made for. Allocates
  // nothing if `evidence` had as many lists before.
  void Fill(const Snapshot& snapshot, const AskedAreas& asked, Evidence* evidence) const;

 private:
  // The area codes of which a list has data, in two orders.
  struct Order {
    std::vector<uint16_t> by_age;  // the oldest first
    // Begins with the area code whose data grows too old first; empty if that order equals the
    // order by age.
    std::vector<uint16_t> by_end;
  };

  static Order OrderOf(const SnapshotList& list, const AskedAreas& areas);

  uint64_t lists_revision_;
  ReleaseNames releases_;
  std::vector<Order> orders_;  // one for each list
};

}  // namespace dnc
