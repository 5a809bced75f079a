// The two halves of a data folder: the published lists' store and the tenants' store, each with
// small files beside it. A missing half is not an empty one: the head of each store names the other
// store, and a note in its folder tells how far that one was.
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

// Decides what to do if a half is missing, and whether both stores are new or whole.
class StorePair {
 public:
  StorePair(std::string data_dir, const StartOptions& start)
      : data_dir_(std::move(data_dir)), start_(start) {}

  // Checks what the files' names tell. Call it before anything is opened.
  absl::Status LookAtFiles();
  // Checks that the mark of the published lists existed. Call it after their store is open and
  // before anything in it is read: reading makes a missing mark anew.
  absl::Status CheckPublishedMark(const Store& published) const;
  // If the tenants' store would begin empty, checks whether it may. Call it before that store is
  // opened. `revision` is that of the published lists.
  absl::Status BeforeTenants(Store& published, uint64_t revision);
  // Compares the two open stores. Makes each known to the other where one is new, and makes each
  // note its revisions with the other from now on.
  absl::Status Join(Store& published, uint64_t published_revision, Store& tenants,
                    uint64_t tenants_revision);

  const LostRevisions& lost() const { return lost_; }
  // Returns a sentence about what was lost, as the operator declared; empty if nothing was.
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
  // Checks that none of the needed marks was missing at the start.
  absl::Status CheckMarks(const std::vector<std::string_view>& needed) const;
  absl::Status CheckNote(std::string_view file, StoreId id, uint64_t revision,
                         std::string_view what) const;
  // Makes the two stores known to each other, with all the files that say so.
  absl::Status NameEachOther(Store& published, Store& tenants, StoreHead& first, StoreHead& second);
  // Returns the newest moment that the folder recorded; if there is none, nobody knows it, and it
  // is the earliest possible.
  absl::Time NewestKept() const;
  // Records that the folder is an older copy, as the operator declared: what may have been written
  // after it, under revisions that nobody knows, is lost.
  absl::Status NoteRestored(Store& published, Store& tenants, uint64_t revision);

  const std::string data_dir_;
  const StartOptions& start_;
  std::vector<std::string_view> missing_marks_;  // those that were missing at the start
  bool has_published_ = false;
  bool has_tenants_ = false;
  LostRevisions lost_;
  std::string told_;
};

}  // namespace dnc
