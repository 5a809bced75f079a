// How the registry goes back: rollbacks and retirements.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <bitset>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/numbers/area_codes.h"
#include "server/registry/in_force.h"
#include "server/registry/load_plan.h"
#include "server/registry/registry_impl.h"
#include "server/registry/world_reader.h"
#include "server/scrub/rules.h"

namespace dnc {
namespace {

// How many numbers are callable in `after`, which lacks the list `gone`, and were not with it.
class RetirementCount {
 public:
  RetirementCount(const SnapshotList& gone, const Snapshot& after, absl::Time now)
      : gone_(gone), after_(after), now_(now) {
    for (const auto& list : after.lists) effects_.push_back(EffectFor(*list, nullptr));
  }

  uint64_t Count() const {
    uint64_t count = 0;
    const std::bitset<kAreaCodes> known = KnownAreaCodes();
    for (int area_code = 0; area_code < kAreaCodes; ++area_code) {
      const Callable lets = CallableOf(gone_, area_code, now_);
      const AreaSetPtr& listed = gone_.numbers.area(area_code);
      if (lets == Callable::kAll) continue;
      if (!known[static_cast<size_t>(area_code)] && listed == nullptr) continue;
      if (!IsCallable(area_code)) continue;
      count += lets == Callable::kNone ? kNumbersPerArea - Others(area_code).size()
                                       : NotOnOthers(area_code, listed);
    }
    return count;
  }

 private:
  // Whether a number of the area code that is on no list may be called without the list.
  bool IsCallable(int area_code) const {
    return AreaFinding(after_, effects_, nullptr, now_, area_code).rules == Finding().rules;
  }

  uint64_t NotOnOthers(int area_code, const AreaSetPtr& listed) const {
    if (listed == nullptr) return 0;
    uint64_t count = 0;
    listed->ForEachNumber([&](uint32_t subscriber) {
      bool forbidden = false;
      for (size_t l = 0; l < effects_.size(); ++l) {
        const AreaSetPtr& set = after_.lists[l]->numbers.area(area_code);
        forbidden = forbidden || (Forbids(l) && set != nullptr && set->Contains(subscriber));
      }
      count += forbidden ? 0 : 1;
    });
    return count;
  }

  // What the other lists forbid in an area code.
  AreaSetBuilder Others(int area_code) const {
    AreaSetBuilder builder;
    for (size_t l = 0; l < effects_.size(); ++l) {
      const AreaSetPtr& set = after_.lists[l]->numbers.area(area_code);
      if (!Forbids(l) || set == nullptr) continue;
      set->ForEachNumber([&builder](uint32_t subscriber) { builder.Add(subscriber); });
    }
    return builder;
  }

  bool Forbids(size_t list) const { return effects_[list] != ListEffect::kInform; }

  const SnapshotList& gone_;
  const Snapshot& after_;
  const absl::Time now_;
  std::vector<ListEffect> effects_;
};

absl::Status CheckCallable(uint64_t becomes_callable, const ChangeLimits& limits) {
  if (!limits.callable_limit.has_value() || becomes_callable <= *limits.callable_limit) {
    return absl::OkStatus();
  }
  return CallableLimitError(becomes_callable, *limits.callable_limit);
}

}  // namespace

absl::StatusOr<ListStatePtr> RegistryImpl::ReleaseBefore(const World& world,
                                                         const ListState& before,
                                                         const storage::ListHead& head) const {
  const uint64_t target = head.release_id();
  const auto none = [&](std::string_view why) {
    return Error(absl::StatusCode::kFailedPrecondition, reason::kNoEarlierRelease,
                 StrCat("list ", before.name, " cannot go back from release ", before.head.id(),
                        ": ", why, "; load the files that you want instead"));
  };
  if (target == 0) return none("it is the first");
  if (target < before.life.kept_from || world.releases.count(target) == 0) {
    return none("the release before is not kept any more");
  }
  DNC_ASSIGN_OR_RETURN(const ListStatePtr list,
                       ReadList(releases_, world, head, 1, &before,
                                [](const std::string& line) { spdlog::warn("{}", line); }));
  if (list->damaged.any()) return none("the data of the release before is no longer kept whole");
  return list;
}

absl::StatusOr<RolledBack> RegistryImpl::RollBack(std::string_view name, uint64_t expected,
                                                  const ChangeLimits& limits) {
  const std::lock_guard<std::mutex> writing(write_mutex_);
  DNC_ASSIGN_OR_RETURN(const View view, Ready());
  DNC_ASSIGN_OR_RETURN(const ListStatePtr before, FindList(*view.world, name));
  if (expected != 0 && before->head.id() != expected) {
    return Error(absl::StatusCode::kFailedPrecondition, reason::kInvalidRequest,
                 StrCat("release ", before->head.id(), " is in force, not ", expected,
                        "; look at `dncctl releases` and decide again"));
  }
  storage::ListHead head = ToHead(*before);
  head.set_release_id(before->head.parent_id());
  DNC_ASSIGN_OR_RETURN(const ListStatePtr target, ReleaseBefore(*view.world, *before, head));
  RolledBack back;
  back.release = ToInfo(target->head);
  if (PolicyOf(options_.policy, *before).has_value()) {
    const LoadPlan plan =
        ComparePlan(*view.world, *before, *target, options_.policy, clock_->Now());
    back.becomes_callable = plan.becomes_callable;
    back.no_longer_callable = plan.no_longer_callable;
  }
  if (limits.dry_run) return back;
  DNC_RETURN_IF_ERROR(CheckCallable(back.becomes_callable, limits));
  RevisionOrder::Turn turn = order_->Begin();
  auto list = std::make_shared<ListState>(*target);
  NoteTurn(clock_->Now(), turn.revision(), before->head.id(), target->head.id(), before->life,
           *list);
  auto world = WithList(list);
  world->revision = turn.revision();
  DNC_RETURN_IF_ERROR(releases_.Commit(ToCatalog(*world), nullptr, nullptr));
  Publish(world);
  turn.Commit();
  spdlog::warn("list {} went back to release {}, revision {}; {} numbers became callable",
               list->name, list->head.id(), world->revision, back.becomes_callable);
  back.revision = back.release.revision = world->revision;
  back.release.in_force = back.release.kept = true;
  return back;
}

absl::StatusOr<Retired> RegistryImpl::Retire(std::string_view name, const ChangeLimits& limits) {
  const std::lock_guard<std::mutex> writing(write_mutex_);
  DNC_ASSIGN_OR_RETURN(const View view, Ready());
  DNC_ASSIGN_OR_RETURN(const ListStatePtr before, FindList(*view.world, name));
  auto retired = std::make_shared<ListState>();
  retired->list_id = before->list_id;
  retired->name = before->name;
  retired->kind = before->kind;
  retired->turns = before->turns;
  const absl::Time now = clock_->Now();
  retired->life.absent_since = now;
  retired->life.first_loaded_at = before->life.first_loaded_at;
  Retired answer;
  if (const SnapshotListPtr was = LoadedList(*view.world, options_.policy, *before)) {
    answer.required = was->required;
    const SnapshotPtr after = MakeSnapshot(*WithList(retired), options_.policy);
    answer.becomes_callable = RetirementCount(*was, *after, now).Count();
  }
  if (limits.dry_run) return answer;
  DNC_RETURN_IF_ERROR(CheckCallable(answer.becomes_callable, limits));
  RevisionOrder::Turn turn = order_->Begin();
  NoteTurn(now, turn.revision(), before->head.id(), 0, before->life, *retired);
  auto world = WithList(retired);
  world->revision = turn.revision();
  DNC_RETURN_IF_ERROR(releases_.Commit(ToCatalog(*world), nullptr, nullptr));
  Publish(world);
  turn.Commit();
  spdlog::warn("list {} retired, revision {}; {} numbers became callable", before->name,
               world->revision, answer.becomes_callable);
  answer.revision = world->revision;
  return answer;
}

}  // namespace dnc
