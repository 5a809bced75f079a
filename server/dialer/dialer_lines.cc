// Most of a line follows from the area code: it is made once for each, and copied.
#include "server/dialer/dialer_lines.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "server/base/str_cat.h"
#include "server/rules/area_codes.h"

namespace dnc {
namespace {

// From this version on a line has three fields more.
constexpr int kLineTypeVersion = 5;

// The end of a line of CSV from behind the reason on, for an area code: region, country, and the
// eight fields of which nothing is known.
constexpr std::string_view kUnknownFields = ",,,,,,,,";
static_assert(kUnknownFields.size() == 8, "14 fields: four before, two, and these");

struct Ending {
  std::array<char, 15> text{};
  uint8_t size = 0;
};

// One for each area code, and the last for all others.
using Endings = std::array<Ending, kAreaCodes + 1>;

Ending EndingOf(std::string_view region) {
  const std::string text =
      StrCat(",", region, ",", region.empty() ? std::string_view() : "US", kUnknownFields);
  Ending ending;
  ending.size = static_cast<uint8_t>(std::min(text.size(), ending.text.size()));
  std::copy_n(text.begin(), ending.size, ending.text.begin());
  return ending;
}

const Endings& AllEndings() {
  static const Endings endings = [] {
    Endings made;
    made.fill(EndingOf(""));
    for (const AreaCodeInfo& area : UsAreaCodes()) made[area.area_code] = EndingOf(area.state);
    return made;
  }();
  return endings;
}

size_t AreaOrNone(Number number) {
  return number < kNumberLimit ? static_cast<size_t>(AreaCodeOf(number)) : kAreaCodes;
}

bool HasBit(ReasonSet reasons, Reason reason) { return (reasons & ReasonBit(reason)) != 0; }

// Nothing is said of numbers on no list of wireless or ported numbers: nobody knows.
std::string_view WirelessFlag(ReasonSet reasons) {
  if (HasBit(reasons, Reason::kWireless)) return "1";
  return HasBit(reasons, Reason::kWireline) ? "0" : "";
}
std::string_view LineTypeOf(ReasonSet reasons) {
  if (HasBit(reasons, Reason::kWireless)) return "Wireless";
  return HasBit(reasons, Reason::kWireline) ? "Landline" : "";
}

// Most texts have 8 to 24 bytes, for which a call of memcpy takes longer than the copying.
char* Put(char* at, std::string_view text) {
  constexpr size_t kWord = sizeof(uint64_t);
  const size_t size = text.size();
  if (size < kWord || size > 3 * kWord) {
    std::memcpy(at, text.data(), size);
    return at + size;
  }
  // The last word overlaps those before.
  std::memcpy(at, text.data(), kWord);
  if (size > 2 * kWord) std::memcpy(at + kWord, text.data() + kWord, kWord);
  std::memcpy(at + size - kWord, text.data() + size - kWord, kWord);
  return at + size;
}

}  // namespace

DialerLines::DialerLines(DialerForm form, size_t count, size_t bytes) : form_(form) {
  constexpr size_t kCsvLine = 40;  // of a number that is listed, without number and id
  constexpr size_t kJsonLine = 360;
  out_.reserve(bytes + count * (form.json ? kJsonLine : kCsvLine) + 64);
}

void DialerLines::Add(const DialerLine& line) {
  if (form_.json) {
    AddJson(line);
  } else {
    AddCsv(line);
  }
}

char* DialerLines::Room(size_t bytes) {
  if (out_.size() - at_ < bytes) {
    // A little at a time, so that it is still in the cache when it is written.
    constexpr size_t kAtOnce = 16 << 10;
    const size_t wanted = at_ + std::max(bytes, kAtOnce);
    if (wanted > out_.capacity()) out_.reserve(std::max(wanted, out_.capacity() * 2));
    out_.resize(wanted);
  }
  return out_.data() + at_;
}

void DialerLines::AddCsv(const DialerLine& line) {
  constexpr size_t kRest = 64;
  const Ending& ending = AllEndings()[AreaOrNone(line.number)];
  char* const begin = Room(line.asked.size() + line.id.size() + line.reason.size() + kRest);
  char* at = Put(begin, line.asked);
  *at++ = ',';
  *at++ = line.letter;
  *at++ = ',';
  if (!line.id.empty()) at = Put(at, line.id);
  *at++ = ',';
  at = Put(at, line.reason);
  std::memcpy(at, ending.text.data(), ending.text.size());
  at += ending.size;
  if (form_.version >= kLineTypeVersion) {
    at = Put(at, ",,");
    at = Put(at, WirelessFlag(line.reasons));
    *at++ = ',';
    at = Put(at, LineTypeOf(line.reasons));
  }
  *at++ = '\n';
  at_ += static_cast<size_t>(at - begin);
}

void DialerLines::AddJson(const DialerLine& line) {
  // A backslash is all that the numbers and ids may have that JSON writes otherwise.
  const auto quoted = [](std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c == '\\') out.push_back('\\');
      out.push_back(c);
    }
    return out;
  };
  const std::string_view region =
      line.number < kNumberLimit ? StateOfAreaCode(AreaCodeOf(line.number)) : std::string_view();
  std::string text = StrCat(
      at_ == 0 ? "[" : ",\n", R"({"Phone":")", quoted(line.asked), R"(","ResultCode":")",
      std::string_view(&line.letter, 1), R"(","Reserved":")", quoted(line.id), R"(","Reason":")",
      line.reason, R"(","RegionAbbrev":")", region, R"(","Country":")",
      region.empty() ? std::string_view() : "US",
      R"(","Locale":"","CarrierInfo":"","NewReassignedAreaCode":"","TZCode":"",)",
      R"("CallingWindow":"","UTCOffset":"","DoNotCallToday":"","CallingTimeRestrictions":"")");
  if (form_.version >= kLineTypeVersion) {
    text += StrCat(R"(,"EBRType":"","IsWirelessOrVoIP":")", WirelessFlag(line.reasons),
                   R"(","LineType":")", LineTypeOf(line.reasons), R"(")");
  }
  text += "}";
  Put(Room(text.size()), text);
  at_ += text.size();
}

std::string DialerLines::Take() {
  if (form_.json) {
    constexpr std::string_view kNothing = "[]\n";
    constexpr std::string_view kEnd = "]\n";
    const std::string_view end = at_ == 0 ? kNothing : kEnd;
    Put(Room(end.size()), end);
    at_ += end.size();
  }
  out_.resize(at_);
  return std::move(out_);
}

}  // namespace dnc
