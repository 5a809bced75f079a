// Assertions that stay on in release builds: a broken invariant ends the process, because a wrong
// answer costs more than a restart.
#pragma once

#include <cstdio>
#include <cstdlib>

#define DNC_CHECK(condition, what)                                                     \
  do {                                                                                 \
    if (!(condition)) {                                                                \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, __LINE__, what); \
      std::abort();                                                                    \
    }                                                                                  \
  } while (false)
