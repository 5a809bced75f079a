// A wrong time of day for one process, for tests: loaded by LD_PRELOAD. The file that CLOCK_SHIFT
// names holds 8 bytes, little-endian and signed: by how many seconds the clock goes wrong. Written
// anew, it counts at once.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t no_shift = 0;
static const volatile int64_t* shift = &no_shift;

__attribute__((constructor)) static void Begin(void) {
  const char* const path = getenv("CLOCK_SHIFT");
  const int fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  void* const page = mmap(NULL, sizeof(*shift), PROT_READ, MAP_SHARED, fd, 0);
  if (page != MAP_FAILED) shift = page;
  close(fd);
}

static long Call(long number, long a, long b, long c, long d, long e, long f) {
  long result = 0;
  register long r10 __asm__("r10") = d;
  register long r8 __asm__("r8") = e;
  register long r9 __asm__("r9") = f;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                   : "rcx", "r11", "memory");
  if (result >= 0 || result < -4095) return result;
  errno = (int)-result;
  return -1;
}

static struct timespec Unshifted(const struct timespec* until) {
  struct timespec real = *until;
  real.tv_sec -= *shift;
  if (real.tv_sec < 0) real.tv_sec = 0;
  return real;
}

static int Before(const struct timespec* a, const struct timespec* b) {
  return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

// Where a wait until `until` of the wrong clock is to look again, because that clock may be set
// meanwhile: after a short while, or at its end.
static struct timespec NextLook(const struct timespec* until) {
  const struct timespec end = Unshifted(until);
  struct timespec look;
  Call(SYS_clock_gettime, CLOCK_REALTIME, (long)&look, 0, 0, 0, 0);
  look.tv_nsec += 50000000;
  if (look.tv_nsec >= 1000000000) {
    look.tv_nsec -= 1000000000;
    ++look.tv_sec;
  }
  return Before(&end, &look) ? end : look;
}

// Whether that wait is over.
static int IsOver(const struct timespec* until) {
  struct timespec now;
  Call(SYS_clock_gettime, CLOCK_REALTIME, (long)&now, 0, 0, 0, 0);
  const struct timespec end = Unshifted(until);
  return !Before(&now, &end);
}

// Who waits until a moment of the wrong clock waits as long as that clock says, also if it is set
// while he waits, as the kernel does it.
long syscall(long number, ...) {
  va_list all;
  va_start(all, number);
  long argument[6];
  for (int i = 0; i < 6; ++i) argument[i] = va_arg(all, long);
  va_end(all);
  const long wait = FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME;
  if (number == SYS_futex && argument[3] != 0 &&
      (argument[1] & ~(long)FUTEX_PRIVATE_FLAG) == wait) {
    const struct timespec* const until = (const struct timespec*)argument[3];
    long result = 0;
    do {
      const struct timespec look = NextLook(until);
      result = Call(number, argument[0], argument[1], argument[2], (long)&look, argument[4],
                    argument[5]);
    } while (result != 0 && errno == ETIMEDOUT && !IsOver(until));
    return result;
  }
  return Call(number, argument[0], argument[1], argument[2], argument[3], argument[4], argument[5]);
}

int pthread_cond_timedwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                           const struct timespec* until) {
  int result = 0;
  do {
    const struct timespec look = NextLook(until);
    result = pthread_cond_clockwait(condition, mutex, CLOCK_REALTIME, &look);
  } while (result == ETIMEDOUT && !IsOver(until));
  return result;
}

int clock_gettime(clockid_t clock, struct timespec* out) {
  const int result = (int)Call(SYS_clock_gettime, clock, (long)out, 0, 0, 0, 0);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
    out->tv_sec += *shift;
  }
  return result;
}

int gettimeofday(struct timeval* out, void* zone) {
  (void)zone;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  out->tv_sec = now.tv_sec;
  out->tv_usec = now.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}
