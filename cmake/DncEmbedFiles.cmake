# Run by `cmake -P`: writes a C++ source that has the bytes of files.
#   cmake -DOUT=FILE.cc -DROOT=FOLDER -DFILES=a.js,vendor/b.css -P DncEmbedFiles.cmake
# The source defines ConsoleFiles() of server/http/console_files.h.
string(REPLACE "," ";" FILES "${FILES}")
set(entries)
foreach(file ${FILES})
  file(READ ${ROOT}/${file} hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR bytes "${digits} / 2")
  string(REGEX REPLACE "(..)" "\\\\x\\1" text "${hex}")
  string(APPEND entries "    {\"${file}\", {\"${text}\", ${bytes}}},\n")
endforeach()
file(WRITE ${OUT} "// Made by cmake/DncEmbedFiles.cmake.
#include \"server/http/console_files.h\"

namespace dnc {
namespace {
constexpr ConsoleFile kFiles[] = {
${entries}};
}  // namespace
absl::Span<const ConsoleFile> ConsoleFiles() { return kFiles; }
}  // namespace dnc
")
