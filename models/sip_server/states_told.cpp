#include "models/sip_server/states_told.hpp"

namespace bcsim::models {

void StatesTold::heard(std::uint32_t number) {
  if (number > told_) {
    later_.push_back(number);
  } else if (number > from_) {
    ++heard_;
  }
}

bool StatesTold::told(std::uint32_t number) {
  missed_ = missed_ || heard_ != told_ - from_;
  if (number < told_) return !missed_;  // overtaken by a later word
  from_ = told_;
  told_ = number;
  heard_ = static_cast<std::uint32_t>(
      std::erase_if(later_, [&](std::uint32_t later) { return later <= number; }));
  return !missed_;
}

void StatesTold::begin(std::uint32_t number) {
  if (number < told_) return;
  from_ = told_ = number;
  heard_ = 0;
  std::erase_if(later_, [&](std::uint32_t later) { return later <= number; });
  missed_ = false;
}

}  // namespace bcsim::models
