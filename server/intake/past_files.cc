#include "server/intake/past_files.h"

#include <set>

#include "server/base/status_macros.h"

namespace dnc {

absl::Status PastFiles::Read() {
  const std::vector<uint64_t> lineage = Lineage(*base_.state, base_.before->head.id());
  const std::set<uint64_t> in_lineage(lineage.begin(), lineage.end());
  for (const auto& [id, head] : base_.state->releases) {
    if (head->list_id() != base_.before->list_id) continue;
    DNC_ASSIGN_OR_RETURN(const storage::Release release, base_.store->ReadRelease(id));
    for (const storage::File& file : release.files()) {
      files_.push_back({id, in_lineage.count(id) != 0, file});
    }
  }
  return absl::OkStatus();
}

bool PastFiles::InEffect(const PastFile& past, int area_code) const {
  const ListState& before = *base_.before;
  if (!past.in_lineage || before.damaged[area_code]) return false;
  const auto seal = before.seals.find(area_code);
  if (seal == before.seals.end()) return before.covers_all();
  return past.release_id >= seal->second.first_release();
}

}  // namespace dnc
