// Values with units: what is read is what was meant, and what is written reads back the same.
#include <gtest/gtest.h>

#include "tools/scenario/text/suggest.hpp"
#include "tools/scenario/text/units.hpp"

namespace bcsim::tools::scenario_units_test {
namespace {

using namespace std::chrono_literals;

template <class T>
std::optional<T> good(const Parsed<T>& parsed) {
  if (const T* value = std::get_if<T>(&parsed)) return *value;
  return std::nullopt;
}
template <class T>
std::string code(const Parsed<T>& parsed) {
  const auto* problem = std::get_if<ValueError>(&parsed);
  return problem == nullptr ? "" : problem->code;
}

TEST(Units, DurationsAreSumsOfNumbersWithUnits) {
  EXPECT_EQ(good(parse_duration("30s")), 30s);
  EXPECT_EQ(good(parse_duration("1h30min")), 90min);
  EXPECT_EQ(good(parse_duration("1h 30min")), 90min);
  EXPECT_EQ(good(parse_duration("500us")), 500us);
  EXPECT_EQ(good(parse_duration(".5ms")), 500us);
  EXPECT_EQ(good(parse_duration("2d")), 48h);
  EXPECT_EQ(good(parse_duration("-6s")), -6s);
  EXPECT_EQ(good(parse_duration("5.1s")), 5100ms);
  EXPECT_EQ(good(parse_duration("1e3s")), 1000s);
}

TEST(Units, WhatIsNoDurationIsRefusedByKind) {
  for (const char* text :
       {"", "s", "abc", "-", "1..2s", "inf", "nans", "30min1h", "1s1s", "--5s"}) {
    EXPECT_EQ(code(parse_duration(text)), "S-003") << text;
  }
  for (const char* text : {"30", "1h30", "1.5"})
    EXPECT_EQ(code(parse_duration(text)), "S-004") << text;
  for (const char* text : {"30m", "5sec", "3/s", "1e5x", "10\u00b5s"}) {
    EXPECT_EQ(code(parse_duration(text)), "S-005") << text;
  }
  EXPECT_EQ(code(parse_duration("1e18s")), "S-006");
  EXPECT_EQ(code(parse_duration("9999999999999d")), "S-006");
}

TEST(Units, RatesPercentagesAndBandwidths) {
  EXPECT_EQ(good(parse_rate("900/h")), 0.25);
  EXPECT_EQ(good(parse_rate("30/min")), 0.5);
  EXPECT_EQ(good(parse_percent("1.5%")), 0.015);
  EXPECT_EQ(good(parse_percent("50 %")), 0.5);
  EXPECT_EQ(good(parse_bandwidth("100Mbit/s")), 100e6);
  EXPECT_EQ(code(parse_rate("0.5")), "S-004");
  EXPECT_EQ(code(parse_rate("5s")), "S-005");
  EXPECT_EQ(code(parse_rate("900/hour")), "S-005");
  EXPECT_EQ(code(parse_percent("0.5")), "S-004");
  EXPECT_EQ(code(parse_bandwidth("100Mbps")), "S-005");
  EXPECT_EQ(code(parse_bandwidth("100MB/s")), "S-005");
}

TEST(Units, CountsAreDecimalDigits) {
  EXPECT_EQ(good(parse_count("18446744073709551615")), 18446744073709551615u);
  for (const char* text : {"-1", "18446744073709551616"}) {
    EXPECT_EQ(code(parse_count(text)), "S-006") << text;
  }
  for (const char* text : {"", "1.5", "1e3", "ten", "0x10", "5s", "+5"}) {
    EXPECT_EQ(code(parse_count(text)), "S-003") << text;
  }
}

TEST(Units, ClockTimes) {
  EXPECT_EQ(parse_clock("09:00"), 9h);
  EXPECT_EQ(parse_clock("9:05"), 9h + 5min);
  EXPECT_EQ(parse_clock("23:59:30"), 24h - 30s);
  EXPECT_EQ(parse_clock("24:00"), 24h);
  EXPECT_EQ(parse_clock("24:30"), 24h + 30min);
  EXPECT_EQ(parse_clock("25:00"), 25h);
  for (const char* text : {"48:00", "9:60", "09:0", "9", "1h", "09:00:", "09:00:60", "-1:00"}) {
    EXPECT_EQ(parse_clock(text), std::nullopt) << text;
  }
}

TEST(Units, WhatIsWrittenReadsBackTheSame) {
  for (const std::int64_t ns :
       {0L, 1L, 999L, 500'000L, 1'500'000L, 1'000'000'000L, 1'500'000'001L, 59'999'999'999L,
        90'061'000'000'000L, -6'000'000'000L, 2'999'999'999'123'456'000L}) {
    const sim::Duration d(ns);
    EXPECT_EQ(good(parse_duration(format_duration(d))), d) << format_duration(d);
  }
  for (const double x :
       {0.0, 0.1, 0.07, 1.0 / 3, 1.36, 1e-9, 0.015, 1.0, 123.456, 201.3571234567}) {
    EXPECT_EQ(good(parse_seconds(format_seconds(x))), x) << format_seconds(x);
    EXPECT_EQ(good(parse_rate(format_rate(x))), x) << format_rate(x);
    EXPECT_EQ(good(parse_number(format_number(x))), x) << format_number(x);
    EXPECT_EQ(good(parse_percent(format_percent(x))), x) << format_percent(x);
    EXPECT_EQ(good(parse_bandwidth(format_bandwidth(x * 1e6))), x * 1e6);
  }
}

TEST(Units, CanonicalTextIsShort) {
  EXPECT_EQ(format_duration(90min), "1h30min");
  EXPECT_EQ(format_duration(500us), "500us");
  EXPECT_EQ(format_duration(1500ms), "1.5s");
  EXPECT_EQ(format_percent(0.07), "7%");
  EXPECT_EQ(format_bandwidth(100e6), "100Mbit/s");
  EXPECT_EQ(format_clock(9h + 30min), "09:30");
}

TEST(Suggest, FindsSlipsOfTheKeyboardButNothingFarFetched) {
  const std::vector<std::string> words = {"horizon", "site-timeout", "site-sip-register-timeout"};
  EXPECT_EQ(nearest("horzion", words), "horizon");
  EXPECT_EQ(nearest("Horizon", words), "horizon");
  EXPECT_EQ(nearest("site_timeout", words), "site-timeout");
  EXPECT_EQ(nearest("register-timeout", words), "site-sip-register-timeout");
  EXPECT_EQ(nearest("banana", words), "");
}

TEST(Units, SharesAndAmountsInWordsHaveNoExponents) {
  for (const auto& [share, text] : {std::pair{0.0, "less than 0.01%"},
                                    {0.00009, "less than 0.01%"},
                                    {0.0001, "0.01%"},
                                    {0.0016, "0.16%"},
                                    {0.2, "20%"},
                                    {0.994, "99%"},
                                    {0.995, "more than 99%"},
                                    {0.99999, "more than 99%"},
                                    {1.0, "100%"}}) {
    EXPECT_EQ(share_words(share), text);
  }
  for (const auto& [amount, text] : {std::pair{0.0, "0"},
                                     {0.0001, "less than 0.001"},
                                     {1.0 / 3, "0.3333"},
                                     {4.0 / 3, "1.333"},
                                     {84.0, "84"},
                                     {12345.6, "12346"},
                                     {1e7, "10000000"}}) {
    EXPECT_EQ(amount_words(amount), text);
  }
}

}  // namespace
}  // namespace bcsim::tools::scenario_units_test
