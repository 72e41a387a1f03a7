// One line of a CSV file that is being written.
#pragma once

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "sim/time.hpp"
#include "tools/base/number_text.hpp"

namespace bcsim::tools {

/// Appends fields to one line of RFC 4180.
class CsvLine {
 public:
  explicit CsvLine(std::string& out) : out_(out) {}
  CsvLine& text(std::string_view field) {
    separate();
    if (field.find_first_of(",\"\n\r") == std::string_view::npos) {
      out_ += field;
      return *this;
    }
    out_ += '"';
    for (const char c : field) {
      if (c == '"') out_ += '"';
      out_ += c;
    }
    out_ += '"';
    return *this;
  }
  template <class Integer>
  CsvLine& number(Integer value) {
    separate();
    fmt::format_to(std::back_inserter(out_), "{}", value);
    return *this;
  }
  /// Empty for NaN.
  CsvLine& real(double value) {
    separate();
    if (!std::isnan(value)) append_number(out_, value);
    return *this;
  }
  /// With all digits that tell it from every other number; empty for NaN.
  CsvLine& exact(double value) {
    separate();
    if (!std::isnan(value)) fmt::format_to(std::back_inserter(out_), "{}", value);
    return *this;
  }
  /// Seconds with six decimals; empty for kNever.
  CsvLine& time(sim::SimTime t) {
    if (t == sim::kNever) return text("");
    return duration(t.time_since_epoch());
  }
  CsvLine& duration(sim::Duration d) {
    const std::int64_t us = (d.count() + 500) / 1000;
    separate();
    fmt::format_to(std::back_inserter(out_), "{}.{:06}", us / 1'000'000, us % 1'000'000);
    return *this;
  }
  void end() { out_ += '\n'; }

 private:
  void separate() {
    if (!first_) out_ += ',';
    first_ = false;
  }
  std::string& out_;
  bool first_ = true;
};

}  // namespace bcsim::tools
