#include "server/wire/grpc_stream.h"

#include <algorithm>
#include <array>
#include <boost/asio/steady_timer.hpp>

#include "absl/time/clock.h"
#include "server/base/str_cat.h"
#include "server/wire/grpc_text.h"
#include "server/wire/header_fields.h"
#include "server/wire/http2_connection.h"
#include "server/wire/wire_errors.h"

namespace dnc {
namespace {

// What the headers of most calls need, taken at once.
constexpr size_t kUsualText = 160;
constexpr size_t kUsualHeaders = 4;

// Whether a header belongs to the protocol and not to the call's metadata.
bool IsProtocols(std::string_view name) {
  return name.starts_with(':') || name == "te" || name == "content-type" ||
         (name.starts_with("grpc-") && !IsBinaryMetadata(name));
}

constexpr std::array<bool, 256> MakeNameCharacters() {
  std::array<bool, 256> characters{};
  for (const char c : std::string_view("abcdefghijklmnopqrstuvwxyz0123456789-_.")) {
    characters[static_cast<uint8_t>(c)] = true;
  }
  return characters;
}
constexpr std::array<bool, 256> kNameCharacters = MakeNameCharacters();

// Whether gRPC's protocol knows such metadata. What it does not know must not reach anybody who may
// take it otherwise.
bool IsMetadata(std::string_view name, std::string_view value) {
  bool valid = !name.empty();
  for (const char c : name) valid &= kNameCharacters[static_cast<uint8_t>(c)];
  if (!valid) return false;
  if (IsBinaryMetadata(name)) return DecodeBinaryValues(value).has_value();
  for (const char c : value) valid &= c >= ' ' && c <= '~';  // several at once
  return valid;
}

}  // namespace

struct DeadlineTimer {
  boost::asio::steady_timer asio;
};

StatusPtr ToFields(const GrpcStatus& status, bool kept) {
  return std::make_shared<const StatusFields>(status, kept);
}

absl::Status ReceivedMessage::Expand(size_t max_bytes) {
  if (!compressed()) return absl::OkStatus();
  if (encoding_ == MessageEncoding::kIdentity) {
    return Malformed("a message says that it is compressed, but grpc-encoding does not");
  }
  absl::StatusOr<std::string> plain =
      Inflate(encoding_, std::string_view(bytes_).substr(kMessagePrefixBytes), max_bytes);
  if (!plain.ok()) return plain.status();
  bytes_ = std::string(kMessagePrefixBytes, '\0') + *plain;
  return absl::OkStatus();
}

GrpcStream::GrpcStream(Http2Connection* connection, EventLoop* loop, int32_t id,
                       std::shared_ptr<const std::string> peer, Clock::time_point begun)
    : loop_(loop), connection_(connection), id_(id), peer_(std::move(peer)), begun_(begun) {
  header_text_.reserve(kUsualText);
}

GrpcStream::~GrpcStream() = default;

std::optional<std::string_view> GrpcStream::Metadata(std::string_view name) const {
  for (const Header& header : headers_) {
    const std::string_view text(header_text_);
    if (text.substr(header.at, header.name_size) == name) {
      return text.substr(header.at + header.name_size, header.value_size);
    }
  }
  return std::nullopt;
}

int GrpcStream::told_code() const {
  if (!finished_) return static_cast<int>(absl::StatusCode::kCancelled);
  return status_ == nullptr ? 0 : status_->code();
}

absl::Time GrpcStream::DeadlineTime() const {
  if (deadline_ == Clock::time_point::max()) return absl::InfiniteFuture();
  return absl::Now() + absl::FromChrono(deadline_ - Clock::now());
}

void GrpcStream::AddHeader(std::string_view name, std::string_view value, size_t max_kept) {
  constexpr size_t kEachEntry = 32;  // RFC 9113, 6.5.2
  header_bytes_ += name.size() + value.size() + kEachEntry;
  if (!IsProtocols(name)) {
    if (!IsMetadata(name, value)) bad_metadata_ = true;
    metadata_bytes_ += name.size() + value.size() + kEachEntry;
    if (metadata_bytes_ > max_kept) return;
    if (headers_.empty()) headers_.reserve(kUsualHeaders);
    headers_.push_back({static_cast<uint32_t>(header_text_.size()),
                        static_cast<uint32_t>(name.size()), static_cast<uint32_t>(value.size())});
    header_text_.append(name).append(value);
  } else if (name == ":path") {
    path_at_ = header_text_.size();
    path_size_ = std::min(value.size(), max_kept);
    header_text_.append(value, 0, path_size_);
  } else if (name == ":method") {
    is_post_ = value == "POST";
  } else if (name == "content-type") {
    constexpr std::string_view kType = "application/grpc";
    const char next = value.size() > kType.size() ? value[kType.size()] : ';';
    is_grpc_ = value.starts_with(kType) && (next == ';' || next == '+');
  } else if (name == "grpc-encoding") {
    encoding_ = EncodingOf(value);
  } else if (name == "grpc-timeout") {
    const auto timeout = ParseGrpcTimeout(value);
    if (!timeout.has_value()) {
      bad_timeout_ = true;
    } else if (*timeout < kEndlessTimeout) {
      deadline_ = begun_ + *timeout;
    }
  }
}

absl::Status GrpcStream::CheckHeaders(size_t max_kept) const {
  if (metadata_bytes_ > max_kept) return TooMuchMetadata(metadata_bytes_, max_kept);
  if (bad_metadata_) {
    return Malformed(
        "the call's metadata have a name or a value that gRPC does not permit: send printable "
        "ASCII, or base64 in a name with -bin");
  }
  if (bad_timeout_) {
    return Malformed("grpc-timeout is not a number of at most eight digits with its unit");
  }
  if (encoding_ == MessageEncoding::kUnknown) {
    return NotSupported(
        StrCat("the message's encoding is none of ", kAcceptedEncodings, "; send one of those"));
  }
  return absl::OkStatus();
}

template <class Task>
void GrpcStream::OnLoop(Task task) {
  if (loop_->InThread()) {
    task();
    return;
  }
  // What is posted is copied, and a task may own what can't be.
  loop_->Post(
      [self = shared_from_this(), held = std::make_shared<Task>(std::move(task))] { (*held)(); });
}

void GrpcStream::AskMessage() {
  OnLoop([this] {
    asked_ = true;
    if (connection_ == nullptr) return;
    heard_ = connection_->PeerNow();
    if (!body_.empty()) message_since_ = heard_;
    connection_->Deliver(this);
  });
}

void GrpcStream::Write(MessageBuffer message) {
  OnLoop([this, message = std::move(message)]() mutable {
    if (connection_ == nullptr || finished_) return;
    connection_->Send(this, std::move(message));
  });
}

void GrpcStream::Finish(const GrpcStatus& status) { FinishWith(ToFields(status)); }

void GrpcStream::FinishWith(StatusPtr status) {
  OnLoop([this, status = std::move(status)]() mutable {
    if (connection_ == nullptr || finished_) return;
    connection_->End(this, std::move(status));
  });
}

void GrpcStream::Answer(MessageBuffer message) {
  OnLoop([this, message = std::move(message)]() mutable {
    if (connection_ == nullptr || finished_) return;
    finished_ = true;
    connection_->Send(this, std::move(message));
  });
}

void GrpcStream::WatchDeadline() {
  if (deadline_ == Clock::time_point::max()) return;
  OnLoop([this] {
    if (connection_ == nullptr || finished_ || timer_ != nullptr) return;
    timer_ = std::make_unique<DeadlineTimer>(
        DeadlineTimer{boost::asio::steady_timer(loop_->io(), deadline_)});
    timer_->asio.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      if (error) return;
      if (const CallPtr call = weak.lock(); call != nullptr) call->Expire();
    });
  });
}

void GrpcStream::StopTimer() { timer_.reset(); }

void GrpcStream::Expire() {
  if (connection_ == nullptr || finished_) return;
  cancelled_.store(true, std::memory_order_relaxed);
  if (const auto handler = handler_; handler != nullptr) handler->OnCancel(CallEnd::kDeadline);
}

}  // namespace dnc
