// By which INVITEs a SIP Server has come to have a call: what tells two servers, or one server
// twice, that have the same call at the same time.
#pragma once

#include <bit>
#include <cstdint>
#include <string>

namespace bcsim::models {

/// The number of the caller's INVITE, then that of the INVITE that its receiver has sent on to the
/// peer, and so on, each from 1: "2", "2.1". A gateway that hears nothing asks another server, a
/// server whose peer is silent chooses another agent; what was given up may go on all the same for
/// a while, in a branch of its own (RFC 3261 §16.7 calls the copies of a forked request so). Not on
/// the wire.
class CallBranch {
 public:
  /// Of a call that begins at the server itself (3pcc).
  constexpr CallBranch() = default;
  /// Of the caller's INVITE number `nth`, from 0.
  [[nodiscard]] static constexpr CallBranch of_invite(std::uint32_t nth) {
    return CallBranch{}.next(nth);
  }
  /// Of the INVITE number `nth` that the server of this branch sends on. Beyond four of them the
  /// last is replaced, and of 63 with the same beginning the first is meant again: those are long
  /// over.
  [[nodiscard]] constexpr CallBranch next(std::uint32_t nth) const {
    const std::uint32_t at = depth() < kDepth ? depth() : kDepth - 1;
    return CallBranch{(value_ & mask(at)) | ((1 + nth % kNumbers) << (at * kBits))};
  }
  /// How many INVITEs it names.
  [[nodiscard]] constexpr std::uint32_t depth() const {
    return (static_cast<std::uint32_t>(std::bit_width(value_)) + kBits - 1) / kBits;
  }
  /// Without the last of them: that of the server that has sent it.
  [[nodiscard]] constexpr CallBranch parent() const {
    return CallBranch{value_ & mask(depth() > 0 ? depth() - 1 : 0)};
  }
  /// Is the other one this one, or a continuation of it?
  [[nodiscard]] constexpr bool leads_to(CallBranch other) const {
    return (other.value_ & mask(depth())) == value_;
  }
  /// Of the caller's INVITE it began with, from 1; 0: none.
  [[nodiscard]] constexpr std::uint32_t first() const { return value_ & kNumbers; }
  [[nodiscard]] std::string text() const {
    std::string out;
    for (std::uint32_t rest = value_; rest != 0; rest >>= kBits) {
      if (!out.empty()) out += '.';
      out += std::to_string(rest & kNumbers);
    }
    return out;
  }
  /// As a number of `kAllBits` bits, and back.
  [[nodiscard]] constexpr std::uint32_t packed() const { return value_; }
  [[nodiscard]] static constexpr CallBranch unpack(std::uint32_t packed) {
    return CallBranch{packed};
  }
  static constexpr int kAllBits = 24;
  constexpr bool operator==(const CallBranch&) const = default;

 private:
  static constexpr std::uint32_t kBits = 6, kDepth = 4, kNumbers = (1u << kBits) - 1;
  constexpr explicit CallBranch(std::uint32_t value) : value_(value) {}
  [[nodiscard]] static constexpr std::uint32_t mask(std::uint32_t depth) {
    return (1u << (depth * kBits)) - 1;
  }

  static_assert(kBits * kDepth == kAllBits);

  std::uint32_t value_ = 0;  // a number in each six bits, the first lowest; 0: none
};

}  // namespace bcsim::models
