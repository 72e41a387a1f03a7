// Whether all that a peer has told of its agents has come: it is told in datagrams.
#pragma once

#include <cstdint>
#include <vector>

namespace bcsim::models {

/// The states of agents that the peers have told each other, by number, to notice that one was
/// lost. They may come in another order.
class StatesTold {
 public:
  /// Number of the next one to be sent; no process ever gives out one twice.
  std::uint32_t next() { return ++sent_; }
  [[nodiscard]] std::uint32_t sent() const { return sent_; }
  void heard(std::uint32_t number);
  /// The peer has sent all up to this one. False: one that it had told of so before is still
  /// missing.
  [[nodiscard]] bool told(std::uint32_t number);
  /// It tells all again from here on.
  void begin(std::uint32_t number);
  /// The peer may not know what has been made of its last word: it is to tell all again.
  void doubt() { missed_ = true; }
  /// What has been heard is forgotten, with the process.
  void forget() { *this = StatesTold(sent_); }

  StatesTold() = default;

 private:
  explicit StatesTold(std::uint32_t sent) : sent_(sent) {}
  std::uint32_t sent_ = 0;
  std::uint32_t from_ = 0, told_ = 0;  // those between have been told of, and should all be here …
  std::uint32_t heard_ = 0;            // … of which so many are
  std::vector<std::uint32_t> later_;   // heard, beyond told_
  bool missed_ = false;
};

}  // namespace bcsim::models
