#include "server/tenants/change_text.h"

#include <bitset>
#include <cstdint>

#include "absl/strings/str_join.h"
#include "absl/time/time.h"
#include "server/base/str_cat.h"

namespace dnc {
namespace {

constexpr size_t kMaxNamed = 10;

// Returns "a, b, c and 7 more".
std::string Some(const std::vector<std::string>& names) {
  if (names.size() <= kMaxNamed) return absl::StrJoin(names, ", ");
  return StrCat(absl::StrJoin(names.begin(), names.begin() + kMaxNamed, ", "), " and ",
                names.size() - kMaxNamed, " more");
}

std::string StateText(TenantState state) {
  return state == TenantState::kActive ? "active" : "suspended";
}

// Returns whether all area codes are set that a number can have, whatever the others are.
bool IsAll(const std::bitset<kAreaCodes>& area_codes) {
  return area_codes.all() || (area_codes >> 200).count() == kAreaCodes - 200;
}

std::vector<std::string> Names(const std::bitset<kAreaCodes>& area_codes) {
  std::vector<std::string> names;
  for (size_t i = 0; i < area_codes.size(); ++i) {
    if (area_codes[i]) names.push_back(StrCat(i));
  }
  return names;
}

std::string EntitlementText(const std::bitset<kAreaCodes>& area_codes) {
  if (IsAll(area_codes)) return "all area codes";
  const size_t count = area_codes.count();
  if (count == 0) return "no area code";
  return count == 1 ? "1 area code" : StrCat(count, " area codes");
}

std::string EntitlementChange(const std::bitset<kAreaCodes>& before,
                              const std::bitset<kAreaCodes>& after) {
  std::string text =
      StrCat("entitlement from ", EntitlementText(before), " to ", EntitlementText(after));
  if (IsAll(before) || IsAll(after)) return text;
  const std::vector<std::string> added = Names(after & ~before);
  const std::vector<std::string> removed = Names(before & ~after);
  std::vector<std::string> parts;
  if (!added.empty()) parts.push_back("added " + Some(added));
  if (!removed.empty()) parts.push_back("removed " + Some(removed));
  return StrCat(text, " (", absl::StrJoin(parts, "; "), ")");
}

std::string LiftsText(uint8_t lifts) {
  std::vector<std::string> names;
  if ((lifts & kLiftsNational) != 0) names.emplace_back("national");
  if ((lifts & kLiftsState) != 0) names.emplace_back("state");
  if ((lifts & kLiftsWireless) != 0) names.emplace_back("wireless");
  return names.empty() ? "nothing" : absl::StrJoin(names, " and ");
}

std::string ListsText(const std::vector<std::string>& lists) {
  return lists.empty() ? "all of the server's policy" : Some(lists);
}

std::string LimitText(uint64_t limit) { return limit == 0 ? "the default" : StrCat(limit); }

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

class Clauses {
 public:
  void Add(std::string_view what, const std::string& from, const std::string& to) {
    if (from != to) clauses_.push_back(StrCat(what, " from ", from, " to ", to));
  }
  void Add(std::string clause) { clauses_.push_back(std::move(clause)); }
  std::string Text() const { return absl::StrJoin(clauses_, "; "); }

 private:
  std::vector<std::string> clauses_;
};

std::string Quoted(std::string_view text) { return StrCat("\"", text, "\""); }

}  // namespace

std::string DescribeCreation(const Tenant& tenant) {
  return StrCat("created tenant ", tenant.id, ", entitled to ",
                EntitlementText(tenant.terms.entitled));
}

std::string DescribeUpdate(const Tenant& before, const Tenant& after) {
  Clauses clauses;
  clauses.Add("display name", Quoted(before.display_name), Quoted(after.display_name));
  clauses.Add("state", StateText(before.state), StateText(after.state));
  if (before.terms.entitled != after.terms.entitled) {
    clauses.Add(EntitlementChange(before.terms.entitled, after.terms.entitled));
  }
  if (before.terms.lists != after.terms.lists) {
    clauses.Add(
        StrCat("lists from ", ListsText(before.terms.lists), " to ", ListsText(after.terms.lists)));
  }
  clauses.Add("what consent lifts", LiftsText(before.terms.consent_lifts),
              LiftsText(after.terms.consent_lifts));
  clauses.Add("what a business relationship lifts", LiftsText(before.terms.ebr_lifts),
              LiftsText(after.terms.ebr_lifts));
  clauses.Add("whether wireless counts", before.terms.wireless_counts ? "yes" : "no",
              after.terms.wireless_counts ? "yes" : "no");
  clauses.Add("numbers a second", LimitText(before.quotas.numbers_per_second),
              LimitText(after.quotas.numbers_per_second));
  clauses.Add("calls under way", LimitText(before.quotas.calls_under_way),
              LimitText(after.quotas.calls_under_way));
  clauses.Add("records", LimitText(before.quotas.max_records), LimitText(after.quotas.max_records));
  const std::string text = clauses.Text();
  return text.empty() ? text : "changed " + text;
}

std::string DescribeNewKey(const ApiKey& key) {
  std::vector<std::string> scopes;
  for (const KeyScope scope : key.scopes) {
    scopes.emplace_back(scope == KeyScope::kScrub        ? "scrub"
                        : scope == KeyScope::kWriteLists ? "write lists"
                                                         : "operate");
  }
  return StrCat("created key ", key.id, " ", Quoted(key.display_name), " to ",
                absl::StrJoin(scopes, " and "), ", ",
                key.expires_at == absl::InfiniteFuture()
                    ? std::string("without expiry")
                    : StrCat("until ", TimeText(key.expires_at)));
}

std::string DescribeNewList(const TenantList& list) {
  const char* const kind = list.kind == TenantListKind::kInternal ? "do-not-call list"
                           : list.kind == TenantListKind::kEbr    ? "EBR list"
                                                                  : "consent list";
  return StrCat("created ", kind, " ", list.id,
                list.scope.empty() ? std::string() : " for " + list.scope);
}

std::string DescribeBlocks(std::string_view verb, const std::vector<std::string>& blocks,
                           const TenantList& list) {
  return StrCat(verb, " ", Some(blocks), " on list ", list.id);
}

}  // namespace dnc
