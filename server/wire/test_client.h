// A client of the wire protocol for tests: one connection, used by one thread, which blocks.
#pragma once

#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/wire/message_buffer.h"

namespace dnc {

// What has come of a call.
struct TestAnswer {
  std::string http_status;
  std::map<std::string, std::string> trailers;  // and headers
  std::string body;                             // messages with their prefixes
  bool ended = false;                           // the stream is closed
  uint32_t error = 0;                           // why, if it was reset

  std::string code() const {
    const auto found = trailers.find("grpc-status");
    return found == trailers.end() ? "" : found->second;
  }
  // The messages that are whole, without their prefixes.
  std::vector<std::string> messages() const {
    std::vector<std::string> all;
    std::string_view rest(body);
    while (rest.size() >= kMessagePrefixBytes) {
      size_t size = 0;
      for (size_t i = 1; i < kMessagePrefixBytes; ++i) {
        size = size << 8 | static_cast<uint8_t>(rest[i]);
      }
      if (rest.size() < kMessagePrefixBytes + size) break;
      all.emplace_back(rest.substr(kMessagePrefixBytes, size));
      rest.remove_prefix(kMessagePrefixBytes + size);
    }
    return all;
  }
};

class TestClient {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;

  // Takes `fd` over. `window`: of each stream, in bytes.
  explicit TestClient(int fd, uint32_t window = 65535) : fd_(fd) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, &OnHeader);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, &OnData);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, &OnClose);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, &OnFrame);
    nghttp2_session_client_new(&session_, callbacks, this);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window};
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, &entry, 1);
  }
  ~TestClient() {
    nghttp2_session_del(session_);
    close(fd_);
  }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  static std::string Framed(std::string_view message) {
    MessageBuffer buffer = MessageBuffer::Copy(message);
    return std::string(buffer.Frame());
  }

  // Begins a call and gives it up, in one write.
  void BeginAndReset(const std::string& path, const Headers& more = {}) {
    hold_ = true;
    Reset(Begin(path, "", false, more));
    hold_ = false;
    Flush();
  }
  // Begins a call, whose body is `bytes` so far.
  int32_t Begin(const std::string& path, std::string bytes, bool end, const Headers& more = {}) {
    Headers headers = {{":method", "POST"},
                       {":scheme", "http"},
                       {":path", path},
                       {":authority", "test"},
                       {"te", "trailers"}};
    headers.insert(headers.end(), more.begin(), more.end());
    const auto is_type = [](const auto& header) { return header.first == "content-type"; };
    if (std::none_of(headers.begin(), headers.end(), is_type)) {
      headers.emplace_back("content-type", "application/grpc");
    }
    std::vector<nghttp2_nv> fields;
    for (auto& [name, value] : headers) {
      fields.push_back({reinterpret_cast<uint8_t*>(name.data()),
                        reinterpret_cast<uint8_t*>(value.data()), name.size(), value.size(),
                        NGHTTP2_NV_FLAG_NONE});
    }
    nghttp2_data_provider data{};
    data.source.ptr = this;
    data.read_callback = &ReadBody;
    const int32_t id =
        nghttp2_submit_request(session_, nullptr, fields.data(), fields.size(), &data, nullptr);
    bodies_[id] = {std::move(bytes), end};
    answers_[id];
    Flush();
    return id;
  }
  // Adds to the body of a call.
  void Add(int32_t id, std::string_view bytes, bool end) {
    bodies_[id].first.append(bytes);
    bodies_[id].second = end;
    nghttp2_session_resume_data(session_, id);
    Flush();
  }
  void Ping() {
    nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
    Flush();
  }
  void Reset(int32_t id) {
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    Flush();
  }

  // Waits until `reached` is true, or the connection has ended; whether it is true.
  bool WaitFor(const std::function<bool()>& reached) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!reached()) {
      if (closed_ || std::chrono::steady_clock::now() > end) return false;
      pollfd wait{fd_, POLLIN, 0};
      if (poll(&wait, 1, 1000) <= 0) continue;
      std::array<char, 16384> bytes{};
      const ssize_t got = recv(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got == 0) closed_ = true;
      if (got <= 0) continue;
      received_ += static_cast<size_t>(got);
      nghttp2_session_mem_recv(session_, reinterpret_cast<const uint8_t*>(bytes.data()),
                               static_cast<size_t>(got));
      Flush();
    }
    return true;
  }
  // The answer of a call, when it has ended.
  const TestAnswer& Wait(int32_t id) {
    TestAnswer& answer = answers_[id];
    WaitFor([&answer] { return answer.ended; });
    return answer;
  }
  const TestAnswer& Call(const std::string& path, std::string_view message,
                         const Headers& more = {}) {
    return Wait(Begin(path, Framed(message), true, more));
  }
  TestAnswer& answer(int32_t id) { return answers_[id]; }
  // How many bytes have come so far.
  size_t received() const { return received_; }
  bool closed() const { return closed_; }
  int goaways() const { return goaways_; }
  uint32_t goaway_error() const { return goaway_error_; }

 private:
  static TestClient* Self(void* user) { return static_cast<TestClient*>(user); }
  static int OnHeader(nghttp2_session* /*session*/, const nghttp2_frame* frame, const uint8_t* name,
                      size_t name_size, const uint8_t* value, size_t value_size, uint8_t /*flags*/,
                      void* user) {
    TestAnswer& answer = Self(user)->answers_[frame->hd.stream_id];
    const std::string key(reinterpret_cast<const char*>(name), name_size);
    const std::string text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":status") answer.http_status = text;
    answer.trailers[key] = text;
    return 0;
  }
  static int OnData(nghttp2_session* /*session*/, uint8_t /*flags*/, int32_t id,
                    const uint8_t* bytes, size_t size, void* user) {
    Self(user)->answers_[id].body.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }
  static int OnClose(nghttp2_session* /*session*/, int32_t id, uint32_t error, void* user) {
    Self(user)->answers_[id].ended = true;
    Self(user)->answers_[id].error = error;
    return 0;
  }
  static int OnFrame(nghttp2_session* /*session*/, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type != NGHTTP2_GOAWAY) return 0;
    ++Self(user)->goaways_;
    Self(user)->goaway_error_ = frame->goaway.error_code;
    return 0;
  }
  static ssize_t ReadBody(nghttp2_session* /*session*/, int32_t id, uint8_t* buffer, size_t size,
                          uint32_t* flags, nghttp2_data_source* source, void* /*user*/) {
    auto& [rest, end] = static_cast<TestClient*>(source->ptr)->bodies_[id];
    const size_t taken = rest.copy(reinterpret_cast<char*>(buffer), size);
    rest.erase(0, taken);
    if (rest.empty() && end) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (taken == 0 && !end) return NGHTTP2_ERR_DEFERRED;
    return static_cast<ssize_t>(taken);
  }

  void Flush() {
    const uint8_t* bytes = nullptr;
    for (ssize_t size = 1; size > 0;) {
      size = nghttp2_session_mem_send(session_, &bytes);
      if (size > 0) out_.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
    }
    while (!hold_ && !out_.empty()) {
      const ssize_t sent = send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      out_.erase(0, static_cast<size_t>(sent));
    }
  }

  const int fd_;
  nghttp2_session* session_ = nullptr;
  std::map<int32_t, std::pair<std::string, bool>> bodies_;
  std::map<int32_t, TestAnswer> answers_;
  std::string out_;    // what is to be sent
  bool hold_ = false;  // not yet
  size_t received_ = 0;
  bool closed_ = false;
  int goaways_ = 0;
  uint32_t goaway_error_ = 0;
};

}  // namespace dnc
