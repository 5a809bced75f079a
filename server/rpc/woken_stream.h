// The base of the streams that tell news as it comes: Health.Watch, WatchLoad, WatchChanges.
//
// Such a stream does not look by itself. It looks once when it begins, and then sleeps (Waker)
// until there is news of its topic, until its time has come, or until its caller is gone. At any
// moment one thread has the turn of a stream:
//
//   OnRequest --> Begin --> Look --+--> Write ---> OnWritten --> look again
//                           ^      +--> Finish
//                           |      +--> SleepUntil --> (waker's thread) Woken --+
//                           +---------------------------------------------------+
//
// and the loop's word that the caller is gone comes beside that: it ends the sleep if the stream
// sleeps, and else whoever has the turn finds out.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/rpc/scrub_wire.h"
#include "server/rpc/served_call.h"
#include "server/service/waker.h"

namespace dnc {

class WokenStream : public OneRequestCall, private Sleeper {
 protected:
  enum class LookOn : uint8_t { kAnyThread, kWorker };  // where the disk is read: kWorker

  WokenStream(const RpcContext& rpc, Topic topic, Method method, LookOn look_on, CallPtr call)
      : OneRequestCall(rpc, method, std::move(call)), Sleeper(topic), look_on_(look_on) {}

  // What a stream does. The functions below may be called by whoever has the turn, and each of
  // these ends by giving it away: by one call of Write, SleepUntil, LookSoon or Finish. OnWritten
  // is one of them.
  virtual void Look() = 0;
  // The sleep is over. Looks anew, unless the server stops.
  virtual void Woken();

  // What comes before that: reads the request, and decides on the call.
  virtual absl::Status Begin() = 0;

  // Looks now, or soon if no worker is free.
  void LookSoon();
  void SleepUntil(Waker::Clock::time_point due);
  // When a sleep must end because the caller's key may have run out; kNever if it does not.
  Waker::Clock::time_point EndOfKey(absl::Time expires_at) const;

 private:
  void OnRequest() final;
  void OnGone() final;
  void Wake() final;
  // False if no worker is free; the turn is then still the caller's.
  bool TryLook();
  void LookNow();

  const LookOn look_on_;
  uint64_t ticket_ = 0;  // of the news before the last look
  // The stream itself while it sleeps. Whoever ends the sleep takes it.
  std::shared_ptr<ServedCall> asleep_;
};

// The same with its messages.
template <class Request, class Response>
class WokenCall : public WokenStream {
 protected:
  using WokenStream::WokenStream;

  void Write() { call().Write(ToMessageBuffer(response_)); }

  Request request_;
  Response response_;
};

}  // namespace dnc
