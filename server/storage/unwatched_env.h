// Hides RocksDB's background work from the thread sanitizer. Debian's library is not built with the
// sanitizer, which therefore does not see how RocksDB's threads hand memory to each other. But it
// does see the C library's copies that they make, and calls them races. Only used in a build with
// that sanitizer.
#pragma once

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DNC_THREAD_SANITIZER 1
#endif
#endif

#ifdef DNC_THREAD_SANITIZER

#include <rocksdb/env.h>

extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
}

namespace dnc {

class UnwatchedEnv final : public rocksdb::EnvWrapper {
 public:
  UnwatchedEnv() : EnvWrapper(rocksdb::Env::Default()) {}
  const char* Name() const override { return "UnwatchedEnv"; }

  void Schedule(void (*work)(void*), void* argument, Priority priority, void* tag,
                void (*undo)(void*)) override {
    EnvWrapper::Schedule(Run, new Job{work, undo, argument}, priority, tag, Undo);
  }

  void StartThread(void (*work)(void*), void* argument) override {
    EnvWrapper::StartThread(Run, new Job{work, nullptr, argument});
  }

 private:
  struct Job {
    void (*work)(void*);
    void (*undo)(void*);
    void* argument;
  };

  static void Run(void* argument) {
    const Job job = Take(argument);
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    job.work(job.argument);
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
  }

  static void Undo(void* argument) {
    const Job job = Take(argument);
    if (job.undo != nullptr) job.undo(job.argument);
  }

  static Job Take(void* argument) {
    auto* const job = static_cast<Job*>(argument);
    const Job taken = *job;
    delete job;
    return taken;
  }
};

}  // namespace dnc

#endif
