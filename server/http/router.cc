#include "server/http/router.h"

#include <algorithm>
#include <optional>

#include "server/base/check.h"
#include "server/base/str_cat.h"
#include "server/http/percent.h"

namespace dnc {
namespace {

bool IsName(std::string_view segment) { return !segment.empty() && segment.front() == '{'; }

// `/v1/check` is cut into `v1` and `check`.
void CutPath(std::string_view path, std::vector<std::string_view>* segments) {
  if (path.empty() || path.front() != '/') return;
  size_t begin = 1;
  while (true) {
    const size_t end = path.find('/', begin);
    segments->push_back(path.substr(begin, end - begin));
    if (end == std::string_view::npos) return;
    begin = end + 1;
  }
}

bool IsText(std::string_view segment, std::string_view text) {
  if (segment.find('%') == std::string_view::npos) return segment == text;
  const std::optional<std::string> decoded = PercentDecoded(segment, PlusMeans::kPlus);
  return decoded.has_value() && *decoded == text;
}

}  // namespace

void Router::Add(Route route) {
  Entry entry;
  std::vector<std::string_view> segments;
  CutPath(route.path, &segments);
  DNC_CHECK(!segments.empty() && route.handle != nullptr, "a route has a path and a handler");
  std::string_view& last = segments.back();
  if (const size_t colon = last.rfind(':'); colon != std::string_view::npos) {
    entry.verb = last.substr(colon + 1);
    last = last.substr(0, colon);
  }
  entry.segments.assign(segments.begin(), segments.end());
  const bool is_text = std::none_of(segments.begin(), segments.end(), IsName);
  entry.route = std::move(route);
  entries_.push_back(std::move(entry));
  const Entry& added = entries_.back();
  if (is_text) texts_[added.route.path].push_back(&added);
}

bool Router::Fits(const Entry& entry, const std::vector<std::string_view>& segments,
                  PathParts* parts) {
  if (entry.segments.size() != segments.size()) return false;
  for (size_t i = 0; i < segments.size(); ++i) {
    std::string_view segment = segments[i];
    if (i + 1 == segments.size() && !entry.verb.empty()) {
      const size_t colon = segment.rfind(':');
      if (colon == std::string_view::npos || segment.substr(colon + 1) != entry.verb) return false;
      segment = segment.substr(0, colon);
    }
    const std::string& expected = entry.segments[i];
    if (!IsName(expected)) {
      if (!IsText(segment, expected)) return false;
      continue;
    }
    std::optional<std::string> value = PercentDecoded(segment, PlusMeans::kPlus);
    if (!value.has_value() || value->empty()) return false;
    if (parts != nullptr)
      parts->emplace_back(expected.substr(1, expected.size() - 2), *std::move(value));
  }
  return true;
}

bool Router::IsCloser(const Entry& a, const Entry& b) {
  for (size_t i = 0; i < a.segments.size(); ++i) {
    const bool a_name = IsName(a.segments[i]);
    if (a_name != IsName(b.segments[i])) return !a_name;
  }
  return !a.verb.empty() && b.verb.empty();
}

Router::Found Router::Choose(std::string_view method, const std::vector<const Entry*>& same,
                             const std::vector<std::string_view>& segments) {
  Found found;
  const Entry* chosen = nullptr;
  for (const Entry* const entry : same) {
    const std::string& one = entry->route.method;
    if (one == method || (method == "HEAD" && one == "GET" && chosen == nullptr)) chosen = entry;
  }
  if (chosen != nullptr) {
    found.route = &chosen->route;
    Fits(*chosen, segments, &found.parts);
    return found;
  }
  for (const Entry* const entry : same) {
    const std::string& one = entry->route.method;
    found.allow =
        StrCat(found.allow, found.allow.empty() ? "" : ", ", one, one == "GET" ? ", HEAD" : "");
  }
  return found;
}

Router::Found Router::Find(std::string_view method, std::string_view path) const {
  std::vector<std::string_view> segments;
  if (const auto found = texts_.find(path); found != texts_.end()) {
    return Choose(method, found->second, segments);
  }
  CutPath(path, &segments);
  // Of the entries that the path fits, the closest counts with all of its methods.
  const Entry* closest = nullptr;
  std::vector<const Entry*> same;  // of the closest path, each with another method
  for (const Entry& entry : entries_) {
    if (!Fits(entry, segments, nullptr)) continue;
    const bool closer = closest == nullptr || IsCloser(entry, *closest);
    if (!closer && IsCloser(*closest, entry)) continue;
    if (closer) {
      same.clear();
      closest = &entry;
    }
    same.push_back(&entry);
  }
  return Choose(method, same, segments);
}

}  // namespace dnc
