// Hand-written journals: a small two-site scenario and the facts that a test states about it.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "models/config/databases.hpp"
#include "models/metrics/run_recorder.hpp"
#include "models/world/layout.hpp"

namespace bcsim::models::test {

using sim::kNever;
using sim::kStart;
using sim::SimTime;

/// Two sites, one gateway and `agents` agents each (dual phones), one queue, no warm-up.
inline Scenario two_sites(std::uint32_t agents = 2) {
  Scenario s;
  s.name = "hand";
  s.run.horizon = 1h;
  s.run.warm_up = 0s;
  s.locations = {"site1", "site2"};
  for (int i = 0; i < kSites; ++i) {
    const auto site = static_cast<SiteIndex>(i);
    s.sites[site].name = i == 0 ? "site1" : "site2";
    LinkOptions own, other;
    own.latency = 500us;
    s.network.access.push_back(i == 0 ? std::array{own, other} : std::array{other, own});
    GatewayOptions gateway;
    gateway.name = i == 0 ? "gw1" : "gw2";
    gateway.location = gateway.home_site = site;
    s.gateways.push_back(gateway);
    AgentGroup group;
    group.name = i == 0 ? "north" : "south";
    group.count = agents;
    group.location = group.preferred_site = site;
    group.phone.registration = RegistrationMode::dual;
    s.agents.push_back(group);
  }
  s.queues.emplace_back().name = "main";
  CallStream& stream = s.calls.emplace_back();
  stream.name = "calls";
  stream.gateway_share = {0.5, 0.5};
  return s;
}

/// A fault of the scenario's list; returns its index.
inline std::uint32_t add_fault(Scenario& s, Deed deed, std::string text = {}) {
  Fault fault;
  fault.deed = std::move(deed);
  fault.text = std::move(text);
  s.faults.push_back(std::move(fault));
  return static_cast<std::uint32_t>(s.faults.size() - 1);
}

/// Feeds facts into a RunRecorder. Times are seconds and must not go back.
class Journal {
 public:
  explicit Journal(Scenario scenario)
      : scenario_(std::make_unique<Scenario>(std::move(scenario))),
        databases_(std::make_unique<ConfigurationDatabases>(*scenario_)),
        layout_(std::make_unique<Layout>(*scenario_, sim::RngFactory{1, 0})) {
    layout_->directory.configuration = databases_.get();
    recorder_ = std::make_unique<RunRecorder>(*layout_);
  }

  Journal& at(double seconds) {
    now_ = kStart + sim::from_seconds(seconds);
    return *this;
  }
  Journal& add(const Record& record, NodeId by = {}) {
    recorder_->on_record({now_, by, record});
    return *this;
  }
  Journal& tick(const TickSample& sample) {
    recorder_->on_tick(now_, sample);
    return *this;
  }

  /// A call dialled now through a gateway; returns its id.
  CallId offer(std::uint32_t gateway = 0, std::uint32_t attempt = 1, CallId previous = {}) {
    const CallId call{calls_++};
    add(CallOffered{{}, {}, call, previous, call.value, 0, gateway, attempt});
    return call;
  }
  /// … and at once taken by a site's server, with treatment.
  CallId queue(std::uint32_t site = 0) {
    const CallId call = offer(site);
    add(CallInvited{call, site, site, 0});
    add(CallQueued{call, site, 0, 0});
    add(TreatmentStarted{call, site});
    return call;
  }
  /// The server that has the call chooses this agent, over the trunk if he is at the other site,
  /// and he answers.
  Journal& answer(CallId call, std::uint32_t agent, std::uint32_t site = 0) {
    const std::uint32_t from = ledger().row(call).queue_site;
    const std::uint32_t path = path_of(static_cast<int>(site)) |
                               (from < kSites ? path_of(static_cast<int>(from)) : PathMask{0});
    add(CallRouted{call, AgentId{agent}, site, path});
    return add(CallAnswered{call, AgentId{agent}, site, path, 1});
  }
  Journal& release(CallId call, pstn::Release why, CallPhase phase = CallPhase::talking,
                   std::uint16_t status = 0) {
    return add(CallReleased{call, why == pstn::Release::caller_hung_up, why,
                            static_cast<std::uint8_t>(phase), status});
  }

  [[nodiscard]] const CallLedger& ledger() const { return recorder_->ledger(); }
  [[nodiscard]] const Layout& layout() const { return *layout_; }
  [[nodiscard]] Cause cause(CallId call) const { return ledger().row(call).cause; }
  [[nodiscard]] RunResult finish() { return recorder_->finish(kStart + scenario_->run.horizon); }

 private:
  std::unique_ptr<Scenario> scenario_;
  std::unique_ptr<ConfigurationDatabases> databases_;
  std::unique_ptr<Layout> layout_;
  std::unique_ptr<RunRecorder> recorder_;
  SimTime now_ = kStart;
  std::uint32_t calls_ = 0;
};

/// Site 1 fails at 600 s, with its two processes.
inline void fail_site1(Journal& j, std::uint32_t fault = 0, double at = 600) {
  j.at(at).add(FaultInjected{fault, 0});
  for (const NodeId node : j.layout().directory.sip_server_process[0]) {
    j.add(NodeStateChanged{node, 0});
  }
  j.add(PairStateChanged{0, 0});
}

/// The cause of a call in a journal without any violation.
inline Cause only_cause(Journal& journal, CallId call) {
  EXPECT_FALSE(journal.ledger().check_conservation().has_value());
  EXPECT_EQ(journal.ledger().violation_count(), 0u);
  return journal.cause(call);
}

/// The verdict of this id.
inline const Verdict& verdict(const RunResult& result, std::string_view id) {
  for (const Verdict& v : result.verdicts) {
    if (v.id == id) return v;
  }
  throw std::out_of_range(std::string(id));
}

}  // namespace bcsim::models::test
