// bcsim merge: the shards of a run or sweep put together.
#include <algorithm>

#include "tools/cli/commands.hpp"
#include "tools/run/shard.hpp"
#include "tools/sweep/sweep_merge.hpp"

namespace bcsim::tools {
namespace {

int merge(const Invocation& invocation, Terminal& terminal) {
  const std::vector<std::filesystem::path> directories(invocation.arguments.begin(),
                                                       invocation.arguments.end());
  const std::filesystem::path out = invocation.value("out");
  const bool json = invocation.has("json");
  const bool sweep = std::any_of(directories.begin(), directories.end(), [](const auto& directory) {
    std::error_code ignored;
    return std::filesystem::exists(directory / "sweep.json", ignored);
  });
  return sweep ? merge_sweep({directories, out, json}, terminal)
               : merge_shards({directories, out, json}, terminal);
}

}  // namespace

Command merge_command() {
  return {
      .name = "merge",
      .summary = "Put the shards of a run or sweep together",
      .arguments = "DIR…",
      .argument_kind = ValueKind::directory,
      .min_arguments = 1,
      .max_arguments = 100'000,
      .description =
          "DIR is where 'bcsim run --shard K/N' or 'bcsim sweep --shard K/N' has written; several\n"
          "if the machines share no disk. All N shards must be there, of the same run and, of a\n"
          "run, by the same build of the program. Writes what one machine would have written,\n"
          "byte for byte but for the 'host' of run.json. Exit code 0: all is well, 1: a checker\n"
          "or expectation said no, 65: shards are missing, damaged or do not belong together;\n"
          "then nothing is written.",
      .options = {{.name = "out",
                   .letter = 'o',
                   .kind = ValueKind::directory,
                   .value = "DIR",
                   .doc = "Write the results there instead"},
                  {.name = "json", .doc = "Print the summary as JSON"}},
      .examples = {{"bcsim run mine.yaml -n 100 --shard 2/5 -o shards", "One of five machines"},
                   {"bcsim merge shards", "The hundred replications"}},
      .run = merge};
}

}  // namespace bcsim::tools
