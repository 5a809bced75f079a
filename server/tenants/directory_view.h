// All tenants and keys at one moment, as calls see them, and how the next moment is published.
//
// A published view is immutable. The next one shares everything with it except the shards that a
// change touches, so a change costs the same for ten tenants and for a hundred thousand.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "server/base/str_cat.h"
#include "server/tenants/tenant.h"

namespace dnc {

// A hash map with text keys that is cheap to copy.
template <typename Value>
class SharedMap {
 public:
  // Returns null if there is none.
  const Value* Find(std::string_view key) const {
    const ShardPtr& shard = shards_[ShardOf(key)];
    if (shard == nullptr) return nullptr;
    const auto found = shard->find(ToAbsl(key));
    return found == shard->end() ? nullptr : &found->second;
  }

  // Copies one shard; other copies of the map keep theirs.
  void Put(std::string_view key, Value value) {
    CopyShard(key)->insert_or_assign(std::string(key), std::move(value));
  }
  void Erase(std::string_view key) { CopyShard(key)->erase(std::string(key)); }

  // Does what Put does, but in place; only before the map is copied.
  void Fill(std::string_view key, Value value) {
    ShardPtr& shard = shards_[ShardOf(key)];
    if (shard == nullptr) shard = std::make_shared<Shard>();
    shard->insert_or_assign(std::string(key), std::move(value));
  }

  template <typename Fn>
  void ForEach(const Fn& fn) const {
    for (const ShardPtr& shard : shards_) {
      if (shard == nullptr) continue;
      for (const auto& [key, value] : *shard) fn(value);
    }
  }

 private:
  static constexpr size_t kShards = 1024;
  using Shard = absl::flat_hash_map<std::string, Value>;
  using ShardPtr = std::shared_ptr<Shard>;

  static size_t ShardOf(std::string_view key) {
    // This is FNV-1a, because it must differ from the hash inside a shard: otherwise all keys of a
    // shard would crowd there.
    uint64_t hash = 0xCBF29CE484222325;
    for (const char c : key) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3;
    return (hash ^ hash >> 32) % kShards;
  }

  Shard* CopyShard(std::string_view key) {
    ShardPtr& shard = shards_[ShardOf(key)];
    shard = shard == nullptr ? std::make_shared<Shard>() : std::make_shared<Shard>(*shard);
    return shard.get();
  }

  std::array<ShardPtr, kShards> shards_;
};

// When a key was last used, in minutes since 1970; 0: never. All views share it.
struct KeyUse {
  std::atomic<int64_t> minute{0};
  std::atomic<int64_t> stored{0};
};

struct KeyEntry {
  ApiKey key;  // last_used_at is in `use`
  TenantNumber tenant = 0;
  std::shared_ptr<KeyUse> use;
};
using KeyEntryPtr = std::shared_ptr<const KeyEntry>;

struct DirectoryView {
  SharedMap<TenantViewPtr> tenants;  // by id
  SharedMap<KeyEntryPtr> keys;       // by id
};
using DirectoryViewPtr = std::shared_ptr<const DirectoryView>;

// Makes the view of a tenant with its lists, and the blocks that follow from them.
TenantViewPtr MakeTenantView(Tenant tenant, std::map<std::string, TenantList> lists);

// Returns a pointer to the same view, whose owners this thread counts for itself: calls of one
// tenant on several threads then write to no common cache line. A thread keeps the views of some
// tenants that it asked for last, also when they are no more in force.
TenantViewPtr ThreadsOwn(const TenantViewPtr& tenant);

// Holds the view in force. Thread-safe.
class DirectoryViewCell {
 public:
  // Returns what was published last before the call. It costs one load of a version that rarely
  // changes: each thread keeps its own pointer, so calls do not write to a shared counter. The view
  // is valid until the next Get on this thread, of any cell.
  const DirectoryView& Get() const;

  // Every Get that begins after Publish has returned gives `view` or a later one.
  void Publish(DirectoryViewPtr view);

 private:
  mutable absl::Mutex mutex_;
  DirectoryViewPtr view_ ABSL_GUARDED_BY(mutex_);
  std::atomic<uint64_t> version_{0};  // no other cell's view has the same version
};

}  // namespace dnc
