#include "server/rpc/rpc_context.h"

#include <chrono>
#include <thread>

#include "grpc/support/time.h"

namespace dnc {

void LiveCalls::WaitUntilNone() const {
  while (count_.load(std::memory_order_acquire) != 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

absl::Time DeadlineOf(const grpc::ServerContext& context) {
  // ServerContext::deadline() counts nanoseconds in 64 bits, and takes what lies beyond 2262 for a
  // time long ago.
  const gpr_timespec deadline = gpr_convert_clock_type(context.raw_deadline(), GPR_CLOCK_REALTIME);
  if (gpr_time_cmp(deadline, gpr_inf_future(GPR_CLOCK_REALTIME)) == 0) {
    return absl::InfiniteFuture();
  }
  return absl::FromUnixSeconds(deadline.tv_sec) + absl::Nanoseconds(deadline.tv_nsec);
}

}  // namespace dnc
