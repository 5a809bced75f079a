// How a request passes through:
//
//   kHead --head is whole--> kBody --body is whole--> kCall --Answer--> kAnswer --sent--> kHead
//     |                        |                                           |
//     +------- Refuse ---------+----------------> kAnswer --sent--> kLinger --> closed
//
// An answer is only noted when it comes, and sent at the end of the loop's turn (Flush). Reading
// begins again there too, never within OnBytes: the stream's space is still in use then.
#include "server/http/http_connection.h"

#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <ctime>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "server/base/error.h"
#include "server/base/str_cat.h"
#include "server/http/problem.h"
#include "server/rpc/error_status.h"
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
constexpr std::chrono::seconds kLinger(2);
// A connection may close when it has been quiet for so long and the server's end is near.
constexpr std::chrono::milliseconds kQuiet(500);
// While the server ends, whoever is still at work sends on within this time.
constexpr std::chrono::milliseconds kEndingHttpSilence(250);
// An answer may take so many times as long as its reader may take nothing of it.
constexpr int kAnswerPatience = 4;
// For answers that the pool has no room for.
constexpr std::chrono::seconds kShortPatience(2);
// Answers up to this size are sent in one piece.
constexpr size_t kOnePieceBytes = 32 << 10;
// What is kept of the space for bytes that were read ahead.
constexpr size_t kMaxKeptInBytes = 4 << 10;

constexpr int kNoContent = 204;
constexpr int kNotModified = 304;
constexpr int kBadRequest = 400;
constexpr int kNotFound = 404;
constexpr int kNotAllowed = 405;
constexpr int kTimeout = 408;
constexpr int kTooLarge = 413;
constexpr int kNoExpectation = 417;
constexpr int kHeadTooLarge = 431;
constexpr int kNotImplemented = 501;
constexpr int kUnavailable = 503;
constexpr int kNoSuchVersion = 505;

std::string_view ToView(BeastView text) { return {text.data(), text.size()}; }

// The time as answers tell it, made once a second for each thread.
const std::string& DateNow() {
  thread_local std::time_t made = 0;
  thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != made) {
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 64> space{};
    // The program has the locale C, whose names HTTP wants.
    const size_t size =
        std::strftime(space.data(), space.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    text.assign(space.data(), size);
    made = now;
  }
  return text;
}

bool HasLineBreak(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

bool IsSendable(const HttpAnswer& answer) {
  if (HasLineBreak(answer.content_type)) return false;
  for (const HttpField& field : answer.headers) {
    if (field.name.empty() || HasLineBreak(field.name) || HasLineBreak(field.value) ||
        field.name.find_first_of(": ") != std::string::npos) {
      return false;
    }
  }
  return true;
}

absl::Status Defect() {
  return Error(reason::kInternal, "the server let a call go without an answer; report this");
}

size_t CountFields(const HttpRequest& head, std::string_view name) {
  size_t count = 0;
  for (const HttpField& field : head.headers) count += field.name == name ? 1 : 0;
  return count;
}

absl::Status TooLarge(size_t most) {
  return WithMetadata(
      Error(reason::kLimitReached,
            StrCat("the body has more than the ", most,
                   " bytes that this path takes (http.max_body_bytes bounds all); send less")),
      "max_bytes", StrCat(most));
}

absl::Status BadForm(std::string_view what) { return Error(reason::kInvalidRequest, what); }

}  // namespace

// What Beast's error means for the caller.
HttpConnection::Refusal HttpConnection::BadRequest(const boost::system::error_code& error) {
  if (error == http::error::header_limit) {
    return {kHeadTooLarge,
            WithMetadata(Error(reason::kLimitReached, StrCat("the request's head has more than ",
                                                             kMaxHeadBytes, " bytes; send less")),
                         "max_bytes", StrCat(kMaxHeadBytes))};
  }
  if (error == http::error::bad_version) {
    return {kNoSuchVersion, NotSupported("this server speaks HTTP/1.1 and 1.0 here")};
  }
  return {kBadRequest, BadForm(StrCat("the request is not HTTP/1.1: ", error.message()))};
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
                               SslPtr ssl, std::string peer)
    : context_(*context),
      loop_(loop),
      peer_(std::move(peer)),
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
  std::optional<Refusal> refusal = CheckHead();
  if (!refusal.has_value()) refusal = TakeTarget();
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
    Refuse({kTooLarge, TooLarge(max_body_)});
    return;
  }
  if (!is_http10_ && CountFields(request_, "expect") > 0) {
    bytes_.Send("HTTP/1.1 100 Continue\r\n\r\n");
  }
}

std::optional<HttpConnection::Refusal> HttpConnection::CheckHead() {
  const size_t lengths = CountFields(request_, "content-length");
  const std::string_view length = request_.Header("content-length").value_or("");
  if (lengths > 1 || length.find(',') != std::string_view::npos) {
    return Refusal{kBadRequest, BadForm("the request has more than one Content-Length")};
  }
  const size_t encodings = CountFields(request_, "transfer-encoding");
  if (encodings > 0 && (lengths > 0 || is_http10_)) {
    return Refusal{kBadRequest, BadForm("the request has a Transfer-Encoding beside its "
                                        "Content-Length, or with HTTP/1.0")};
  }
  const std::string_view encoding = request_.Header("transfer-encoding").value_or("");
  if (encodings > 0 && !absl::EqualsIgnoreCase(ToAbsl(encoding), "chunked")) {
    return Refusal{kNotImplemented, NotSupported("the only Transfer-Encoding here is `chunked`")};
  }
  const size_t hosts = CountFields(request_, "host");
  if (hosts > 1 || (hosts == 0 && !is_http10_)) {
    return Refusal{kBadRequest, BadForm("HTTP/1.1 asks for one Host in every request")};
  }
  const std::string_view expectation = request_.Header("expect").value_or("100-continue");
  if (!absl::EqualsIgnoreCase(ToAbsl(expectation), "100-continue")) {
    return Refusal{kNoExpectation, NotSupported("the only Expect here is `100-continue`")};
  }
  return std::nullopt;
}

std::optional<HttpConnection::Refusal> HttpConnection::TakeTarget() {
  std::string target = std::move(request_.path);
  for (const absl::string_view scheme : {"http://", "https://"}) {
    if (!absl::StartsWithIgnoreCase(target, scheme)) continue;
    const size_t end = std::min(target.find_first_of("/?", scheme.size()), target.size());
    std::string authority = target.substr(scheme.size(), end - scheme.size());
    target.erase(0, end);
    if (target.empty() || target.front() != '/') target.insert(0, "/");
    // It counts instead of what Host says.
    for (HttpField& field : request_.headers) {
      if (field.name == "host") field.value = authority;
    }
    if (CountFields(request_, "host") == 0) {
      request_.headers.push_back({"host", std::move(authority)});
    }
    break;
  }
  const size_t question = std::min(target.find('?'), target.size());
  request_.path = target.substr(0, question);
  if (question < target.size()) request_.query = target.substr(question + 1);
  if (request_.path.empty() || (request_.path.front() != '/' && request_.path != "*")) {
    return Refusal{kBadRequest, BadForm("the request's target is no path that begins with /")};
  }
  return std::nullopt;
}

bool HttpConnection::TakeBody(std::string_view bytes) {
  if (request_.body.size() + bytes.size() > max_body_) {
    Refuse({kTooLarge, TooLarge(max_body_)});
    return false;
  }
  if (!held_.IsFree(bytes.size()) && !is_known_.has_value()) {
    is_known_ = context_.is_known == nullptr || context_.is_known(request_);
  }
  if (!held_.Add(bytes.size(), is_known_.value_or(false))) {
    Refuse({kUnavailable, NoRoom()});
    return false;
  }
  request_.body.append(bytes);
  return true;
}

void HttpConnection::RefuseRoute(const std::string& allow) {
  if (allow.empty()) {
    Refuse({kNotFound, Error(reason::kNotFound, "nothing is served at this path")});
    return;
  }
  Refuse({kNotAllowed, NotSupported(StrCat("this path is served to ", allow, " alone"))});
  answer_->headers.push_back({"Allow", allow});
}

void HttpConnection::Refuse(const Refusal& refusal) {
  if (!parser_->is_done()) keep_ = false;
  bytes_.PauseReading();
  state_ = State::kCall;
  answer_ = ProblemAnswer(refusal.why, refusal.http_status);
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
  const bool has_no_body = answer.status == kNoContent || answer.status == kNotModified;
  std::string& out = loop_->write_space();
  out.clear();
  absl::StrAppend(&out, "HTTP/1.1 ", answer.status, " ", ToAbsl(HttpTitle(answer.status)),
                  "\r\nDate: ", DateNow(), "\r\n");
  if (!answer.content_type.empty()) {
    absl::StrAppend(&out, "Content-Type: ", answer.content_type, "\r\n");
  }
  for (const HttpField& field : answer.headers) {
    absl::StrAppend(&out, field.name, ": ", field.value, "\r\n");
  }
  if (!has_no_body) absl::StrAppend(&out, "Content-Length: ", answer.body.size(), "\r\n");
  if (!keep_) {
    out.append("Connection: close\r\n");
  } else if (is_http10_) {
    out.append("Connection: keep-alive\r\n");
  }
  out.append("\r\n");
  held_.Remove(held_.bytes());
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
  patience_ = absl::ToChronoNanoseconds(context_.options.body);
  if (!held_.Add(bytes_.unsent(), /*known=*/true)) patience_ = kShortPatience;
}

void HttpConnection::EndAnswer() {
  held_.Remove(held_.bytes());
  first_ = false;
  if (keep_) {
    BeginHead();
  } else {
    Linger();
  }
}

void HttpConnection::BeginHead() {
  parser_ = nullptr;
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
  held_.Remove(held_.bytes());
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

void HttpConnection::LookAtRequest(Clock::time_point now) {
  const HttpOptions& options = context_.options;
  if (parser_ == nullptr) {
    const absl::Duration most = first_ ? options.header : options.idle;
    if (now - since_ > absl::ToChronoNanoseconds(most)) {
      bytes_.Close();
    } else if (last_moment_.has_value() || (announced_ && now - since_ > kQuiet)) {
      Linger();
    }
    return;
  }
  if (last_moment_.has_value() && (now >= *last_moment_ || now - heard_ > kEndingHttpSilence)) {
    Refuse({kUnavailable, Stopping()});
    return;
  }
  const absl::Duration most = state_ == State::kHead ? options.header : options.body;
  if (now - since_ > absl::ToChronoNanoseconds(most)) {
    Refuse({kTimeout, HalfARequest()});
  }
}

void HttpConnection::LookAtAnswer(Clock::time_point now) {
  const Clock::time_point progress = std::max(since_, bytes_.progress());
  const std::chrono::nanoseconds most =
      kAnswerPatience * absl::ToChronoNanoseconds(context_.options.body);
  if (now - progress > patience_ || now - since_ > most) bytes_.Close();
}

}  // namespace dnc
