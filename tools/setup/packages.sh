# What bcsim needs, once: Debian 12 package | how to see that it is there | least version.
# A check is tool:<command>, module:<pkg-config module> or header:<include path>. Sourced by
# prepare.sh, which installs what is missing on Debian 12 and only checks elsewhere.
# shellcheck shell=bash disable=SC2034  # used by the scripts that source this file

# To build and run the simulator.
run_packages=(
  "g++                          | tool:g++                           | 12"
  "cmake                        | tool:cmake                         | 3.25"
  "ninja-build                  | tool:ninja                         | 1.10"
  "pkg-config                   | tool:pkg-config                    |"
  "git                          | tool:git                           |"
  "libsimgrid-dev               | module:simgrid                     | 3.32"
  "libboost-program-options-dev | header:boost/program_options.hpp   |"
  "libboost-dev                 | header:boost/math/distributions.hpp|"
  "libyaml-cpp-dev              | header:yaml-cpp/yaml.h             |"
  "nlohmann-json3-dev           | header:nlohmann/json.hpp           |"
  "libfmt-dev                   | header:fmt/format.h                |"
  "librandom123-dev             | header:Random123/philox.h          |"
  "zlib1g-dev                   | header:zlib.h                      |"
)

# To test it, besides.
test_packages=(
  "libgtest-dev                 | header:gtest/gtest.h               |"
  "libgmock-dev                 | header:gmock/gmock.h               |"
  "librapidcheck-dev            | header:rapidcheck.h                |"
  "libbenchmark-dev             | header:benchmark/benchmark.h       |"
  "tshark                       | tool:tshark                        |"
  "python3                      | tool:python3                       | 3.9"
)

# Besides, for tools/test --full: tests that skip themselves without it.
full_packages=(
  "clang                        | tool:clang++                       | 14"
  "llvm                         | tool:llvm-cov                      | 14"
  "slurm-wlm                    | tool:sbatch                        |"
  "munge                        | tool:munge                         |"
  "parallel                     | tool:parallel                      |"
  "valgrind                     | tool:valgrind                      |"
  "chromium                     | tool:chromium                      |"
  "npm                          | tool:npm                           |"
  "librsvg2-bin                 | tool:rsvg-convert                  |"
)
