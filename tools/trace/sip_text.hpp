// The SIP messages of the simulation as the text of RFC 3261 that they stand for.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "models/world/layout.hpp"
#include "tools/trace/pcapng.hpp"

namespace bcsim::tools {

/// What the simulation abstracts from is made from what it has: tags and nonces from the Call-ID,
/// numbers of callers from their calls, IP addresses from the places. The same message always gives
/// the same text, and a copy that of its original.
class SipText {
 public:
  /// The layout must outlive it.
  explicit SipText(const models::Layout& layout);

  /// `envelope` holds a SIP message. Call it for every one of a dialog between two SIP Servers in
  /// their order: who began it is remembered.
  [[nodiscard]] std::string write(const models::Envelope& envelope);
  [[nodiscard]] Ipv4 ip_of(models::AddressId address) const;

 private:
  /// Caller (who began the dialog) and callee.
  struct Parties {
    models::AddressId caller, callee;
  };
  [[nodiscard]] Parties parties_of(const models::Envelope& envelope);
  [[nodiscard]] bool begins(models::AddressId from, models::AddressId to) const;
  [[nodiscard]] const models::NodeRole* role_of(models::AddressId address) const;
  [[nodiscard]] std::string user_of(models::Dn dn, models::AddressId callee) const;
  [[nodiscard]] std::string write(const models::sip::Request& m, const models::Envelope& envelope,
                                  const Parties& parties) const;
  [[nodiscard]] std::string write(const models::sip::Response& m, const models::Envelope& envelope,
                                  const Parties& parties) const;
  struct FromTo;
  [[nodiscard]] std::string from_to(const FromTo& what) const;
  [[nodiscard]] std::string body(models::NodeId media, std::uint64_t dialog,
                                 const char* direction) const;

  const models::Layout& layout_;
  std::map<std::uint64_t, models::AddressId> callers_;  ///< by dialog
  std::set<std::uint64_t> holding_;  ///< branches of re-INVITEs that put the other side on hold
};

}  // namespace bcsim::tools
