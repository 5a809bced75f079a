#include "server/tenants/directory_view.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "server/base/check.h"
#include "server/base/sharded_count.h"

namespace dnc {
namespace {

std::atomic<uint64_t> last_version{0};

struct Kept {
  uint64_t version = 0;
  DirectoryViewPtr view;
};

void AddBlocks(const TenantList& list, TenantView& view) {
  auto scope = std::find_if(view.blocks.begin(), view.blocks.end(),
                            [&list](const auto& blocks) { return blocks.scope == list.scope; });
  if (scope == view.blocks.end()) {
    view.blocks.emplace_back();
    scope = view.blocks.end() - 1;
    scope->scope = list.scope;
  }
  for (const std::string& block : list.blocks) {
    uint32_t digits = 0;
    DNC_CHECK(absl::SimpleAtoi(block, &digits), "a block is three or six digits");
    if (block.size() == 3) {
      scope->area_codes.set(digits);
    } else {
      scope->exchanges.push_back(digits);
    }
  }
}

}  // namespace

TenantViewPtr MakeTenantView(Tenant tenant, std::map<std::string, TenantList> lists) {
  auto view = std::make_shared<TenantView>();
  view->tenant = std::move(tenant);
  view->lists = std::move(lists);
  for (const auto& [id, list] : view->lists) {
    if (list.kind == TenantListKind::kInternal && !list.blocks.empty()) AddBlocks(list, *view);
    if (list.scope.empty()) continue;
    view->scopes.insert(list.scope);
    view->scopes.insert(list.scope.substr(0, list.scope.find('/')));
  }
  for (TenantView::Blocks& blocks : view->blocks) {
    std::sort(blocks.exchanges.begin(), blocks.exchanges.end());
    blocks.exchanges.erase(std::unique(blocks.exchanges.begin(), blocks.exchanges.end()),
                           blocks.exchanges.end());
  }
  return view;
}

TenantViewPtr ThreadsOwn(const TenantViewPtr& tenant) {
  constexpr size_t kPlaces = 64;
  thread_local std::array<TenantViewPtr, kPlaces> places;
  TenantViewPtr& own = places[tenant->tenant.number % kPlaces];
  if (own != tenant) own = WithOwnCount(tenant);
  return own;
}

const DirectoryView& DirectoryViewCell::Get() const {
  thread_local Kept kept;
  if (kept.version != version_.load(std::memory_order_seq_cst)) {
    DirectoryViewPtr old;  // destroyed after the lock is released
    const absl::MutexLock lock(&mutex_);
    old = std::exchange(kept.view, view_);
    kept.version = version_.load(std::memory_order_relaxed);
  }
  return *kept.view;
}

void DirectoryViewCell::Publish(DirectoryViewPtr view) {
  DirectoryViewPtr old;  // destroyed after the lock is released
  const absl::MutexLock lock(&mutex_);
  old = std::exchange(view_, std::move(view));
  version_.store(last_version.fetch_add(1) + 1, std::memory_order_seq_cst);
}

}  // namespace dnc
