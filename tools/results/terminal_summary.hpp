// One screen that says what happened, what it cost and how long it took: for a mail or a terminal.
#pragma once

#include <string>
#include <vector>

#include "models/metrics/run_result.hpp"
#include "tools/results/result_meta.hpp"

namespace bcsim::tools {

struct SummaryStyle {
  bool color = false;
  bool utf8 = true;                     ///< false: ASCII only
  std::string files = "";               ///< where the result files are; empty: not said
  std::vector<std::string> notes = {};  ///< paragraphs below the headline
};

/// At most 45 lines of at most 96 columns, a line feed after each.
[[nodiscard]] std::string terminal_summary(const models::RunResult& result, const ResultMeta& meta,
                                           const SummaryStyle& style);

/// Is this the environment of a UTF-8 terminal (LC_ALL, LC_CTYPE, LANG)?
[[nodiscard]] bool environment_is_utf8();

}  // namespace bcsim::tools
