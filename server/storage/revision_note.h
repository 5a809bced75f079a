// The last revision of one store, kept with the other store of the data folder: a store that is
// missing, or that came back as an older copy, is noticed by what the other one's files say.
//
// The file has two slots a page apart, written in turn. They are not synced with each change, which
// would cost a second wait for the disk: whoever removes or restores files finds them all the same,
// and after a loss of power the note may only say too little.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/storage/store_head.h"

namespace dnc {

class RevisionNote {
 public:
  struct Content {
    StoreId store{};
    uint64_t revision = 0;
  };
  // NOT_FOUND STORAGE: there is no such file. DATA_LOSS STORAGE: it has no whole slot.
  static absl::StatusOr<std::unique_ptr<RevisionNote>> Open(const std::string& path);
  // Makes the file anew, durably.
  static absl::StatusOr<std::unique_ptr<RevisionNote>> Make(const std::string& path,
                                                            const Content& content);
  ~RevisionNote();
  RevisionNote(const RevisionNote&) = delete;
  RevisionNote& operator=(const RevisionNote&) = delete;

  const Content& last() const { return last_; }
  // After a change is durable. A note that can't be written is written with the next one.
  void Note(uint64_t revision);
  void Sync() const;

 private:
  RevisionNote(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  bool Put(const Content& content);

  const int fd_;
  const std::string path_;
  Content last_;
  int next_slot_ = 0;
};

}  // namespace dnc
