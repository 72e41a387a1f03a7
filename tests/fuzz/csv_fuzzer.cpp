#include "tests/support/fuzz_targets.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  bcsim::tools::test::read_as_csv({reinterpret_cast<const char*>(data), size});
  return 0;
}
