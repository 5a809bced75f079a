#include "tests/model/oracle.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "server/rules/area_codes.h"
#include "tests/model/oracle_rules.h"

namespace dnc::blackbox {
namespace {

constexpr std::time_t kEver = std::numeric_limits<std::time_t>::max();

void Note(OracleAnswer& answer, v1::Rule rule, v1::Reason reason) {
  if (rule < answer.rule) answer.rule = rule;
  answer.reasons |= 1U << reason;
}

void NoteMatch(const std::string& list, OracleAnswer& answer) {
  if (IsNational(list)) return Note(answer, v1::RULE_NATIONAL, v1::REASON_NATIONAL);
  if (list == "wireless") return Note(answer, v1::RULE_WIRELESS, v1::REASON_WIRELESS);
  if (list == "wireline") return Note(answer, v1::RULE_CLEAR, v1::REASON_WIRELINE);
  if (list.rfind("state:", 0) == 0) return Note(answer, v1::RULE_STATE, v1::REASON_STATE);
  if (list.rfind("litigator:", 0) == 0) {
    return Note(answer, v1::RULE_LITIGATOR, v1::REASON_LITIGATOR);
  }
  Note(answer, v1::RULE_OTHER_LIST, v1::REASON_OTHER_LIST);
}

v1::Verdict VerdictOfRule(v1::Rule rule) {
  switch (rule) {
    case v1::RULE_MALFORMED:
      return v1::VERDICT_INVALID;
    case v1::RULE_NOT_COVERED:
      return v1::VERDICT_NOT_COVERED;
    case v1::RULE_STALE:
      return v1::VERDICT_STALE;
    case v1::RULE_WIRELESS:
      return v1::VERDICT_WIRELESS;
    case v1::RULE_CLEAR:
      return v1::VERDICT_CLEAR;
    default:
      return v1::VERDICT_LISTED;
  }
}

// Returns what happened to `number` last, from `since` up to `moment`.
std::optional<OracleEvent> LastEvent(const OracleList& list, uint64_t number, std::time_t since,
                                     std::time_t moment) {
  std::optional<OracleEvent> last;
  for (const OracleRelease& release : list.lineage) {
    for (const OracleEvent& event : release.events) {
      const bool in_time = event.time >= since && event.time <= moment;
      if (event.number == number && in_time) last = event;
    }
  }
  return last;
}

}  // namespace

bool AppliesTo(const std::string& list, int area_code) {
  static const std::set<int> kTexas = {210, 214, 254, 281, 325, 346, 361, 409, 430, 432,
                                       469, 512, 621, 682, 713, 726, 737, 806, 817, 830,
                                       832, 903, 915, 936, 940, 945, 956, 972, 979};
  // A code that is not known may be a new one of any state.
  return list != "state:TX" || kTexas.count(area_code) != 0 || !KnownAreaCodes()[area_code];
}

bool Oracle::loaded(const std::string& list) const {
  const auto it = lists_.find(list);
  return it != lists_.end() && it->second.loaded();
}

NumberSets Oracle::Numbers(const std::string& list) const {
  return loaded(list) ? lists_.at(list).now().numbers : NumberSets{};
}

std::set<int> Oracle::AreaCodes(const std::string& list) const {
  std::set<int> area_codes;
  if (!loaded(list)) return area_codes;
  for (const auto& [area_code, time] : lists_.at(list).now().obtained_at) {
    area_codes.insert(area_code);
  }
  return area_codes;
}

bool Oracle::MustGoBack(const std::string& list) const {
  return loaded(list) && lists_.at(list).kept > 0;
}

bool Oracle::MayGoBack(const std::string& list) const {
  return loaded(list) && lists_.at(list).lineage.size() > 1;
}

void Oracle::RollBack(const std::string& list) {
  OracleList& state = lists_.at(list);
  left_.insert(state.now().serial);
  state.lineage.pop_back();
  state.kept = std::max(0, state.kept - 1);
}

void Oracle::Retire(const std::string& list) {
  left_.insert(lists_.at(list).now().serial);
  retirements_[list].emplace_back(serial_, lists_.at(list).now().serial);
  retired_.emplace(list, lists_.at(list));
  lists_.erase(list);
}

void Oracle::LeaveOut(const std::string& list) {
  lists_.erase(list);
  retired_.erase(list);
}

std::map<std::string, const OracleList*> Oracle::Answering(bool as_of) const {
  std::map<std::string, const OracleList*> answering;
  for (const auto& [name, list] : lists_) {
    if (list.loaded()) answering[name] = &list;
  }
  for (const auto& [name, list] : retired_) {
    if (as_of) answering[name] = &list;
  }
  return answering;
}

bool Oracle::Answers(const std::string& list, bool as_of) const {
  return Answering(as_of).count(list) != 0;
}

std::time_t Oracle::FirstRelease(const OracleList& list) {
  std::time_t first = kEver;
  for (const auto& [area_code, time] : list.now().since) first = std::min(first, time);
  return first;
}

bool Oracle::MayNotReach(std::time_t as_of) const {
  const auto answering = Answering(true);
  if (answering.count("national") == 0) return true;
  return std::any_of(answering.begin(), answering.end(),
                     [&](const auto& entry) { return as_of < FirstRelease(*entry.second); });
}

void Oracle::NoteCoverage(const std::string& name, const OracleList& list, int area_code,
                          std::time_t moment, bool as_of, OracleAnswer& answer) const {
  if (name == "wireline") return;  // only informs
  const int key = CoverageKey(name, area_code);
  const auto& covered = list.now().obtained_at;
  if (covered.count(key) == 0) {
    return Note(answer, v1::RULE_NOT_COVERED, v1::REASON_AREA_CODE_NOT_LOADED);
  }
  std::optional<std::time_t> newest;
  for (const OracleRelease& release : list.lineage) {
    const auto obtained = release.obtained_at.find(key);
    if (obtained == release.obtained_at.end()) continue;
    if (obtained->second < list.now().since.at(key)) continue;  // it vanished after that
    if (!as_of || obtained->second <= moment) newest = obtained->second;
  }
  if (!newest) {
    // Nobody can tell whether the list was in use before the server began.
    return Note(answer, v1::RULE_NOT_COVERED, v1::REASON_HISTORY_NOT_REACHED);
  }
  if (AppliesTo(name, area_code) && moment - *newest > MaxAge(name)) {
    Note(answer, v1::RULE_STALE, v1::REASON_RELEASE_STALE);
  }
}

OracleAnswer Oracle::Ask(uint64_t number, std::time_t now, std::optional<std::time_t> as_of) const {
  OracleAnswer answer;
  answer.rule = v1::RULE_CLEAR;
  const std::time_t moment = as_of.value_or(now);
  const bool malformed = number == 0;
  if (malformed) Note(answer, v1::RULE_MALFORMED, v1::REASON_MALFORMED);
  const auto answering = Answering(as_of.has_value());
  if (!malformed && answering.count("national") == 0) {
    Note(answer, v1::RULE_NOT_COVERED, v1::REASON_LIST_NOT_LOADED);
  }
  for (const auto& [name, answering_list] : answering) {
    if (malformed) continue;
    const OracleList& list = *answering_list;
    NoteCoverage(name, list, AreaOf(number), moment, as_of.has_value(), answer);
    const auto since = list.now().since.find(CoverageKey(name, AreaOf(number)));
    if (since == list.now().since.end()) continue;
    const bool holds_now = Holds(list.now().numbers, number);
    if (!as_of && !holds_now) continue;
    const auto last = LastEvent(list, number, since->second, as_of ? moment : kEver);
    if (as_of && !(last && last->added)) continue;
    NoteMatch(name, answer);
    answer.matches[name] = last;
  }
  answer.verdict = VerdictOfRule(answer.rule);
  return answer;
}

}  // namespace dnc::blackbox
