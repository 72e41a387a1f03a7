// The engine instantiated for telephony: the names every endpoint uses.
#pragma once

#include "models/messages.hpp"
#include "models/records.hpp"
#include "sim/simulation.hpp"

namespace bcsim::models {

struct Domain {
  using Message = models::Message;
  using Record = models::Record;
  [[nodiscard]] static std::uint64_t draw_key(const Message& m) { return models::draw_key(m); }
  [[nodiscard]] static std::string message_name(const Message& m) {
    return models::message_name(m);
  }
  [[nodiscard]] static std::uint64_t digest(const Record& r) { return models::digest(r); }
};

using Context = sim::Context<Domain>;
using Endpoint = sim::Endpoint<Domain>;
using Envelope = sim::Envelope<Domain>;
using JournalEntry = sim::JournalEntry<Domain>;
using Transmission = sim::Transmission<Domain>;
using Simulation = sim::Simulation<Domain>;

}  // namespace bcsim::models

extern template class bcsim::sim::Simulation<bcsim::models::Domain>;
