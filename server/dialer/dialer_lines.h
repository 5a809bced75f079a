// Writes the answer for dialers: a line of CSV or a JSON object for each number.
//
//   Phone,ResultCode,Reserved,Reason,RegionAbbrev,Country,Locale,CarrierInfo,NewReassignedAreaCode,
//   TZCode,CallingWindow,UTCOffset,DoNotCallToday,CallingTimeRestrictions
//   and from version 5 on: EBRType,IsWirelessOrVoIP,LineType
//
//   2015550123,D,,National (USA) 2026-03-01;;;,NJ,US,,,,,,,,
//
// CSV has no heading, lines end with LF, and every line has all fields: a client that cuts lines at
// commas finds the letter alone in its field. No field has quotes or commas in it, so that all
// readers of CSV read the same. What the server does not know is an empty field.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "server/numbers/phone_number.h"
#include "server/scrub/verdict.h"

namespace dnc {

struct DialerForm {
  int version = 1;    // 1 to 5
  bool json = false;  // else CSV
};

// One number's answer. Views are read while it is added.
struct DialerLine {
  std::string_view asked;  // valid UTF-8 without quotes, commas and control characters, as `id`
  std::string_view id;
  char letter;
  std::string_view reason;  // without quotes, backslashes and commas
  Number number;            // kNumberLimit or above if malformed
  ReasonSet reasons;
};

// Not thread-safe.
class DialerLines {
 public:
  // Room is made for `count` lines whose numbers and ids have `bytes` in all.
  DialerLines(DialerForm form, size_t count, size_t bytes);

  void Add(const DialerLine& line);
  // The whole answer.
  std::string Take();

 private:
  void AddCsv(const DialerLine& line);
  void AddJson(const DialerLine& line);
  // Where `bytes` more can be written; `at_` moves when they are.
  char* Room(size_t bytes);

  const DialerForm form_;
  std::string out_;
  size_t at_ = 0;  // so much of `out_` is written
};

}  // namespace dnc
