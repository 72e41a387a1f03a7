// M/M/n+G by numerical integration (Zeltyn & Mandelbaum 2005).
#include <algorithm>
#include <boost/math/quadrature/gauss.hpp>
#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

#include "models/demand/erlang.hpp"
#include "models/demand/erlang_continuous.hpp"

namespace bcsim::models {
namespace {

// exp(-45) = 3e-20: what lies further below the peak of f cannot be seen in a double.
constexpr double kNegligibleDrop = 45;
constexpr double kRelativeError = 1e-13;
constexpr int kMaxDepth = 40;
// What does not settle by then is noise of the last digits: smooth ones need a few dozen.
constexpr int kMostHalvings = 2000;

/// Integrals of f times 1, 1 - S, H, S and x S, where S is the survival of patience, H its
/// integral, and f(x) = exp(lambda H(x) - n mu x) is the shape of the offered wait's density.
struct Integrals {
  double f = 0, abandon = 0, wait = 0, served = 0, served_wait = 0;

  void add(const Integrals& o) {
    f += o.f, abandon += o.abandon, wait += o.wait;
    served += o.served, served_wait += o.served_wait;
  }
  [[nodiscard]] bool differs(const Integrals& o, const Integrals& scale) const {
    const auto apart = [](double a, double b, double whole) {
      return std::abs(a - b) > kRelativeError * whole;
    };
    return apart(f, o.f, scale.f) || apart(abandon, o.abandon, scale.abandon) ||
           apart(wait, o.wait, scale.wait) || apart(served, o.served, scale.served) ||
           apart(served_wait, o.served_wait, scale.served_wait);
  }
};

/// The density's shape. ln f is concave, since its slope lambda S(x) - n mu never rises: it has one
/// peak and falls ever faster on both sides, which tells exactly where to integrate.
class OfferedWait {
 public:
  OfferedWait(const QueueLoad& load, const Distribution& patience)
      : patience_(patience),
        arrivals_(load.calls_per_s),
        departures_(load.agents / load.handling_s) {
    peak_ = find_peak();
    log_peak_ = log_f(peak_);
    low_ = log_f(0) > log_peak_ - kNegligibleDrop ? 0 : find_drop(0, peak_);
    double far = peak_ + 1 / departures_;
    while (log_f(far) > log_peak_ - kNegligibleDrop) far = peak_ + 2 * (far - peak_);
    high_ = find_drop(far, peak_);
  }

  /// ln of the peak of f; the integrals are those of f divided by its peak.
  [[nodiscard]] double log_peak() const { return log_peak_; }

  /// The integrals below and above the threshold.
  [[nodiscard]] std::pair<Integrals, Integrals> integrate(double threshold_s) const {
    const std::vector<double> edges = panel_edges(threshold_s);
    std::vector<Integrals> panels;
    Integrals scale;
    for (std::size_t i = 0; i + 1 < edges.size(); ++i) {
      panels.push_back(panel(edges[i], edges[i + 1]));
      scale.add(panels.back());
    }
    std::pair<Integrals, Integrals> result;
    int halvings = kMostHalvings;
    for (std::size_t i = 0; i < panels.size(); ++i) {
      Integrals& part = edges[i] < threshold_s ? result.first : result.second;
      refine(edges[i], edges[i + 1], panels[i], scale, 0, halvings, part);
    }
    return result;
  }

 private:
  [[nodiscard]] double log_f(double x) const {
    return arrivals_ * limited_mean_s(patience_, x) - departures_ * x;
  }

  [[nodiscard]] double find_peak() const {
    if (arrivals_ <= departures_) return 0;
    double low = 0;
    double high = 1 / departures_;
    while (arrivals_ * survival(patience_, high) >= departures_) high *= 2;
    while (high - low > 1e-15 * high) {
      const double middle = low + (high - low) / 2;
      if (middle <= low || middle >= high) break;
      (arrivals_ * survival(patience_, middle) >= departures_ ? low : high) = middle;
    }
    return high;
  }

  /// A point between `outside`, where f is negligible, and `inside`, where it is not, near the
  /// border of the two but on the outer side.
  [[nodiscard]] double find_drop(double outside, double inside) const {
    for (int i = 0; i < 40; ++i) {
      const double middle = outside + (inside - outside) / 2;
      (log_f(middle) <= log_peak_ - kNegligibleDrop ? outside : inside) = middle;
    }
    return outside;
  }

  [[nodiscard]] std::vector<double> panel_edges(double threshold_s) const {
    std::vector<double> edges{low_, peak_, high_};
    constexpr int kPanels = 16;
    for (int i = 1; i < kPanels; ++i) edges.push_back(low_ + (high_ - low_) * i / kPanels);
    const auto add_inner = [&](double x) {
      if (x > low_ && x < high_) edges.push_back(x);
    };
    add_inner(threshold_s);
    for (const double x : breakpoints_s(patience_)) add_inner(x);
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    return edges;
  }

  void accumulate(double x, double weight, Integrals& sum) const {
    const double s = survival(patience_, x);
    const double h = limited_mean_s(patience_, x);
    const double f = weight * std::exp(arrivals_ * h - departures_ * x - log_peak_);
    sum.f += f;
    sum.abandon += f * (1 - s);
    sum.wait += f * h;
    sum.served += f * s;
    sum.served_wait += f * x * s;
  }

  /// Gauss-Legendre with 20 points.
  [[nodiscard]] Integrals panel(double from, double to) const {
    using Rule = boost::math::quadrature::gauss<double, 20>;
    const double centre = from + (to - from) / 2;
    const double half = (to - from) / 2;
    Integrals sum;
    for (std::size_t i = 0; i < Rule::abscissa().size(); ++i) {
      const double offset = half * Rule::abscissa()[i];
      accumulate(centre - offset, half * Rule::weights()[i], sum);
      accumulate(centre + offset, half * Rule::weights()[i], sum);
    }
    return sum;
  }

  /// Halves the panel until both halves together say what the whole said, and adds to `sum`.
  void refine(double from, double to, const Integrals& whole, const Integrals& scale, int depth,
              int& halvings, Integrals& sum) const {
    const double middle = from + (to - from) / 2;
    const Integrals left = panel(from, middle);
    const Integrals right = panel(middle, to);
    Integrals both = left;
    both.add(right);
    if (depth >= kMaxDepth || --halvings < 0 || !both.differs(whole, scale)) {
      sum.add(both);
      return;
    }
    refine(from, middle, left, scale, depth + 1, halvings, sum);
    refine(middle, to, right, scale, depth + 1, halvings, sum);
  }

  const Distribution& patience_;
  double arrivals_, departures_;  // per second; departures with all agents busy
  double peak_ = 0, log_peak_ = 0, low_ = 0, high_ = 0;
};

/// 1/B for servers in (-1, 0], where the recursion starts.
double inverse_erlang_b_start(double erlangs, double servers) {
  if (servers == 0) return 1;
  // a * integral of exp(-a t) (1 + t)^x = integral of exp(-s) (1 + s/a)^x; the panels double in
  // length, so that small a, where the integrand bends near 0, is covered too.
  using Rule = boost::math::quadrature::gauss<double, 30>;
  const auto integrand = [&](double s) {
    return std::exp(-s) * std::pow(1 + s / erlangs, servers);
  };
  double sum = 0;
  double from = 0;
  for (double to = std::min(1.0, erlangs); from < 50; to *= 2) {
    sum += Rule::integrate(integrand, from, to);
    from = to;
  }
  return sum;
}

}  // namespace

double log_inverse_erlang_b(double erlangs, double servers) {
  assert(erlangs > 0 && servers > -1);
  constexpr double kLarge = 1e280;
  const double steps = std::max(0.0, std::ceil(servers));
  double inverse = inverse_erlang_b_start(erlangs, servers - steps);
  double log_scale = 0;
  for (double k = servers - steps + 1; k < servers + 0.5; ++k) {
    inverse = std::exp(-log_scale) + inverse * (k / erlangs);
    if (inverse > kLarge) {
      log_scale += std::log(inverse);
      inverse = 1;
    }
  }
  return std::log(inverse) + log_scale;
}

bool has_steady_state(const QueueLoad& load, const Distribution& patience) {
  const double patient = survival(patience, std::numeric_limits<double>::max());
  return load.calls_per_s * patient * load.handling_s < load.agents;
}

QueueForecast forecast_queue(const QueueLoad& load, const Distribution& patience,
                             double threshold_s) {
  assert(load.calls_per_s > 0 && load.handling_s > 0 && load.agents > 0 && threshold_s >= 0);
  assert(has_steady_state(load, patience));
  const OfferedWait offered(load, patience);
  const auto [below, above] = offered.integrate(threshold_s);
  Integrals all = below;
  all.add(above);

  // E (the weight of the states with a free agent) and the integrals on one scale.
  const double log_free = log_inverse_erlang_b(load.erlangs(), load.agents - 1);
  const double log_scale = std::max(log_free, offered.log_peak());
  const double peak = load.calls_per_s * std::exp(offered.log_peak() - log_scale);
  const double density = peak / (std::exp(log_free - log_scale) + peak * all.f);

  QueueForecast result;
  result.p_wait = density * all.f;
  result.p_abandon = density * all.abandon;
  result.mean_wait_s = density * all.wait;
  result.asa_s = density * all.served_wait / (1 - result.p_abandon);
  result.answered_within = 1 - result.p_wait + density * below.served;
  result.p_offered_wait_over = density * above.f;
  result.p_wait_over = survival(patience, threshold_s) * result.p_offered_wait_over;
  // Gave up within T: offered at most T and impatient sooner, or offered more and impatient by T.
  result.abandoned_within =
      density * below.abandon + (1 - survival(patience, threshold_s)) * result.p_offered_wait_over;
  result.mean_queue = load.calls_per_s * result.mean_wait_s;
  result.occupancy = load.erlangs() * (1 - result.p_abandon) / load.agents;
  return result;
}

}  // namespace bcsim::models
