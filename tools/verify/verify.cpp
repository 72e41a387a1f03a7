#include "tools/verify/verify.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tools/journal/journal_file.hpp"
#include "tools/run/interrupt.hpp"
#include "tools/run/simulate.hpp"

namespace bcsim::tools {
namespace {

using Json = nlohmann::json;

class RecordCounter final : public models::Observer {
 public:
  void on_record(const models::JournalEntry&) override { ++count; }
  void on_tick(models::SimTime, const models::TickSample&) override {}
  std::uint64_t count = 0;
};

/// Phones and desktops.
std::uint64_t devices_of(const models::Scenario& scenario) {
  std::uint64_t agents = 0;
  for (const models::AgentGroup& group : scenario.agents) agents += group.count;
  return 2 * agents;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec);
}

void run_all(const models::Scenario& scenario, unsigned jobs, const RunWay& run,
             Verification& out) {
  const PoolOutcome outcome = run_jobs(
      out.ways.size(), {.workers = jobs, .attempts = 1},
      {.work =
           [&](std::size_t job, const JobProgress& progress) {
             RecordCounter counter;
             const double before = cpu_seconds();
             const std::uint64_t fingerprint = run(
                 out.ways[job].way, scenario,
                 [&](models::TwoSiteWorld& world) { world.add_observer(counter); }, progress);
             return Json({fingerprint, counter.count, cpu_seconds() - before}).dump();
           },
       .done =
           [&](std::size_t job, const std::string& bytes) {
             const Json answer = Json::parse(bytes);
             out.ways[job].fingerprint = answer[0];
             out.ways[job].records = answer[1];
             out.ways[job].cpu_s = answer[2];
           }});
  for (const LostJob& lost : outcome.lost) out.ways[lost.job].lost = lost.how;
  out.interrupted = outcome.interrupted;
}

/// Gone with what it holds when it dies.
class ScratchDirectory {
 public:
  ScratchDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "bcsim-verify-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Runs both again, with their journals as files.
std::optional<Parting> part(const models::Scenario& scenario, Way one, Way other, unsigned jobs,
                            const RunWay& run) {
  const ScratchDirectory directory;
  const std::array<Way, 2> ways = {one, other};
  const auto file = [&](std::size_t job) {
    return directory.path() / fmt::format("journal{}.ndjson", job);
  };
  const PoolOutcome outcome = run_jobs(ways.size(), {.workers = jobs, .attempts = 1},
                                       {.work =
                                            [&](std::size_t job, const JobProgress& progress) {
                                              std::unique_ptr<JournalFile> journal;
                                              run(
                                                  ways[job], scenario,
                                                  [&](models::TwoSiteWorld& world) {
                                                    journal = std::make_unique<JournalFile>(
                                                        file(job), world.layout(), std::nullopt);
                                                    world.add_observer(*journal);
                                                  },
                                                  progress);
                                              journal->commit();
                                              return std::string();
                                            },
                                        .done = [](std::size_t, const std::string&) {}});
  if (outcome.interrupted || !outcome.lost.empty()) return std::nullopt;
  auto parting = first_difference(file(0), file(1));
  if (parting) {
    parting->one = one;
    parting->other = other;
  }
  return parting;
}

}  // namespace

std::string name(Way way) {
  switch (way) {
    case Way::per_device:
      return "SimGrid, an actor per device";
    case Way::pooled:
      return "SimGrid, pooled devices";
    case Way::live:
      return "SimGrid, handlers in actors";
    case Way::loop:
      return "loop, without SimGrid";
  }
  return "";
}

bool Verification::same() const {
  return std::all_of(ways.begin(), ways.end(), [&](const WayRan& w) {
    return w.lost.empty() && w.fingerprint == ways.front().fingerprint;
  });
}

std::optional<Parting> first_difference(const std::filesystem::path& one,
                                        const std::filesystem::path& other) {
  std::ifstream a(one), b(other);
  Parting parting;
  while (true) {
    ++parting.record;
    const bool more_a = static_cast<bool>(std::getline(a, parting.line_one));
    const bool more_b = static_cast<bool>(std::getline(b, parting.line_other));
    if (!more_a) parting.line_one.clear();
    if (!more_b) parting.line_other.clear();
    if (!more_a && !more_b) return std::nullopt;
    if (more_a != more_b || parting.line_one != parting.line_other) return parting;
  }
}

std::uint64_t run_way(Way way, const models::Scenario& scenario, const ReplayAttach& attach,
                      const JobProgress& progress) {
  const double horizon = sim::seconds(scenario.run.horizon);
  const auto goes_on = [&](models::SimTime reached) {
    return progress(sim::seconds(reached) / horizon);
  };
  const auto under_simgrid = [&](models::ActorUse actors) {
    models::Scenario same = scenario;
    same.run.actors = actors;
    return simulate(same, 0, goes_on, attach).journal_fingerprint;
  };
  switch (way) {
    case Way::per_device:
      return under_simgrid(models::ActorUse::per_device);
    case Way::pooled:
      return under_simgrid(models::ActorUse::pooled);
    case Way::live:
      return under_simgrid(models::ActorUse::live);
    case Way::loop:
      return replay_run(scenario, 0, attach, models::SimTime::max(), goes_on).journal_fingerprint;
  }
  return 0;
}

Verification verify(const models::Scenario& scenario, unsigned jobs, const RunWay& run) {
  const SignalGuard signals;
  Verification out;
  for (const Way way : {Way::per_device, Way::pooled, Way::live, Way::loop}) {
    if (way != Way::per_device || devices_of(scenario) <= kMostDeviceActors) {
      out.ways.push_back({.way = way});
    }
  }
  run_all(scenario, jobs, run, out);
  if (out.interrupted || out.same()) return out;
  const auto finished = [](const WayRan& w) { return w.lost.empty(); };
  const auto first = std::find_if(out.ways.begin(), out.ways.end(), finished);
  const auto other = std::find_if(first, out.ways.end(), [&](const WayRan& w) {
    return finished(w) && w.fingerprint != first->fingerprint;
  });
  if (other != out.ways.end()) out.parting = part(scenario, first->way, other->way, jobs, run);
  return out;
}

}  // namespace bcsim::tools
