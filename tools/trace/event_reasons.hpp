// Which timer, option or refusal decided what the events of a run tell.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "models/world/layout.hpp"
#include "models/world/observer.hpp"

namespace bcsim::tools {

/// What decided, and by which rules of models/README.md; both empty where the records do not say.
struct EventReason {
  std::string decided_by;
  std::vector<std::string> rules;
};

/// Remembers of a run what its later events are to be explained with. Asked about a record before
/// it is told of it. The layout must outlive it.
class EventReasons {
 public:
  explicit EventReasons(const models::Layout& layout);

  void on_record(const models::JournalEntry& entry);
  void on_message(const models::Transmission& t);

  /// Why a gateway has taken a SIP Server offline.
  [[nodiscard]] EventReason offline(const models::ProxyState&, models::SimTime now) const;
  /// … and where that leaves its calls.
  [[nodiscard]] const char* then(const models::ProxyState&) const;
  /// Why an INVITE of a gateway was given up without an answer.
  [[nodiscard]] EventReason unanswered(const models::SetupFailed&, models::SimTime now) const;
  /// What has led the phone `by` to this server.
  [[nodiscard]] EventReason registered(sim::NodeId by, const models::PhoneRegistered&) const;
  [[nodiscard]] EventReason moved(const models::DesktopSwitch&, models::SimTime now) const;
  /// What the agent waited for longest until he was at work (again).
  [[nodiscard]] EventReason at_work(const models::AgentAtWork&) const;

 private:
  using SimTime = models::SimTime;
  using PerSite = std::array<SimTime, models::kSites>;
  static constexpr PerSite kNeverYet{sim::kNever, sim::kNever};

  struct Gateway {
    PerSite refused = kNeverYet;  ///< its last request that could go elsewhere (ICMP)
    PerSite offline = kNeverYet;  ///< taken offline last
  };
  struct Registration {
    SimTime tried = sim::kNever;  ///< the last REGISTER that was no refresh, and no answer to a 401
    SimTime refused = sim::kNever;          ///< (ICMP)
    SimTime failed = sim::kNever;           ///< before it was registered again
    std::optional<models::Duration> every;  ///< refreshed, as the server has granted
    models::Duration retry_after{};
    std::uint32_t status = 0;  ///< of the failure
    bool by_icmp = false;
    bool under_way = false;
    bool booted = false;  ///< the phone has, and was not registered here since
  };
  struct Phone {
    std::array<Registration, models::kSites> at;
    std::optional<std::uint32_t> failed_last;  ///< site
    int failures = 0;                          ///< since it was registered
  };
  struct Desktop {
    std::array<std::optional<models::AgentLoginRefused::Cause>, models::kSites> refused;
    std::array<bool, models::kSites> drained{};  ///< logged out there by a drain
    PerSite logged_in = kNeverYet, dn_out = kNeverYet;
    SimTime lost = sim::kNever;
    SimTime heard_refusal = sim::kNever;  ///< … of a login
    SimTime heard_logout = sim::kNever;   ///< that he was logged out
    PerSite attached = kNeverYet;         ///< EventRegistered
    std::vector<SimTime> heard;           ///< whatever may have begun a login elsewhere
    EventReason why;                      ///< of the last login asked for
  };

  [[nodiscard]] bool refuses(const models::Transmission&, std::uint32_t site) const;
  void on_sip(const models::Transmission&, const models::NodeRole& from,
              const models::NodeRole& to);
  void on_tlib(const models::Transmission&, const models::NodeRole& from,
               const models::NodeRole& to);
  void on_phone(const models::JournalEntry&);
  [[nodiscard]] EventReason why_login(const Desktop&, models::AgentId, std::uint32_t site,
                                      SimTime sent) const;
  [[nodiscard]] std::string failure_words(const models::PhoneOptions&, const Registration&) const;
  [[nodiscard]] static std::string retry_words(const models::PhoneOptions&, const Registration&);

  const models::Layout& layout_;
  const models::Scenario& s_;
  std::array<models::ServerMode, models::kSites> mode_{};
  std::vector<Gateway> gateways_;
  std::vector<SimTime> invited_;   ///< by call
  std::vector<Phone> phones_;      ///< by node
  std::vector<Desktop> desktops_;  ///< by agent
};

}  // namespace bcsim::tools
