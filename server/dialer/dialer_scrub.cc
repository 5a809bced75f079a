// A call passes these steps; each may end it with an error, and until the last one nothing of the
// answer is sent, so that an answer has all lines:
//
//   Start       on the loop: is there room for the call? If not, the connection is broken: dialers
//               try that again, while they would take whatever text came for an answer
//   MeetCaller  as a job of the loop: the query, and the key if the head has it. A bad key is
//               refused before the body is read
//   Begin       the body, the key as of now, the quota; the snapshot is taken. On a worker if the
//               body is long, and has JSON or comes from a caller who is not known yet
//   Continue    a part of the numbers a turn, so that a long list does not hold the loop:
//                 read the part -> verdicts -> letters -> lines
//               on a worker from the first part on whose dates are to be read from the disk, or if
//               Begin was there
//   Answer      all lines at once
#include "server/dialer/dialer_scrub.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/base/check.h"
#include "server/base/error.h"
#include "server/base/log_line.h"
#include "server/base/method.h"
#include "server/base/status_macros.h"
#include "server/dialer/dialer_letter.h"
#include "server/dialer/dialer_lines.h"
#include "server/dialer/dialer_reason.h"
#include "server/dialer/dialer_request.h"
#include "server/dialer/phone_list.h"
#include "server/http/form_fields.h"
#include "server/http/problem.h"
#include "server/scrub/engine.h"
#include "server/scrub/rules.h"
#include "server/service/request_errors.h"

namespace dnc {
namespace {

// How many numbers are answered in one turn of the loop: about a quarter of a millisecond's work. A
// line of JSON takes a microsecond, some sixteen times as long as a line of CSV.
constexpr size_t kCsvPart = 4096;
constexpr size_t kJsonPart = 256;

// Longer bodies are not read on the loop if they are of JSON, or of a caller who is not known yet:
// reading 4 MiB may take tens of milliseconds.
constexpr size_t kMaxBodyOnLoop = 64 << 10;

// The answers of a part, one entry a number.
struct PartAnswers {
  std::vector<uint8_t> verdicts;
  std::vector<ReasonSet> reasons;
  std::vector<uint8_t> facts;  // of the tenant's records
  // Which rule decided; empty if no letter of the part depends on it.
  std::vector<Rule> rules;
  // With dates, null where there are none; empty if the part has none.
  std::vector<const NumberReport*> reports;
  std::vector<NumberReport> dated;  // to which they point

  void Resize(size_t count) {
    verdicts.assign(count, static_cast<uint8_t>(Verdict::kUnspecified));
    reasons.assign(count, 0);
    rules.clear();
    reports.clear();
    dated.clear();
  }
};

class DialerScrubCall final : public EventLoop::Job,
                              public std::enable_shared_from_this<DialerScrubCall> {
 public:
  DialerScrubCall(const HttpContext* context, const HttpOptions& options, HttpCallPtr call)
      : context_(*context),
        max_numbers_(static_cast<size_t>(options.max_scrub_numbers)),
        max_dated_(static_cast<size_t>(options.max_dated_numbers)),
        call_(std::move(call)) {}
  ~DialerScrubCall() override {
    if (!ended_) rpc().metrics->CountCall(Method::kHttpScrub, absl::StatusCode::kCancelled);
  }
  DialerScrubCall(const DialerScrubCall&) = delete;
  DialerScrubCall& operator=(const DialerScrubCall&) = delete;

  void Start();
  void RunJob() override;

 private:
  const RpcContext& rpc() const { return *context_.shared; }

  // Refuses whom the head of the request already tells to be nobody.
  absl::Status MeetCaller();
  bool IsBodyForWorker() const;
  absl::Status Begin();
  // Answers the next part. On the loop it stops before the dates are read: then it returns false,
  // and a worker goes on with the same part.
  absl::StatusOr<bool> AnswerPart(bool on_worker);
  void DecidePart();
  void FindRules();
  void FindDates();
  void WriteLines();
  void GoOnAtWorker();
  // Each ends the call, which gives its places away before.
  void Succeed();
  void Fail(const absl::Status& status);
  void Break(absl::StatusCode code);
  void End(absl::StatusCode code);
  void LeaveGate(int64_t cost);

  const HttpContext& context_;
  const size_t max_numbers_;
  const size_t max_dated_;
  const HttpCallPtr call_;
  std::optional<std::chrono::steady_clock::time_point> begun_;
  bool caller_known_ = false;  // before the body is read
  int64_t cost_ = 0;           // at the gate; 0 once the call has left it
  bool ended_ = false;

  FormFields fields_;
  DialerRequest request_;
  Caller caller_;
  Admission admission_;
  std::optional<AcceptedQuestion> accepted_;
  DenyingReasons denying_;  // of the snapshot
  std::optional<PhoneListReader> list_;
  std::optional<DialerReasons> reasons_;
  std::optional<DialerLines> lines_;
  bool with_dates_ = false;
  bool part_decided_ = false;
  PhoneListPart part_;
  PartAnswers answers_;
};

void DialerScrubCall::Start() {
  const HttpRequest& request = call_->request();
  const int64_t cost = rpc().gate->CostOf(request.body.size() + request.query.size());
  if (rpc().stop->stopping()) {
    Fail(Stopping());
  } else if (!rpc().gate->TryEnter(cost, call_->loop())) {
    Break(absl::StatusCode::kResourceExhausted);
  } else {
    cost_ = cost;
    call_->loop()->Submit(shared_from_this());
  }
}

void DialerScrubCall::RunJob() {
  if (call_->gone()) {
    Break(absl::StatusCode::kCancelled);
    return;
  }
  if (!begun_.has_value()) {
    begun_ = std::chrono::steady_clock::now();
    absl::Status begun = MeetCaller();
    if (begun.ok() && IsBodyForWorker()) {
      GoOnAtWorker();
      return;
    }
    if (begun.ok()) begun = Begin();
    if (!begun.ok()) {
      Fail(begun);
      return;
    }
  }
  const absl::StatusOr<bool> answered = AnswerPart(/*on_worker=*/false);
  if (!answered.ok()) {
    Fail(answered.status());
  } else if (!*answered) {
    GoOnAtWorker();
  } else if (list_->AtEnd()) {
    Succeed();
  } else {
    LeaveGate(cost_ * static_cast<int64_t>(part_.entries.size()) /
              static_cast<int64_t>(list_->left() + part_.entries.size()));
    call_->loop()->Submit(shared_from_this());
  }
}

absl::Status DialerScrubCall::MeetCaller() {
  const HttpRequest& request = call_->request();
  DNC_ASSIGN_OR_RETURN(const std::string_view key, ReadDialerHead(request, &fields_));
  if (request.body.empty()) return absl::OkStatus();  // Begin asks for the key soon enough
  const absl::Status met = context_.access->Admit(request, key, Permission::kScrub).status();
  caller_known_ = met.ok();
  // Without a key in the head, the body may have it.
  const bool has_key = !key.empty() || request.CountOf("authorization") > 0;
  return has_key ? met : absl::OkStatus();
}

bool DialerScrubCall::IsBodyForWorker() const {
  const HttpRequest& request = call_->request();
  if (request.body.size() <= kMaxBodyOnLoop) return false;
  return !caller_known_ || HasJsonBody(request);
}

// The caller is asked for once more, so that he is known as of the moment in which his question is
// accepted, and so that a key in the body counts.
absl::Status DialerScrubCall::Begin() {
  DNC_RETURN_IF_ERROR(ReadDialerRequest(call_->request(), &fields_, &request_));
  std::optional<std::string_view> key;
  if (!request_.key.empty()) key = request_.key;
  DNC_ASSIGN_OR_RETURN(caller_, context_.access->Admit(call_->request(), key, Permission::kScrub));
  list_.emplace(request_.phone_list);
  if (list_->count() > max_numbers_) {
    return BatchTooLarge(list_->count(), "numbers in one call", static_cast<int>(max_numbers_),
                         "Send fewer in each call");
  }
  DNC_ASSIGN_OR_RETURN(admission_, context_.decider->Admit(caller_, list_->count()));
  Question question;
  question.scope = request_.scope;
  question.max_numbers = max_numbers_;
  DNC_ASSIGN_OR_RETURN(AcceptedQuestion accepted,
                       context_.decider->Accept(caller_, question, list_->count()));
  accepted_.emplace(std::move(accepted));
  denying_ = DenyingReasonsOf(*accepted_->snapshot, &caller_.tenant->tenant.terms);
  reasons_.emplace(accepted_->snapshot.get());
  lines_.emplace(request_.form, list_->count(), request_.phone_list.size());
  with_dates_ = list_->count() <= max_dated_;
  return absl::OkStatus();
}

absl::StatusOr<bool> DialerScrubCall::AnswerPart(bool on_worker) {
  if (!part_decided_) {
    DNC_RETURN_IF_ERROR(list_->Next(request_.form.json ? kJsonPart : kCsvPart, &part_));
    DecidePart();
    part_decided_ = true;
  }
  if (with_dates_ && std::any_of(answers_.reasons.begin(), answers_.reasons.end(), HasDatedMatch)) {
    if (!on_worker) return false;
    FindDates();
  }
  WriteLines();
  part_decided_ = false;
  return true;
}

void DialerScrubCall::DecidePart() {
  answers_.Resize(part_.numbers.size());
  const Decider& decider = *context_.decider;
  decider.DecideInto(*accepted_, part_.numbers,
                     {absl::MakeSpan(answers_.verdicts), absl::MakeSpan(answers_.reasons)});
  const absl::Span<const uint8_t> facts = decider.LastFacts();
  DNC_CHECK(facts.size() == part_.numbers.size(), "the records are asked of every number");
  answers_.facts.assign(facts.begin(), facts.end());
  FindRules();
}

// Asks the engine that goes rule by rule, for the few numbers whose letter depends on it.
void DialerScrubCall::FindRules() {
  std::vector<size_t> places;
  for (size_t i = 0; i < answers_.verdicts.size(); ++i) {
    if (LetterNeedsRule(static_cast<Verdict>(answers_.verdicts[i]), answers_.reasons[i],
                        denying_)) {
      places.push_back(i);
    }
  }
  if (places.empty()) return;
  std::vector<ParsedNumber> numbers;
  std::vector<uint8_t> facts;
  for (const size_t i : places) {
    numbers.push_back(NormalizeNumber(part_.numbers[i]));
    facts.push_back(answers_.facts[i]);
  }
  std::vector<Rule> rules(places.size(), Rule::kUnspecified);
  std::vector<ReasonSet> reasons(places.size(), 0);
  Scrub(*accepted_->snapshot, accepted_->now, numbers, absl::MakeSpan(rules),
        absl::MakeSpan(reasons), {&caller_.tenant->tenant.terms, facts});
  answers_.rules.assign(part_.numbers.size(), Rule::kClear);
  for (size_t k = 0; k < places.size(); ++k) answers_.rules[places[k]] = rules[k];
}

// The letters rest on the snapshot. Dates are told only if nothing was loaded since it was taken,
// so that both are of one state; a date that is not told does no harm.
void DialerScrubCall::FindDates() {
  std::vector<size_t> places;
  std::vector<ParsedNumber> numbers;
  for (size_t i = 0; i < answers_.reasons.size(); ++i) {
    if (!HasDatedMatch(answers_.reasons[i])) continue;
    places.push_back(i);
    numbers.push_back(NormalizeNumber(part_.numbers[i]));
  }
  absl::StatusOr<Explanation> explained = context_.decider->Explain(*accepted_, numbers);
  if (!explained.ok()) {
    LogError("the dates of listed numbers cannot be read: {}",
             std::string(explained.status().message()));
    return;
  }
  if (explained->evidence.lists_revision != accepted_->snapshot->revision) return;
  answers_.dated = std::move(explained->numbers);
  answers_.reports.assign(part_.numbers.size(), nullptr);
  for (size_t k = 0; k < places.size(); ++k) answers_.reports[places[k]] = &answers_.dated[k];
}

void DialerScrubCall::WriteLines() {
  for (size_t i = 0; i < part_.entries.size(); ++i) {
    const ReasonSet reasons = answers_.reasons[i];
    const Rule rule = answers_.rules.empty() ? Rule::kClear : answers_.rules[i];
    const NumberReport* report = answers_.reports.empty() ? nullptr : answers_.reports[i];
    const bool ended = (answers_.facts[i] & kRecordEbrEnded) != 0;
    const char letter =
        DialerLetter(static_cast<Verdict>(answers_.verdicts[i]), rule, reasons, ended, denying_);
    const Number number = part_.numbers[i];
    lines_->Add({part_.entries[i].asked, part_.entries[i].id, letter,
                 reasons_->Of(number, reasons, letter, report), number, reasons});
  }
}

void DialerScrubCall::GoOnAtWorker() {
  // Workers have a queue and a limit of their own.
  AdmissionControl::MoveAway(std::exchange(cost_, 0), call_->loop());
  const bool posted = rpc().workers->TryPost([self = shared_from_this()] {
    if (!self->accepted_.has_value() && !self->call_->gone()) {
      if (const absl::Status begun = self->Begin(); !begun.ok()) {
        self->Fail(begun);
        return;
      }
    }
    while (!self->call_->gone()) {
      const absl::StatusOr<bool> answered = self->AnswerPart(/*on_worker=*/true);
      if (!answered.ok()) {
        self->Fail(answered.status());
        return;
      }
      if (self->list_->AtEnd()) {
        self->Succeed();
        return;
      }
    }
    self->Break(absl::StatusCode::kCancelled);
  });
  if (!posted) Break(absl::StatusCode::kResourceExhausted);
}

void DialerScrubCall::Succeed() {
  HttpAnswer answer;
  answer.body = lines_->Take();
  if (!answer.body.empty()) {
    answer.content_type = request_.form.json ? "application/json" : "text/csv; charset=utf-8";
  }
  End(absl::StatusCode::kOk);
  call_->Answer(std::move(answer));
}

void DialerScrubCall::Fail(const absl::Status& status) {
  End(status.code());
  call_->Answer(ProblemAnswer(status));
}

void DialerScrubCall::Break(absl::StatusCode code) {
  End(code);
  call_->Break();
}

void DialerScrubCall::End(absl::StatusCode code) {
  LeaveGate(cost_);
  admission_ = Admission();
  if (std::exchange(ended_, true)) return;
  rpc().metrics->CountCall(Method::kHttpScrub, code);
  if (!begun_.has_value()) return;
  rpc().metrics->RecordLatency(Method::kHttpScrub,
                               absl::FromChrono(std::chrono::steady_clock::now() - *begun_));
}

void DialerScrubCall::LeaveGate(int64_t cost) {
  if (cost == 0) return;
  cost_ -= cost;
  AdmissionControl::Leave(cost, call_->loop());
}

}  // namespace

void AddDialerScrub(const HttpContext* context, const HttpOptions& options, Router* router) {
  const auto handle = [context, options](const HttpCallPtr& call, const PathParts& /*parts*/) {
    std::make_shared<DialerScrubCall>(context, options, call)->Start();
  };
  constexpr char kPath[] = "/app/main/rpc/scrub";
  router->Add({"GET", kPath, 0, handle});
  router->Add({"POST", kPath, static_cast<size_t>(options.max_body_bytes), handle, true});
}

}  // namespace dnc
