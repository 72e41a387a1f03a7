// What caller and agent hear: treatment, re-INVITEs, hold, and the session timers that notice when
// nobody is there any more (domain.md §3.9; RFC 4028).
#pragma once

#include "models/sip_server/agent_service.hpp"
#include "models/sip_server/signalling.hpp"

namespace bcsim::models {

/// Owns of each call the leg to the media server, and what the caller has been given to hear.
class CallMedia {
 public:
  /// What becomes of the call.
  class User {
   public:
    virtual ~User() = default;
    /// The caller has been treated, or cannot be: an agent may be sought.
    virtual void make_routable(Context& context, std::uint32_t slot) = 0;
    /// His gateway knows of no such dialog, or is silent: he and the agent never meet.
    virtual void caller_lost(Context& context, std::uint32_t slot) = 0;
    /// The agent's side is silent, or knows of no such call.
    virtual void agent_lost(Context& context, std::uint32_t slot) = 0;
  };
  CallMedia(const ServerSite& site, CallTable& calls, AgentService& agents, Signalling& sip,
            User& user)
      : site_(site), calls_(calls), agents_(agents), sip_(sip), user_(user) {}

  // ---- treatment ----
  void start_treatment(Context& context, std::uint32_t slot);
  void invite_media_server(Context& context, std::uint32_t slot);
  void on_treatment(Context& context, std::uint32_t slot, sip::Inform inform,
                    const sip::Response* response);
  /// ServerTimer::announcement.
  void announcement_over(Context& context, std::uint32_t slot);
  /// BYE or CANCEL to the media server.
  void end_treatment(Context& context, ServerCall& call);

  // ---- what the caller hears ----
  /// With 200: he has been answered.
  void answer_caller(Context& context, std::uint32_t slot, NodeId media);
  /// Joins the caller and the agent who has just answered.
  void connect_caller(Context& context, std::uint32_t slot);
  /// A re-INVITE to the caller, unless he hears the right one already.
  void join_media(Context& context, std::uint32_t slot);
  void send_reinvite(Context& context, std::uint32_t slot);
  void on_reinvite_result(Context& context, std::uint32_t slot, sip::Inform inform,
                          std::uint32_t cseq);
  void on_reinvite(Context& context, const sip::Request& request, sip::TransactionId id);
  void hold(Context& context, std::uint32_t slot, bool held);

  // ---- session timers: who set up a leg refreshes it ----
  /// The caller's side has been heard of at `when`, which may be before the switchover.
  void caller_refreshed(Context& context, std::uint32_t slot, SimTime when);
  void await_refresh(Context& context, std::uint32_t slot, SimTime when);
  /// ServerTimer::agent_session, or because what the agent is to hear has changed.
  void refresh_agent_leg(Context& context, std::uint32_t slot);
  void on_refresh_result(Context& context, std::uint32_t slot, sip::Inform inform,
                         std::uint32_t cseq);

 private:
  [[nodiscard]] static NodeId media_for_caller(const ServerCall& call);
  void on_music(Context& context, std::uint32_t slot, sip::Inform inform,
                const sip::Response* response);

  const ServerSite& site_;
  CallTable& calls_;
  AgentService& agents_;
  Signalling& sip_;
  User& user_;
};

}  // namespace bcsim::models
