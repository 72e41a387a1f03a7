#include "tools/scenario/home.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <istream>
#include <iterator>

#include "tools/scenario/table/csv.hpp"
#include "tools/scenario/text/node.hpp"
#include "tools/scenario/text/suggest.hpp"

namespace bcsim::tools {

namespace fs = std::filesystem;

fs::path home_directory() {
  if (const char* home = std::getenv("BCSIM_HOME"); home != nullptr && *home != '\0') return home;
  // This file is tools/scenario/home.cpp of the tree.
  return fs::path(__FILE__).parent_path().parent_path().parent_path();
}

namespace {

std::string title_of(const fs::path& path) {
  const FileText file = read_text_file(path);
  Diagnostics diagnostics;
  const std::uint32_t source = diagnostics.add_source({path.string(), "", {}, true});
  const Node root = parse_yaml(file.text, source, diagnostics);
  const Node* title = root.is_map() ? root.find("title") : nullptr;
  return title != nullptr ? printable(title->text) : "";
}

// Messages show the path: from here, if that is shorter.
fs::path short_path(const fs::path& path) {
  std::error_code ec;
  const fs::path from_here = fs::proximate(path, ec);
  return !ec && from_here.string().size() < path.string().size() ? from_here : path;
}

}  // namespace

std::vector<ShippedScenario> shipped_scenarios() {
  std::vector<ShippedScenario> list;
  std::error_code ec;
  const fs::path directory = home_directory() / "scenarios";
  for (const auto& entry : fs::recursive_directory_iterator(directory, ec)) {
    if (entry.path().extension() != ".yaml") continue;
    const fs::path name = entry.path().lexically_relative(directory).replace_extension();
    list.push_back({name.generic_string(), title_of(entry.path()), entry.path()});
  }
  std::sort(list.begin(), list.end(),
            [](const ShippedScenario& a, const ShippedScenario& b) { return a.name < b.name; });
  return list;
}

Loaded load_argument(const std::string& argument, const std::vector<std::string>& overrides,
                     std::istream& standard_input, WrittenAs written) {
  if (argument == "-") {
    const std::string text(std::istreambuf_iterator<char>(standard_input), {});
    return load_scenario_text({text, "<stdin>", "stdin", "."}, overrides, written);
  }
  std::error_code ec;
  if (fs::exists(argument, ec)) return load_scenario(argument, overrides, written);
  std::vector<std::string> names;
  for (const ShippedScenario& shipped : shipped_scenarios()) {
    if (shipped.name == argument) {
      return load_scenario(short_path(shipped.path), overrides, written);
    }
    names.push_back(shipped.name);
  }
  const bool looks_like_path =
      argument.find('/') != std::string::npos || argument.ends_with(".yaml");
  if (!looks_like_path) {
    Loaded loaded;
    Diagnostics diagnostics;
    diagnostics.add_source({argument, "", {}, true});
    diagnostics.error("S-010", {0, 0, 0}, "no such file, and no scenario of this name",
                      did_you_mean(argument, names));
    loaded.diagnostics = diagnostics.sorted();
    return loaded;
  }
  return load_scenario(argument, overrides, written);
}

}  // namespace bcsim::tools
