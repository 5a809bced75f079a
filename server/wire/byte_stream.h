// A connection's bytes, in plain text or through TLS, read and written on the connection's loop.
//
//   plain:  socket --> read space of the loop --> OnBytes          Send --> socket
//   TLS:    socket --> read space --> OpenSSL --> plain space --> OnBytes
//           Send --> OpenSSL --> socket
//
// A connection that is quiet keeps no buffers but a kilobyte for the first bytes to come: more is
// read into the space that the loop lends.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "server/wire/event_loop.h"
#include "server/wire/tls_context.h"

namespace dnc {

// Belongs to its loop's thread.
class ByteStream {
 public:
  // Who uses the bytes.
  class User {
   public:
    virtual ~User() = default;
    // What has arrived; valid during the call.
    virtual void OnBytes(std::string_view bytes) = 0;
    // TLS is agreed on, or there is none: from now on Send may be called.
    virtual void OnReady() = 0;
    // What could not be sent at once is sent.
    virtual void OnSent() = 0;
    // The connection is gone. Called once, the last of all.
    virtual void OnClosed() = 0;
  };

  // Takes `fd` over, which does not block. `ssl`: null for plain text.
  ByteStream(EventLoop* loop, int fd, SslPtr ssl);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  // Begins to read. `user` owns the stream: each operation that is under way holds it.
  void Start(std::shared_ptr<User> user);
  // Sends now what the socket takes, and keeps the rest. Only after OnReady.
  void Send(std::string_view bytes);
  size_t unsent() const { return unsent_.size() - unsent_at_; }
  // How many sent bytes the peer's kernel has not taken yet.
  size_t Queued() const;
  // When the socket last took something.
  EventLoop::Clock::time_point progress() const { return progress_; }
  // Says that nothing more is sent; what still comes is read. For a good end: closing a socket that
  // has unread bytes would take from the peer what it has not read yet.
  void FinishSending();
  // Stops reading, and begins again. What has been read already still comes.
  void PauseReading() { paused_ = true; }
  void ResumeReading();
  // Closes at once: what is not sent is lost. OnClosed follows, not within this call.
  void Close();
  bool closed() const { return closed_; }

 private:
  static constexpr size_t kFirstBytes = 1024;
  struct Socket;  // Asio's

  void ReadSoon();
  void OnRead(size_t bytes, bool failed);
  // Reads on while the socket has something, for a while. False if the connection has ended.
  bool ReadMore();
  void Take(std::string_view bytes);
  void TakeTls(std::string_view bytes);
  // Writes to the socket, or keeps.
  void SendRaw(std::string_view bytes);
  void SendTlsOutput();
  // A handshake's message after the handshake. OpenSSL answers each, as often as the peer wants.
  void CountHandshake();
  void WaitToWrite();

  EventLoop* const loop_;
  const std::unique_ptr<Socket> socket_;
  const SslPtr ssl_;
  std::string_view tls_input_;  // what OpenSSL has not read yet
  std::string tls_output_;      // what OpenSSL wants sent
  std::shared_ptr<User> user_;
  std::string unsent_;
  size_t unsent_at_ = 0;
  EventLoop::Clock::time_point progress_{};
  int late_handshakes_ = 0;  // since the last bytes of the peer's
  bool ready_ = false;
  bool reading_ = false;  // a read is under way
  bool waiting_ = false;  // for the socket to take more
  bool paused_ = false;
  bool all_read_ = false;  // the peer has said goodbye while reading was paused
  bool closed_ = false;
  bool finishing_ = false;  // nothing more will be sent
  bool broken_ = false;     // the socket can't be used
  std::array<char, kFirstBytes> first_;
};

}  // namespace dnc
