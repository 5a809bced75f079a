// What the content of an answer is worth: right ones, for which a client may say "call", and all
// the ways in which an answer is none.
#include "absl/strings/ascii.h"
#include "clients/conformance/vector.h"

namespace dnc::conformance {
namespace {

constexpr int kForeignValue = 99;  // of an enumeration: of a version to come

Vector Scrub(const std::string& name, const std::string& why, const v1::ScrubResponse& response,
             std::vector<bool> may_call = {false, false}, const std::string& error = "bad_answer") {
  return {.name = name,
          .why = why,
          .call = "scrub",
          .numbers = {kClearText, kListedText},
          .answers = {Ok(response)},
          .may_call = std::move(may_call),
          .error = error};
}

template <typename Change>
v1::ScrubResponse ScrubWith(const Change& change) {
  v1::ScrubResponse response = RightScrub();
  change(&response);
  return response;
}

void AddScrubs(std::vector<Vector>* out) {
  using Response = v1::ScrubResponse;
  out->push_back(Scrub("right_answer", "A client that says no to everything proves nothing.",
                       RightScrub(), {true, false}, ""));
  out->push_back(Scrub("unknown_verdict", "A verdict of a later version permits nothing.",
                       ScrubWith([](Response* response) {
                         response->set_verdicts(0, static_cast<v1::Verdict>(kForeignValue));
                       }),
                       {false, false}, ""));
  out->push_back(Scrub("verdict_beyond_a_byte", "257 is not CLEAR, though its last byte is.",
                       ScrubWith([](Response* response) {
                         response->set_verdicts(0, static_cast<v1::Verdict>(257));
                       }),
                       {false, false}, ""));
  out->push_back(Scrub(
      "verdict_left_out", "The value that is never sent permits nothing.",
      ScrubWith([](Response* response) { response->set_verdicts(0, v1::VERDICT_UNSPECIFIED); }),
      {false, false}, ""));
  for (int value = v1::VERDICT_NOT_COVERED; value <= v1::VERDICT_WIRELESS; ++value) {
    out->push_back(Scrub(absl::AsciiStrToLower(v1::Verdict_Name(static_cast<v1::Verdict>(value))),
                         "Only CLEAR permits a call.", ScrubWith([value](Response* response) {
                           response->set_verdicts(0, static_cast<v1::Verdict>(value));
                         }),
                         {false, false}, ""));
  }
  out->push_back(Scrub("short_answer", "Nobody knows whose verdict is missing.",
                       ScrubWith([](Response* response) {
                         response->mutable_verdicts()->Truncate(1);
                         response->mutable_reasons()->Truncate(1);
                       })));
  out->push_back(Scrub("long_answer", "Nobody knows whose verdict is one too many.",
                       ScrubWith([](Response* response) {
                         response->add_verdicts(v1::VERDICT_CLEAR);
                         response->add_reasons(0);
                       })));
  out->push_back(
      Scrub("fewer_reasons", "Every column has as many entries as were asked.",
            ScrubWith([](Response* response) { response->mutable_reasons()->Truncate(1); })));
  out->push_back(Scrub("more_reasons", "Every column has as many entries as were asked.",
                       ScrubWith([](Response* response) { response->add_reasons(0); })));
  out->push_back(Scrub("empty_answer", "A message without fields is no answer.", Response()));
  out->push_back(Scrub("no_snapshot", "An answer that rests on nothing proves nothing.",
                       ScrubWith([](Response* response) { response->clear_snapshot(); })));
  out->push_back(
      Scrub("no_revision", "CLEAR without a version of the lists proves nothing.",
            ScrubWith([](Response* response) { response->mutable_snapshot()->clear_revision(); })));
  out->push_back(Scrub("end_of_one", "One number's verdict ends before that of the others.",
                       ScrubWith([](Response* response) {
                         response->add_earlier_ends()->mutable_valid_until()->set_seconds(kNow + 5);
                       }),
                       {true, false}, ""));
  out->push_back(
      Scrub("end_of_no_number", "Nobody knows whose end it is.", ScrubWith([](Response* response) {
              v1::EarlierEnd* const end = response->add_earlier_ends();
              end->set_index(2);
              end->mutable_valid_until()->set_seconds(kNow + kDay);
            })));
  out->push_back(Scrub("end_without_a_time", "What ends ends at some time.",
                       ScrubWith([](Response* response) { response->add_earlier_ends(); })));
  Vector older =
      Scrub("older_than_asked", "The opt-out of revision 9 is not in revision 7.", RightScrub());
  older.at_least_revision = 9;
  out->push_back(older);
}

constexpr int64_t kMinute = 60;

Vector At(Vector vector, int64_t now, int64_t as_of = 0) {
  vector.now = now;
  vector.as_of = as_of;
  return vector;
}

void AddMoments(std::vector<Vector>* out) {
  using Response = v1::ScrubResponse;
  // Ten minutes are permitted. Players that move the times to now are some seconds late.
  for (const int64_t behind : {-9 * kMinute, 9 * kMinute}) {
    out->push_back(At(Scrub(behind < 0 ? "clock_nine_minutes_slow" : "clock_nine_minutes_fast",
                            "Clocks differ a little.", RightScrub(), {true, false}, ""),
                      kNow + behind));
  }
  Vector cached =
      Scrub("answer_out_of_a_cache", "What a cache gives was true at another time.", RightScrub());
  cached.answers.front().grpc_used = false;
  cached.answers.front().http.age = "1";
  out->push_back(cached);
  const std::string not_of_now = "A CLEAR of another time is none of now.";
  out->push_back(At(Scrub("answer_of_earlier", not_of_now, RightScrub()), kNow + 11 * kMinute));
  out->push_back(At(Scrub("answer_of_later", not_of_now, RightScrub()), kNow - 11 * kMinute));
  out->push_back(At(Scrub("answer_of_last_year", not_of_now, RightScrub()), kNow + 365 * kDay));
  out->push_back(
      At(Scrub("listed_last_year", "What permits no call is not refused for its time.",
               ScrubWith([](Response* response) { response->set_verdicts(0, v1::VERDICT_LISTED); }),
               {false, false}, ""),
         kNow + 365 * kDay));
  out->push_back(Scrub(
      "no_moment", "CLEAR without its moment may be of any time.",
      ScrubWith([](Response* response) { response->mutable_snapshot()->clear_decided_at(); })));
  for (const int64_t end : {kNow - kDay, kNow}) {
    const std::string name = end < kNow ? "over_yesterday" : "over_at_once";
    out->push_back(Scrub(name, "What is over when it is said permits nothing.",
                         ScrubWith([end](Response* response) {
                           response->mutable_snapshot()->mutable_valid_until()->set_seconds(end);
                         })));
    out->push_back(Scrub(name + "_for_one", "What is over when it is said permits nothing.",
                         ScrubWith([end](Response* response) {
                           response->add_earlier_ends()->mutable_valid_until()->set_seconds(end);
                         })));
  }
  out->push_back(At(Scrub("history_of_its_moment", "The moment asked for is that of the answer.",
                          RightScrub(), {true, false}, ""),
                    kNow + 365 * kDay, kNow));
  out->push_back(At(Scrub("history_of_another_moment",
                          "The moment asked for is that of the answer.", RightScrub()),
                    kNow, kNow - 1));
  out->push_back(At(Scrub("now_for_history", "The answer for now is none for then.", RightScrub()),
                    kNow, kNow - 365 * kDay));
}

Vector Details(const std::string& name, const std::string& why, const v1::ScrubResponse& response,
               std::vector<bool> may_call = {false, false},
               const std::string& error = "bad_answer") {
  Vector vector = Scrub(name, why, response, std::move(may_call), error);
  vector.call = "scrub_details";
  return vector;
}

template <typename Change>
v1::ScrubResponse DetailsWith(const Change& change) {
  v1::ScrubResponse response = RightDetails();
  change(&response);
  return response;
}

void AddDetails(std::vector<Vector>* out) {
  using Response = v1::ScrubResponse;
  out->push_back(Details("right_details", "A client that says no to everything proves nothing.",
                         RightDetails(), {true, false}, ""));
  out->push_back(Details("swapped_order", "A verdict of another number is none of this one.",
                         DetailsWith([](Response* response) {
                           response->mutable_verdicts()->SwapElements(0, 1);
                           response->mutable_reasons()->SwapElements(0, 1);
                           response->mutable_results()->SwapElements(0, 1);
                         })));
  out->push_back(Details("details_of_another_number", "The number must be the one that was asked.",
                         DetailsWith([](Response* response) {
                           response->mutable_results(0)->set_number(2015550102);
                         })));
  out->push_back(Details(
      "details_contradict", "A listed number does not become clear by details.",
      DetailsWith([](Response* response) { response->set_verdicts(0, v1::VERDICT_LISTED); })));
  out->push_back(
      Details("fewer_details", "Details that are missing are of nobody knows whom.",
              DetailsWith([](Response* response) { response->mutable_results()->RemoveLast(); })));
  out->push_back(Details("no_details", "They were asked for.",
                         DetailsWith([](Response* response) { response->clear_results(); })));
  out->push_back(Details(
      "details_of_an_unknown_rule", "What this version does not know cannot have cleared a number.",
      DetailsWith([](Response* response) {
        response->mutable_results(0)->set_rule(static_cast<v1::Rule>(kForeignValue));
      }),
      {false, false}, ""));
  for (const bool right : {true, false}) {
    Vector unusual =
        Details(right ? "details_of_unusual_writing" : "details_of_unshown_number",
                "A clear number stands in the text that was asked about.",
                DetailsWith([right](Response* response) {
                  response->mutable_results(0)->set_number(right ? kClear : kClear + 2);
                }),
                {right, false}, right ? "" : "bad_answer");
    unusual.numbers.front() = kUnusualText;
    out->push_back(unusual);
  }
  out->push_back(Details("details_over_at_once", "What is over when it is said permits nothing.",
                         DetailsWith([](Response* response) {
                           response->mutable_results(0)->mutable_valid_until()->set_seconds(kNow);
                         })));
}

template <typename Change>
Vector Check(const std::string& name, const std::string& why, const Change& change,
             bool may_call = false, const std::string& error = "bad_answer") {
  v1::CheckNumberResponse response = RightCheck();
  change(&response);
  return {.name = name,
          .why = why,
          .call = "check",
          .numbers = {kClearText},
          .answers = {Ok(response)},
          .may_call = {may_call},
          .error = error};
}

void AddChecks(std::vector<Vector>* out) {
  using Response = v1::CheckNumberResponse;
  out->push_back(Check(
      "right_check", "A client that says no to everything proves nothing.",
      [](Response* /*response*/) {}, true, ""));
  out->push_back(Check(
      "check_unknown_verdict", "A verdict of a later version permits nothing.",
      [](Response* response) {
        response->mutable_result()->set_verdict(static_cast<v1::Verdict>(kForeignValue));
      },
      false, ""));
  for (const int rule : {kForeignValue, static_cast<int>(v1::RULE_UNSPECIFIED),
                         static_cast<int>(v1::RULE_NATIONAL)}) {
    out->push_back(Check(
        "check_clear_by_rule_" + std::to_string(rule),
        "A rule that does not clear numbers cannot have cleared this one.",
        [rule](Response* response) {
          response->mutable_result()->set_rule(static_cast<v1::Rule>(rule));
        },
        false, ""));
  }
  out->push_back(
      Check("check_of_another_number", "The number must be the one that was asked.",
            [](Response* response) { response->mutable_result()->set_number(2015550102); }));
  out->push_back(Check("check_without_number", "CLEAR of no number is of none.",
                       [](Response* response) { response->mutable_result()->clear_number(); }));
  out->push_back(Check("check_without_result", "Without a result there is no verdict.",
                       [](Response* response) { response->clear_result(); }));
  out->push_back(Check("check_without_snapshot", "An answer that rests on nothing proves nothing.",
                       [](Response* response) { response->clear_snapshot(); }));
  out->push_back(Check("check_without_revision",
                       "CLEAR without a version of the lists proves nothing.",
                       [](Response* response) { response->mutable_snapshot()->clear_revision(); }));
  Vector older = Check("check_older_than_asked", "The opt-out of revision 9 is not in revision 7.",
                       [](Response* /*response*/) {});
  older.at_least_revision = 9;
  out->push_back(older);
  out->push_back(
      Check("check_without_moment", "CLEAR without its moment may be of any time.",
            [](Response* response) { response->mutable_snapshot()->clear_decided_at(); }));
  out->push_back(Check("check_over_at_once", "What is over when it is said permits nothing.",
                       [](Response* response) {
                         response->mutable_result()->mutable_valid_until()->set_seconds(kNow);
                       }));
  const auto right = [](Response* /*response*/) {};
  Vector unusual =
      Check("check_of_unusual_writing", "A clear number stands in the text that was asked about.",
            right, true, "");
  unusual.numbers.front() = kUnusualText;
  out->push_back(unusual);
  Vector unshown =
      Check("check_of_unshown_number", "A clear number stands in the text that was asked about.",
            [](Response* response) { response->mutable_result()->set_number(kClear + 2); });
  unshown.numbers.front() = kUnusualText;
  out->push_back(unshown);
  out->push_back(At(Check("check_of_earlier", "A CLEAR of another time is none of now.", right),
                    kNow + 11 * kMinute));
  out->push_back(At(Check("check_history_of_its_moment",
                          "The moment asked for is that of the answer.", right, true, ""),
                    kNow + 365 * kDay, kNow));
  out->push_back(At(Check("check_history_of_another_moment",
                          "The moment asked for is that of the answer.", right),
                    kNow, kNow - 1));
}

template <typename Change>
Vector Write(const std::string& name, const std::string& why, const Change& change,
             std::vector<bool> recorded, const std::string& error) {
  v1::AddNumbersResponse response = RightWrite();
  change(&response);
  return {.name = name,
          .why = why,
          .call = "add_opt_outs",
          .numbers = {kClearText, kListedText},
          .answers = {Ok(response)},
          .may_call = std::move(recorded),
          .error = error};
}

void AddWrites(std::vector<Vector>* out) {
  using Response = v1::AddNumbersResponse;
  out->push_back(Write(
      "right_write", "Added, or there already: both are in force.", [](Response* /*response*/) {},
      {true, true}, ""));
  out->push_back(Write(
      "fewer_outcomes", "Nobody knows whose outcome is missing.",
      [](Response* response) { response->mutable_results()->RemoveLast(); }, {false, false},
      "bad_answer"));
  out->push_back(Write(
      "no_outcomes", "A message without fields acknowledges nothing.",
      [](Response* response) { response->Clear(); }, {false, false}, "bad_answer"));
  out->push_back(Write(
      "one_refused", "What was refused is not recorded.",
      [](Response* response) {
        response->mutable_results(1)->set_outcome(v1::WRITE_OUTCOME_REFUSED);
      },
      {true, false}, "not_recorded"));
  for (const int outcome : {kForeignValue, static_cast<int>(v1::WRITE_OUTCOME_UNSPECIFIED),
                            static_cast<int>(v1::WRITE_OUTCOME_REMOVED),
                            static_cast<int>(v1::WRITE_OUTCOME_NOT_THERE)}) {
    out->push_back(Write(
        "outcome_" + std::to_string(outcome), "Only three outcomes acknowledge an opt-out.",
        [outcome](Response* response) {
          response->mutable_results(1)->set_outcome(static_cast<v1::WriteOutcome>(outcome));
        },
        {true, false}, "not_recorded"));
  }
  out->push_back(Write(
      "write_without_revision", "What was written has a revision.",
      [](Response* response) { response->clear_revision(); }, {false, false}, "bad_answer"));
}

}  // namespace

std::vector<Vector> AnswerVectors() {
  std::vector<Vector> vectors;
  AddScrubs(&vectors);
  AddMoments(&vectors);
  AddDetails(&vectors);
  AddChecks(&vectors);
  AddWrites(&vectors);
  return vectors;
}

}  // namespace dnc::conformance
