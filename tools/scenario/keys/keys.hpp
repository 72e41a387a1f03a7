// The rows of the table of keys, section by section.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tools/scenario/table/codecs.hpp"
#include "tools/scenario/table/table.hpp"

namespace bcsim::tools {

/// The whole language: the section that is a scenario file.
[[nodiscard]] std::shared_ptr<const Section> scenario_section();

// Parts of it.
[[nodiscard]] std::shared_ptr<const Section> run_section();
[[nodiscard]] std::shared_ptr<const Section> network_section();
[[nodiscard]] std::shared_ptr<const Section> link_section();
[[nodiscard]] std::shared_ptr<const Section> site_section();
[[nodiscard]] std::shared_ptr<const Section> gateway_section();
[[nodiscard]] std::shared_ptr<const Section> desktop_timers_section();
[[nodiscard]] std::shared_ptr<const Section> configuration_section();
[[nodiscard]] std::shared_ptr<const Section> agent_group_section();
[[nodiscard]] std::shared_ptr<const Section> queue_section();
[[nodiscard]] std::shared_ptr<const Section> call_stream_section();
[[nodiscard]] std::shared_ptr<const Section> fault_section();

[[nodiscard]] Codec<models::Distribution> distribution();
[[nodiscard]] Codec<models::TransferOptions> transfer();
[[nodiscard]] Codec<std::vector<models::Expectation>> expectations();
[[nodiscard]] Codec<std::vector<models::ServiceTarget>> targets();
[[nodiscard]] Codec<std::vector<models::GateRule>> gates();
/// Adds the row of `sweep`, which fills the reader's sweep.
void sweep_row(SectionOf<models::Scenario>& scenario);

}  // namespace bcsim::tools
