// What fuzzers have found so far, read once more; tests/fuzz/run looks for more.
#include <gtest/gtest.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "tests/support/fuzz_targets.hpp"

namespace bcsim::tools::fuzz_corpus_test {
namespace {

/// Reads every input of a target; none may take long.
void replay(const std::string& target, void (*read)(std::string_view)) {
  namespace fs = std::filesystem;
  std::size_t inputs = 0;
  for (const auto& entry :
       fs::directory_iterator(BCSIM_SOURCE_DIR "/tests/fuzz/corpus/" + target)) {
    ++inputs;
    std::ifstream in(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    const std::clock_t before = std::clock();
    EXPECT_NO_THROW(read(bytes)) << entry.path();
    EXPECT_LT(std::clock() - before, 2 * CLOCKS_PER_SEC) << entry.path();
  }
  EXPECT_GT(inputs, 10u);
}

TEST(FuzzCorpus, IsReadAsScenariosOrRefused) {
  replay("scenario", test::read_as_scenario);
}

TEST(FuzzCorpus, IsReadAsDataFilesOrRefused) {
  replay("csv", test::read_as_csv);
}

TEST(FuzzCorpus, IsReadAsResultsOrRefused) {
  replay("results", test::read_as_results);
}

TEST(FuzzCorpus, IsSmall) {
  std::uintmax_t bytes = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(BCSIM_SOURCE_DIR "/tests/fuzz")) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  EXPECT_LT(bytes, 1'000'000u);
}

}  // namespace
}  // namespace bcsim::tools::fuzz_corpus_test
