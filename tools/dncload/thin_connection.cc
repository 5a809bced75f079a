#include "tools/dncload/thin_connection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "dnc/rpc_status.h"
#include "fmt/format.h"
#include "grpcpp/support/status.h"
#include "server/wire/grpc_text.h"

namespace dnc::load {
namespace {

// What the server may send before we open its windows again.
constexpr uint32_t kStreamWindow = 1 << 20;
constexpr int32_t kConnectionWindow = 16 << 20;
// So much is read at once, so that sending does not wait for long.
constexpr size_t kReadBytes = 16 << 10;
// Beyond it, frames wait within nghttp2 until the socket takes more.
constexpr size_t kMaxUnsent = 256 << 10;
// A call that so many connections have not taken fails.
constexpr int kMaxMoves = 3;

// Reads what PercentEncode wrote; what is not encoded well stays as it is.
std::string PercentDecode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    int byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        absl::SimpleHexAtoi({text.data() + i + 1, 2}, &byte)) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// The code of an answer that has an HTTP status and no other, as gRPC's protocol maps them.
grpc::StatusCode CodeOfHttp(int status) {
  switch (status) {
    case 400:
      return grpc::StatusCode::INTERNAL;
    case 401:
      return grpc::StatusCode::UNAUTHENTICATED;
    case 403:
      return grpc::StatusCode::PERMISSION_DENIED;
    case 404:
      return grpc::StatusCode::UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return grpc::StatusCode::UNAVAILABLE;
    default:
      return grpc::StatusCode::UNKNOWN;
  }
}

grpc::StatusCode CodeOfReset(uint32_t error) {
  switch (error) {
    case NGHTTP2_REFUSED_STREAM:
      return grpc::StatusCode::UNAVAILABLE;
    case NGHTTP2_CANCEL:
      return grpc::StatusCode::CANCELLED;
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case NGHTTP2_INADEQUATE_SECURITY:
      return grpc::StatusCode::PERMISSION_DENIED;
    default:
      return grpc::StatusCode::INTERNAL;
  }
}

// Returns the message in the body of an answer that has exactly one; false if it has not.
bool MessageOf(std::string_view body, std::string_view* message) {
  constexpr size_t kPrefix = 5;
  if (body.size() < kPrefix || body[0] != 0) return false;  // we never ask for compressed ones
  size_t size = 0;
  for (size_t i = 1; i < kPrefix; ++i) size = size << 8 | static_cast<uint8_t>(body[i]);
  *message = body.substr(kPrefix);
  return message->size() == size;
}

// What the trailers of an answer say.
absl::Status StatusOf(const ThinCall& call) {
  if (call.code < 0) {
    if (call.http_status == 200) {
      return absl::UnknownError("the answer ended without a grpc-status");
    }
    return FromGrpcStatus({CodeOfHttp(call.http_status),
                           fmt::format("the server answered HTTP {}", call.http_status)});
  }
  if (call.code != 0) {
    return FromGrpcStatus({static_cast<grpc::StatusCode>(call.code), call.message, call.details});
  }
  std::string_view message;
  if (!MessageOf(call.body, &message)) {
    return absl::InternalError("the server said OK, but without exactly one message");
  }
  return absl::OkStatus();
}

nghttp2_nv FieldOf(const ThinHeaders::Field& field) {
  const auto bytes = [](const std::string& text) {
    return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
  };
  return {bytes(field.first), bytes(field.second), field.first.size(), field.second.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

}  // namespace

ThinHeaders::ThinHeaders(std::vector<Field> fields) : texts_(std::move(fields)) {
  for (const Field& field : texts_) fields_.push_back(FieldOf(field));
}

struct ThinConnection::Callbacks {
  static ThinConnection* Self(void* user) { return static_cast<ThinConnection*>(user); }
  static int OnHeader(nghttp2_session* /*session*/, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t /*flags*/,
                      void* user) {
    Self(user)->AddHeader(frame->hd.stream_id, {reinterpret_cast<const char*>(name), name_size},
                          {reinterpret_cast<const char*>(value), value_size});
    return 0;
  }
  static int OnData(nghttp2_session* /*session*/, uint8_t /*flags*/, int32_t stream,
                    const uint8_t* bytes, size_t size, void* user) {
    if (ThinCall* const call = Self(user)->CallOf(stream)) {
      call->body.append(reinterpret_cast<const char*>(bytes), size);
    }
    return 0;
  }
  static int OnFrame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (frame->hd.type == NGHTTP2_SETTINGS && (frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
      Self(user)->OnSettings();
    } else if (frame->hd.type == NGHTTP2_GOAWAY) {
      Self(user)->leaving_ = true;
    } else if (ends && (frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA)) {
      Self(user)->EndAnswer(frame->hd.stream_id);
    }
    return 0;
  }
  static int OnClose(nghttp2_session* /*session*/, int32_t stream, uint32_t error, void* user) {
    Self(user)->OnClosed(stream, error);
    return 0;
  }
  static int OnNotSent(nghttp2_session* /*session*/, const nghttp2_frame* frame, int /*error*/,
                       void* user) {
    if (frame->hd.type != NGHTTP2_HEADERS) return 0;
    if (ThinCall* const call = Self(user)->CallOf(frame->hd.stream_id)) Self(user)->NotTaken(call);
    return 0;
  }
  static ssize_t ReadBody(nghttp2_session* /*session*/, int32_t stream, uint8_t* space, size_t size,
                          uint32_t* flags, nghttp2_data_source* source, void* /*user*/) {
    return Self(source->ptr)->ReadBody(stream, space, size, flags);
  }
};

ThinConnection::ThinConnection(const ThinTarget& target, size_t address, double patience,
                               const ThinHeaders& headers, User* user)
    : socket_(target, address, patience), headers_(headers), user_(user) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, &Callbacks::OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &Callbacks::OnData);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &Callbacks::OnFrame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &Callbacks::OnClose);
  nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, &Callbacks::OnNotSent);
  nghttp2_session_client_new(&session_, callbacks, this);
  nghttp2_session_callbacks_del(callbacks);
  const std::array<nghttp2_settings_entry, 2> settings = {
      {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow}}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
  Flush();
}

ThinConnection::~ThinConnection() { nghttp2_session_del(session_); }

void ThinConnection::Begin(ThinCall* call) {
  const size_t size = call->request.size();
  call->prefix[0] = 0;
  for (size_t i = 0; i < 4; ++i) call->prefix[1 + i] = static_cast<char>(size >> (24 - 8 * i));
  call->sent = 0;
  call->body.clear();
  call->message.clear();
  call->details.clear();
  call->http_status = 0;
  call->code = -1;
  call->connection = this;
  nghttp2_data_provider body{};
  body.source.ptr = this;
  body.read_callback = &Callbacks::ReadBody;
  const auto& fields = headers_.fields();
  call->stream =
      nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &body, nullptr);
  if (call->stream < 0) {
    leaving_ = true;  // no stream ids are left, or no memory is
    NotTaken(call);
    return;
  }
  calls_.emplace(call->stream, call);
}

void ThinConnection::GiveUp(ThinCall* call) {
  calls_.erase(call->stream);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, call->stream, NGHTTP2_CANCEL);
}

void ThinConnection::OnEvent() {
  if (!socket_.open()) socket_.Progress();
  if (socket_.open()) {
    TakeIn();
    Flush();
  }
}

void ThinConnection::TakeIn() {
  std::array<char, kReadBytes> space;
  do {
    const size_t got = socket_.Read(absl::MakeSpan(space));
    if (got == 0) return;
    const ssize_t used =
        nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(space.data()), got);
    if (used < 0) {
      broken_ = true;
      why_ = fmt::format("the server broke HTTP/2's rules: {}",
                         nghttp2_strerror(static_cast<int>(used)));
      return;
    }
  } while (socket_.has_more());
}

void ThinConnection::Flush() {
  if (!socket_.open()) return;
  while (socket_.unsent() + out_.size() < kMaxUnsent) {
    const uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &bytes);
    if (size < 0) {
      broken_ = true;
      why_ = nghttp2_strerror(static_cast<int>(size));
    }
    if (size <= 0) break;
    out_.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
  }
  if (out_.empty()) {
    socket_.Flush();
  } else {
    socket_.Send(out_);
    out_.clear();
  }
}

void ThinConnection::DropCalls() {
  const auto calls = std::exchange(calls_, {});
  for (const auto& [stream, call] : calls) {
    call->connection = nullptr;
    user_->OnDone(call, absl::UnavailableError("the connection was lost: " + why()), {});
  }
}

void ThinConnection::OnSettings() {
  ready_ = true;
  max_calls_ =
      nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
}

void ThinConnection::AddHeader(int32_t stream, std::string_view name, std::string_view value) {
  ThinCall* const call = CallOf(stream);
  if (call == nullptr) return;
  const absl::string_view text(value.data(), value.size());
  if (name == ":status") {
    if (!absl::SimpleAtoi(text, &call->http_status)) call->http_status = 0;
  } else if (name == "grpc-status") {
    constexpr int kLastCode = 16;
    const bool known =
        absl::SimpleAtoi(text, &call->code) && call->code >= 0 && call->code <= kLastCode;
    if (!known) call->code = grpc::StatusCode::UNKNOWN;
  } else if (name == "grpc-message") {
    call->message = PercentDecode(value);
  } else if (name == "grpc-status-details-bin") {
    call->details = DecodeBinaryMetadata(value).value_or("");
  }
}

void ThinConnection::EndAnswer(int32_t stream) {
  ThinCall* const call = CallOf(stream);
  if (call == nullptr) return;
  // An answer that came before all of the question had gone: the rest is not wanted.
  if (call->sent < call->prefix.size() + call->request.size()) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_NO_ERROR);
  }
  calls_.erase(stream);
  Done(call, StatusOf(*call));
}

void ThinConnection::OnClosed(int32_t stream, uint32_t error) {
  ThinCall* const call = CallOf(stream);
  if (call == nullptr) return;
  if (leaving_ && error == NGHTTP2_REFUSED_STREAM) {
    NotTaken(call);
    return;
  }
  calls_.erase(stream);
  Done(call, FromGrpcStatus({CodeOfReset(error), fmt::format("the server reset the call: {}",
                                                             nghttp2_http2_strerror(error))}));
}

void ThinConnection::NotTaken(ThinCall* call) {
  if (call->stream >= 0) calls_.erase(call->stream);
  call->connection = nullptr;
  if (++call->moves <= kMaxMoves) {
    user_->OnNotTaken(call);
  } else {
    user_->OnDone(call, absl::UnavailableError("no connection took the call"), {});
  }
}

void ThinConnection::Done(ThinCall* call, const absl::Status& status) {
  call->connection = nullptr;
  std::string_view message;
  if (status.ok()) MessageOf(call->body, &message);
  user_->OnDone(call, status, message);
}

ssize_t ThinConnection::ReadBody(int32_t stream, uint8_t* space, size_t size, uint32_t* flags) {
  ThinCall* const call = CallOf(stream);
  if (call == nullptr) return NGHTTP2_ERR_DEFERRED;  // it was given up, and its reset follows
  size_t put = 0;
  const size_t prefix = call->prefix.size();
  while (call->sent < prefix && put < size) space[put++] = call->prefix[call->sent++];
  if (put < size && call->sent >= prefix) {
    const size_t part =
        call->request.copy(reinterpret_cast<char*>(space) + put, size - put, call->sent - prefix);
    call->sent += part;
    put += part;
  }
  if (call->sent == prefix + call->request.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(put);
}

}  // namespace dnc::load
