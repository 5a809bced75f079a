#include <expat.h>

#include <algorithm>
#include <memory>
#include <string>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/formats/bad_file.h"
#include "server/formats/file_name.h"
#include "server/formats/readers.h"
#include "server/formats/record_time.h"

namespace dnc {
namespace {

constexpr size_t kXmlPiece = 64 << 10;
// expat keeps an unfinished token and starts it anew with every piece; a list has short ones.
constexpr int64_t kLongestToken = 64 << 10;

struct FreeParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};
using ParserHandle = std::unique_ptr<std::remove_pointer_t<XML_Parser>, FreeParser>;

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isdigit(static_cast<unsigned char>(c));
  });
}

std::optional<int> AreaCodeFromText(std::string_view text) {
  int value = 0;
  if (text.size() != 3 || !IsDigits(text) || !absl::SimpleAtoi(ToAbsl(text), &value))
    return std::nullopt;
  return IsAreaCode(value) ? std::optional<int>(value) : std::nullopt;
}

std::optional<bool> ActionFromText(std::string_view text) {
  for (const std::string_view word : {"a", "add", "added"}) {
    if (absl::EqualsIgnoreCase(ToAbsl(text), ToAbsl(word))) return true;
  }
  for (const std::string_view word : {"d", "delete", "deleted"}) {
    if (absl::EqualsIgnoreCase(ToAbsl(text), ToAbsl(word))) return false;
  }
  return std::nullopt;
}

// The attributes of <ph>.
struct PhoneEntry {
  std::string_view value;
  std::optional<bool> added;
  std::optional<absl::Time> time;
};

// Errors have no line number yet.
absl::StatusOr<PhoneEntry> ParseEntry(const XML_Char** attributes) {
  PhoneEntry entry;
  for (; *attributes != nullptr; attributes += 2) {
    const std::string_view name = attributes[0];
    const std::string_view value = attributes[1];
    if (name == "val") {
      entry.value = value;
    } else if (const std::optional<bool> added = ActionFromText(value); added.has_value()) {
      if (entry.added.has_value()) return BadFile("<ph> with two actions");
      entry.added = added;
    } else if (const std::optional<absl::Time> time = ParseRecordTime(value); time.has_value()) {
      if (entry.time.has_value()) return BadFile("<ph> with two times");
      entry.time = time;
    } else {
      // It is not ignored, since it could be the action under another name.
      return BadFile(StrCat("the attribute ", SafeText(name), "=`", SafeText(value),
                            "` of <ph> is neither an action (A, D, add, delete) nor a time"));
    }
  }
  if (entry.added.has_value() && !entry.time.has_value()) {
    return BadFile("<ph> has an action but no time, so the order of the changes is unknown");
  }
  if (entry.time.has_value() && !entry.added.has_value()) {
    return BadFile(
        "<ph> has a time but no action (A, D, add, delete); get the change list as flat text");
  }
  return entry;
}

class XmlReader {
 public:
  XmlReader(TextReader& text, RecordBatch& batch)
      : text_(text), batch_(batch), parser_(XML_ParserCreate(nullptr)) {}

  absl::Status Read();

 private:
  // The innermost open element.
  enum class Level : uint8_t { kTop, kList, kArea, kNumber };

  static void OnStart(void* self, const XML_Char* name, const XML_Char** attributes);
  static void OnEnd(void* self, const XML_Char* name);
  static void OnText(void* self, const XML_Char* text, int length);
  static void OnDoctype(void* self, const XML_Char* name, const XML_Char* system_id,
                        const XML_Char* public_id, int has_internal_subset);

  absl::Status Feed();
  absl::Status Start(std::string_view name, const XML_Char** attributes);
  absl::Status StartList(const XML_Char** attributes);
  absl::Status StartArea(const XML_Char** attributes);
  absl::Status StartNumber(const XML_Char** attributes);
  absl::StatusOr<Number> NumberOf(std::string_view value) const;
  absl::Status ParserError() const;
  uint64_t line() const { return XML_GetCurrentLineNumber(parser_.get()); }
  // Keeps the first error and stops the parser.
  void Note(const absl::Status& status);

  TextReader& text_;
  RecordBatch& batch_;
  ParserHandle parser_;
  absl::Status status_;
  Level level_ = Level::kTop;
  int list_area_ = 0;  // from <list val>; 0 if that is no area code
  int area_ = 0;       // of the open <ac>
  std::string list_words_;
  FileKind kind_ = FileKind::kUnknown;
};

void XmlReader::Note(const absl::Status& status) {
  if (status.ok() || !status_.ok()) return;
  status_ = status;
  XML_StopParser(parser_.get(), XML_FALSE);
}

void XmlReader::OnStart(void* self, const XML_Char* name, const XML_Char** attributes) {
  auto& reader = *static_cast<XmlReader*>(self);
  if (reader.status_.ok()) reader.Note(reader.Start(name, attributes));
}

void XmlReader::OnEnd(void* self, const XML_Char* /*name*/) {
  auto& reader = *static_cast<XmlReader*>(self);
  if (reader.status_.ok()) reader.level_ = static_cast<Level>(static_cast<int>(reader.level_) - 1);
}

void XmlReader::OnText(void* self, const XML_Char* text, int length) {
  auto& reader = *static_cast<XmlReader*>(self);
  const std::string_view content(text, static_cast<size_t>(length));
  if (content.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
  reader.Note(BadLine(reader.line(), "text between the elements; this is no list of the registry"));
}

void XmlReader::OnDoctype(void* self, const XML_Char* /*name*/, const XML_Char* /*system_id*/,
                          const XML_Char* /*public_id*/, int /*has_internal_subset*/) {
  auto& reader = *static_cast<XmlReader*>(self);
  reader.Note(BadLine(reader.line(),
                      "a document type declaration; a list of the registry has none (this may be "
                      "a web page)"));
}

absl::Status XmlReader::Start(std::string_view name, const XML_Char** attributes) {
  if (level_ == Level::kTop && name == "list") {
    level_ = Level::kList;
    return StartList(attributes);
  }
  if (level_ == Level::kList && name == "ac") {
    level_ = Level::kArea;
    return StartArea(attributes);
  }
  if (level_ == Level::kArea && name == "ph") {
    level_ = Level::kNumber;
    return StartNumber(attributes);
  }
  return BadLine(line(), StrCat("unexpected element <", SafeText(name),
                                ">; a list has <ph> in <ac> in <list>"));
}

absl::Status XmlReader::StartList(const XML_Char** attributes) {
  for (; *attributes != nullptr; attributes += 2) {
    if (std::string_view(attributes[0]) == "val") {
      list_area_ = AreaCodeFromText(attributes[1]).value_or(0);
      if (list_area_ != 0) batch_.NoteAreaCode(list_area_);
    } else {
      absl::StrAppend(&list_words_, attributes[1], " ");
    }
  }
  return absl::OkStatus();
}

absl::Status XmlReader::StartArea(const XML_Char** attributes) {
  std::optional<int> area;
  for (; *attributes != nullptr; attributes += 2) {
    const std::string_view name = attributes[0];
    if (name != "val") {
      // It is not ignored, since it could hold an action for all its numbers.
      return BadLine(line(), StrCat("unknown attribute ", SafeText(name), " of <ac>"));
    }
    area = AreaCodeFromText(attributes[1]);
  }
  if (!area.has_value()) {
    return BadLine(line(), "the area code of <ac> is not one of 200 to 999");
  }
  if (list_area_ != 0 && list_area_ != *area) {
    return BadLine(line(),
                   StrCat("<ac> has the area code ", *area, ", but <list> has ", list_area_));
  }
  area_ = *area;
  return absl::OkStatus();
}

absl::StatusOr<Number> XmlReader::NumberOf(std::string_view value) const {
  uint64_t number = 0;
  if (!IsDigits(value) || value.size() > 10 || !absl::SimpleAtoi(ToAbsl(value), &number)) {
    return BadFile("the number of <ph> is not seven digits");
  }
  if (value.size() <= 7) return MakeNumber(area_, static_cast<uint32_t>(number));
  if (value.size() == 10 && AreaCodeOf(number) == area_) return number;
  return BadFile(value.size() == 10 ? "the number of <ph> has another area code than its <ac>"
                                    : "the number of <ph> is not seven digits");
}

absl::Status XmlReader::StartNumber(const XML_Char** attributes) {
  const absl::StatusOr<PhoneEntry> entry = ParseEntry(attributes);
  if (!entry.ok()) return WithPrefix(entry.status(), StrCat("line ", line()));
  const absl::StatusOr<Number> number = NumberOf(entry->value);
  if (!number.ok()) return WithPrefix(number.status(), StrCat("line ", line()));
  const FileKind kind = entry->added.has_value() ? FileKind::kChange : FileKind::kFull;
  if (kind != kind_) {
    DNC_RETURN_IF_ERROR(batch_.SetKind(kind, line()));
    kind_ = kind;
  }
  // expat counts lines only when asked, so it is asked only where the line matters.
  const uint64_t at = batch_.label() == 0 || batch_.label() == area_ ? 0 : line();
  if (kind == FileKind::kFull) return batch_.AddNumber(*number, at);
  return batch_.AddChange({*number, *entry->time, *entry->added}, at);
}

absl::Status XmlReader::ParserError() const {
  if (!status_.ok()) return status_;
  const XML_Error error = XML_GetErrorCode(parser_.get());
  const bool cut = error == XML_ERROR_NO_ELEMENTS || error == XML_ERROR_UNCLOSED_TOKEN;
  return BadLine(line(), StrCat("the XML ", cut ? "ends too early" : "is not well formed", " (",
                                XML_ErrorString(error), "); download the file again"));
}

absl::Status XmlReader::Feed() {
  int64_t fed = 0;
  for (;;) {
    DNC_RETURN_IF_ERROR(text_.FillTo(1));
    const std::string_view piece = text_.buffered().substr(0, kXmlPiece);
    const bool last = piece.empty();
    const XML_Status result =
        XML_Parse(parser_.get(), piece.data(), static_cast<int>(piece.size()), last ? 1 : 0);
    if (result != XML_STATUS_OK || !status_.ok()) return ParserError();
    if (last) return absl::OkStatus();
    fed += static_cast<int64_t>(piece.size());
    text_.Consume(piece.size(), 0);
    const auto parsed = std::max<int64_t>(0, XML_GetCurrentByteIndex(parser_.get()));
    if (fed - parsed > kLongestToken) return LineTooLong(line());
  }
}

absl::Status XmlReader::Read() {
  if (parser_ == nullptr) {
    return Error(reason::kOutOfMemory, "not enough memory for the XML parser");
  }
  XML_SetUserData(parser_.get(), this);
  XML_SetElementHandler(parser_.get(), OnStart, OnEnd);
  XML_SetCharacterDataHandler(parser_.get(), OnText);
  XML_SetStartDoctypeDeclHandler(parser_.get(), OnDoctype);
  DNC_RETURN_IF_ERROR(Feed());
  if (kind_ == FileKind::kUnknown) {  // the attributes of a list without entries say what it is
    const FileKind perhaps = KindInLetters(list_words_);
    if (perhaps == FileKind::kChange && KindInWords(list_words_) == FileKind::kChange) {
      return batch_.SetKind(FileKind::kChange, line());
    }
    if (perhaps == FileKind::kFull) {
      return BadFile(
          "the attributes of <list> speak of a full list, but it has no entry; download it again");
    }
  }
  return CheckKindWords("the attributes of <list>", list_words_, kind_);
}

}  // namespace

absl::Status ReadXml(TextReader& text, RecordBatch& batch) { return XmlReader(text, batch).Read(); }

}  // namespace dnc
