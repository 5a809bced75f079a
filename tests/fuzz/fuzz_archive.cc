// Reads zip archives: hostile ones, and good ones with damage. What is read from a damaged archive
// must be what the whole one holds.
#include "tests/fuzz/checked_read.h"

namespace {

constexpr size_t kEdits = 3;
constexpr size_t kEditBytes = 3;
constexpr size_t kLongComment = 20'000;  // above what libarchive itself looks through

void ReadHostile(std::string_view content) {
  const dnc::ReadRequest request{.name = "list.zip"};
  dnc::CollectingSink sink;
  dnc::FileFacts facts;
  dnc::CheckedRead(content, request, sink, facts);
}

// The first bytes choose the form and the damage; the rest is the list.
void ReadDamaged(const uint8_t* data, size_t size) {
  if (size < 1 + kEdits * kEditBytes) return;
  const dnc::ZipOptions options{.deflate = (data[0] & 1) != 0,
                                .descriptor = (data[0] & 2) != 0,
                                .comment = std::string((data[0] & 4) != 0 ? kLongComment : 0, 'c')};
  const size_t start = 1 + kEdits * kEditBytes;
  const std::string list(dnc::FuzzText(data + start, size - start));
  std::vector<dnc::ZipEntry> entries = {{"list.txt", list}};
  if ((data[0] & 8) != 0) entries.insert(entries.begin(), {"empty.txt", ""});
  if ((data[0] & 16) != 0) entries.push_back({"README", ""});
  std::string zip = dnc::MakeZip(entries, options);
  const dnc::ReadRequest request{.name = "list.zip", .allow_unterminated = true};
  dnc::CollectingSink whole;
  dnc::CollectingSink damaged;
  dnc::FileFacts facts;
  const bool is_list = dnc::CheckedRead(zip, request, whole, facts);
  for (size_t edit = 0; edit < kEdits; ++edit) {
    const uint8_t* bytes = data + 1 + edit * kEditBytes;
    const size_t at =
        (bytes[0] | static_cast<size_t>(bytes[1]) << 8) % (zip.size() - options.comment.size());
    zip[at] = static_cast<char>(zip[at] ^ bytes[2]);
  }
  if (!dnc::CheckedRead(zip, request, damaged, facts)) return;
  DNC_CHECK(is_list && damaged.numbers == whole.numbers, "damage is found");
  DNC_CHECK(damaged.changes.size() == whole.changes.size(), "damage is found");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  ReadHostile(dnc::FuzzText(data, size));
  ReadDamaged(data, size);
  return 0;
}
