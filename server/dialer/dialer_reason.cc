#include "server/dialer/dialer_reason.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/time/time.h"
#include "server/base/str_cat.h"
#include "server/dialer/dialer_letter.h"

namespace dnc {
namespace {

// Those whose lists have names that are told.
constexpr ReasonSet kNamed =
    ReasonBit(Reason::kState) | ReasonBit(Reason::kOtherList) | ReasonBit(Reason::kLitigator);

// VICIdial keeps 255 bytes of a line, and refuses a longer one.
constexpr size_t kMaxListBytes = 120;

// `TX` of `state:TX`; empty if it has characters that do not go into a line.
std::string_view QualifierOf(std::string_view list) {
  const size_t colon = list.find(':');
  if (colon == std::string_view::npos) return {};
  const std::string_view qualifier = list.substr(colon + 1);
  const bool plain = std::all_of(qualifier.begin(), qualifier.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
  return plain ? qualifier : std::string_view();
}

// ` 2026-03-01`, if it is known exactly.
std::string DateIn(const NumberReport* report, std::string_view list) {
  if (report == nullptr) return "";
  for (const MatchInfo& match : report->matches) {
    if (match.list != list || !match.listed_since_exact) continue;
    if (match.listed_since == absl::InfinitePast()) continue;
    return absl::FormatTime(" %Y-%m-%d", match.listed_since, absl::UTCTimeZone());
  }
  return "";
}

}  // namespace

bool HasDatedMatch(ReasonSet reasons) {
  return (reasons & (kNamed | ReasonBit(Reason::kNational))) != 0;
}

std::string_view DialerReasons::Of(Number number, ReasonSet reasons, char letter,
                                   const NumberReport* report) {
  if (report != nullptr || (reasons & kNamed) != 0) {
    named_ = Write(number, reasons, letter, report);
    return named_;
  }
  const uint64_t key = uint64_t{static_cast<unsigned char>(letter)} << 32 | reasons;
  for (const auto& [written, text] : written_) {
    if (written == key) return text;
  }
  written_.emplace_back(key, Write(number, reasons, letter, nullptr));
  return written_.back().second;
}

std::string DialerReasons::Write(Number number, ReasonSet reasons, char letter,
                                 const NumberReport* report) const {
  const auto has = [reasons](Reason reason) { return (reasons & ReasonBit(reason)) != 0; };
  std::string out;
  if (has(Reason::kNational)) {
    out = StrCat("National (USA)", DateIn(report, "national"));
  }
  out += ';';
  if (has(Reason::kState)) AddLists(ListKind::kState, "State", number, report, &out);
  out += ';';
  if (has(Reason::kOtherList)) AddLists(ListKind::kOther, "Other", number, report, &out);
  out += ';';
  if (has(Reason::kLitigator)) AddLists(ListKind::kLitigator, "Litigator", number, report, &out);
  const std::string_view words = LetterInWords(letter, reasons);
  return words.empty() ? out : StrCat(out, ";", words);
}

void DialerReasons::AddLists(ListKind kind, std::string_view shown, Number number,
                             const NumberReport* report, std::string* out) const {
  bool any = false;
  for (const SnapshotListPtr& list : snapshot_.lists) {
    if (list->kind != kind || !list->numbers.Contains(number)) continue;
    const std::string_view qualifier = QualifierOf(list->name);
    const std::string named =
        qualifier.empty() ? std::string(shown) : StrCat(shown, " (", qualifier, ")");
    const std::string dated = StrCat(any ? " + " : "", named, DateIn(report, list->name));
    if (out->size() + dated.size() > kMaxListBytes) {
      if (any) *out += " + more";
      break;
    }
    *out += dated;
    any = true;
  }
  if (!any) *out += shown;
}

}  // namespace dnc
