#include "server/wire/header_fields.h"

#include <array>

#include "server/wire/inflate.h"

namespace dnc {
namespace {

nghttp2_nv Field(std::string_view name, std::string_view value, uint8_t flags) {
  return {reinterpret_cast<uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          flags};
}

constexpr std::array<std::string_view, 17> kCodes = {
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"};

std::string_view CodeText(int code) {
  constexpr size_t kUnknown = 2;
  const auto index = static_cast<size_t>(code);
  return kCodes[index < kCodes.size() ? index : kUnknown];
}

}  // namespace

nghttp2_nv Fixed(std::string_view name, std::string_view value) {
  return Field(name, value, NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE);
}

nghttp2_nv Once(std::string_view name, std::string_view value) {
  return Field(name, value, NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_INDEX);
}

StatusFields::StatusFields(const GrpcStatus& status, bool kept)
    : code_(status.code),
      message_(PercentEncode(status.message)),
      details_(EncodeBinaryMetadata(status.details)),
      kept_(kept) {}

void StatusFields::SubmitAlone(nghttp2_session* session, int32_t stream, bool encodings) const {
  std::array<nghttp2_nv, 3 + kMax> headers{};
  size_t count = 0;
  headers[count++] = Fixed(":status", "200");
  headers[count++] = Fixed("content-type", "application/grpc");
  if (encodings) headers[count++] = Fixed("grpc-accept-encoding", kAcceptedEncodings);
  count += Write(headers.data() + count);
  nghttp2_submit_response(session, stream, headers.data(), count, nullptr);
}

void StatusFields::SubmitTrailers(nghttp2_session* session, int32_t stream) const {
  std::array<nghttp2_nv, kMax> trailers{};
  const size_t count = Write(trailers.data());
  nghttp2_submit_trailer(session, stream, trailers.data(), count);
}

size_t StatusFields::Write(nghttp2_nv* out) const {
  size_t count = 0;
  out[count++] = Fixed("grpc-status", CodeText(code_));
  // An OK has a message, too: some clients mind if it is missing.
  out[count++] = Text("grpc-message", message_);
  if (!details_.empty()) out[count++] = Text("grpc-status-details-bin", details_);
  return count;
}

}  // namespace dnc
