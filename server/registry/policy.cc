#include "server/registry/policy.h"

namespace dnc {

FileDialect DialectOf(ListKind kind) {
  switch (kind) {
    case ListKind::kNational:
      return FileDialect::kRegistry;
    case ListKind::kWireless:
    case ListKind::kWireline:
      return FileDialect::kPorted;
    case ListKind::kState:
    case ListKind::kLitigator:
    case ListKind::kOther:
      break;
  }
  return FileDialect::kCsv;
}

bool CoversAll(ListKind kind) { return kind != ListKind::kNational; }

ListEffect EffectOf(const PolicyList& list) {
  const ListName name = ParseListName(list.name).value_or(ListName{});
  return list.effect.value_or(DefaultEffect(name.kind));
}

absl::Duration DefaultMaxAge(ListKind kind) {
  // 16 CFR 310.4(b)(3)(iv) allows data of the national registry for 31 days; the states' lists
  // follow it. A port has a safe harbor of 15 days (47 CFR 64.1200(a)(1)(iv)), so its list may not
  // be older.
  const bool ported = kind == ListKind::kWireless || kind == ListKind::kWireline;
  return absl::Hours(24 * (ported ? 15 : 31));
}

}  // namespace dnc
