#include "tools/compare/compare_output.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tools/base/page.hpp"
#include "tools/results/plain_words.hpp"
#include "tools/stats/estimate_json.hpp"

namespace bcsim::tools {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string digits_of(double value, double scale) {
  const int digits = scale >= 100 ? 0 : scale >= 10 ? 1 : scale >= 1 ? 2 : 3;
  return fmt::format("{:.{}f}", value, digits);
}

/// "+1.2 ± 0.4", in the unit's scale.
std::string change_words(const ComparedMetric& m) {
  const double factor = m.unit == "1" ? 100 : 1;
  const Estimate& d = m.difference;
  if (std::isnan(d.value)) return "-";
  const double scale = std::max(std::abs(d.value), d.has_interval() ? d.half : 0) * factor;
  std::string text = d.value > 0 ? "+" : "";
  text += d.value == 0 ? "0" : digits_of(d.value * factor, scale);
  if (d.has_interval() && d.half > 0) text += " ± " + digits_of(d.half * factor, scale);
  if (m.unit == "1") text += " pp";
  if (m.unit == "s") text += " s";
  return text;
}

std::string p_words(double p) {
  return p < 0.001 ? "< 0.001" : fmt::format("{:.3f}", p);
}

std::string verdict_words(const ComparedMetric& m) {
  std::string text(name(m.verdict));
  if (m.missing_b > 0 && m.id.starts_with("recovery.")) {
    text += fmt::format(" ({} missing)", m.missing_b);
  }
  return text;
}

std::string difference_words(const KeyDifference& d) {
  return fmt::format("{}: {} → {}", d.path, d.a.empty() ? "-" : d.a, d.b.empty() ? "-" : d.b);
}

std::string terms_words(const CompareResult& r) {
  const std::string few =
      r.replications < kFewestReplications
          ? fmt::format("; nothing is decided on fewer than {}", kFewestReplications)
          : "";
  return fmt::format("{} replications each, {}; 95 % intervals; p after Holm over {} metrics{}",
                     r.replications,
                     r.paired ? "on the same random numbers" : "on random numbers of their own",
                     r.metrics.size(), few);
}

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '&') {
      out += "&amp;";
    } else if (c == '"') {
      out += "&quot;";
    } else {
      out += c;
    }
  }
  return out;
}

std::string gate_mark(GateVerdict verdict) {
  return verdict == GateVerdict::passed ? "passed" : std::string(name(verdict));
}

}  // namespace

std::string amount_words(double value, std::string_view unit) {
  if (std::isnan(value)) return "-";
  if (unit == "1") return fmt::format("{:.2f} %", 100 * value);
  const double size = std::abs(value);
  const int digits = value == std::round(value) || size >= 1000 ? 0 : size >= 100 ? 1 : 2;
  std::string text = fmt::format("{:.{}f}", value, digits);
  if (unit == "s") text += " s";
  return text;
}

std::string compare_table(const CompareResult& result, const CompareLabels& labels,
                          const SummaryStyle& style) {
  Page page({style.color, style.utf8, 96});
  page.line("A  " + labels.a);
  page.line("B  " + labels.b);
  page.rule();
  if (result.differences.empty()) page.line("The two are the same configuration.");
  constexpr std::size_t kMostShown = 12;
  for (std::size_t i = 0; i < std::min(result.differences.size(), kMostShown); ++i) {
    page.line(shortened("  " + difference_words(result.differences[i]), page.width()));
  }
  if (result.differences.size() > kMostShown) {
    page.line(fmt::format("  and {} more: --json", result.differences.size() - kMostShown));
  }
  page.paragraph(terms_words(result));
  page.blank();
  page.line(page.bold(pad_right("metric", 29) + pad_left("A", 11) + pad_left("B", 11) +
                      pad_left("B - A", 20) + pad_left("p", 9) + "  verdict"));
  for (const ComparedMetric& m : result.metrics) {
    const std::string verdict = verdict_words(m);
    page.line(pad_right(shortened(m.id, 29), 29) + pad_left(amount_words(m.a.value, m.unit), 11) +
              pad_left(amount_words(m.b.value, m.unit), 11) + pad_left(change_words(m), 20) +
              pad_left(p_words(m.p_holm), 9) + "  " +
              (m.verdict == Change::worse ? page.alarming(verdict) : verdict));
  }
  if (result.gates.empty()) return page.take();
  page.blank();
  page.line(page.bold("Gates"));
  for (const JudgedGate& g : result.gates) {
    const std::string mark = pad_right(gate_mark(g.verdict), 13);
    page.line("  " + (g.verdict == GateVerdict::failed ? page.alarming(mark) : mark) +
              fmt::format("{}: {}", g.gate.metric, g.gate.text));
    if (g.verdict != GateVerdict::passed) page.line(shortened("               " + g.why, 96));
  }
  return page.take();
}

std::string compare_json(const CompareResult& result, const CompareLabels& labels) {
  OrderedJson j;
  j["a"] = labels.a;
  j["b"] = labels.b;
  j["verdict"] = result.gates.empty() ? "no_gates" : std::string(name(result.verdict()));
  j["replications"] = result.replications;
  j["paired"] = result.paired;
  j["differences"] = OrderedJson::array();
  for (const KeyDifference& d : result.differences) {
    j["differences"].push_back(
        {{"path", d.path}, {"a", d.a}, {"b", d.b}, {"must_match", d.must_match}});
  }
  j["metrics"] = OrderedJson::array();
  for (const ComparedMetric& m : result.metrics) {
    j["metrics"].push_back({{"id", m.id},
                            {"unit", m.unit},
                            {"a", json_estimate(m.a)},
                            {"b", json_estimate(m.b)},
                            {"difference", json_estimate(m.difference)},
                            {"effect", json_number(m.effect)},
                            {"p", json_number(m.p)},
                            {"p_holm", json_number(m.p_holm)},
                            {"margin", json_number(m.margin)},
                            {"variance_factor", json_number(m.variance_factor)},
                            {"verdict", name(m.verdict)}});
  }
  j["gates"] = OrderedJson::array();
  for (const JudgedGate& g : result.gates) {
    j["gates"].push_back({{"metric", g.gate.metric},
                          {"gate", g.gate.text},
                          {"verdict", name(g.verdict)},
                          {"of", json_estimate(g.of)},
                          {"limit", json_number(g.limit)},
                          {"text", g.why}});
  }
  return j.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::string compare_junit(const CompareResult& result, const CompareLabels& labels) {
  std::size_t failures = 0, errors = 0;
  for (const JudgedGate& g : result.gates) {
    failures += g.verdict == GateVerdict::failed;
    errors += g.verdict == GateVerdict::inconclusive;
  }
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out +=
      fmt::format("<testsuite name=\"bcsim compare\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n",
                  result.gates.size(), failures, errors);
  for (const JudgedGate& g : result.gates) {
    out += fmt::format("  <testcase classname=\"{}\" name=\"{}\">", xml_text(labels.b),
                       xml_text(g.gate.metric + ": " + g.gate.text));
    if (g.verdict == GateVerdict::failed) {
      out += fmt::format("<failure message=\"{}\"/>", xml_text(g.why));
    } else if (g.verdict == GateVerdict::inconclusive) {
      out += fmt::format("<error type=\"inconclusive\" message=\"{}\"/>", xml_text(g.why));
    }
    out += "</testcase>\n";
  }
  return out + "</testsuite>\n";
}

std::string compare_markdown(const CompareResult& result, const CompareLabels& labels) {
  std::string out =
      fmt::format("### bcsim: {} → {}\n\n", escape_markdown(labels.a), escape_markdown(labels.b));
  for (const KeyDifference& d : result.differences) {
    out += fmt::format("- `{}`: {} → {}\n", d.path, d.a.empty() ? "-" : escape_markdown(d.a),
                       d.b.empty() ? "-" : escape_markdown(d.b));
  }
  out += "\n" + terms_words(result) + ".\n\n";
  if (!result.gates.empty()) {
    out += "| gate | verdict | why |\n|---|---|---|\n";
    for (const JudgedGate& g : result.gates) {
      out += fmt::format("| `{}: {}` | **{}** | {} |\n", g.gate.metric, g.gate.text,
                         name(g.verdict), escape_markdown(g.why));
    }
    out += "\n";
  }
  out += "| metric | A | B | B − A | p | verdict |\n|---|--:|--:|--:|--:|---|\n";
  for (const ComparedMetric& m : result.metrics) {
    out += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", m.id, amount_words(m.a.value, m.unit),
                       amount_words(m.b.value, m.unit), change_words(m), p_words(m.p_holm),
                       verdict_words(m));
  }
  return out;
}

}  // namespace bcsim::tools
