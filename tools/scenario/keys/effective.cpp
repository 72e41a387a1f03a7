#include "tools/scenario/keys/effective.hpp"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

#include "tools/scenario/keys/keys.hpp"

namespace bcsim::tools {
namespace {

void emit(YAML::Emitter& yaml, const Out& out) {
  switch (out.kind) {
    case Out::Kind::scalar:
      if (out.quoted) yaml << YAML::DoubleQuoted;
      yaml << out.text;
      break;
    case Out::Kind::list:
      yaml << (out.flow || out.children.empty() ? YAML::Flow : YAML::Block) << YAML::BeginSeq;
      for (const auto& [key, child] : out.children) emit(yaml, child);
      yaml << YAML::EndSeq;
      break;
    case Out::Kind::map:
      yaml << (out.flow || out.children.empty() ? YAML::Flow : YAML::Block) << YAML::BeginMap;
      for (const auto& [key, child] : out.children) {
        yaml << YAML::Key << key << YAML::Value;
        emit(yaml, child);
      }
      yaml << YAML::EndMap;
      break;
  }
  if (!out.comment.empty()) yaml << YAML::Comment(out.comment);
}

}  // namespace

std::string yaml_text(const Out& out) {
  YAML::Emitter yaml;
  yaml.SetIndent(2);
  emit(yaml, out);
  return std::string(yaml.c_str()) + "\n";
}

std::string effective_yaml(const models::Scenario& scenario) {
  return yaml_text(write_section(Writer(scenario), *scenario_section(), &scenario));
}

std::string annotated_yaml(const models::Scenario& scenario, const Given& given,
                           const Diagnostics& diagnostics) {
  const Writer writer(scenario, &given, &diagnostics);
  return yaml_text(write_section(writer, *scenario_section(), &scenario));
}

}  // namespace bcsim::tools
