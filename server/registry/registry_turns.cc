// How the registry goes back: rollbacks and retirements.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <optional>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/in_force.h"
#include "server/registry/load_plan.h"
#include "server/registry/registry_impl.h"
#include "server/registry/registry_state_loader.h"

namespace dnc {
namespace {

constexpr size_t kMaxTurnText = 400;  // a request's 200 bytes, and the id of a key

absl::Status CheckCallable(uint64_t becomes_callable, const ChangeLimits& limits) {
  if (!limits.callable_limit.has_value() || becomes_callable <= *limits.callable_limit) {
    return absl::OkStatus();
  }
  return CallableLimitError(becomes_callable, *limits.callable_limit);
}

absl::Status CheckTexts(const ChangeLimits& limits) {
  if (std::max(limits.requested_by.size(), limits.reason.size()) <= kMaxTurnText) {
    return absl::OkStatus();
  }
  return Error(reason::kInvalidRequest,
               StrCat("requested_by and reason take at most ", kMaxTurnText, " bytes each"));
}

}  // namespace

absl::StatusOr<ListStatePtr> RegistryImpl::ReleaseBefore(const RegistryState& state,
                                                         const ListState& before,
                                                         const storage::ListHead& head) const {
  const uint64_t target = head.release_id();
  const auto none = [&](std::string_view why) {
    return Error(reason::kNoEarlierRelease,
                 StrCat("list ", before.name, " cannot go back from release ", before.head.id(),
                        ": ", why, "; load the files that you want instead"));
  };
  if (target == 0) return none("it is the first");
  if (target < before.life.kept_from || state.releases.count(target) == 0) {
    return none("the release before is not kept any more");
  }
  DNC_ASSIGN_OR_RETURN(const ListStatePtr list,
                       ReadList(releases_, state, head, 1, &before,
                                [](const std::string& line) { spdlog::warn("{}", line); }));
  if (list->damaged.any()) return none("the data of the release before is no longer kept whole");
  return list;
}

absl::StatusOr<RolledBack> RegistryImpl::RollBack(std::string_view name, uint64_t expected,
                                                  const ChangeLimits& limits) {
  DNC_RETURN_IF_ERROR(CheckTexts(limits));
  const std::lock_guard<std::mutex> writing(write_mutex_);
  DNC_ASSIGN_OR_RETURN(const View view, Ready());
  DNC_ASSIGN_OR_RETURN(const ListStatePtr before, FindList(*view.state, name));
  if (expected != 0 && before->head.id() != expected) {
    return Error(reason::kInvalidNow,
                 StrCat("release ", before->head.id(), " is in force, not ", expected,
                        "; look at `dncctl releases` and decide again"));
  }
  storage::ListHead head = ToHead(*before);
  head.set_release_id(before->head.parent_id());
  DNC_ASSIGN_OR_RETURN(const ListStatePtr target, ReleaseBefore(*view.state, *before, head));
  RolledBack back;
  back.release = ToInfo(target->head);
  const LoadPlan plan =
      ComparePlan(*view.state, *before, *target, options_.policy, options_.askers, clock_->Now());
  back.becomes_callable = plan.becomes_callable;
  back.no_longer_callable = plan.no_longer_callable;
  if (limits.dry_run) return back;
  DNC_RETURN_IF_ERROR(CheckCallable(back.becomes_callable, limits));
  RevisionOrder::Turn turn = order_->Begin();
  auto list = std::make_shared<ListState>(*target);
  NoteTurn(clock_->Now(), turn.revision(), before->head.id(), target->head.id(), before->life,
           limits, *list);
  auto state = WithList(list);
  state->revision = turn.revision();
  DNC_RETURN_IF_ERROR(releases_.Commit(ToCatalog(*state), nullptr, nullptr));
  Publish(state);
  turn.Commit();
  spdlog::warn("list {} went back to release {}, revision {}; {} numbers became callable",
               list->name, list->head.id(), state->revision, back.becomes_callable);
  back.revision = back.release.revision = state->revision;
  back.release.in_force = back.release.kept = true;
  return back;
}

absl::StatusOr<Retired> RegistryImpl::Retire(std::string_view name, const ChangeLimits& limits) {
  DNC_RETURN_IF_ERROR(CheckTexts(limits));
  const std::lock_guard<std::mutex> writing(write_mutex_);
  DNC_ASSIGN_OR_RETURN(const View view, Ready());
  DNC_ASSIGN_OR_RETURN(const ListStatePtr before, FindList(*view.state, name));
  auto retired = std::make_shared<ListState>();
  retired->list_id = before->list_id;
  retired->name = before->name;
  retired->kind = before->kind;
  retired->turns = before->turns;
  const absl::Time now = clock_->Now();
  retired->life.absent_since = now;
  retired->life.first_loaded_at = before->life.first_loaded_at;
  Retired answer;
  if (const std::optional<PolicyList> counts = PolicyOf(options_.policy, *before)) {
    answer.required = counts->required;
  }
  answer.becomes_callable =
      ComparePlan(*view.state, *before, *retired, options_.policy, options_.askers, now)
          .becomes_callable;
  if (limits.dry_run) return answer;
  DNC_RETURN_IF_ERROR(CheckCallable(answer.becomes_callable, limits));
  RevisionOrder::Turn turn = order_->Begin();
  NoteTurn(now, turn.revision(), before->head.id(), 0, before->life, limits, *retired);
  auto state = WithList(retired);
  state->revision = turn.revision();
  DNC_RETURN_IF_ERROR(releases_.Commit(ToCatalog(*state), nullptr, nullptr));
  Publish(state);
  turn.Commit();
  spdlog::warn("list {} retired, revision {}; {} numbers became callable", before->name,
               state->revision, answer.becomes_callable);
  answer.revision = state->revision;
  return answer;
}

}  // namespace dnc
