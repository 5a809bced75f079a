// Any bytes as a form: the first byte says of which kind. Nothing is read beyond the bytes, and
// what was read can be written and read again.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "server/base/str_cat.h"
#include "server/http/form_fields.h"
#include "server/http/json_fields.h"
#include "server/http/multipart.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

std::string PercentEncoded(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

// A cut form of many parts is never taken for a whole one: its end is missing.
void CheckMultipart(std::string_view body) {
  dnc::FormFields fields;
  if (!dnc::ReadMultipart(body, "b", &fields).ok()) return;
  const size_t end = body.rfind("--b--");
  Require(end != std::string_view::npos);
  size_t bytes = 0;
  for (const auto& field : fields.all()) bytes += field.value.size();
  Require(bytes <= body.size());
}

void CheckUrlEncoded(std::string_view text) {
  dnc::FormFields fields;
  if (!dnc::ReadUrlEncoded(text, &fields).ok()) return;
  std::string written;
  for (const auto& field : fields.all()) {
    written += dnc::StrCat(PercentEncoded(field.name), "=", PercentEncoded(field.value), "&");
  }
  dnc::FormFields again;
  Require(dnc::ReadUrlEncoded(written, &again).ok());
  Require(fields.all().size() == again.all().size());
  for (size_t i = 0; i < fields.all().size(); ++i) {
    Require(fields.all()[i].name == again.all()[i].name);
    Require(fields.all()[i].value == again.all()[i].value);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  // Copied, so that reading beyond the end is found.
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  dnc::FormFields fields;
  switch (data[0] % 4) {
    case 0:
      CheckUrlEncoded(text);
      break;
    case 1:
      CheckMultipart(text);
      break;
    case 2:
      dnc::ReadJsonFields(text, "phoneList", &fields).IgnoreError();
      break;
    default:
      dnc::ParseHeaderValue(text).IgnoreError();
  }
  return 0;
}
