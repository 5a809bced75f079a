// What a request may hold. Each limit of a message stands here, once for all fronts; the limits
// that an operator sets (limits.* of the configuration) are handed to the services that keep them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace dnc {

// Writes to a tenant's lists.
inline constexpr size_t kMaxRequestIdBytes = 64;
inline constexpr size_t kMaxRemovalReasonBytes = 200;
inline constexpr size_t kMaxBlocksAtOnce = 1'000;

// How many changes a part of a watch tells at most, and how many records a part of an export.
inline constexpr size_t kMaxChangesAPart = 1'000;
inline constexpr size_t kMaxRecordsAPart = 2'000;

// Loads and changes of the published lists.
inline constexpr size_t kMaxLoadPaths = 10'000;
inline constexpr size_t kMaxWhoAndWhyBytes = 200;  // of `requested_by` and of `reason`
inline constexpr int kMaxCsvColumns = 10'000;

// Uploads.
inline constexpr size_t kMaxUploadFiles = 10'000;
inline constexpr size_t kMaxUploadNameBytes = 255;
inline constexpr size_t kMaxUploadChunkBytes = 1 << 20;

}  // namespace dnc
