// What makers say of their phones' registration and failover, as named profiles (domain.md §3.3,
// §3.4).
#pragma once

#include "models/scenario.hpp"

namespace bcsim::models::sip {

/// Gives the options the profile's values; what is set afterwards is the user's. Where the sources
/// give a range the middle of it, or all of it as a distribution, is taken (ASSUMPTION).
inline void apply_profile(PhoneProfile profile, PhoneOptions& phone) {
  phone.profile = profile;
  switch (profile) {
    case PhoneProfile::none:
      break;
    case PhoneProfile::polycom:  // D31: retryMaxCount 3; falls back within 30 s to 60 s
      phone.retransmissions = 3;
      phone.refresh_fraction = 0.5;
      phone.poll_primary = 45s;
      break;
    case PhoneProfile::yealink:  // D32: fail-back duration; ICMP, or all retries of the last server
      phone.poll_primary = 3600s;
      break;
    case PhoneProfile::snom:  // D34, also Gigaset and VTech: a failed host is shunned for 5 min
      phone.dirty_host_cache = 5min;
      phone.registrar_hold_down = 5min;
      break;
    case PhoneProfile::avaya:  // D35: fast response 4 s, monitoring every 300 s, recovery, no
                               // failover before the end of an active call
      phone.response_timeout = 4s;
      phone.poll_primary = 300s;
      phone.register_retry = Uniform{30, 54};
      phone.failover_in_call = false;
      break;
    case PhoneProfile::panasonic:  // D37
      phone.refresh_fraction = 0.5;
      phone.register_retry = Deterministic{10};
      break;
    case PhoneProfile::grandstream:  // D55
      phone.register_retry = Deterministic{20};
      break;
    case PhoneProfile::audiocodes:  // D33: RegistrationTime 180 s, divider 50 %
      phone.expires = 180s;
      phone.refresh_fraction = 0.5;
      break;
    case PhoneProfile::alcatel_4000:  // R17
      phone.registration = RegistrationMode::active_backup;
      break;
  }
}

}  // namespace bcsim::models::sip
