// Tells the thread sanitizer of absl's locks. Debian's absl is not built for it, so that it does
// not see them, and takes all that they guard for races. The functions here come before absl's of
// the same names, do the same, and tell. Linked into each program under the thread sanitizer.
#include <dlfcn.h>

extern "C" {

void __tsan_acquire(void* at);
void __tsan_release(void* at);

// absl::Mutex::Lock, Unlock and Await, under the names that the compiler gives them.
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

void AwaitTold(void* mutex, const void* condition) {
  static const auto await = reinterpret_cast<void (*)(void*, const void*)>(
      dlsym(RTLD_NEXT, "_ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE"));
  __tsan_release(mutex);
  await(mutex, condition);
  __tsan_acquire(mutex);
}

}  // extern "C"
