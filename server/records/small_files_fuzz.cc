// Any bytes as the small files that hold what was acknowledged: a mark, and a journal of positions,
// as a whole and over one page of a right one. Refused, or read; one page never takes the newest
// position away.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "server/base/check.h"
#include "server/base/str_cat.h"
#include "server/records/journal_position.h"
#include "server/storage/mark_file.h"

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kPages = 4;

class File {
 public:
  const std::string& path() const { return path_; }
  void Set(std::string_view content) const {
    if (ftruncate(fd_, 0) != 0) std::abort();
    Put(content, 0);
  }
  void Put(std::string_view bytes, size_t offset) const {
    const ssize_t put = pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (put != static_cast<ssize_t>(bytes.size())) std::abort();
  }

 private:
  const int fd_ = memfd_create("small", 0);
  const std::string path_ = dnc::StrCat("/proc/self/fd/", fd_);
};

void CheckMoves(const File& file) {
  const auto journal = dnc::JournalPosition::Open(file.path());
  if (!journal.ok()) return;
  const auto& last = (*journal)->last();
  const dnc::Position next{{1, 2}, last.has_value() ? last->revision + 1 : 1};
  if (next.revision == 0) return;  // none comes after the last that there can be
  DNC_CHECK((*journal)->Move(next).ok(), "the position moves");
  const auto again = dnc::JournalPosition::Open(file.path());
  DNC_CHECK(again.ok() && (*again)->last() == next, "what was moved to is read");
}

void CheckDamage(const File& file, size_t page, std::string_view bytes) {
  file.Set(std::string(kPages * kPage, '\0'));  // as a new one
  const dnc::Position newest{{1, 2}, 7};
  {
    const auto journal = dnc::JournalPosition::Open(file.path());
    DNC_CHECK(journal.ok() && (*journal)->Move({{1, 2}, 6}).ok() && (*journal)->Move(newest).ok(),
              "a new journal moves");
  }
  file.Put(bytes, page * kPage);
  const auto journal = dnc::JournalPosition::Open(file.path());
  // A fuzzer may also find bytes that are a right and later position.
  DNC_CHECK(journal.ok() && (*journal)->last().has_value() &&
                (*journal)->last()->revision >= newest.revision,
            "the other copy holds");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const File file;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;  // an empty file is a new one, which asks for a folder
  file.Set(input);
  static_cast<void>(dnc::ReadMark(file.path()));
  CheckMoves(file);
  CheckDamage(file, static_cast<uint8_t>(input[0]) % kPages, input.substr(1, kPage));
  return 0;
}
