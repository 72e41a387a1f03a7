// Hunt groups: phones of which one takes the call, rung one after the other or all at once, whether
// anybody is logged in there or not (R48–R72, domain.md §2.7).
#pragma once

#include "models/sip_server/agent_service.hpp"
#include "models/sip_server/hunt.hpp"
#include "models/sip_server/signalling.hpp"

namespace bcsim::models {

/// Owns the pair's hunts and the lines of calls that wait for a member.
class HuntGroups {
 public:
  /// What becomes of a call.
  class User {
   public:
    virtual ~User() = default;
    /// It is one like any other from here on, to the agent that its leg and far side name.
    virtual void agent_answered(Context& context, std::uint32_t slot,
                                const sip::Response& response) = 0;
    virtual void default_route(Context& context, std::uint32_t slot,
                               CallDefaultRouted::Cause cause) = 0;
    /// His phone does not ring any more, or was busy with a call of his own.
    virtual void occupy_with_own_call(Context& context, AgentId id) = 0;
  };
  HuntGroups(const ServerSite& site, HuntTable& table, CallTable& calls,
             const Registrations& phones, const PeerLink& link, AgentService& agents,
             Signalling& sip, User& user)
      : site_(site),
        table_(table),
        calls_(calls),
        phones_(phones),
        link_(link),
        agents_(agents),
        sip_(sip),
        user_(user) {}

  /// Away to the preferred site (R51); a call that was sent here stays (loop guard). The option is
  /// looked at here and nowhere else: a change of it is for the next call (R64).
  [[nodiscard]] bool redirects_hunt(const sip::Request& invite, AddressId from) const;
  void hunt_call(Context& context, std::uint32_t slot);
  /// A member has become free: the first call that waits in one of his groups is distributed.
  bool serve_hunt_line(Context& context, AgentId agent);
  /// Is this leg still being rung for this call?
  [[nodiscard]] bool rings_for(std::uint32_t slot, std::uint32_t attempt) const;
  void on_member_leg(Context& context, std::uint32_t slot, std::uint32_t attempt,
                     sip::Inform inform, const sip::Response* response);
  /// ServerTimer::hunt: hg-noanswer-timeout.
  void members_did_not_answer(Context& context, std::uint32_t slot);
  /// ServerTimer::hunt_wait.
  void waited_for_member_too_long(Context& context, std::uint32_t slot);
  /// The call is about to be freed: its legs, its place in the line and its hunt.
  void end_hunt(Context& context, std::uint32_t slot);
  /// After a switchover, whose process knows none of the transactions: the phones ring on alone.
  void forget_hunt(Context& context, std::uint32_t slot);
  /// EventPrivateInfo: the calls of a group of his are distributed at the peer (R59, R60).
  void advise(Context& context, AgentId agent);

 private:
  [[nodiscard]] bool eligible(AgentId agent, SimTime now) const;
  [[nodiscard]] std::optional<SiteIndex> preferred_site(const HuntGroupOptions& group) const;
  [[nodiscard]] bool belongs_elsewhere(const HuntGroupOptions& group) const;
  [[nodiscard]] Hunt& hunt_of(const ServerCall& call) { return table_.hunts[call.hunt]; }
  void distribute(Context& context, std::uint32_t slot);
  void wait_for_member(Context& context, std::uint32_t slot);
  void ring_member(Context& context, std::uint32_t slot, AgentId member);
  void member_rings(Context& context, std::uint32_t slot, HuntMemberLeg& leg);
  void member_answered(Context& context, std::uint32_t slot, HuntMemberLeg& leg,
                       const sip::Response& response);
  void member_failed(Context& context, std::uint32_t slot, AgentId member, std::uint16_t status);
  void release_member(Context& context, std::uint32_t slot, const HuntMemberLeg& leg);
  void end_hunt_legs(Context& context, std::uint32_t slot, std::uint32_t hunt);

  const ServerSite& site_;
  HuntTable& table_;
  CallTable& calls_;
  const Registrations& phones_;
  const PeerLink& link_;
  AgentService& agents_;
  Signalling& sip_;
  User& user_;
};

}  // namespace bcsim::models
