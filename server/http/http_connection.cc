// How a request passes through:
//
//   kHead --head is whole--> kBody --body is whole--> kCall --Answer--> kAnswer --sent--> kHead
//     |                        |                                           |
//     +------- Refuse ---------+----------------> kAnswer --sent--> kLinger --> closed
//
// An answer is only noted when it comes, and sent at the end of the loop's turn (Flush). Reading
// begins again there too, never within OnBytes: the stream's space is still in use then.
#include "server/http/http_connection.h"

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "absl/strings/ascii.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/http/http_head.h"
#include "server/http/problem.h"
#include "server/service/request_errors.h"
#include "server/wire/wire_errors.h"

namespace dnc {
namespace {

namespace http = boost::beast::http;
using BeastError = boost::beast::error_code;
using BeastView = boost::beast::string_view;

constexpr uint32_t kMaxHeadBytes = 16 << 10;
// Beast's check must have a number; ours is made when the head has come.
constexpr uint64_t kBeastBodyLimit = uint64_t{1} << 62;
// What stands between the chunks of a body, or is sent ahead of an answer.
constexpr size_t kMaxAheadBytes = 128 << 10;
// After a refusal so much is read and dropped.
constexpr size_t kMaxLingerBytes = 16 << 20;
// Of the pool, a network's unknown callers may have this share.
constexpr int64_t kNetworkShares = 16;
constexpr std::chrono::seconds kLinger(2);
// A connection may close when it has been quiet for so long and the server's end is near.
constexpr std::chrono::milliseconds kQuiet(500);
// While the server ends, whoever is still at work sends on within this time.
constexpr std::chrono::milliseconds kEndingHttpSilence(250);
// An answer may take so many times as long as its reader may take nothing of it.
constexpr int kAnswerPatience = 4;
// So long an answer may take for which the pool has no room.
constexpr std::chrono::seconds kShortPatience(2);
// Answers up to this size are sent in one piece.
constexpr size_t kOnePieceBytes = 32 << 10;
// What is kept of the space for bytes that were read ahead.
constexpr size_t kMaxKeptInBytes = 4 << 10;

std::string_view ToView(BeastView text) { return {text.data(), text.size()}; }

absl::Status Defect() {
  return Error(reason::kInternal, "the server let a call go without an answer; report this");
}

absl::Status TooLarge(size_t most) {
  return WithMetadata(
      Error(reason::kLimitReached,
            StrCat("the body has more than the ", most,
                   " bytes that this path takes (http.max_body_bytes bounds all); send less")),
      "max_bytes", StrCat(most));
}

}  // namespace

// What Beast's error means for the caller.
HttpRefusal HttpConnection::BadRequest(const boost::system::error_code& error) {
  if (error == http::error::header_limit) {
    return {http_status::kHeadTooLarge,
            WithMetadata(Error(reason::kLimitReached, StrCat("the request's head has more than ",
                                                             kMaxHeadBytes, " bytes; send less")),
                         "max_bytes", StrCat(kMaxHeadBytes))};
  }
  if (error == http::error::bad_version) {
    return {http_status::kNoSuchVersion, NotSupported("this server speaks HTTP/1.1 and 1.0 here")};
  }
  return {http_status::kBadRequest,
          InvalidRequest(StrCat("the request is not HTTP/1.1: ", error.message()))};
}

struct HttpConnection::Parser final : http::basic_parser<true> {
  explicit Parser(HttpConnection* connection) : owner(connection) {
    header_limit(kMaxHeadBytes);
    body_limit(kBeastBodyLimit);
  }

  void on_request_impl(http::verb /*verb*/, BeastView method, BeastView target, int version,
                       BeastError& /*error*/) override {
    owner->request_.method = ToView(method);
    owner->request_.path = ToView(target);
    owner->is_http10_ = version == 10;
  }
  void on_response_impl(int /*code*/, BeastView /*reason*/, int /*version*/,
                        BeastError& /*error*/) override {}
  // Trailers come here too, behind the head: they say nothing.
  void on_field_impl(http::field /*field*/, BeastView name, BeastView value,
                     BeastError& /*error*/) override {
    if (head_done) return;
    owner->request_.headers.push_back(
        {absl::AsciiStrToLower(ToAbsl(ToView(name))), std::string(ToView(value))});
  }
  void on_header_impl(BeastError& /*error*/) override { head_done = true; }
  void on_body_init_impl(const boost::optional<uint64_t>& /*length*/,
                         BeastError& /*error*/) override {}
  size_t on_body_impl(BeastView bytes, BeastError& error) override {
    if (!owner->TakeBody(ToView(bytes))) error = http::error::body_limit;
    return bytes.size();
  }
  void on_chunk_header_impl(uint64_t /*size*/, BeastView /*extensions*/,
                            BeastError& /*error*/) override {}
  size_t on_chunk_body_impl(uint64_t /*left*/, BeastView bytes, BeastError& error) override {
    return on_body_impl(bytes, error);
  }
  void on_finish_impl(BeastError& /*error*/) override {}

  HttpConnection* const owner;
  bool head_done = false;
};

// Counts as a call of the server until everybody has let go of it.
class HttpConnection::Call final : public HttpCall {
 public:
  Call(LiveCalls* live, EventLoop* loop, std::shared_ptr<Link> link, HttpRequest request)
      : loop_(loop), link_(std::move(link)), request_(std::move(request)) {
    if (live != nullptr) live_.emplace(live);
  }
  ~Call() override {
    if (!ended_) Call::Answer(ProblemAnswer(Defect()));
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  HttpRequest& request() override { return request_; }
  EventLoop* loop() const override { return loop_; }
  bool gone() const override { return link_->gone.load(std::memory_order_relaxed); }

  void Answer(HttpAnswer answer) override {
    if (ended_.exchange(true)) return;
    if (loop_->InThread()) {
      if (link_->connection != nullptr) link_->connection->Finish(std::move(answer));
      return;
    }
    loop_->Post([link = link_, answer = std::move(answer)]() mutable {
      if (link->connection != nullptr) link->connection->Finish(std::move(answer));
    });
  }
  void Break() override {
    if (ended_.exchange(true)) return;
    loop_->Post([link = link_] {
      if (link->connection != nullptr) link->connection->Close();
    });
  }

 private:
  std::optional<LiveCall> live_;
  EventLoop* const loop_;
  const std::shared_ptr<Link> link_;
  HttpRequest request_;
  std::atomic<bool> ended_{false};
};

HttpConnection::HttpConnection(const HttpConnectionContext* context, EventLoop* loop, int fd,
                               SslPtr ssl, std::string peer, std::shared_ptr<HttpNetwork> network)
    : context_(*context),
      loop_(loop),
      peer_(std::move(peer)),
      network_(std::move(network)),
      bytes_(loop, fd, std::move(ssl)),
      held_(context->pool, static_cast<size_t>(context->options.max_body_bytes)),
      since_(Clock::now()),
      heard_(since_) {}

HttpConnection::~HttpConnection() = default;

void HttpConnection::Start() { bytes_.Start(shared_from_this()); }

void HttpConnection::OnBytes(std::string_view bytes) {
  heard_ = Clock::now();
  if (state_ == State::kLinger) {
    lingered_ += bytes.size();
    if (lingered_ > kMaxLingerBytes) bytes_.Close();
    return;
  }
  if (!in_.empty() || state_ == State::kCall || state_ == State::kAnswer) {
    in_.append(bytes);
    if (state_ == State::kCall || state_ == State::kAnswer) {
      if (in_.size() > kMaxAheadBytes) bytes_.Close();
      return;
    }
    const size_t used = Read(in_);
    in_.erase(0, used);
  } else {
    const size_t used = Read(bytes);
    in_.assign(bytes.substr(used));
  }
  if (in_.empty() && in_.capacity() > kMaxKeptInBytes) in_.shrink_to_fit();
}

size_t HttpConnection::Read(std::string_view bytes) {
  size_t used = 0;
  while (used < bytes.size() && (state_ == State::kHead || state_ == State::kBody)) {
    if (parser_ == nullptr) {
      // A line break before a request is left over from the one before it.
      if (bytes[used] == '\r' || bytes[used] == '\n') {
        ++used;
        continue;
      }
      parser_ = std::make_unique<Parser>(this);
      // The first request's time began with the connection.
      if (!first_) since_ = heard_;
    }
    const std::string_view rest = bytes.substr(used);
    BeastError error;
    const size_t taken = parser_->put({rest.data(), rest.size()}, error);
    used += taken;
    if (error == http::error::need_more) {
      // Beast bounds the head, but not what stands between chunks.
      if (rest.size() - taken > kMaxHeadBytes) Refuse(BadRequest(http::error::header_limit));
      break;
    }
    if (error) {
      // TakeBody may have refused it already.
      if (state_ == State::kHead || state_ == State::kBody) Refuse(BadRequest(error));
      break;
    }
    if (state_ == State::kHead && parser_->is_header_done()) TakeHead();
    if (state_ == State::kBody && parser_->is_done()) BeginCall();
  }
  return used;
}

void HttpConnection::TakeHead() {
  keep_ = parser_->keep_alive();
  wants_head_ = request_.method == "HEAD";
  std::optional<HttpRefusal> refusal = CheckHead(request_, is_http10_);
  if (!refusal.has_value()) refusal = TakeTarget(&request_);
  if (refusal.has_value()) {
    keep_ = false;
    Refuse(*refusal);
    return;
  }
  Router::Found found = context_.router->Find(request_.method, request_.path);
  if (found.route == nullptr) {
    RefuseRoute(found.allow);
    return;
  }
  route_ = found.route;
  parts_ = std::move(found.parts);
  max_body_ = std::min(route_->max_body, static_cast<size_t>(context_.options.max_body_bytes));
  state_ = State::kBody;
  since_ = heard_;
  if (parser_->is_done()) return;
  if (parser_->content_length().value_or(0) > max_body_) {
    Refuse({http_status::kTooLarge, TooLarge(max_body_)});
    return;
  }
  if (!is_http10_ && request_.CountOf("expect") > 0) {
    bytes_.Send("HTTP/1.1 100 Continue\r\n\r\n");
  }
}

bool HttpConnection::TakeBody(std::string_view bytes) {
  if (request_.body.size() + bytes.size() > max_body_) {
    Refuse({http_status::kTooLarge, TooLarge(max_body_)});
    return false;
  }
  if (!Hold(bytes.size())) {
    if (route_->breaks_when_crowded) {
      BreakSoon();
    } else {
      Refuse({http_status::kUnavailable, NoRoom()});
    }
    return false;
  }
  request_.body.append(bytes);
  return true;
}

bool HttpConnection::Hold(size_t bytes) {
  const bool pooled = !held_.IsFree(bytes);
  if (pooled && !is_known_.has_value()) {
    is_known_ = context_.is_known == nullptr || context_.is_known(request_);
  }
  const bool known = is_known_.value_or(false);
  if (pooled && !known) {
    // An eighth of what is for unknown callers, and while there is room half of what is left of
    // it. One body always fits.
    const BytePool& pool = *context_.pool;
    const int64_t share =
        std::max(pool.all() / kNetworkShares, int64_t{context_.options.max_body_bytes});
    const int64_t most = std::max(share, (pool.left() - pool.all() / 2) / 2);
    const auto more = static_cast<int64_t>(bytes);
    unknown_bytes_ += bytes;
    if (network_->unknown_bytes.fetch_add(more) + more > most) return false;
  }
  return held_.Add(bytes, known);
}

void HttpConnection::LetGo() {
  held_.Remove(held_.bytes());
  if (beyond_bytes_ > 0) context_.beyond->Give(std::exchange(beyond_bytes_, 0));
  network_->unknown_bytes -= static_cast<int64_t>(std::exchange(unknown_bytes_, 0));
}

void HttpConnection::RefuseRoute(const std::string& allow) {
  if (allow.empty()) {
    Refuse({http_status::kNotFound, Error(reason::kNotFound, "nothing is served at this path")});
    return;
  }
  Refuse(
      {http_status::kNotAllowed, NotSupported(StrCat("this path is served to ", allow, " alone"))});
  answer_->headers.push_back({"Allow", allow});
}

void HttpConnection::Refuse(const HttpRefusal& refusal) {
  if (!parser_->is_done()) keep_ = false;
  bytes_.PauseReading();
  std::string().swap(request_.body);
  LetGo();
  state_ = State::kCall;
  answer_ = ProblemAnswer(refusal.why, refusal.http_status);
  FlushSoon();
}

void HttpConnection::BreakSoon() {
  bytes_.PauseReading();
  std::string().swap(request_.body);
  LetGo();
  state_ = State::kCall;
  break_soon_ = true;
  FlushSoon();
}

void HttpConnection::BeginCall() {
  bytes_.PauseReading();
  state_ = State::kCall;
  request_.peer = peer_;
  link_ = std::make_shared<Link>(this);
  const PathParts parts = std::move(parts_);
  route_->handle(std::make_shared<Call>(context_.live, loop_, link_, std::move(request_)), parts);
}

void HttpConnection::Finish(HttpAnswer answer) {
  link_->connection = nullptr;
  link_ = nullptr;
  answer_ = std::move(answer);
  FlushSoon();
}

void HttpConnection::Flush() {
  flush_soon_ = false;
  if (bytes_.closed()) return;
  if (break_soon_) {
    bytes_.Close();
    return;
  }
  if (answer_.has_value()) SendAnswer();
  if (!bytes_.closed() && state_ == State::kAnswer && bytes_.unsent() == 0) EndAnswer();
}

void HttpConnection::OnSent() {
  if (state_ == State::kAnswer) EndAnswer();
}

void HttpConnection::SendAnswer() {
  HttpAnswer answer = *std::exchange(answer_, std::nullopt);
  if (!IsSendable(answer)) {
    answer = ProblemAnswer(
        Error(reason::kInternal, "the answer has a header that can't be sent; report this"));
  }
  if (announced_ || last_moment_.has_value()) keep_ = false;
  const bool has_no_body = HasNoBody(answer.status);
  std::string& out = loop_->write_space();
  out.clear();
  WriteAnswerHead(answer, keep_, is_http10_, &out);
  LetGo();
  state_ = State::kAnswer;
  since_ = Clock::now();
  const bool sends_body = !has_no_body && !wants_head_;
  if (sends_body && answer.body.size() <= kOnePieceBytes) {
    out.append(answer.body);
    bytes_.Send(out);
  } else {
    bytes_.Send(out);
    if (sends_body) bytes_.Send(answer.body);
  }
  // Who may make the server keep more than a little has been admitted by the handler.
  const size_t unsent = bytes_.unsent();
  if (bytes_.closed() || held_.Add(unsent, /*known=*/true)) return;
  const auto beyond = static_cast<int64_t>(unsent);
  if (context_.beyond->TryTake(beyond, /*reserve=*/0)) {
    beyond_bytes_ = beyond;
  } else {
    bytes_.Close();
  }
}

void HttpConnection::EndAnswer() {
  LetGo();
  first_ = false;
  if (keep_) {
    BeginHead();
  } else {
    Linger();
  }
}

void HttpConnection::BeginHead() {
  parser_ = nullptr;
  route_ = nullptr;
  request_ = {};
  is_known_.reset();
  wants_head_ = false;
  state_ = State::kHead;
  since_ = heard_ = Clock::now();
  if (!in_.empty()) {
    const size_t used = Read(in_);
    in_.erase(0, used);
    if (in_.empty() && in_.capacity() > kMaxKeptInBytes) in_.shrink_to_fit();
  }
  if (state_ == State::kHead || state_ == State::kBody) bytes_.ResumeReading();
}

void HttpConnection::Linger() {
  state_ = State::kLinger;
  since_ = Clock::now();
  lingered_ = in_.size();
  std::string().swap(in_);
  bytes_.FinishSending();
  bytes_.ResumeReading();
}

void HttpConnection::OnClosed() {
  state_ = State::kLinger;
  answer_.reset();
  if (link_ != nullptr) {
    link_->connection = nullptr;
    link_->gone = true;
    link_ = nullptr;
  }
  LetGo();
  context_.closed(this);
}

void HttpConnection::BeginEnd(Clock::time_point last_moment) {
  announced_ = true;
  last_moment_ = last_moment;
  Look(Clock::now());
}

void HttpConnection::Look(Clock::time_point now) {
  if (bytes_.closed()) return;
  switch (state_) {
    case State::kHead:
    case State::kBody:
      LookAtRequest(now);
      break;
    case State::kCall:
      break;
    case State::kAnswer:
      LookAtAnswer(now);
      break;
    case State::kLinger:
      if (now - since_ > kLinger) bytes_.Close();
      break;
  }
}

bool HttpConnection::IsLate(Clock::time_point now) const {
  if (!last_moment_.has_value()) return false;
  // The request of a connection that was accepted last may be on its way.
  return !first_ || now >= *last_moment_;
}

void HttpConnection::LookAtRequest(Clock::time_point now) {
  const HttpOptions& options = context_.options;
  if (parser_ == nullptr) {
    const absl::Duration most = first_ ? options.header : options.idle;
    if (now - since_ > absl::ToChronoNanoseconds(most)) {
      bytes_.Close();
    } else if (announced_ && (now - since_ > kQuiet || IsLate(now))) {
      Linger();
    }
    return;
  }
  if (last_moment_.has_value() && (now >= *last_moment_ || now - heard_ > kEndingHttpSilence)) {
    // Half a head may be that of a path which breaks.
    if (route_ == nullptr || route_->breaks_when_crowded) {
      BreakSoon();
    } else {
      Refuse({http_status::kUnavailable, Stopping()});
    }
    return;
  }
  const absl::Duration most = state_ == State::kHead ? options.header : options.body;
  if (now - since_ > absl::ToChronoNanoseconds(most)) {
    Refuse({http_status::kTimeout, HalfARequest()});
  }
}

void HttpConnection::LookAtAnswer(Clock::time_point now) {
  if (beyond_bytes_ > 0) {
    // Reading a little of it earns no more time.
    if (now - since_ > kShortPatience) bytes_.Close();
    return;
  }
  const Clock::time_point progress = std::max(since_, bytes_.progress());
  const std::chrono::nanoseconds patience = absl::ToChronoNanoseconds(context_.options.body);
  if (now - progress > patience || now - since_ > kAnswerPatience * patience) bytes_.Close();
}

}  // namespace dnc
