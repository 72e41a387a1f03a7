// Erlang B for a real number of servers, shared by the formulas of erlang.hpp.
#pragma once

namespace bcsim::models {

/// ln(1 / B(servers, erlangs)) with B continued to real servers > -1:
/// 1/B = a * integral over t > 0 of exp(-a t) (1 + t)^servers (Jagerman 1974). erlangs > 0.
[[nodiscard]] double log_inverse_erlang_b(double erlangs, double servers);

}  // namespace bcsim::models
