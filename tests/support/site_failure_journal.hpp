// A made-up run in which site 1 fails: enough of everything to fill a result directory.
#pragma once

#include <utility>

#include "tests/support/journal.hpp"

namespace bcsim::models::test {

/// One hour, ten agents a site, a call every 20 s at each site that is answered after 3 s and lasts
/// two minutes. Site 1 fails at 20:00 and, if `restored`, is back at 50:00; gateway 1 notices after
/// 9.5 s, site 2 after 9 s, agents return 51 s to 69 s later.
inline RunResult site_failure_run(bool restored = true) {
  Scenario s = two_sites(10);
  s.name = "site_failure";
  s.run.warm_up = 5min;
  const std::uint32_t fail =
      add_fault(s, Fail{SiteTarget{0, SiteScope::genesys}, {}}, "fail site1");
  const std::uint32_t restore =
      add_fault(s, Restore{SiteTarget{0, SiteScope::genesys}}, "restore site1");
  s.expectations.push_back({"service_level", Comparison::greater, 0.8, "> 80%"});
  s.expectations.push_back({"recovery.agents_100", Comparison::less_equal, 60, "<= 60s"});
  ServiceTarget& target = s.targets.emplace_back();
  target.answered = AnsweredTarget{0.8, 20s};
  target.below_for = 15min;
  target.worst_wait = 2min;
  target.lost_callers = 30;
  target.agents_back = 65s;
  Journal j(std::move(s));
  const auto& processes = j.layout().directory.sip_server_process;
  std::vector<std::pair<double, CallId>> talking;  // [end, call], in order
  const auto end_calls = [&](double until) {
    while (!talking.empty() && talking.front().first <= until) {
      j.at(talking.front().first).release(talking.front().second, pstn::Release::normal);
      talking.erase(talking.begin());
    }
  };
  bool failed = false;
  for (int n = 0; n < 178; ++n) {
    const double t = 20.0 * n;
    if (!failed && t >= 1200) {
      failed = true;
      end_calls(1199.9);
      j.at(1200).add(FaultInjected{fail, 0});
      for (const NodeId node : processes[0]) j.add(NodeStateChanged{node, 0});
      j.add(PairStateChanged{0, 0});
      std::vector<std::pair<double, CallId>> kept;
      for (const auto& [end, call] : talking) {
        if ((j.ledger().row(call).path & 1) != 0) {
          j.release(call, pstn::Release::speech_lost);
        } else {
          kept.emplace_back(end, call);
        }
      }
      talking = kept;
      const CallId stalled = j.at(1202).offer(0);
      j.add(CallInvited{stalled, 0, 0, 0});
      j.at(1209).add(PeerTrunk{1, 0}).add(ServerModeChanged{1, ServerMode::single});
      j.at(1209.5).add(SetupFailed{stalled, 0, 0, 408}).add(ProxyState{0, 0, 0});
      j.add(CallInvited{stalled, 0, 1, 1});
      j.at(1209.52).add(CallQueued{stalled, 1, 0, 0}).add(TreatmentStarted{stalled, 1});
      j.at(1214).release(stalled, pstn::Release::caller_hung_up, CallPhase::treatment);
      j.add(CallerLost{stalled, stalled.value});
      for (std::uint32_t a = 0; a < 10; ++a) {
        j.at(1251 + 2 * a).add(AgentLogin{AgentId{a}, 1, 1}).add(AgentAtWork{AgentId{a}, 1});
        j.add(AgentStateChanged{AgentId{a}, 1, AgentState::ready});
      }
      end_calls(1270);
    }
    if (t > 1190 && t < 1271) continue;
    end_calls(t);
    if (restored && t == 3000) {
      j.at(t).add(FaultInjected{restore, 0}).add(FaultInjected{fail, 1});
      for (const NodeId node : processes[0]) j.add(NodeStateChanged{node, 1});
      j.add(PairStateChanged{0, 1}).add(ServerModeChanged{0, ServerMode::bc});
      j.add(ServerModeChanged{1, ServerMode::bc});
    }
    for (std::uint32_t g = 0; g < 2; ++g) {
      const std::uint32_t site = failed ? 1 : g;
      j.at(t + g);
      const CallId call = j.offer(g);
      j.add(CallInvited{call, g, site, 0}).add(CallQueued{call, site, 0, 0});
      j.add(TreatmentStarted{call, site});
      const std::uint32_t agent = 10 * site + static_cast<std::uint32_t>(n) % 10;
      j.at(t + 3 + g).answer(call, agent, site);
      talking.emplace_back(t + 123 + g, call);
    }
  }
  TickSample sample;
  sample.servers[1] = {.messages = 3000, .delay_sum = 300ms, .delay_max = 4ms};
  sample.links = {{sim::LinkId{0}, 160e3}, {sim::LinkId{1}, 80e3}};
  j.at(3600).tick(sample);
  return j.finish();
}

}  // namespace bcsim::models::test
