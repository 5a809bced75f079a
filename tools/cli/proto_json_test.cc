#include "tools/cli/proto_json.h"

#include <gtest/gtest.h>

#include "dnc/v1/registry_service.pb.h"
#include "dnc/v1/scrub_service.pb.h"
#include "tools/cli/names.h"
#include "tools/cli/terminal.h"

namespace dnc::cli {
namespace {

TEST(ProtoJsonTest, NumberResult) {
  v1::NumberResult result;
  result.set_number(2015550123);
  result.set_verdict(v1::VERDICT_NOT_COVERED);
  result.add_reasons(v1::REASON_AREA_CODE_NOT_LOADED);
  result.add_reasons(v1::REASON_STATE);
  result.mutable_valid_until()->set_seconds(1786000000);
  v1::Match* match = result.add_matches();
  match->set_list("state:TX");
  match->set_effect(v1::LIST_EFFECT_DENY);
  match->set_release_id(1ULL << 53);
  const auto json = ToJson(result);
  EXPECT_EQ(json["number"], "2015550123");
  EXPECT_EQ(json["verdict"], "NOT_COVERED");
  EXPECT_EQ(json["reasons"], (std::vector<std::string>{"AREA_CODE_NOT_LOADED", "STATE"}));
  EXPECT_EQ(json["valid_until"], "2026-08-06T07:06:40Z");
  EXPECT_EQ(json["matches"][0]["effect"], "DENY");
  EXPECT_EQ(json["matches"][0]["release_id"], 1ULL << 53);
  EXPECT_TRUE(json["matches"][0]["listed_since"].is_null());
}

TEST(ProtoJsonTest, Defaults) {
  EXPECT_TRUE(ToJson(v1::NumberResult())["number"].is_null());
  EXPECT_EQ(ToJson(v1::NumberResult())["verdict"], "UNSPECIFIED");
  v1::Load load;
  EXPECT_TRUE(ToJson(load)["refused_by"].is_null());
  EXPECT_TRUE(ToJson(load)["release"].is_null());
  load.set_refused_by(v1::GUARD_OUTSIDE_LABEL);
  load.add_overridden(v1::GUARD_SHRINK);
  EXPECT_EQ(ToJson(load)["refused_by"], "outside-label");
  EXPECT_EQ(ToJson(load)["overridden"][0], "shrink");
}

TEST(NamesTest, GuardsThereAndBack) {
  for (int value = v1::Guard_MIN + 1; value <= v1::Guard_MAX; ++value) {
    const auto guard = static_cast<v1::Guard>(value);
    EXPECT_EQ(ParseGuard(GuardName(guard)), guard) << value;
  }
  EXPECT_FALSE(ParseGuard("unspecified").has_value());
  EXPECT_FALSE(ParseGuard("").has_value());
}

TEST(NamesTest, UnknownValues) {
  EXPECT_EQ(Name(static_cast<v1::Verdict>(77)), "UNKNOWN");
  EXPECT_EQ(Name(v1::HISTORY_ACTION_FIRST_SEEN), "FIRST_SEEN");
}

TEST(TerminalTest, Units) {
  EXPECT_EQ(WithCommas(0), "0");
  EXPECT_EQ(WithCommas(999), "999");
  EXPECT_EQ(WithCommas(1000), "1,000");
  EXPECT_EQ(WithCommas(258500000), "258,500,000");
  EXPECT_EQ(HumanBytes(1536), "1.5 KiB");
  EXPECT_EQ(HumanBytes(12), "12 B");
  EXPECT_EQ(HumanDuration(absl::Seconds(192)), "3 min 12 s");
  EXPECT_EQ(HumanDuration(absl::Hours(24 * 12)), "12 days");
  EXPECT_EQ(FormatNumber(2015550123), "201-555-0123");
}

}  // namespace
}  // namespace dnc::cli
