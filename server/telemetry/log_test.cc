#include "server/telemetry/log.h"

#include <gtest/gtest.h>

#include <cassert>
#include <cstdlib>

namespace dnc {
namespace {

TEST(AbortNoteDeathTest, TellsOfTheRemedy) {
  EXPECT_EXIT(
      {
        InstallAbortNote("/var/lib/dncd");
        std::abort();
      },
      testing::KilledBySignal(SIGABRT), "a store in /var/lib/dncd is damaged.*The server does not");
}

}  // namespace
}  // namespace dnc
