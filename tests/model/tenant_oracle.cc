#include "tests/model/tenant_oracle.h"

#include <algorithm>

namespace dnc::blackbox {
namespace {

uint32_t Bit(v1::Reason reason) { return 1U << reason; }
bool Has(uint32_t reasons, v1::Reason reason) { return (reasons & Bit(reason)) != 0; }

std::tm CalendarOf(std::time_t time) {
  std::tm calendar{};
  gmtime_r(&time, &calendar);
  return calendar;
}

int DaysOfMonth(int year, int month) {  // month from 0
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 1 && leap ? 29 : days[month];
}

// Midnight UTC of the day so many months later, or of the month's last day.
std::time_t MonthsLater(std::time_t day, int months) {
  std::tm calendar = CalendarOf(day);
  const int all = calendar.tm_mon + months;
  calendar.tm_year += all / 12;
  calendar.tm_mon = all % 12;
  calendar.tm_mday =
      std::min(calendar.tm_mday, DaysOfMonth(calendar.tm_year + 1900, calendar.tm_mon));
  calendar.tm_hour = calendar.tm_min = calendar.tm_sec = 0;
  return timegm(&calendar);
}

// docs/design.md: the event's day as in American Samoa (UTC-11), the end as in Guam (UTC+10), the
// shortest rule if the state is not known.
std::time_t EbrEndOf(const v1::Record& record) {
  const std::time_t event = record.last_event_at().seconds() - 11 * 3600;
  const int area = std::stoi(record.number().substr(0, 3));
  const bool texas = area == 512 || area == 713;
  const bool missouri = area == 314;
  const bool unknown = area == 950;  // the others of the scenario are of other states
  std::time_t last = 0;
  if (record.ebr_kind() == v1::EBR_KIND_INQUIRY) {
    last = MonthsLater(event, 3);
  } else {
    last = MonthsLater(event, 18);
    if (texas || unknown) last = std::min(last, MonthsLater(event, 12));
    if (missouri || unknown) last = std::min(last, MonthsLater(event, 0) + 180 * kDay);
  }
  return last + kDay - 10 * 3600;
}

bool Ends(const v1::Record& record) { return record.has_expires_at(); }

bool Refused(v1::OwnListKind kind, const v1::Record& record) {
  if (record.number().size() != 10 || record.number()[0] < '2') return true;
  if (record.made_at().seconds() > std::time(nullptr) + 2 * kDay) return true;
  if (record.reason().size() > 200 || record.note().size() > 1000) return true;
  if (kind == v1::OWN_LIST_KIND_EBR) {
    return record.ebr_kind() == v1::EBR_KIND_UNSPECIFIED || !record.has_last_event_at();
  }
  if (record.ebr_kind() != v1::EBR_KIND_UNSPECIFIED || record.has_last_event_at()) return true;
  return kind == v1::OWN_LIST_KIND_INTERNAL && Ends(record) &&
         record.expires_at().seconds() <
             MonthsLater(record.made_at().seconds(), 60) + record.made_at().seconds() % kDay;
}

// What two requests of one number come to: neither takes away from what the other promised.
void Join(const v1::Record& before, v1::Record& after) {
  if (before.made_at().seconds() < after.made_at().seconds()) {
    *after.mutable_made_at() = before.made_at();
  }
  if (!Ends(before)) {
    after.clear_expires_at();
  } else if (Ends(after) && after.expires_at().seconds() < before.expires_at().seconds()) {
    *after.mutable_expires_at() = before.expires_at();
  }
}

// Who wrote a request down again is no news.
bool Same(v1::OwnListKind kind, const v1::Record& before, v1::Record after) {
  after.set_revision(before.revision());
  if (kind == v1::OWN_LIST_KIND_INTERNAL) after.set_made_by(before.made_by());
  return before.SerializeAsString() == after.SerializeAsString();
}

// `BRAND` holds for `BRAND` and for `BRAND/...`; the whole tenant for everything.
bool HoldsFor(const OwnListModel& list, const std::string& scope) {
  if (list.scope.empty() || list.scope == scope) return true;
  if (scope.empty()) return list.kind == v1::OWN_LIST_KIND_INTERNAL;
  return scope.compare(0, list.scope.size() + 1, list.scope + "/") == 0;
}

v1::Reason ReasonOf(v1::OwnListKind kind) {
  if (kind == v1::OWN_LIST_KIND_INTERNAL) return v1::REASON_OWN_DO_NOT_CALL;
  return kind == v1::OWN_LIST_KIND_EBR ? v1::REASON_EBR : v1::REASON_CONSENT;
}

bool Lifts(const google::protobuf::RepeatedField<int>& liftables, v1::Liftable what) {
  return std::find(liftables.begin(), liftables.end(), what) != liftables.end();
}

v1::Verdict VerdictOf(v1::Rule rule) {
  if (rule == v1::RULE_MALFORMED) return v1::VERDICT_INVALID;
  if (rule == v1::RULE_NOT_COVERED) return v1::VERDICT_NOT_COVERED;
  if (rule == v1::RULE_STALE) return v1::VERDICT_STALE;
  if (rule == v1::RULE_WIRELESS) return v1::VERDICT_WIRELESS;
  return rule >= v1::RULE_CONSENT ? v1::VERDICT_CLEAR : v1::VERDICT_LISTED;
}

}  // namespace

TenantOracle::TenantOracle(v1::Tenant tenant) : tenant_(std::move(tenant)) {
  lists_["internal"].kind = v1::OWN_LIST_KIND_INTERNAL;
}

size_t TenantOracle::Records() const {
  size_t records = 0;
  for (const auto& [id, list] : lists_) records += list.records.size();
  return records;
}

v1::WriteOutcome TenantOracle::Add(const std::string& list_id, v1::Record record,
                                   uint64_t revision) {
  OwnListModel& list = lists_.at(list_id);
  if (Refused(list.kind, record)) return v1::WRITE_OUTCOME_REFUSED;
  record.set_list_id(list_id);
  record.set_revision(revision);
  const auto before = list.records.find(record.number());
  const bool there = before != list.records.end();
  if (there && list.kind == v1::OWN_LIST_KIND_INTERNAL) Join(before->second, record);
  if (Ends(record)) *record.mutable_counts_until() = record.expires_at();
  if (list.kind == v1::OWN_LIST_KIND_EBR) {
    const std::time_t end = EbrEndOf(record);
    if (!Ends(record) || end < record.expires_at().seconds()) {
      record.mutable_counts_until()->set_seconds(end);
    }
  }
  if (there) {
    if (Same(list.kind, before->second, record)) return v1::WRITE_OUTCOME_ALREADY_THERE;
  } else if (tenant_.quotas().max_records() != 0 && Records() >= tenant_.quotas().max_records()) {
    return v1::WRITE_OUTCOME_REFUSED;
  }
  list.records[record.number()] = record;
  v1::RecordChange change;
  change.set_outcome(there ? v1::WRITE_OUTCOME_UPDATED : v1::WRITE_OUTCOME_ADDED);
  *change.mutable_record() = record;
  changes_.emplace_back(revision, change);
  return change.outcome();
}

v1::WriteOutcome TenantOracle::Remove(const std::string& list_id, const std::string& number,
                                      bool remove_do_not_call, uint64_t revision) {
  OwnListModel& list = lists_.at(list_id);
  if (number.size() != 10) return v1::WRITE_OUTCOME_REFUSED;
  if (list.records.count(number) == 0) return v1::WRITE_OUTCOME_NOT_THERE;
  if (list.kind == v1::OWN_LIST_KIND_INTERNAL && !remove_do_not_call) {
    return v1::WRITE_OUTCOME_REFUSED;
  }
  list.records.erase(number);
  v1::RecordChange change;
  change.set_outcome(v1::WRITE_OUTCOME_REMOVED);
  change.mutable_record()->set_number(number);
  change.mutable_record()->set_list_id(list_id);
  changes_.emplace_back(revision, change);
  return change.outcome();
}

bool TenantOracle::Counts(const std::string& list) const {
  const v1::TenantPolicy& policy = tenant_.policy();
  if (list == "national") return true;
  if (list == "wireline" || (list == "wireless" && !policy.wireless_counts())) return false;
  return policy.lists().empty() ||
         std::find(policy.lists().begin(), policy.lists().end(), list) != policy.lists().end();
}

Oracle TenantOracle::Counted(const Oracle& published) const {
  Oracle counted = published;
  for (const auto& [name, list] : published.lists()) {
    if (list.loaded() && !Counts(name)) counted.LeaveOut(name);
  }
  return counted;
}

uint32_t TenantOracle::AskOwn(uint64_t number, const std::string& scope, std::time_t now,
                              bool exemptions, TenantAnswer& answer) const {
  uint32_t reasons = 0;
  const std::string digits = std::to_string(number);
  for (const auto& [id, list] : lists_) {
    if (!HoldsFor(list, scope)) continue;
    if (!exemptions && list.kind != v1::OWN_LIST_KIND_INTERNAL) continue;
    const int effect =
        list.kind == v1::OWN_LIST_KIND_INTERNAL ? v1::LIST_EFFECT_DENY : v1::LIST_EFFECT_EXEMPT;
    const auto record = list.records.find(digits);
    if (record != list.records.end()) {
      const v1::Record& found = record->second;
      if (!found.has_counts_until() || found.counts_until().seconds() > now) {
        reasons |= Bit(ReasonOf(list.kind));
        answer.matches.emplace("own:" + id, effect, found.made_at().seconds());
      }
    }
    for (const std::string& block : list.blocks) {
      if (digits.compare(0, block.size(), block) != 0) continue;
      reasons |= Bit(v1::REASON_OWN_DO_NOT_CALL);
      answer.matches.emplace("own:" + id, effect, 0);
      break;
    }
  }
  return reasons;
}

// The precedence of docs/tenants.md, "What decides".
v1::Rule TenantOracle::Decide(uint32_t counted, uint32_t own, bool malformed) const {
  const auto& by_consent = tenant_.policy().consent_lifts();
  const auto& by_ebr = tenant_.policy().ebr_lifts();
  if (malformed) return v1::RULE_MALFORMED;
  if (Has(own, v1::REASON_OWN_DO_NOT_CALL)) return v1::RULE_OWN_DO_NOT_CALL;
  if (Has(counted, v1::REASON_LITIGATOR)) return v1::RULE_LITIGATOR;
  if (Has(counted, v1::REASON_AREA_CODE_NOT_LOADED) || Has(counted, v1::REASON_LIST_NOT_LOADED) ||
      Has(counted, v1::REASON_HISTORY_NOT_REACHED) || Has(own, v1::REASON_NOT_ENTITLED)) {
    return v1::RULE_NOT_COVERED;
  }
  if (Has(counted, v1::REASON_RELEASE_STALE)) return v1::RULE_STALE;
  if (Has(counted, v1::REASON_OTHER_LIST)) return v1::RULE_OTHER_LIST;
  bool consent_lifted = false;
  bool ebr_lifted = false;
  const struct {
    v1::Reason reason;
    v1::Liftable what;
    v1::Rule rule;
  } matches[] = {{v1::REASON_NATIONAL, v1::LIFTABLE_NATIONAL, v1::RULE_NATIONAL},
                 {v1::REASON_STATE, v1::LIFTABLE_STATE, v1::RULE_STATE},
                 {v1::REASON_WIRELESS, v1::LIFTABLE_WIRELESS, v1::RULE_WIRELESS}};
  for (const auto& match : matches) {
    if (!Has(counted, match.reason)) continue;
    if (Has(own, v1::REASON_CONSENT) && Lifts(by_consent, match.what)) {
      consent_lifted = true;
    } else if (Has(own, v1::REASON_EBR) && Lifts(by_ebr, match.what)) {
      ebr_lifted = true;
    } else {
      return match.rule;
    }
  }
  if (consent_lifted) return v1::RULE_CONSENT;
  return ebr_lifted ? v1::RULE_EBR : v1::RULE_CLEAR;
}

TenantAnswer TenantOracle::Ask(const Oracle& published, uint64_t number, const std::string& scope,
                               std::time_t now, std::optional<std::time_t> as_of) const {
  TenantAnswer answer;
  const bool malformed = number == 0;
  const uint32_t counted = Counted(published).Ask(number, now, as_of).reasons;
  uint32_t own = 0;
  answer.reasons = counted;
  if (!malformed) {
    const auto& paid = tenant_.entitlement().area_codes();
    const bool entitled =
        tenant_.entitlement().all() ||
        std::find(paid.begin(), paid.end(), static_cast<uint32_t>(AreaOf(number))) != paid.end();
    // The national registry is told to those who pay for the area code.
    if (!entitled) answer.reasons &= ~Bit(v1::REASON_NATIONAL);
    for (const auto& [list, event] : published.Ask(number, now, as_of).matches) {
      if (list == "national" && !entitled) continue;
      int effect = list == "wireless" ? v1::LIST_EFFECT_WIRELESS : v1::LIST_EFFECT_DENY;
      if (!Counts(list)) effect = v1::LIST_EFFECT_INFORM;
      answer.matches.emplace(list, effect, 0);
      if (list == "national") answer.reasons |= Bit(v1::REASON_NATIONAL);
      if (list == "state:TX") answer.reasons |= Bit(v1::REASON_STATE);
      if (list == "wireless") answer.reasons |= Bit(v1::REASON_WIRELESS);
      if (list == "wireline") answer.reasons |= Bit(v1::REASON_WIRELINE);
      if (list == "litigator:abc") answer.reasons |= Bit(v1::REASON_LITIGATOR);
      if (list == "other:own-2") answer.reasons |= Bit(v1::REASON_OTHER_LIST);
    }
    own = AskOwn(number, scope, now, !as_of, answer);
    if (!entitled) own |= Bit(v1::REASON_NOT_ENTITLED);
  }
  answer.reasons |= own;
  answer.rule = Decide(counted, own, malformed);
  answer.verdict = VerdictOf(answer.rule);
  return answer;
}

}  // namespace dnc::blackbox
