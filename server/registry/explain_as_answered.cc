// Tells what this server answered at a moment, from what it had published by then.
//
// For each list, the release is found that was in force (in_force.h). The numbers that it held are
// not stored for each release. They are the numbers at the end of its line of releases, with the
// events of later releases undone. For each number asked about, the first event that a later
// release brought tells what was before it:
//
//   release:     5 (in force then)      6        7 (end of the line)
//   number A:    listed <----------- deleted     not listed
//   number B:    as at the end <---------------- listed
#include <algorithm>
#include <set>

#include "server/base/error.h"
#include "server/base/status_macros.h"
#include "server/base/str_cat.h"
#include "server/registry/data_age.h"
#include "server/registry/explain.h"
#include "server/registry/explain_view.h"
#include "server/registry/in_force.h"

namespace dnc {
namespace {

absl::Status NotTold(std::string_view what) {
  return Error(reason::kHistoryNotReached,
               StrCat("what was answered at that moment can't be told any more: ", what,
                      "; ask for a later moment, or with `as_of`"));
}

// A list at its release that was in force, for the numbers asked about.
class AnsweredList {
 public:
  AnsweredList(const ExplainInputs& in, ListStatePtr state, uint64_t release_id, absl::Time moment)
      : in_(in), line_(std::move(state)), release_id_(release_id), moment_(moment) {}

  absl::StatusOr<ListView> Make(const SnapshotList& unloaded,
                                absl::Span<const ParsedNumber> numbers) {
    DNC_RETURN_IF_ERROR(FindLine(numbers));
    ListState then;
    then.kind = line_->kind;
    then.head.set_id(release_id_);
    DNC_ASSIGN_OR_RETURN(const storage::Seals seals, in_.store->ReadSeals(release_id_));
    FromRecord(seals, then);
    auto list = std::make_shared<SnapshotList>(unloaded);
    list->release_id = release_id_;
    list->digest = in_.state->releases.at(release_id_)->digest();
    for (const int area_code : AskedAreaCodes(numbers)) {
      list->areas[area_code] = CoverageThen(*in_.state, then, area_code, list->max_age, moment_);
      const auto seal = then.seals.find(area_code);
      if (seal == then.seals.end()) continue;
      DNC_RETURN_IF_ERROR(CheckArea(area_code, seal->second));
      DNC_RETURN_IF_ERROR(FindNumbers(area_code, numbers, *list));
    }
    return ListView{std::move(list), line_, release_id_};
  }

 private:
  // Finds the line of releases whose end leads back to the release.
  absl::Status FindLine(absl::Span<const ParsedNumber> numbers) {
    const uint64_t head_id = LineOf(*in_.state, *line_, release_id_);
    if (head_id == 0) return NotTold(StrCat("releases of list ", line_->name, " are cut off"));
    if (head_id == line_->head.id()) return absl::OkStatus();
    DNC_ASSIGN_OR_RETURN(const auto past, PastLine(*in_.store, *in_.state, *line_, head_id));
    for (const int area_code : AskedAreaCodes(numbers)) {
      ReadPastArea(*in_.store, *in_.state, area_code, *past);
    }
    line_ = past;
    return absl::OkStatus();
  }

  // Checks that the line still tells what the release held. `then` is the release's seal of the
  // area code.
  absl::Status CheckArea(int area_code, const storage::Seal& then) const {
    const auto seal = line_->seals.find(area_code);
    if (line_->damaged[static_cast<size_t>(area_code)]) {
      return NotTold(
          StrCat("the data of area code ", area_code, " of list ", line_->name, " is damaged"));
    }
    if (seal == line_->seals.end() || seal->second.first_release() != then.first_release()) {
      return NotTold(StrCat("area code ", area_code, " of list ", line_->name,
                            " was left out or loaded anew since"));
    }
    return absl::OkStatus();
  }

  absl::Status FindNumbers(int area_code, absl::Span<const ParsedNumber> numbers,
                           SnapshotList& list) const {
    DNC_ASSIGN_OR_RETURN(const AreaHistoryPtr history,
                         in_.histories->Get(*in_.state, *line_, area_code));
    const AreaSetPtr& at_the_end = line_->numbers.area(area_code);
    AreaSetBuilder builder;
    std::set<uint32_t> seen;
    for (const ParsedNumber& parsed : numbers) {
      if (!parsed.ok || AreaCodeOf(parsed.number) != area_code) continue;
      const uint32_t subscriber = SubscriberOf(parsed.number);
      if (!seen.insert(subscriber).second) continue;
      const auto events = history->Of(subscriber);
      // The first event that a later release brought tells what was before it.
      const auto later = std::find_if(events.begin(), events.end(), [this](const AreaEvent& event) {
        return event.release_id > release_id_;
      });
      const bool listed = later == events.end()
                              ? at_the_end != nullptr && at_the_end->Contains(subscriber)
                              : !later->added;
      if (listed) builder.Add(subscriber);
    }
    if (builder.size() > 0) list.numbers.set_area(area_code, std::move(builder).Build());
    return absl::OkStatus();
  }

  const ExplainInputs& in_;
  ListStatePtr line_;
  const uint64_t release_id_;
  const absl::Time moment_;
};

}  // namespace

absl::StatusOr<Explanation> ExplainAsAnswered(const ExplainInputs& inputs, absl::Time moment,
                                              absl::Span<const ParsedNumber> numbers,
                                              const TenantSide& tenant) {
  if (moment < inputs.state->begun_at) return NotTold("nothing had been published by then");
  if (inputs.state->untold.Has(moment)) {
    return NotTold("the server was restored from an older backup since");
  }
  std::vector<ListView> views;
  for (const std::string& name : ListNames(inputs)) {
    const SnapshotListPtr unloaded = UnloadedList(*inputs.policy, name);
    if (unloaded == nullptr) continue;
    const auto state = inputs.state->lists.find(name);
    InForce then{InForce::State::kNothing, 0};
    if (state != inputs.state->lists.end()) {
      then = InForceAt(*inputs.state, *state->second, moment);
    }
    if (then.state == InForce::State::kUnknown) {
      return NotTold(StrCat("which release of list ", name, " was in force is not known"));
    }
    if (then.state == InForce::State::kNothing) {
      if (unloaded->required) views.push_back({unloaded, nullptr});
      continue;
    }
    DNC_ASSIGN_OR_RETURN(
        ListView view,
        AnsweredList(inputs, state->second, then.release_id, moment).Make(*unloaded, numbers));
    views.push_back(std::move(view));
  }
  return ExplainViews(inputs, views, moment, numbers, tenant);
}

}  // namespace dnc
