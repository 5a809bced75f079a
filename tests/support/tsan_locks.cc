// Tells the thread sanitizer about absl's locks. Debian's absl is not built for it, so the
// sanitizer does not see them, and takes everything that they guard for races. The functions here
// take precedence over absl's functions of the same names, do the same, and tell the sanitizer.
// They are linked into each program under the thread sanitizer.
//
// absl evaluates a condition on whatever thread has the lock at that moment, even in the middle of
// another thread's Unlock. So each such evaluation is reported as taking the lock and releasing it.
#include <dlfcn.h>

#include "absl/synchronization/mutex.h"

extern "C" {

void __tsan_acquire(void* at);
void __tsan_release(void* at);

// These are absl::Mutex::Lock, Unlock and Await, under the names that the compiler gives them.
void LockTold(void* mutex) __asm__("_ZN4absl7debian35Mutex4LockEv");
void UnlockTold(void* mutex) __asm__("_ZN4absl7debian35Mutex6UnlockEv");
void AwaitTold(void* mutex,
               const void* condition) __asm__("_ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE");

void LockTold(void* mutex) {
  static const auto lock =
      reinterpret_cast<void (*)(void*)>(dlsym(RTLD_NEXT, "_ZN4absl7debian35Mutex4LockEv"));
  lock(mutex);
  __tsan_acquire(mutex);
}

void UnlockTold(void* mutex) {
  static const auto unlock =
      reinterpret_cast<void (*)(void*)>(dlsym(RTLD_NEXT, "_ZN4absl7debian35Mutex6UnlockEv"));
  __tsan_release(mutex);
  unlock(mutex);
}

}  // extern "C"

namespace {

struct Look {
  void* mutex;
  const absl::Condition* condition;
};

// What it reads itself must not be reported.
__attribute__((no_sanitize("thread"))) bool LookTold(Look* look) {
  __tsan_acquire(look->mutex);
  const bool holds = look->condition->Eval();
  __tsan_release(look->mutex);
  return holds;
}

}  // namespace

extern "C" void AwaitTold(void* mutex, const void* condition) {
  static const auto await = reinterpret_cast<void (*)(void*, const void*)>(
      dlsym(RTLD_NEXT, "_ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE"));
  Look look{mutex, static_cast<const absl::Condition*>(condition)};
  const absl::Condition told(&LookTold, &look);
  __tsan_release(mutex);
  await(mutex, &told);
  __tsan_acquire(mutex);
}
