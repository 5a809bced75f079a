// The two halves of a data folder: the published lists' store and the tenants' store, each with
// small files beside it. Absence is not emptiness: the head of each store names the other one, and
// a note in its folder tells how far that was.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "server/assembly/open_stores.h"
#include "server/storage/store.h"
#include "server/storage/store_head.h"

namespace dnc {

// What to do if a half is gone, and both stores are new or whole.
class StorePair {
 public:
  StorePair(std::string data_dir, const StartOptions& start)
      : data_dir_(std::move(data_dir)), start_(start) {}

  // Checks what can be told from the files' names. Call it before anything is opened.
  absl::Status LookAtFiles();
  // Checks that the mark of the published lists was there. Call it after their store is open and
  // before anything of it is read: reading makes a missing mark anew.
  absl::Status CheckPublishedMark(const Store& published) const;
  // Checks whether the tenants' store may begin empty, if it does. Call it before that is opened.
  // `revision` is that of the published lists.
  absl::Status BeforeTenants(Store& published, uint64_t revision);
  // Compares the two, which are open, makes each known to the other where one is new, and has each
  // tell the other of its revisions from now on.
  absl::Status Join(Store& published, uint64_t published_revision, Store& tenants,
                    uint64_t tenants_revision);

  const LostRevisions& lost() const { return lost_; }
  // A sentence about what was lost, as somebody said; empty if nothing was.
  const std::string& told() const { return told_; }

 private:
  std::string Path(std::string_view name) const;
  bool Has(std::string_view name) const;
  // Moves notes that an earlier version kept beside the folders into them.
  absl::Status MoveLooseNotes();
  absl::Status RemoveFiles(const std::vector<std::string_view>& names);
  absl::Status Missing(std::string_view what, std::string_view why) const;
  absl::Status Compare(const std::optional<StoreHead>& published,
                       const std::optional<StoreHead>& tenants) const;
  // Checks that none of the marks that are needed was missing at the start.
  absl::Status CheckMarks(const std::vector<std::string_view>& needed) const;
  absl::Status CheckNote(std::string_view file, StoreId id, uint64_t revision,
                         std::string_view what) const;
  // Makes the two known to each other, with all the files that say so.
  absl::Status NameEachOther(Store& published, Store& tenants, StoreHead& first, StoreHead& second);
  // The newest moment that the folder kept; without one nobody knows, and it is the first of all.
  absl::Time NewestKept() const;
  // Notes that the folder is an older copy, as somebody said: what may have been written after it,
  // under revisions that nobody knows, is lost.
  absl::Status NoteRestored(Store& published, Store& tenants, uint64_t revision);

  const std::string data_dir_;
  const StartOptions& start_;
  std::vector<std::string_view> missing_marks_;  // at the start
  bool has_published_ = false;
  bool has_tenants_ = false;
  LostRevisions lost_;
  std::string told_;
};

}  // namespace dnc
