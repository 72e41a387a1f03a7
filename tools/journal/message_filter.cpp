#include "tools/journal/message_filter.hpp"

#include <algorithm>

#include "tools/journal/message_words.hpp"

namespace bcsim::tools {

bool MessageFilter::passes(const models::Transmission& t, const models::Layout& layout) const {
  const models::SimTime sent = t.envelope.sent;
  if (sent < from || sent > until) return false;
  if (!calls.empty()) {
    const models::CallId call = call_of(t.envelope.message);
    if (!call.valid() || std::find(calls.begin(), calls.end(), call.value) == calls.end()) {
      return false;
    }
  }
  if (!site) return true;
  const auto there = [&](models::NodeId node) {
    return node.valid() && site_of(layout, node) == *site;
  };
  return there(t.from) || there(t.to);
}

models::SiteIndex site_of(const models::Layout& layout, models::NodeId node) {
  const sim::PlaceId place = layout.topology.hosts[layout.host_of(node).value].place;
  for (models::SiteIndex s = 0; s < models::kSites; ++s) {
    if (place == layout.data_centre[s] || place == layout.premises[s]) return s;
  }
  return layout.roles[node.value].site;
}

}  // namespace bcsim::tools
