#include "bench/handler_run.h"

#include <algorithm>
#include <future>
#include <string_view>
#include <utility>

#include "dnc/v1/scrub_service.pb.h"
#include "server/base/call_timer.h"
#include "server/base/check.h"
#include "server/rpc/scrub_wire.h"

namespace dnc {

grpc::ByteBuffer ScrubRequestBytes(absl::Span<const Number> numbers) {
  v1::ScrubRequest request;
  request.mutable_numbers()->Add(numbers.begin(), numbers.end());
  const grpc::Slice bytes(request.SerializeAsString());
  return {&bytes, 1};
}

HandlerRun::HandlerRun(const SnapshotPtr& snapshot, uint64_t filter_records)
    : registry_("/nonexistent"),
      stores_(folder_.path(), &clock_, filter_records),
      decider_(DecideLimits(), stores_.Sources(&registry_, &metrics_)),
      caller_(stores_.directory().LocalCaller()) {
  registry_.SetSnapshot(snapshot);
}

void HandlerRun::OptOut(absl::Span<const Number> numbers) {
  constexpr size_t kPart = 10'000;
  for (; !numbers.empty(); numbers.remove_prefix(std::min(kPart, numbers.size()))) {
    RecordWrite write;
    write.tenant = caller_.tenant;
    write.list = caller_.tenant->lists.at(kDefaultListId);
    for (const Number number : numbers.subspan(0, kPart)) {
      TenantRecord record;
      record.number = number;
      record.made_at = clock_.Now();
      record.channel = Channel::kCall;
      write.items.push_back({record, ""});
    }
    std::promise<bool> done;
    stores_.tenant_records().Submit(
        std::move(write), [&done](const absl::StatusOr<WriteReply>& reply) {
          const auto refused = [](const WriteResult& result) {
            return result.outcome == WriteOutcome::kRefused;
          };
          done.set_value(reply.ok() &&
                         std::none_of(reply->results.begin(), reply->results.end(), refused));
        });
    DNC_CHECK(done.get_future().get(), "opt-outs are written");
  }
}

bool HandlerRun::Answer(grpc::ByteBuffer* request) {
  grpc::Slice whole;
  if (!request->TrySingleSlice(&whole).ok()) return false;
  const std::string_view bytes(reinterpret_cast<const char*>(whole.begin()), whole.size());
  const size_t charged = PeekCount(bytes).value_or(0);
  const auto admission = decider_.Admit(caller_, charged);
  if (!admission.ok()) return false;
  MessageBuffer response;
  {
    const CallTimer timer(&metrics_, Method::kScrub);
    const auto columns = ReadScrubColumns(bytes);
    if (!columns.has_value() || !ScrubHandler::IsFast(caller_, *columns)) return false;
    if (!handler_.AnswerColumns(caller_, charged, *columns, &response).ok()) return false;
  }
  metrics_.CountCall(Method::kScrub, absl::StatusCode::kOk);
  return !response.message().empty();
}

}  // namespace dnc
