// Which request goes to which handler.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http/http_call.h"

namespace dnc {

// The parts of a path that a route names, decoded: {number} of `/v1/check/{number}`.
using PathParts = std::vector<std::pair<std::string, std::string>>;

struct Route {
  std::string method;  // `GET` also answers HEAD
  // Segments, each a text or a {name} for any one segment; the last may end with `:verb`.
  std::string path;
  // Bytes of a body that are taken; 0: none is.
  size_t max_body = 0;
  // Called on the connection's loop, when the whole request is there; must not wait.
  std::function<void(const HttpCallPtr& call, const PathParts& parts)> handle;
  // A caller that the server has no room for, or that it can't wait for at its end, has its
  // connection closed without an answer: for callers who could take an error's text for success.
  bool breaks_when_crowded = false;
};

// Filled before the server starts; thread-safe from then on.
class Router {
 public:
  struct Found {
    const Route* route = nullptr;  // null: no path is like that, or not with this method
    PathParts parts;
    std::string allow;  // the methods that the path has, joined by `, `; empty: no such path
  };

  // A text goes before a {name} where both fit.
  void Add(Route route);
  // `path` is percent-encoded. Call it with a request's method and path.
  Found Find(std::string_view method, std::string_view path) const;

 private:
  // A route with its path taken apart.
  struct Entry {
    Route route;
    std::vector<std::string> segments;  // a text, or `{name}`
    std::string verb;                   // `:verb` of the last segment, or empty
  };

  // Whether the path, cut at its slashes, is the entry's; adds the parts that the entry names,
  // unless `parts` is null.
  static bool Fits(const Entry& entry, const std::vector<std::string_view>& segments,
                   PathParts* parts);
  // Whether `a` is the better one for a path that both fit.
  static bool IsCloser(const Entry& a, const Entry& b);

  // What answers `method` among the entries of one path.
  static Found Choose(std::string_view method, const std::vector<const Entry*>& same,
                      const std::vector<std::string_view>& segments);

  std::deque<Entry> entries_;  // callers keep pointers to their routes
  // Those without a {name}, by their path, which needs no search.
  std::map<std::string, std::vector<const Entry*>, std::less<>> texts_;
};

}  // namespace dnc
