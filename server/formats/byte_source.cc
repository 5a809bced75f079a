#include "server/formats/byte_source.h"

#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"

namespace dnc {
namespace {

class PlainSource : public ByteSource {
 public:
  explicit PlainSource(HashedFile& file) : file_(file) {}

  absl::StatusOr<size_t> Read(char* out, size_t length) override {
    DNC_ASSIGN_OR_RETURN(const size_t got, file_.ReadAt(offset_, out, length));
    offset_ += got;
    return got;
  }

 private:
  HashedFile& file_;
  uint64_t offset_ = 0;
};

struct ForeignHead {
  std::string_view magic;
  std::string_view name;
};

using namespace std::string_view_literals;
constexpr ForeignHead kPacked[] = {
    {"\x1F\x8B"sv, "gzip"},
    {"BZh"sv, "bzip2"},
    {"\xFD\x37zXZ\x00"sv, "xz"},
    {"\x28\xB5\x2F\xFD"sv, "zstd"},
    {"7z\xBC\xAF\x27\x1C"sv, "7-Zip"},
    {"Rar!"sv, "RAR"},
    {"\x04\x22\x4D\x18"sv, "lz4"},
    {"\x1F\x9D"sv, "compress"},
};
constexpr ForeignHead kForeign[] = {
    {"%PDF"sv, "a PDF document"},
    {"\xD0\xCF\x11\xE0"sv, "an old Excel or Word document"},
    {"\xFF\xFE"sv, "text in UTF-16"},
    {"\xFE\xFF"sv, "text in UTF-16"},
};

}  // namespace

std::unique_ptr<ByteSource> MakePlainSource(HashedFile& file) {
  return std::make_unique<PlainSource>(file);
}

bool IsZip(std::string_view head) {
  return head.starts_with("PK\x03\x04") || head.starts_with("PK\x05\x06");
}

absl::Status RefuseForeignHead(std::string_view head) {
  if (head.starts_with("PK\x07\x08") || head.starts_with("PK00PK")) {
    return BadFile(
        "this is the first part of a zip archive that is split over several files; join them into "
        "one, or unpack them and load the plain file");
  }
  for (const ForeignHead& packed : kPacked) {
    if (head.starts_with(packed.magic)) {
      return BadFile(StrCat("the content is packed with ", packed.name,
                            "; unpack it, and load the plain file or a zip archive of it"));
    }
  }
  for (const ForeignHead& foreign : kForeign) {
    if (head.starts_with(foreign.magic)) {
      return BadFile(
          StrCat("the content is ", foreign.name, "; save the list as plain text in UTF-8"));
    }
  }
  if (head.substr(0, 2).find('\0') != std::string_view::npos) {
    return BadFile(
        "the content holds NUL bytes at its start: it is no text, or text in UTF-16; save the list "
        "as plain text in UTF-8");
  }
  return absl::OkStatus();
}

}  // namespace dnc
