#include "tools/dncgen/record_text.h"

#include "fmt/format.h"

namespace dnc {

std::string RecordText::FileHead(int area_code) const {
  if (!xml_) return "";
  const std::string label = area_code == 0 ? "National" : fmt::format("{:03}", area_code);
  return fmt::format("<?xml version='1.0' encoding='utf-8'?>\n<list type='full' val='{}'>", label);
}

std::string RecordText::FileTail() const { return xml_ ? "</list>\n" : ""; }

std::string RecordText::AreaHead(int area_code) const {
  return xml_ ? fmt::format("<ac val='{:03}'>", area_code) : "";
}

std::string RecordText::AreaTail() const { return xml_ ? "</ac>" : ""; }

RecordText::Exchange::Exchange(const RecordText& text, int area_code, int exchange)
    : record_(text.xml_ ? fmt::format("<ph val='{:03}0000' />", exchange)
                        : fmt::format("{:03},{:03}0000\n", area_code, exchange)),
      digits_at_(text.xml_ ? 12 : 7) {}

}  // namespace dnc
