// What OpenSSL reads and writes does not go through a BIO pair with buffers of its own but through
// a small BIO that reads from the bytes that have just arrived, and appends to `tls_output_`:
//
//   bytes from the socket --> tls_input_ --(BIO read)--> SSL_read --> OnBytes
//   Send --> SSL_write --(BIO write)--> tls_output_ --> socket
#include "server/wire/byte_stream.h"

#include <linux/sockios.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace dnc {
namespace {

// How much of a connection is read at once before the others have their turn: as many bytes, or
// what is read within a moment. Long bodies, which cost little, need fewer turns so.
constexpr size_t kMaxReadAtOnce = 16 << 10;
constexpr std::chrono::microseconds kReadMoment(20);
constexpr size_t kMaxReadInMoment = 128 << 10;
// More messages of the handshake than that, with nothing between them, are no honest peer's.
constexpr int kMaxLateHandshakes = 32;
// What is kept of a buffer that was needed once.
constexpr size_t kMaxKeptBytes = 4 << 10;

struct TlsEnds {
  std::string_view* input;
  std::string* output;
};

TlsEnds* EndsOf(BIO* bio) { return static_cast<TlsEnds*>(BIO_get_data(bio)); }

int BioRead(BIO* bio, char* out, size_t size, size_t* read) {
  std::string_view& input = *EndsOf(bio)->input;
  BIO_clear_retry_flags(bio);
  *read = std::min(size, input.size());
  if (*read == 0) {
    BIO_set_retry_read(bio);
    return 0;
  }
  std::memcpy(out, input.data(), *read);
  input.remove_prefix(*read);
  return 1;
}

int BioWrite(BIO* bio, const char* bytes, size_t size, size_t* written) {
  BIO_clear_retry_flags(bio);
  EndsOf(bio)->output->append(bytes, size);
  *written = size;
  return 1;
}

long BioControl(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {  // NOLINT
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

int BioCreate(BIO* bio) {
  BIO_set_init(bio, 1);
  return 1;
}

int BioDestroy(BIO* bio) {
  delete EndsOf(bio);
  return 1;
}

BIO_METHOD* MakeMethod() {
  BIO_METHOD* const method =
      BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "bytes of a connection");
  BIO_meth_set_read_ex(method, &BioRead);
  BIO_meth_set_write_ex(method, &BioWrite);
  BIO_meth_set_ctrl(method, &BioControl);
  BIO_meth_set_create(method, &BioCreate);
  BIO_meth_set_destroy(method, &BioDestroy);
  return method;
}

BIO* NewBio(std::string_view* input, std::string* output) {
  static BIO_METHOD* const method = MakeMethod();
  BIO* const bio = BIO_new(method);
  BIO_set_data(bio, new TlsEnds{input, output});
  return bio;
}

}  // namespace

struct ByteStream::Socket {
  boost::asio::generic::stream_protocol::socket asio;
};

ByteStream::ByteStream(EventLoop* loop, int fd, SslPtr ssl)
    : loop_(loop),
      socket_(new Socket{boost::asio::generic::stream_protocol::socket(loop->io())}),
      ssl_(std::move(ssl)) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  boost::system::error_code error;
  socket_->asio.assign(boost::asio::generic::stream_protocol(address.ss_family, 0), fd, error);
  if (error) {
    close(fd);
    broken_ = true;
    return;
  }
  socket_->asio.native_non_blocking(true, error);
  if (ssl_ != nullptr) {
    BIO* const bio = NewBio(&tls_input_, &tls_output_);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_msg_callback_arg(ssl_.get(), this);
    SSL_set_msg_callback(ssl_.get(),
                         [](int written, int /*version*/, int type, const void* /*bytes*/,
                            size_t /*size*/, SSL* /*ssl*/, void* self) {
                           if (written == 0 && type == SSL3_RT_HANDSHAKE) {
                             static_cast<ByteStream*>(self)->CountHandshake();
                           }
                         });
  }
}

ByteStream::~ByteStream() = default;

void ByteStream::Start(std::shared_ptr<User> user) {
  user_ = std::move(user);
  if (broken_) {
    Close();
    return;
  }
  if (ssl_ == nullptr) {
    ready_ = true;
    user_->OnReady();
  }
  ReadSoon();
}

void ByteStream::ReadSoon() {
  if (closed_ || reading_ || paused_) return;
  reading_ = true;
  socket_->asio.async_read_some(
      boost::asio::buffer(first_),
      [this, keeper = user_](const boost::system::error_code& error, size_t bytes) {
        reading_ = false;
        OnRead(bytes, static_cast<bool>(error));
      });
}

void ByteStream::OnRead(size_t bytes, bool failed) {
  if (closed_) return;
  if (failed) {
    Close();
    return;
  }
  Take({first_.data(), bytes});
  if (bytes == first_.size() && !ReadMore()) {
    Close();
    return;
  }
  ReadSoon();
}

bool ByteStream::ReadMore() {
  const absl::Span<char> space = loop_->read_space();
  const auto end = EventLoop::Clock::now() + kReadMoment;
  size_t total = 0;
  while (!closed_ && !paused_ &&
         (total < kMaxReadAtOnce || (total < kMaxReadInMoment && EventLoop::Clock::now() < end))) {
    const size_t wanted = std::min(space.size(), kMaxReadAtOnce);
    const ssize_t got = recv(socket_->asio.native_handle(), space.data(), wanted, 0);
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    total += static_cast<size_t>(got);
    Take({space.data(), static_cast<size_t>(got)});
    if (static_cast<size_t>(got) < wanted) return true;
  }
  return true;
}

void ByteStream::Take(std::string_view bytes) {
  if (ssl_ == nullptr) {
    user_->OnBytes(bytes);
  } else {
    TakeTls(bytes);
  }
}

void ByteStream::TakeTls(std::string_view bytes) {
  tls_input_ = bytes;
  const absl::Span<char> space = loop_->plain_space();
  while (!closed_) {
    size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), space.data(), space.size(), &got);
    const int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result);
    SendTlsOutput();
    if (!closed_ && !ready_ && SSL_is_init_finished(ssl_.get()) != 0) {
      ready_ = true;
      user_->OnReady();
    }
    if (closed_) break;
    if (late_handshakes_ > kMaxLateHandshakes) {
      Close();
      break;
    }
    if (result == 1) {
      late_handshakes_ = 0;
      user_->OnBytes({space.data(), got});
      continue;
    }
    if (error == SSL_ERROR_ZERO_RETURN && paused_) {
      all_read_ = true;  // as in plain text, the end is noticed when it is read
      break;
    }
    if (error != SSL_ERROR_WANT_READ) {
      ERR_clear_error();  // OpenSSL keeps its errors for the thread's next call
      Close();
    }
    break;
  }
  tls_input_ = {};
}

void ByteStream::CountHandshake() {
  if (ready_) ++late_handshakes_;
}

void ByteStream::Send(std::string_view bytes) {
  if (closed_ || bytes.empty()) return;
  if (ssl_ == nullptr) {
    SendRaw(bytes);
    return;
  }
  while (!bytes.empty()) {
    size_t taken = 0;
    if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &taken) != 1) {
      ERR_clear_error();
      Close();
      return;
    }
    bytes.remove_prefix(taken);
  }
  SendTlsOutput();
}

void ByteStream::SendTlsOutput() {
  if (tls_output_.empty()) return;
  SendRaw(tls_output_);
  tls_output_.clear();
  if (tls_output_.capacity() > kMaxKeptBytes) tls_output_.shrink_to_fit();
}

void ByteStream::SendRaw(std::string_view bytes) {
  if (closed_) return;
  if (unsent() == 0) {
    while (!bytes.empty()) {
      const ssize_t sent =
          send(socket_->asio.native_handle(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) break;
        Close();
        return;
      }
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    progress_ = EventLoop::Clock::now();
  }
  unsent_.append(bytes);
  if (unsent() > 0) WaitToWrite();
}

void ByteStream::WaitToWrite() {
  if (waiting_ || closed_) return;
  waiting_ = true;
  socket_->asio.async_wait(boost::asio::socket_base::wait_write,
                           [this, keeper = user_](const boost::system::error_code& error) {
                             waiting_ = false;
                             if (closed_) return;
                             if (error) {
                               Close();
                               return;
                             }
                             const ssize_t sent =
                                 send(socket_->asio.native_handle(), unsent_.data() + unsent_at_,
                                      unsent(), MSG_NOSIGNAL);
                             if (sent < 0 && errno != EAGAIN && errno != EINTR) {
                               Close();
                               return;
                             }
                             if (sent > 0) {
                               unsent_at_ += static_cast<size_t>(sent);
                               progress_ = EventLoop::Clock::now();
                             }
                             if (unsent() > 0) {
                               WaitToWrite();
                               return;
                             }
                             std::string().swap(unsent_);
                             unsent_at_ = 0;
                             if (finishing_) {
                               shutdown(socket_->asio.native_handle(), SHUT_WR);
                             } else {
                               user_->OnSent();
                             }
                           });
}

size_t ByteStream::Queued() const {
  int queued = 0;
  // Of a socket that can't tell, nothing is waited for.
  if (closed_ || ioctl(socket_->asio.native_handle(), SIOCOUTQ, &queued) != 0) return 0;
  return static_cast<size_t>(queued);
}

void ByteStream::FinishSending() {
  if (closed_) return;
  if (ssl_ != nullptr && ready_) {
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
    SendTlsOutput();
  }
  finishing_ = true;
  if (!closed_ && unsent() == 0) shutdown(socket_->asio.native_handle(), SHUT_WR);
}

void ByteStream::ResumeReading() {
  paused_ = false;
  if (all_read_) {
    Close();
    return;
  }
  ReadSoon();
}

void ByteStream::Close() {
  if (std::exchange(closed_, true)) return;
  if (ssl_ != nullptr && ready_ && unsent() == 0) {
    // Says goodbye, as far as the socket takes it at once.
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
    send(socket_->asio.native_handle(), tls_output_.data(), tls_output_.size(), MSG_NOSIGNAL);
  }
  boost::system::error_code ignored;
  socket_->asio.close(ignored);
  std::string().swap(unsent_);
  unsent_at_ = 0;
  boost::asio::post(loop_->io(), [user = std::exchange(user_, nullptr)] { user->OnClosed(); });
}

}  // namespace dnc
