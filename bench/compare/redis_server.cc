// A set of a Redis server over its unix socket: SADD and SMISMEMBER of up to 1,000 numbers. All
// commands of a batch are sent before the first answer is read.
#include <hiredis/hiredis.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/compare/subject.h"

namespace dnc {
namespace {

constexpr size_t kNumbersACommand = 1'000;
constexpr size_t kDigits = 10;

using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

// The connection of one thread.
class RedisConnection {
 public:
  absl::Status Connect(const std::string& address) {
    if (context_ != nullptr) return absl::OkStatus();
    context_.reset(redisConnectUnix(address.c_str()));
    if (context_ == nullptr || context_->err != 0) return Failed();
    return absl::OkStatus();
  }

  // Appends the commands for all numbers, and returns how many there are.
  size_t Send(std::string_view name, absl::Span<const Number> numbers) {
    std::array<char, kNumbersACommand * kDigits> digits;
    std::array<const char*, kNumbersACommand + 2> words = {name.data(), "listed"};
    std::array<size_t, kNumbersACommand + 2> sizes = {name.size(), 6};
    size_t commands = 0;
    for (size_t start = 0; start < numbers.size(); start += kNumbersACommand) {
      const size_t count = std::min(kNumbersACommand, numbers.size() - start);
      for (size_t i = 0; i < count; ++i) {
        char* text = digits.data() + i * kDigits;
        std::to_chars(text, text + kDigits, numbers[start + i]);
        words[i + 2] = text;
        sizes[i + 2] = kDigits;
      }
      redisAppendCommandArgv(context_.get(), static_cast<int>(count) + 2, words.data(),
                             sizes.data());
      ++commands;
    }
    return commands;
  }

  void Append(const char* command) { redisAppendCommand(context_.get(), command); }

  Reply Receive() {
    void* reply = nullptr;
    if (redisGetReply(context_.get(), &reply) != REDIS_OK) return {nullptr, freeReplyObject};
    Reply owned(static_cast<redisReply*>(reply), freeReplyObject);
    if (owned->type != REDIS_REPLY_ERROR) return owned;
    error_ = owned->str;
    return {nullptr, freeReplyObject};
  }

  absl::Status Failed() const {
    const char* reason = context_ == nullptr ? "no memory" : context_->errstr;
    return absl::InternalError(absl::StrCat("Redis: ", error_.empty() ? reason : error_));
  }

 private:
  std::unique_ptr<redisContext, decltype(&redisFree)> context_{nullptr, redisFree};
  std::string error_;
};

class RedisServer : public Subject {
 public:
  explicit RedisServer(SubjectOptions options) : options_(std::move(options)) {}

  absl::Status Begin(uint64_t) override { return connection_.Connect(options_.address); }

  absl::Status Add(absl::Span<const Number> numbers) override {
    const size_t commands = connection_.Send("SADD", numbers);
    for (size_t i = 0; i < commands; ++i) {
      if (connection_.Receive() == nullptr) return connection_.Failed();
    }
    return absl::OkStatus();
  }

  absl::Status Ask(absl::Span<const Number> numbers, absl::Span<uint32_t> listed) override {
    thread_local RedisConnection mine;
    if (const absl::Status status = mine.Connect(options_.address); !status.ok()) return status;
    const size_t commands = mine.Send("SMISMEMBER", numbers);
    for (size_t command = 0; command < commands; ++command) {
      const Reply reply = mine.Receive();
      const size_t start = command * kNumbersACommand;
      const size_t count = std::min(kNumbersACommand, numbers.size() - start);
      if (reply == nullptr || reply->elements != count) return mine.Failed();
      for (size_t i = 0; i < count; ++i) {
        listed[start + i] = reply->element[i]->integer == 1 ? 1 : 0;
      }
    }
    return absl::OkStatus();
  }

  bool thread_safe() const override { return true; }

  SubjectMemory memory() override {
    connection_.Append("INFO memory");
    const Reply reply = connection_.Receive();
    if (reply == nullptr) return {};
    const std::string_view text(reply->str, reply->len);
    constexpr std::string_view kField = "used_memory_rss:";
    const size_t at = text.find(kField);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = text.substr(at + kField.size());
    uint64_t bytes = 0;
    std::from_chars(rest.data(), rest.data() + rest.size(), bytes);
    return {bytes, "used_memory_rss of the server", 0};
  }

 private:
  SubjectOptions options_;
  RedisConnection connection_;
};

}  // namespace

std::unique_ptr<Subject> MakeSubject(const SubjectOptions& options) {
  return std::make_unique<RedisServer>(options);
}

}  // namespace dnc
