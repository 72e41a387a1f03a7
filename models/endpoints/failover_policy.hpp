// How long phones and gateways wait for a SIP Server before they turn to another.
#pragma once

#include "models/scenario.hpp"
#include "models/sip/transaction.hpp"

namespace bcsim::models {

/// Of the REGISTERs and polls of a phone (`retransmissions`, `response-timeout`).
[[nodiscard]] inline sip::ClientPolicy failover_policy(const PhoneOptions& phone) {
  sip::ClientPolicy policy;
  if (phone.retransmissions < sip::kFullTimerF) policy.max_retransmissions = phone.retransmissions;
  policy.max_silence = phone.response_timeout;
  return policy;
}

/// Of the calls that its agent dials, the same.
[[nodiscard]] inline sip::ClientPolicy dialling_policy(const PhoneOptions& phone) {
  sip::ClientPolicy policy;
  if (phone.retransmissions < sip::kFullTimerB) policy.max_retransmissions = phone.retransmissions;
  policy.max_silence = phone.response_timeout;
  return policy;
}

/// Of the INVITEs and OPTIONS of a gateway (`retransmissions`: hot swap).
[[nodiscard]] inline sip::ClientPolicy failover_policy(const GatewayOptions& gateway) {
  sip::ClientPolicy policy;
  if (gateway.retransmissions < sip::kFullTimerB) {
    policy.max_retransmissions = gateway.retransmissions;
  }
  return policy;
}

}  // namespace bcsim::models
