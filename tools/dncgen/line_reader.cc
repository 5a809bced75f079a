#include "tools/dncgen/line_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <memory>
#include <vector>

#include "fmt/format.h"
#include "server/base/error.h"
#include "server/base/status_macros.h"

namespace dnc {
namespace {

constexpr size_t kBufferBytes = 1 << 18;

// Passes the whole lines of `text` on, and returns how many bytes they took.
absl::Status VisitLines(std::string_view text,
                        const std::function<absl::Status(std::string_view)>& visit, size_t* taken) {
  *taken = 0;
  for (size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', *taken)) {
    DNC_RETURN_IF_ERROR(visit(text.substr(*taken, end - *taken)));
    *taken = end + 1;
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ForEachLine(const std::string& path,
                         const std::function<absl::Status(std::string_view)>& visit) {
  const std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
  archive_read_support_format_zip(reader.get());
  archive_read_support_format_raw(reader.get());
  archive_entry* entry = nullptr;
  const auto damaged = [&] {
    return Error(reason::kDamagedFile, fmt::format("cannot read {}: {}; write it again", path,
                                                   archive_error_string(reader.get())));
  };
  if (archive_read_open_filename(reader.get(), path.c_str(), kBufferBytes) != ARCHIVE_OK ||
      archive_read_next_header(reader.get(), &entry) != ARCHIVE_OK) {
    return damaged();
  }
  std::vector<char> buffer(kBufferBytes);
  size_t kept = 0;  // the bytes of a line that the buffer cuts
  while (true) {
    const auto got = archive_read_data(reader.get(), buffer.data() + kept, buffer.size() - kept);
    if (got < 0) return damaged();
    if (got == 0) break;
    const std::string_view text(buffer.data(), kept + static_cast<size_t>(got));
    size_t taken = 0;
    DNC_RETURN_IF_ERROR(VisitLines(text, visit, &taken));
    kept = text.size() - taken;
    // This is no line at all; the visitor will refuse it.
    if (kept == buffer.size()) return visit(text);
    std::copy(buffer.begin() + static_cast<std::ptrdiff_t>(taken),
              buffer.begin() + static_cast<std::ptrdiff_t>(text.size()), buffer.begin());
  }
  return kept == 0 ? absl::OkStatus() : visit(std::string_view(buffer.data(), kept));
}

}  // namespace dnc
