#include "server/records/record_checks.h"

#include "absl/time/civil_time.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr size_t kMaxMadeByBytes = 200;
constexpr size_t kMaxReasonBytes = 200;
constexpr size_t kMaxNoteBytes = 1'000;
constexpr size_t kMaxSourceBytes = 500;
// A clock of another system may be a little ahead.
constexpr absl::Duration kMaxSkew = absl::Hours(24);

bool IsMomentOfOurs(absl::Time time) {
  static const absl::Time begin = absl::UnixEpoch() - absl::Hours(24 * 366 * 70);
  static const absl::Time end = absl::FromCivil(absl::CivilYear(9999), absl::UTCTimeZone());
  return time >= begin && time < end;
}

// The first moment at which a do-not-call request may end.
absl::Time EarliestEnd(absl::Time made_at) {
  const absl::CivilSecond made = absl::ToCivilSecond(made_at, absl::UTCTimeZone());
  const absl::CivilSecond end(made.year() + kKeepYears, made.month(), made.day(), made.hour(),
                              made.minute(), made.second());
  return absl::FromCivil(end, absl::UTCTimeZone());
}

std::string WhyTooLong(std::string_view field, size_t bytes, size_t most) {
  if (bytes <= most) return "";
  return StrCat("`", field, "` has ", bytes, " bytes; at most ", most, " are taken");
}

std::string WhyTextRefused(const TenantRecord& record) {
  std::string why = WhyTooLong("made_by", record.made_by.size(), kMaxMadeByBytes);
  if (why.empty()) why = WhyTooLong("reason", record.reason.size(), kMaxReasonBytes);
  if (why.empty()) why = WhyTooLong("note", record.note.size(), kMaxNoteBytes);
  if (why.empty()) why = WhyTooLong("source", record.source.size(), kMaxSourceBytes);
  return why;
}

}  // namespace

std::string WhyRefused(TenantListKind kind, const TenantRecord& record, absl::Time now) {
  if (!IsAreaCode(AreaCodeOf(record.number)) || record.number >= kNumberLimit) {
    return "the number is no North American number of ten digits";
  }
  if (!IsMomentOfOurs(record.made_at) || record.made_at > now + kMaxSkew) {
    return "`made_at` lies in the future or before 1900";
  }
  if (std::string why = WhyTextRefused(record); !why.empty()) return why;
  const bool ends = record.expires_at != absl::InfiniteFuture();
  if (ends && !IsMomentOfOurs(record.expires_at)) return "`expires_at` is no usable time";
  if (kind == TenantListKind::kEbr) {
    if (record.ebr_kind == EbrKind::kNone) {
      return "a business relationship needs `ebr_kind`: transaction or inquiry";
    }
    if (!IsMomentOfOurs(record.last_event_at) || record.last_event_at > now + kMaxSkew) {
      return "a business relationship needs `last_event_at`, the date of the last transaction or "
             "inquiry, not in the future";
    }
    return "";
  }
  if (record.ebr_kind != EbrKind::kNone || record.last_event_at != absl::InfinitePast()) {
    return "`ebr_kind` and `last_event_at` belong to lists of business relationships";
  }
  if (kind == TenantListKind::kInternal && ends &&
      record.expires_at < EarliestEnd(record.made_at)) {
    return "a do-not-call request must be kept five years (16 CFR 310.5); leave `expires_at` out "
           "or set a later one";
  }
  return "";
}

}  // namespace dnc
