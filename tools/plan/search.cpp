#include "tools/plan/search.hpp"

#include <algorithm>

namespace bcsim::tools {
namespace {

class FewestSearch {
 public:
  FewestSearch(const SearchRange& range, const std::function<PlanVerdict(int)>& verdict_of)
      : range_(range), verdict_of_(verdict_of), lowest_(range.first) {}

  SearchResult run() {
    gallop_up();
    if (!result_.meets) return result_;
    gallop_down();
    while (const auto next = between()) look(*next);
    return result_;
  }

 private:
  void look(int at) {
    lowest_ = std::min(lowest_, at);
    auto& open = result_.open;
    switch (verdict_of_(at)) {
      case PlanVerdict::meets:
        result_.meets = std::min(at, result_.meets.value_or(at));
        break;
      case PlanVerdict::fails:
        result_.fails = std::max(at, result_.fails.value_or(at));
        break;
      case PlanVerdict::open:
        open.insert(std::lower_bound(open.begin(), open.end(), at), at);
        break;
    }
    std::erase_if(open, [&](int i) {
      return (result_.meets && i >= *result_.meets) || (result_.fails && i <= *result_.fails);
    });
  }
  void gallop_up() {
    int at = range_.first, step = range_.step;
    look(at);
    while (!result_.meets && at < range_.high) {
      at = std::min(range_.high, at + step);
      step *= 2;
      look(at);
    }
  }
  void gallop_down() {
    int step = std::max(range_.step, range_.within);
    while (!result_.fails && lowest_ > range_.low) {
      look(std::max(range_.low, lowest_ - step));
      step *= 2;
    }
  }
  /// A value that nobody has looked at, in the middle of the largest doubt.
  [[nodiscard]] std::optional<int> between() const {
    const int below = result_.fails.value_or(range_.low - 1), above = *result_.meets;
    const auto& open = result_.open;
    const int first = open.empty() ? above : open.front(),
              last = open.empty() ? above : open.back();
    if (result_.decided(range_)) return std::nullopt;
    const int gap = open.empty() ? range_.within : std::max(1, range_.within / 2);
    if (first - below > gap && below >= range_.low) return below + (first - below) / 2;
    if (above - last > gap) return last + (above - last) / 2;
    return std::nullopt;
  }

  const SearchRange& range_;
  const std::function<PlanVerdict(int)>& verdict_of_;
  SearchResult result_;
  int lowest_;
};

}  // namespace

SearchResult search_fewest(const SearchRange& range,
                           const std::function<PlanVerdict(int)>& verdict_of) {
  return FewestSearch(range, verdict_of).run();
}

}  // namespace bcsim::tools
