#include "server/storage/store_head.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <random>
#include <string>
#include <string_view>

#include "server/base/error.h"
#include "server/base/file_error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/storage/checked_value.h"

namespace dnc {
namespace {

constexpr std::string_view kHeadKey = "store/head";
constexpr std::string_view kClockKey = "store/clock";
constexpr std::string_view kPlaceKey = "store/place";
constexpr uint64_t kNotCopied = ~0ULL;

void Put(std::string& out, uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}
uint64_t Get(std::string_view text, size_t place) {
  uint64_t value = 0;
  for (const char byte : text.substr(place * 8, 8)) {
    value = value << 8 | static_cast<unsigned char>(byte);
  }
  return value;
}

// Reads a checked value of `words` words; nullopt if there is none. Earlier versions wrote fewer
// words, as many as one entry of `before` says; the missing ones are 0.
absl::StatusOr<std::optional<std::string>> Read(const Store& store, std::string_view key,
                                                size_t words,
                                                std::initializer_list<size_t> before = {}) {
  DNC_ASSIGN_OR_RETURN(const auto stored, store.Get(Column::kMeta, key));
  if (!stored.has_value()) return std::nullopt;
  const auto content = RemoveCheck(key, *stored);
  const auto has = [&content](size_t expected) { return content->size() == 8 * expected; };
  if (!content.has_value() || (!has(words) && std::none_of(before.begin(), before.end(), has))) {
    return Error(reason::kStorageDamaged,
                 StrCat("the value ", key, " in ", store.path(),
                        " is damaged; restore the data folder from the newest backup"));
  }
  std::string whole(*content);
  whole.resize(8 * words);
  return whole;
}

absl::Status Write(std::string_view key, const std::string& content, Store& store) {
  StoreBatch batch;
  batch.Put(Column::kMeta, key, AddCheck(key, content));
  return store.Write(batch);
}

}  // namespace

StoreId NewStoreId() {
  std::random_device random;
  StoreId id{};
  for (uint64_t& part : id) part = (uint64_t{random()} << 32) | random();
  return id;
}

absl::StatusOr<std::optional<StoreHead>> ReadStoreHead(const Store& store) {
  DNC_ASSIGN_OR_RETURN(const auto content, Read(store, kHeadKey, 8, {5, 6}));
  if (!content.has_value()) return std::nullopt;
  StoreHead head{{Get(*content, 0), Get(*content, 1)},
                 {Get(*content, 2), Get(*content, 3)},
                 {Get(*content, 5), Get(*content, 4)},
                 {}};
  if (Get(*content, 7) == 0) return head;
  head.untold.since = absl::FromUnixMicros(static_cast<int64_t>(Get(*content, 6)));
  head.untold.until = absl::FromUnixMicros(static_cast<int64_t>(Get(*content, 7)));
  return head;
}

absl::Status WriteStoreHead(const StoreHead& head, Store& store) {
  const bool told = head.untold.since >= head.untold.until;
  const auto micros = [told](absl::Time time) -> uint64_t {
    return told ? 0 : static_cast<uint64_t>(std::max<int64_t>(0, absl::ToUnixMicros(time)));
  };
  std::string content;
  for (const uint64_t word :
       {head.id[0], head.id[1], head.other[0], head.other[1], head.lost.up_to, head.lost.after,
        micros(head.untold.since), micros(head.untold.until)}) {
    Put(content, word);
  }
  return Write(kHeadKey, content, store);
}

absl::StatusOr<bool> NoteCopied(const std::string& path, absl::Time known, Store& store) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return FileError("reading", path, errno);
  DNC_ASSIGN_OR_RETURN(const auto before, Read(store, kPlaceKey, 2, {1}));
  const auto now = static_cast<uint64_t>(info.st_ino);
  if (before.has_value() && Get(*before, 0) == now) return false;
  std::string content;
  Put(content, now);
  Put(content, before.has_value() ? static_cast<uint64_t>(absl::ToUnixMicros(known)) : kNotCopied);
  DNC_RETURN_IF_ERROR(Write(kPlaceKey, content, store));
  return before.has_value();
}

absl::StatusOr<absl::Time> KnownWhenCopied(const Store& store) {
  DNC_ASSIGN_OR_RETURN(const auto place, Read(store, kPlaceKey, 2, {1}));
  if (!place.has_value() || Get(*place, 1) == 0 || Get(*place, 1) == kNotCopied) {
    return absl::InfiniteFuture();
  }
  return absl::FromUnixMicros(static_cast<int64_t>(Get(*place, 1)));
}

absl::StatusOr<AcceptedClock> ReadAcceptedClock(const Store& store) {
  DNC_ASSIGN_OR_RETURN(const auto content, Read(store, kClockKey, 4));
  if (!content.has_value()) return AcceptedClock();
  return AcceptedClock{Get(*content, 0), Get(*content, 1),
                       absl::FromUnixMicros(static_cast<int64_t>(Get(*content, 2))),
                       absl::FromUnixMicros(static_cast<int64_t>(Get(*content, 3)))};
}

absl::Status WriteAcceptedClock(const AcceptedClock& accepted, Store& store) {
  std::string content;
  Put(content, accepted.revision);
  Put(content, accepted.release_id);
  Put(content, static_cast<uint64_t>(absl::ToUnixMicros(accepted.stores_time)));
  Put(content, static_cast<uint64_t>(absl::ToUnixMicros(accepted.accepted_at)));
  return Write(kClockKey, content, store);
}

}  // namespace dnc
