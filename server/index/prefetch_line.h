// Requests memory lines that are read soon.
//
// They go into the second-level cache. The first level has buffers for a dozen or two of requests,
// and more must wait; the second has twice as many. On an AMD EPYC (Zen 4) a random line of 700 MB
// takes 6.1 ns this way, and 10.6 ns into the first level (groups of 256, huge pages). A request
// that does not wait does not slow the caller down either, so it must come further ahead. Reading a
// line from the second level costs some ns more, but these overlap.
#pragma once

namespace dnc {

inline void PrefetchLine(const void* address) {
  __builtin_prefetch(address, /*for writing=*/0, /*locality=*/2);
}

}  // namespace dnc
