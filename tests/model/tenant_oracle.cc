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

// Returns midnight UTC of the same day `months` months later, or of that month's last day.
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

// docs/internals/tenant-records.md has the rule: the event's day is that of American Samoa
// (UTC-11), the end that of Guam (UTC+10), and the shortest rule applies if the state is not known.
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

// Neither of two requests for one number takes away what the other promised.
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

// A change of who wrote a request down is no change.
bool Same(v1::OwnListKind kind, const v1::Record& before, v1::Record after) {
  after.set_revision(before.revision());
  if (kind == v1::OWN_LIST_KIND_INTERNAL) after.set_made_by(before.made_by());
  return before.SerializeAsString() == after.SerializeAsString();
}

// Returns whether one scope is a part of another: `BRAND/...` of `BRAND`.
bool IsPartOf(const std::string& narrow, const std::string& wide) {
  return narrow.compare(0, wide.size() + 1, wide + "/") == 0;
}

// Returns from when on a record counts: an exemption that is dated ahead, not before its date.
std::time_t CountsFrom(v1::OwnListKind kind, const v1::Record& record) {
  if (kind == v1::OWN_LIST_KIND_INTERNAL) return 0;
  return std::max(record.made_at().seconds(), record.last_event_at().seconds());
}

bool CountsAt(v1::OwnListKind kind, const v1::Record& record, std::time_t now) {
  return CountsFrom(kind, record) <= now &&
         (!record.has_counts_until() || record.counts_until().seconds() > now);
}

bool IsOver(const v1::Record& record) {
  return Ends(record) && record.expires_at().seconds() <= std::time(nullptr);
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
  TenantListModel& list = lists_.at(list_id);
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
  // A request whose end has passed is refused.
  if (list.kind == v1::OWN_LIST_KIND_INTERNAL && IsOver(record)) return v1::WRITE_OUTCOME_REFUSED;
  if (there) {
    if (Same(list.kind, before->second, record)) return v1::WRITE_OUTCOME_ALREADY_THERE;
  } else if (tenant_.quotas().max_records() != 0 && Records() >= tenant_.quotas().max_records()) {
    return v1::WRITE_OUTCOME_REFUSED;
  }
  return Put(list_id, record);
}

v1::WriteOutcome TenantOracle::Put(const std::string& list_id, const v1::Record& record) {
  TenantListModel& list = lists_.at(list_id);
  const bool there = list.records.count(record.number()) != 0;
  list.records[record.number()] = record;
  v1::RecordChange change;
  change.set_outcome(there ? v1::WRITE_OUTCOME_UPDATED : v1::WRITE_OUTCOME_ADDED);
  *change.mutable_record() = record;
  changes_.emplace_back(record.revision(), change);
  return change.outcome();
}

v1::WriteOutcome TenantOracle::AddAgain(const std::string& list_id, const v1::Record& record,
                                        v1::WriteOutcome told, uint64_t told_revision,
                                        uint64_t revision) {
  const TenantListModel& list = lists_.at(list_id);
  const auto present = list.records.find(record.number());
  const bool there = present != list.records.end();
  const bool refused = told == v1::WRITE_OUTCOME_REFUSED;
  if (list.kind != v1::OWN_LIST_KIND_INTERNAL) {
    if (refused || !there) return v1::WRITE_OUTCOME_REFUSED;
    const bool later = present->second.revision() > told_revision;
    return later ? v1::WRITE_OUTCOME_ALREADY_THERE : told;
  }
  if (refused || !there) return Add(list_id, record, revision);
  v1::Record joined = present->second;
  Join(record, joined);
  joined.clear_counts_until();
  if (Ends(joined)) *joined.mutable_counts_until() = joined.expires_at();
  if (IsOver(joined)) return v1::WRITE_OUTCOME_REFUSED;
  if (joined.SerializeAsString() == present->second.SerializeAsString()) return told;
  joined.set_revision(revision);
  return Put(list_id, joined);
}

v1::WriteOutcome TenantOracle::RemoveAgain(const std::string& list_id, const std::string& number,
                                           v1::WriteOutcome told) const {
  const bool there = lists_.at(list_id).records.count(number) != 0;
  return there ? v1::WRITE_OUTCOME_REFUSED : told;
}

void TenantOracle::ChangeBlock(const std::string& list_id, const std::string& block, bool add,
                               uint64_t revision) {
  TenantListModel& list = lists_.at(list_id);
  if (add) list.blocks.insert(block);
  if (!add) list.blocks.erase(block);
  v1::BlockChange change;
  change.set_outcome(add ? v1::WRITE_OUTCOME_ADDED : v1::WRITE_OUTCOME_REMOVED);
  change.set_list_id(list_id);
  change.set_block(block);
  block_changes_.emplace_back(revision, change);
}

// A brand is known by its campaigns too.
bool TenantOracle::Known(const std::string& scope) const {
  return std::any_of(lists_.begin(), lists_.end(), [&scope](const auto& entry) {
    return entry.second.scope == scope || IsPartOf(entry.second.scope, scope);
  });
}

// A question that names no scope, or an unknown one, is answered with every do-not-call list and
// with the exemptions for the whole tenant.
bool TenantOracle::HoldsFor(const TenantListModel& list, const std::string& scope) const {
  const bool forbids = list.kind == v1::OWN_LIST_KIND_INTERNAL;
  if (list.scope.empty()) return true;
  if (scope.empty() || !Known(scope)) return forbids;
  if (list.scope == scope || IsPartOf(scope, list.scope)) return true;
  return forbids && IsPartOf(list.scope, scope);
}

v1::WriteOutcome TenantOracle::Remove(const std::string& list_id, const std::string& number,
                                      bool remove_do_not_call, uint64_t revision) {
  TenantListModel& list = lists_.at(list_id);
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

uint32_t TenantOracle::AskRecords(uint64_t number, const std::string& scope, std::time_t now,
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
      if (CountsAt(list.kind, found, now)) {
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

// The precedence is that of docs/tenants.md, "What decides".
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
  uint32_t counted = Counted(published).Ask(number, now, as_of).reasons;
  if (!malformed && Misses(published, number, as_of.has_value())) {
    counted |= Bit(v1::REASON_LIST_NOT_LOADED);
  }
  uint32_t own = 0;
  answer.reasons = counted;
  if (!malformed) {
    const auto& paid = tenant_.entitlement().area_codes();
    const bool entitled =
        tenant_.entitlement().all() ||
        std::find(paid.begin(), paid.end(), static_cast<uint32_t>(AreaOf(number))) != paid.end();
    // Only tenants that pay for the area code are told about the national registry.
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
    own = AskRecords(number, scope, now, !as_of, answer);
    if (!entitled) own |= Bit(v1::REASON_NOT_ENTITLED);
  }
  answer.reasons |= own;
  answer.rule = Decide(counted, own, malformed);
  answer.verdict = VerdictOf(answer.rule);
  if (answer.verdict == v1::VERDICT_INVALID || answer.verdict == v1::VERDICT_NOT_COVERED) {
    return answer;
  }
  answer.lists_end = ListsEnd(Counted(published), number);
  // The first of these moments at which another rule decides ends the records' part of the answer.
  std::set<std::time_t> moments;
  for (const auto& [id, list] : lists_) {
    const auto record = list.records.find(std::to_string(number));
    if (record == list.records.end()) continue;
    moments.insert(CountsFrom(list.kind, record->second));
    moments.insert(record->second.counts_until().seconds());
  }
  for (const std::time_t moment : moments) {
    if (moment <= now) continue;
    TenantAnswer then;
    const uint32_t not_entitled = own & Bit(v1::REASON_NOT_ENTITLED);
    const uint32_t own_then = AskRecords(number, scope, moment, !as_of, then) | not_entitled;
    if (Decide(counted, own_then, malformed) == answer.rule) continue;
    answer.records_end = moment;
    break;
  }
  return answer;
}

}  // namespace dnc::blackbox
