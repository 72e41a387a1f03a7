// Rows of a call stream's `transfer`.
#include "tools/scenario/keys/keys.hpp"

namespace bcsim::tools {

namespace {

using models::TransferKind;
using models::TransferOptions;

/// A queue or an agent group; of one name the queue.
void read_target(Reader& r, const Node& node, TransferOptions& transfer) {
  const std::string* name = r.scalar(node, "a queue or an agent group");
  if (name == nullptr) return;
  transfer.queue = Names::index(r.names.queues, *name);
  if (!transfer.queue) transfer.group = Names::index(r.names.agents, *name);
  if (transfer.queue || transfer.group) return;
  std::vector<std::string> known = r.names.queues;
  known.insert(known.end(), r.names.agents.begin(), r.names.agents.end());
  r.error(node, "S-007", fmt::format("unknown queue or agent group '{}'", *name),
          did_you_mean(*name, known));
}

std::shared_ptr<const Section> transfer_keys() {
  static const auto keys = [] {
    using T = TransferOptions;
    SectionOf<T> s("transfer", "Calls that the agent passes on to a second one, with his desktop");
    s.key("share", &T::share, percent(), language(), "Of the answered calls");
    s.key("kind", &T::kind,
          choice<TransferKind>(
              {{"blind", TransferKind::blind}, {"consultation", TransferKind::consultation}}),
          assumption(),
          "blind: TSingleStepTransfer; consultation: TInitiateTransfer, then TCompleteTransfer "
          "or TReconnectCall");
    ValueType target;
    target.kind = Kind::reference;
    target.what = "queue or agent group";
    s.row("to", target, language(),
          "A queue, or an agent group: its longest idle agent, at either site", read_target,
          [](const Writer& w, const T& transfer) -> std::optional<Out> {
            const models::Scenario& scenario = w.scenario();
            if (transfer.queue) return Out::scalar(scenario.queues[*transfer.queue].name);
            if (transfer.group) return Out::scalar(scenario.agents[*transfer.group].name);
            return std::nullopt;
          })
        .require();
    s.key("after", &T::after, optional(distribution(), "random"), assumption(),
          "Talk before that, at most the whole; random: a uniform moment of the talk");
    s.key("consultation", &T::consultation, distribution(), assumption(),
          "kind consultation: talk of the two agents");
    s.key("reconnect", &T::reconnect, percent(), assumption(),
          "kind consultation: share after which the first agent takes the caller back");
    return s.done();
  }();
  return keys;
}

}  // namespace

Codec<TransferOptions> transfer() {
  Codec<TransferOptions> codec = section<TransferOptions>(transfer_keys());
  // A stream whose agents pass nothing on has no such section.
  codec.write = [write = codec.write](const Writer& w, const TransferOptions& transfer) {
    return transfer.share > 0 ? write(w, transfer) : std::nullopt;
  };
  return codec;
}

}  // namespace bcsim::tools
