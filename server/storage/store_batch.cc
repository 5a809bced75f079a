#include <cstring>

#include "server/base/check.h"
#include "server/storage/store.h"

namespace dnc {

// In the buffer: column (1 byte), action (1), sizes of key and value (4 each), key, value.
// Store::Write reads it.
void StoreBatch::Append(Column column, Action action, std::string_view key,
                        std::string_view value) {
  DNC_CHECK(key.size() <= UINT32_MAX && value.size() <= UINT32_MAX, "a key or value above 4 GiB");
  const auto key_size = static_cast<uint32_t>(key.size());
  const auto value_size = static_cast<uint32_t>(value.size());
  std::array<char, 10> head{};
  head[0] = static_cast<char>(column);
  head[1] = static_cast<char>(action);
  std::memcpy(&head[2], &key_size, sizeof(key_size));
  std::memcpy(&head[6], &value_size, sizeof(value_size));
  buffer_.append(head.data(), head.size()).append(key).append(value);
  bytes_ += key.size() + value.size();
  ++count_;
}

void StoreBatch::Put(Column column, std::string_view key, std::string_view value) {
  Append(column, Action::kPut, key, value);
}

void StoreBatch::Delete(Column column, std::string_view key) {
  Append(column, Action::kDelete, key, {});
}

void StoreBatch::DeleteRange(Column column, std::string_view begin, std::string_view end) {
  Append(column, Action::kDeleteRange, begin, end);
}

void StoreBatch::Clear() {
  buffer_.clear();
  bytes_ = 0;
  count_ = 0;
}

}  // namespace dnc
