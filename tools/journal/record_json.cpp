#include "tools/journal/record_json.hpp"

#include <nlohmann/json.hpp>
#include <string_view>

#include "tools/journal/message_words.hpp"

namespace bcsim::tools {
namespace {

using Json = nlohmann::ordered_json;

/// ThingNames of the events: domain.md §0.3. A record without its line here does not compile.
class RecordWriter {
 public:
  RecordWriter(Json& json, const ThingNames& names) : j_(json), n_(names) {}

  // ---- calls ----
  void operator()(const models::CallOffered& f) const {
    event("call.offered", f.call);
    if (f.previous.valid()) j_["previous"] = f.previous.value;
    j_["caller"] = f.caller;
    j_["attempt"] = f.attempt;
    j_["stream"] = ThingNames::of(n_.streams, f.stream);
    if (f.gateway != models::kNoGateway) gateway(f.gateway);
    j_["talk_s"] = sim::seconds(f.talk);
    // Whom nothing makes give up has no patience that could be measured.
    const bool endless = f.patience == sim::Duration::max();
    j_["patience_s"] = endless ? Json(nullptr) : Json(sim::seconds(f.patience));
  }
  void operator()(const models::CallInvited& f) const {
    event("leg.invite", f.call);
    gateway(f.gateway);
    site(f.site);
    j_["nth"] = f.nth;
  }
  void operator()(const models::SetupFailed& f) const {
    event("call.setup_failed", f.call);
    if (f.gateway != models::kNoGateway) gateway(f.gateway);
    site(f.site);
    j_["status"] = f.status;
  }
  void operator()(const models::CallQueued& f) const {
    event("call.queued", f.call);
    site(f.site);
    branch(f.branch);
    j_["queue"] = ThingNames::of(n_.queues, f.queue);
    j_["waiting"] = f.waiting;
  }
  void operator()(const models::TreatmentStarted& f) const {
    event("call.treatment", f.call);
    site(f.site);
    branch(f.branch);
  }
  void operator()(const models::CallRouted& f) const {
    event("call.routed", f.call);
    agent(f.agent);
    site(f.site);
    branch(f.branch);
    j_["path"] = f.path;
    if (f.leg != f.branch) j_["leg"] = f.leg.text();
  }
  void operator()(const models::CallRinging& f) const {
    event("call.ringing", f.call);
    if (f.agent.valid()) agent(f.agent);
    site(f.site);
    branch(f.branch);
  }
  void operator()(const models::CallReturned& f) const {
    event("call.returned", f.call);
    agent(f.agent);
    site(f.site);
    branch(f.branch);
    j_["status"] = f.status;
  }
  void operator()(const models::CallAnswered& f) const {
    event("call.answered", f.call);
    agent(f.agent);
    site(f.site);
    branch(f.branch);
    j_["path"] = f.path;
    j_["monitored"] = f.monitored != 0;
  }
  void operator()(const models::CallHeld& f) const {
    event(f.held != 0 ? "call.held" : "call.retrieved", f.call);
    agent(f.agent);
    site(f.site);
    branch(f.branch);
  }
  void operator()(const models::PhoneLeft& f) const {
    static constexpr std::string_view kHow[] = {"hung_up", "released", "alone"};
    event("call.phone_left", f.call);
    agent(f.agent);
    j_["how"] = kHow[static_cast<std::size_t>(f.how)];
  }
  void operator()(const models::CallLetGo& f) const {
    static constexpr std::string_view kWhy[] = {"ended",  "left",        "rejected",
                                                "no_ack", "not_renewed", "unknown"};
    event("call.let_go", f.call);
    site(f.site);
    branch(f.branch);
    j_["why"] = kWhy[static_cast<std::size_t>(f.why)];
  }
  void operator()(const models::HungUpInSilence& f) const {
    event("call.hung_up_in_silence", f.call);
    agent(f.agent);
  }
  void operator()(const models::CallTransferred& f) const {
    event("call.transferred", f.call);
    agent(f.agent);
    site(f.site);
    branch(f.branch);
    j_["path"] = f.path;
    j_["line"] = f.line;
    j_["joined"] = f.joined != 0;
  }
  void operator()(const models::Consultation& f) const {
    constexpr std::string_view kSteps[] = {"initiated", "answered", "reconnected"};
    event("call.consultation", f.call);
    agent(f.agent);
    j_["step"] = kSteps[static_cast<std::size_t>(f.step)];
    if (f.second.valid()) j_["second"] = ThingNames::of(n_.agents, f.second.value);
    site(f.site);
    branch(f.branch);
    j_["path"] = f.path;
    j_["line"] = f.line;
  }
  void operator()(const models::HuntRedirect& f) const {
    event("call.hg_redirect", f.call);
    site(f.site);
  }
  void operator()(const models::HuntLeg& f) const {
    event("call.hg_leg", f.call);
    agent(f.agent);
    site(f.site);
    branch(f.branch);
  }
  void operator()(const models::CallDefaultRouted& f) const {
    constexpr std::string_view kCauses[] = {
        "queue_full",           "waited_too_long", "no_agent_logged_in", "draining",
        "no_member_in_service", "no_member_idle",  "no_answer"};
    event("call.default_routed", f.call);
    site(f.site);
    branch(f.branch);
    j_["cause"] = kCauses[static_cast<std::size_t>(f.cause)];
  }
  void operator()(const models::CallReleased& f) const {
    event("call.released", f.call);
    j_["release"] = release_word(f.release);
    j_["by_caller"] = f.by_caller != 0;
    j_["phase"] = phase_word(static_cast<models::CallPhase>(f.phase));
    j_["status"] = f.status;
  }
  void operator()(const models::MediaDegraded& f) const { event("call.media_degraded", f.call); }
  void operator()(const models::CallerLost& f) const {
    event("caller.lost", f.call);
    j_["caller"] = f.caller;
  }
  void operator()(const models::RedialPlanned& f) const {
    event("redial", f.call);
    j_["caller"] = f.caller;
    j_["after_s"] = sim::seconds(f.after);
  }

  void operator()(const models::AgentDialled& f) const {
    event("call.dialled", f.call);
    agent(f.agent);
    j_["by"] = f.by_desktop != 0 ? "3pcc" : "1pcc";
  }
  void operator()(const models::PhoneInvited& f) const {
    event("leg.phone_invite", f.call);
    agent(f.agent);
    site(f.site);
    j_["nth"] = f.nth;
  }
  void operator()(const models::AgentCallTaken& f) const {
    event("call.taken", f.call);
    agent(f.agent);
    site(f.site);
    branch(f.branch);
    j_["path"] = f.path;
  }
  void operator()(const models::CallSentOut& f) const {
    event("call.sent_out", f.call);
    site(f.site);
    branch(f.branch);
    gateway(f.gateway);
  }

  // ---- gateways, peers, servers ----
  void operator()(const models::ProxyState& f) const {
    event(f.online != 0 ? "mg.proxy_online" : "mg.proxy_offline");
    gateway(f.gateway);
    site(f.site);
  }
  void operator()(const models::PstnReroute& f) const {
    event("pstn.reroute");
    gateway(f.gateway);
    j_["dead"] = f.dead != 0;
  }
  void operator()(const models::PeerProbe& f) const {
    event("peer.probe");
    site(f.site);
  }
  void operator()(const models::PeerTrunk& f) const {
    event(f.in_service != 0 ? "peer.ins" : "peer.oos");
    site(f.site);
  }
  void operator()(const models::ServerModeChanged& f) const {
    constexpr std::string_view kModes[] = {"STARTUP", "BC", "SINGLE", "DRAIN", "STOPPED"};
    event("ss.mode");
    site(f.site);
    j_["mode"] = kModes[static_cast<std::size_t>(f.mode)];
  }
  void operator()(const models::Switchover& f) const {
    event("ha.switchover");
    site(f.site);
    j_["calls_before"] = f.calls_before;
    j_["calls_kept"] = f.calls_kept;
  }
  void operator()(const models::BothPrimary& f) const {
    event("ha.both_primary");
    site(f.site);
    j_["both"] = f.both != 0;
  }
  void operator()(const models::EarlyDialogLost& f) const {
    event("call.early_dialog_lost", f.call);
    site(f.site);
    branch(f.branch);
  }
  void operator()(const models::CallStateLost& f) const {
    event("call.not_copied", f.call);
    site(f.site);
  }
  void operator()(const models::CallsCopied& f) const {
    event("ha.calls_copied");
    site(f.site);
    j_["calls"] = f.calls;
    j_["left"] = f.left;
  }
  void operator()(const models::RequestDropped& f) const {
    event("ss.request_dropped");
    site(f.site);
    j_["method"] = method_name(static_cast<models::sip::Method>(f.method));
  }
  void operator()(const models::RequestRejected& f) const {
    event("ss.request_rejected");
    if (f.call.valid()) j_["call"] = f.call.value;
    site(f.site);
    j_["status"] = f.status;
  }
  void operator()(const models::BcForward& f) const {
    event("call.bc_forward", f.call);
    site(f.site);
    branch(f.branch);
    j_["kind"] = f.by_302 != 0 ? "302" : "invite";
    if (f.leg != f.branch) j_["leg"] = f.leg.text();
  }

  // ---- phones and desktops ----
  void operator()(const models::PhoneRegistered& f) const {
    event(f.first != 0 ? "reg.ok" : "reg.refresh");
    agent(f.agent);
    site(f.site);
  }
  void operator()(const models::PhoneRegistrationFailed& f) const {
    event("reg.fail");
    agent(f.agent);
    site(f.site);
    j_["status"] = f.status;
  }
  void operator()(const models::DnState& f) const {
    event(f.in_service != 0 ? "dn.ins" : "dn.oos");
    agent(f.agent);
    site(f.site);
  }
  void operator()(const models::DesktopConnectionLost& f) const {
    event("desk.conn_lost");
    agent(f.agent);
    site(f.site);
    j_["by_addp"] = f.by_addp != 0;
  }
  void operator()(const models::DesktopSwitch& f) const {
    event("desk.dr_switch");
    agent(f.agent);
    site(f.to_site);
    j_["by_registration"] = f.by_registration != 0;
  }
  void operator()(const models::AgentLogin& f) const {
    event("desk.login");
    agent(f.agent);
    site(f.site);
    j_["result"] = "ok";
    j_["cause"] = "";
  }
  void operator()(const models::AgentLoginRefused& f) const {
    event("desk.login");
    agent(f.agent);
    site(f.site);
    j_["result"] = "rejected";
    constexpr const char* kCauses[] = {"endpoint_out_of_service", "closing", "not_configured"};
    j_["cause"] = kCauses[static_cast<std::size_t>(f.cause)];
  }
  void operator()(const models::AgentLogout& f) const {
    event("desk.logout");
    agent(f.agent);
    site(f.site);
    j_["forced"] = f.forced != 0;
  }
  void operator()(const models::AgentStateChanged& f) const {
    event("agent.state");
    agent(f.agent);
    site(f.site);
    j_["state"] = state_word(f.state);
  }
  void operator()(const models::AgentAtWork& f) const {
    event("agent.at_work");
    agent(f.agent);
    site(f.site);
  }
  void operator()(const models::ShiftChanged& f) const {
    event("agent.shift");
    agent(f.agent);
    j_["working"] = f.working != 0;
  }
  void operator()(const models::PrivateInfo& f) const {
    event("desk.private_info");
    agent(f.agent);
    site(f.site);
  }

  // ---- configuration and faults ----
  void operator()(const models::ConfigRead& f) const {
    event("cfg.read");
    agent(f.agent);
    site(f.site);
  }
  void operator()(const models::ConfigWritten& f) const {
    event("cfg.write");
    site(f.site);
    j_["change"] = ThingNames::of(n_.changes, f.edit);
    j_["objects"] = f.objects;
  }
  void operator()(const models::ConfigWriteRefused& f) const {
    event("cfg.write_rejected");
    site(f.site);
    const bool known = f.edit != models::ConfigWriteRefused::kNoEdit;
    j_["change"] = known ? ThingNames::of(n_.changes, f.edit) : std::string();
  }
  void operator()(const models::ConfigMasterKnown& f) const {
    event(f.known != 0 ? "cfg.master_found" : "cfg.master_lost");
    site(f.site);
  }
  void operator()(const models::ConfigDrift& f) const {
    const auto type = static_cast<models::ObjectType>(f.type);
    event("cfg.drift");
    site(f.site);
    j_["type"] = models::name(type);
    j_["object"] = models::is_of_agents(type)   ? ThingNames::of(n_.agents, f.index)
                   : models::is_of_queues(type) ? ThingNames::of(n_.queues, f.index)
                                                : std::string();
  }
  void operator()(const models::ConfigReconciled& f) const {
    event("cfg.reconciled");
    j_["both"] = f.both;
    j_["merged"] = f.merged;
    j_["given_up"] = f.lost + 1;
  }
  void operator()(const models::ConfigStandbyUp& f) const {
    event("cfg.standby_up");
    site(f.site);
  }
  void operator()(const models::StatServerConnected& f) const {
    event("stat.connected");
    agent(f.agent);
    site(f.site);
  }
  void operator()(const models::FaultInjected& f) const {
    event(f.undone != 0 ? "fault.undone" : "fault.injected");
    j_["fault"] = ThingNames::of(n_.faults, f.fault);
  }
  void operator()(const models::NodeStateChanged& f) const {
    event(f.up != 0 ? "node.up" : "node.down");
    j_["node"] = ThingNames::of(n_.nodes, f.node.value);
  }
  void operator()(const models::PairStateChanged& f) const {
    event(f.up != 0 ? "pair.up" : "pair.down");
    site(f.site);
  }

 private:
  void event(std::string_view name) const { j_["event"] = name; }
  void event(std::string_view name, models::CallId call) const {
    event(name);
    j_["call"] = call.value;
  }
  void site(std::uint32_t s) const { j_["site"] = s + 1; }
  void branch(models::CallBranch b) const {
    if (b != models::CallBranch{}) j_["branch"] = b.text();
  }
  void agent(models::AgentId a) const { j_["agent"] = ThingNames::of(n_.agents, a.value); }
  void gateway(std::uint32_t g) const { j_["gateway"] = ThingNames::of(n_.gateways, g); }

  Json& j_;
  const ThingNames& n_;
};

}  // namespace

Json record_json(const models::JournalEntry& entry, const ThingNames& names) {
  Json j;
  j["t"] = sim::seconds(entry.at);
  std::visit(RecordWriter(j, names), entry.record);
  return j;
}

}  // namespace bcsim::tools
