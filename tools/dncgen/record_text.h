// Makes the bytes of a full list's records, flat (`818,5550123`) or XML (`<ph val='5550123' />`).
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace dnc {

// Thread-safe; cheap to make.
class RecordText {
 public:
  explicit RecordText(bool xml) : xml_(xml) {}

  // Return what stands before and after all area codes; empty in flat text. `area_code` 0 means
  // several.
  std::string FileHead(int area_code) const;
  std::string FileTail() const;

  // Return what stands before and after the numbers of an area code; empty in flat text.
  std::string AreaHead(int area_code) const;
  std::string AreaTail() const;

  // Returns the size of a record, which is the same for all.
  size_t RecordBytes() const { return xml_ ? sizeof("<ph val='0000000' />") - 1 : 12; }

  // Writes the records of one exchange.
  class Exchange {
   public:
    Exchange(const RecordText& text, int area_code, int exchange);

    // Writes RecordBytes() bytes to `out` and returns their end. `suffix` is 0 to 9,999.
    char* Write(uint32_t suffix, char* out) const {
      std::memcpy(out, record_.data(), record_.size());
      for (size_t at = digits_at_ + 4; at > digits_at_; suffix /= 10) {
        out[--at] = static_cast<char>('0' + suffix % 10);
      }
      return out + record_.size();
    }

   private:
    std::string record_;  // with 0000 in place of the last four digits
    size_t digits_at_;
  };

 private:
  bool xml_;
};

}  // namespace dnc
