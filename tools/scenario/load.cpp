#include "tools/scenario/load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "tools/base/atomic_file.hpp"
#include "tools/scenario/keys/complete.hpp"
#include "tools/scenario/keys/effective.hpp"
#include "tools/scenario/keys/keys.hpp"
#include "tools/scenario/keys/merge.hpp"
#include "tools/scenario/rules/validator.hpp"
#include "tools/scenario/table/csv.hpp"
#include "tools/scenario/text/suggest.hpp"

namespace bcsim::tools {

bool Loaded::has_errors() const {
  return count(Severity::error) > 0;
}

std::size_t Loaded::count(Severity severity) const {
  std::size_t sum = 0;
  for (const Diagnostic& d : diagnostics) {
    if (d.severity == severity) sum += d.count;
  }
  return sum;
}

namespace {

// `accept` names rules, not places: a name that is none, or that nothing breaks, is a mistake.
void accept(const models::Scenario& scenario, const Given& given, Diagnostics& diagnostics) {
  std::vector<std::string> codes;
  for (std::size_t i = 0; i < scenario.accepted.size(); ++i) {
    const std::string& code = scenario.accepted[i];
    const auto at = given.find(fmt::format("accept.{}", i));
    const Location where = at == given.end() ? Location{} : at->second;
    const auto& all = acceptable_codes();
    if (std::find(all.begin(), all.end(), code) == all.end()) {
      diagnostics.error("S-018", where, fmt::format("'{}' is no rule that can be accepted", code),
                        did_you_mean(code, all));
      continue;
    }
    codes.push_back(code);
  }
  const std::vector<std::string> seen = diagnostics.demote(codes);
  for (std::size_t i = 0; i < scenario.accepted.size(); ++i) {
    const std::string& code = scenario.accepted[i];
    const bool known = std::find(codes.begin(), codes.end(), code) != codes.end();
    if (!known || std::find(seen.begin(), seen.end(), code) != seen.end()) continue;
    const auto at = given.find(fmt::format("accept.{}", i));
    diagnostics.warning("M-W04", at == given.end() ? Location{} : at->second,
                        fmt::format("{} is accepted, but nothing breaks it", code));
  }
}

/// A variant of the scenario, read like the scenario itself.
models::Scenario read_again(const Node& changed, Diagnostics& found) {
  models::Scenario scenario;
  Reader again(found, scenario);
  prepare(again, changed);
  read_section(again, *scenario_section(), changed, &scenario);
  complete(again, changed);
  validate(again);
  found.demote(scenario.accepted);
  return scenario;
}

Diagnostics with_sources(const Reader& reader) {
  Diagnostics found;
  for (std::size_t s = 0; s < reader.diagnostics().source_count(); ++s) {
    found.add_source(reader.diagnostics().source(static_cast<std::uint32_t>(s)));
  }
  return found;
}

/// Errors of a variant are errors at the place that asks for it.
void pass_on(const Diagnostics& found, Diagnostics& diagnostics, Location at) {
  for (const Diagnostic& d : found.all()) {
    if (d.severity == Severity::error) diagnostics.error(d.code, at, d.message, d.hint);
  }
}

/// What the options are from each change on: those of the scenario as if it had been written so. A
/// value that would be an error there is one here, at the place of the change.
void take_changes(const Node& root, Reader& reader) {
  std::vector<models::Fault>& faults = reader.scenario().faults;
  std::vector<std::size_t> changes;
  for (std::size_t i = 0; i < faults.size(); ++i) {
    if (std::holds_alternative<models::ChangeOption>(faults[i].deed)) changes.push_back(i);
  }
  std::stable_sort(changes.begin(), changes.end(),
                   [&](std::size_t a, std::size_t b) { return faults[a].at < faults[b].at; });
  Node changed = root;
  for (const std::size_t i : changes) {
    auto& change = std::get<models::ChangeOption>(faults[i].deed);
    const Location at = reader.given().at(fmt::format("faults.{}.to", i));
    Node value;
    value.kind = Node::Kind::scalar;
    value.text = *change.value;
    value.quoted = value.text.empty();
    value.at = at;
    set_value(changed, change.path, std::move(value));
    Diagnostics found = with_sources(reader);
    const models::Scenario scenario = read_again(changed, found);
    pass_on(found, reader.diagnostics(), at);
    change.options = std::make_shared<const models::RunTimeOptions>(models::RunTimeOptions{
        {scenario.sites[0].sip_server, scenario.sites[1].sip_server}, scenario.queues});
  }
}

/// `sweep` must lead somewhere: each path is tried with its first value.
void try_sweep(const Node& root, Reader& reader) {
  const Node* sweep = root.find("sweep");
  if (sweep == nullptr || reader.sweep.variables.empty()) return;
  Node plain = root;
  std::erase_if(plain.children, [](const Node& child) { return child.key == "sweep"; });
  std::size_t variable = 0;
  for (const Node& child : sweep->children) {
    if (child.key == "where" || variable == reader.sweep.variables.size()) continue;
    const SweepVariable& varied = reader.sweep.variables[variable++];
    for (const std::string& path : varied.paths) {
      Node changed = plain;
      Diagnostics found = with_sources(reader);
      apply_override(changed, fmt::format("{}={}", path, varied.values.front()), found);
      if (!found.has_errors()) read_again(changed, found);
      pass_on(found, reader.diagnostics(), child.key_at);
    }
  }
  try {
    (void)expand(reader.sweep);
  } catch (const SweepProblem& problem) {
    reader.diagnostics().error("S-006", sweep->key_at, problem.message, problem.hint);
  }
}

void read_scenario(const Node& root, const ScenarioText& text, Diagnostics& diagnostics,
                   WrittenAs written, Loaded& loaded) {
  Reader reader(diagnostics, loaded.scenario);
  reader.language = scenario_section().get();
  loaded.scenario.name = text.name;
  prepare(reader, root);
  read_section(reader, *scenario_section(), root, &loaded.scenario);
  loaded.sweep = reader.sweep;
  if (root.find("bcsim") == nullptr) {
    diagnostics.error("S-012", {0, 1, 1}, "the scenario does not say its language version",
                      "begin with the line 'bcsim: 1'");
  }
  complete(reader, root);
  validate(reader);
  accept(loaded.scenario, reader.given(), diagnostics);
  if (!diagnostics.has_errors()) {
    take_changes(root, reader);
    try_sweep(root, reader);
  }
  if (diagnostics.has_errors()) return;
  if (written == WrittenAs::effective) {
    loaded.effective_yaml = effective_yaml(loaded.scenario);
  } else if (written == WrittenAs::annotated) {
    loaded.effective_yaml = annotated_yaml(loaded.scenario, reader.given(), diagnostics);
  }
}

void load_into(const ScenarioText& text, const std::vector<std::string>& overrides,
               const std::filesystem::path& path, WrittenAs written, Diagnostics& diagnostics,
               Loaded& loaded) {
  const std::uint32_t source =
      diagnostics.add_source({text.display, text.directory, split_lines(text.text), true});
  std::vector<std::filesystem::path> chain;
  std::error_code ec;
  if (!path.empty()) chain.push_back(std::filesystem::weakly_canonical(path, ec));
  Node root = assemble(text.text, source, diagnostics, std::move(chain));
  if (root.is_null() && !diagnostics.has_errors()) {
    diagnostics.error("S-011", {source, 0, 0}, "the file is empty",
                      "'bcsim new' writes a scenario to start from");
  }
  if (!root.is_map()) {
    if (!diagnostics.has_errors()) {
      diagnostics.error("S-003", root.at,
                        fmt::format("a scenario is a map of keys, found {}", kind_name(root.kind)),
                        "begin with the line 'bcsim: 1'");
    }
    return;
  }
  for (const std::string& override_text : overrides) {
    apply_override(root, override_text, diagnostics);
  }
  // After a syntax error half of the file is missing: more messages would mislead.
  const auto& so_far = diagnostics.all();
  if (std::any_of(so_far.begin(), so_far.end(),
                  [](const Diagnostic& d) { return d.code == "S-009" || d.code == "S-014"; })) {
    return;
  }
  read_scenario(root, text, diagnostics, written, loaded);
}

Loaded load(const ScenarioText& text, const std::vector<std::string>& overrides,
            const std::filesystem::path& path, WrittenAs written) {
  Loaded loaded;
  Diagnostics diagnostics;
  try {
    load_into(text, overrides, path, written, diagnostics, loaded);
  } catch (const std::exception& e) {
    // Only what the table did not foresee gets here, such as memory running out.
    diagnostics.error("S-009", {0, 0, 0}, fmt::format("cannot be read: {}", e.what()));
    loaded.effective_yaml.clear();
  }
  loaded.diagnostics = diagnostics.sorted();
  for (std::size_t s = 0; s < diagnostics.source_count(); ++s) {
    const Source& source = diagnostics.source(static_cast<std::uint32_t>(s));
    if (source.is_file && !source.is_part) loaded.files.emplace_back(source.display);
  }
  return loaded;
}

}  // namespace

Loaded load_scenario(const std::filesystem::path& path, const std::vector<std::string>& overrides,
                     WrittenAs written) {
  const FileText file = read_text_file(path);
  if (!file.problem.empty()) {
    Loaded loaded;
    Diagnostics diagnostics;
    diagnostics.add_source({path.string(), "", {}, true});
    diagnostics.error("S-010", {0, 0, 0}, fmt::format("cannot be read: {}", file.problem));
    loaded.diagnostics = diagnostics.sorted();
    return loaded;
  }
  return load({file.text, path.string(), file_name_of(path.stem().string()), path.parent_path()},
              overrides, path, written);
}

namespace {

/// `{file: x.csv}` of a scenario in another directory.
void name_files_whole(Node& node, const Diagnostics& diagnostics) {
  if (node.is_scalar() && node.key == "file") {
    const auto& directory = diagnostics.source(node.at.source).directory;
    node.text = std::filesystem::absolute(directory / node.text).string();
  }
  for (Node& child : node.children) name_files_whole(child, diagnostics);
}

}  // namespace

Node assembled_scenario(const std::filesystem::path& path,
                        const std::vector<std::string>& overrides) {
  const FileText file = read_text_file(path);
  Diagnostics diagnostics;
  const std::uint32_t source =
      diagnostics.add_source({path.string(), path.parent_path(), split_lines(file.text), true});
  std::error_code ec;
  Node root =
      assemble(file.text, source, diagnostics, {std::filesystem::weakly_canonical(path, ec)});
  for (const std::string& text : overrides) apply_override(root, text, diagnostics);
  if (root.is_map()) {
    std::erase_if(root.children, [](const Node& child) { return child.key == "extends"; });
  }
  name_files_whole(root, diagnostics);
  return root;
}

Loaded load_scenario_text(const ScenarioText& text, const std::vector<std::string>& overrides,
                          WrittenAs written) {
  return load(text, overrides, {}, written);
}

}  // namespace bcsim::tools
