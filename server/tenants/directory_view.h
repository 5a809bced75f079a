// All tenants and keys at one moment, as calls see them, and how a new moment is published.
//
// A view is immutable once published. The next one shares all of it but the shards that a change
// touches, so that a change costs the same for ten tenants and for a hundred thousand.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "server/base/str_cat.h"
#include "server/tenants/tenant_directory.h"

namespace dnc {

// A hash map by text that is cheap to copy.
template <typename Value>
class SharedMap {
 public:
  // Null if there is none.
  const Value* Find(std::string_view key) const {
    const ShardPtr& shard = shards_[ShardOf(key)];
    if (shard == nullptr) return nullptr;
    const auto found = shard->find(ToAbsl(key));
    return found == shard->end() ? nullptr : &found->second;
  }

  // Copies one shard; other copies of the map keep theirs.
  void Put(std::string_view key, Value value) {
    Own(key)->insert_or_assign(std::string(key), std::move(value));
  }
  void Erase(std::string_view key) { Own(key)->erase(std::string(key)); }

  // As Put, but in place: only while no copy of the map was made.
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
    // FNV-1a: another one than the shard's own, or all keys of a shard would crowd there.
    uint64_t hash = 0xCBF29CE484222325;
    for (const char c : key) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001B3;
    return (hash ^ hash >> 32) % kShards;
  }

  Shard* Own(std::string_view key) {
    ShardPtr& shard = shards_[ShardOf(key)];
    shard = shard == nullptr ? std::make_shared<Shard>() : std::make_shared<Shard>(*shard);
    return shard.get();
  }

  std::array<ShardPtr, kShards> shards_;
};

// When a key was last used, in minutes since 1970; 0: never. Shared by all views.
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

// A tenant with its lists, and the blocks that follow from them.
TenantViewPtr MakeTenantView(Tenant tenant, std::map<std::string, TenantList> lists);

// Where the view in force is found. Thread-safe.
class DirectoryViewCell {
 public:
  // What was published last before the call. Costs a load of a version that changes rarely: each
  // thread keeps a pointer of its own, so that calls do not write to a shared counter. Valid until
  // the next Get on this thread, of whatever cell.
  const DirectoryView& Get() const;

  // Every Get that begins after it returned gives `view` or a later one.
  void Publish(DirectoryViewPtr view);

 private:
  mutable std::mutex mutex_;
  DirectoryViewPtr view_;             // under mutex_
  std::atomic<uint64_t> version_{0};  // of no other cell's view
};

}  // namespace dnc
