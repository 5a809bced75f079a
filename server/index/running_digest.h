// Computes XXH3-128 over data that comes in pieces.
#pragma once

#include <xxhash.h>

#include <cstddef>
#include <memory>
#include <new>

namespace dnc {

// Not thread-safe.
class RunningDigest {
 public:
  RunningDigest() : state_(XXH3_createState()) {
    if (state_ == nullptr) throw std::bad_alloc();
    XXH3_128bits_reset(state_.get());
  }
  void Add(const void* data, size_t bytes) { XXH3_128bits_update(state_.get(), data, bytes); }
  XXH128_hash_t Hash() const { return XXH3_128bits_digest(state_.get()); }
  // Returns the same digest, big-endian.
  XXH128_canonical_t Value() const {
    XXH128_canonical_t value;
    XXH128_canonicalFromHash(&value, Hash());
    return value;
  }

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
};

}  // namespace dnc
