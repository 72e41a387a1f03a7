// The report as a browser shows it: headless Chromium, where it is installed.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "source_tree.hpp"
#include "tests/support/dissected_capture.hpp"
#include "tests/support/tool_runs.hpp"
#include "tools/base/html.hpp"

namespace bcsim::tools::browser_test {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// Put before everything else in the page: what it complains of.
constexpr const char* kListen = R"(<script>
window.complaints=[];
addEventListener("error",e=>complaints.push(String(e.message)));
console.error=(...a)=>complaints.push(a.join(" "));
console.warn=(...a)=>complaints.push(a.join(" "));
</script>)";

/// Put at its end: what can be seen of it, as JSON in an element.
constexpr const char* kLook = R"(<script>
addEventListener("load",async()=>{
const charts=[...document.querySelectorAll("figure.chart")].map(f=>{
  const seen=[...f.querySelectorAll("svg[role=img],canvas")].map(e=>e.getBoundingClientRect())
    .filter(r=>r.width>200&&r.height>80);
  return {drawn:seen.length,right:Math.max(...seen.map(r=>r.right))}});
const found={complaints,charts,width:innerWidth,canvases:document.querySelectorAll("canvas").length,
  overflow:document.scrollingElement.scrollWidth-innerWidth,
  requests:performance.getEntriesByType("resource").map(e=>e.name),faults:[]};
const box=document.querySelector(".plot");
if(box){box.dispatchEvent(new KeyboardEvent("keydown",{key:"ArrowRight"}));
  box.dispatchEvent(new KeyboardEvent("keydown",{key:"+"}));
  found.readouts=[...document.querySelectorAll(".readout")].filter(p=>p.textContent).length;
  box.dispatchEvent(new KeyboardEvent("keydown",{key:"Escape"}));}
if(window.axe){const r=await axe.run();
  found.faults=r.violations.filter(v=>v.impact==="serious"||v.impact==="critical")
    .map(v=>v.id+": "+v.nodes.slice(0,3).map(n=>n.target.join(" ")).join(", "));}
parent.postMessage(JSON.stringify(found),"*");});
</script>)";

/// The page around it: a frame as wide as is wanted, since a window has at least 500 pixels.
constexpr const char* kFrame = R"(<!doctype html><meta charset="utf-8"><title>frame</title>
<iframe src="probe.html" style="border:0;height:900px;width:)";
constexpr const char* kListenToIt = R"(px"></iframe><script>
onmessage=e=>{const out=document.createElement("pre");out.id="found";out.textContent=e.data;
document.body.append(out);};
</script>)";

bool has_chromium() {
  return !output_of("command -v chromium").empty();
}
bool is_full() {
  return std::getenv("BCSIM_FULL") != nullptr;
}

std::string chromium(const std::string& options, const fs::path& page) {
  return output_of(
      "timeout 120 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars "
      "--virtual-time-budget=8000 --user-data-dir='" +
      (page.parent_path() / "profile").string() + "' " + options + " 'file://" + page.string() +
      "'");
}

std::string text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// axe-core from the npm registry, as the lock file pins it; empty where it cannot be had.
std::string axe_script() {
  const fs::path at = fs::path(BCSIM_BINARY_DIR) / "web-tests";
  const fs::path script = at / "node_modules" / "axe-core" / "axe.min.js";
  if (!fs::exists(script)) {
    fs::create_directories(at);
    for (const char* name : {"package.json", "package-lock.json"}) {
      fs::copy_file(fs::path(BCSIM_SOURCE_DIR) / "tools" / "report" / "web" / name, at / name,
                    fs::copy_options::overwrite_existing);
    }
    (void)output_of("cd '" + at.string() + "' && npm ci --ignore-scripts --no-audit --no-fund");
  }
  return fs::exists(script) ? text_of(script) : "";
}

class Browser : public testing::Test {
 protected:
  void SetUp() override {
    if (!has_chromium()) GTEST_SKIP() << "chromium is not installed";
    auto words = test::small_site_failure({"run", "-n", "2", "-o", results().string()});
    ASSERT_EQ(test::bcsim(words).exit, 0);
    ASSERT_EQ(test::bcsim({"report", results().string(), "-q"}).exit, 0);
    page_ = text_of(results() / "report.html");
  }
  [[nodiscard]] fs::path results() const { return directory_.path() / "results"; }

  /// What a browser of this width finds in the page.
  json look(int width, const std::string& more = "", const std::string& options = "") {
    std::string probe = page_;
    probe.insert(probe.find("<title>"), kListen);
    probe.insert(probe.rfind("</body>"), more + kLook);
    const fs::path frame = directory_.path() / "frame.html";
    std::ofstream(directory_.path() / "probe.html", std::ios::binary) << probe;
    std::ofstream(frame) << kFrame << width << kListenToIt;
    const std::string dom = chromium("--window-size=1400,1000 --dump-dom " + options, frame);
    const std::string mark = "<pre id=\"found\">";
    const std::size_t at = dom.find(mark);
    if (at == std::string::npos) return json::object();
    const std::size_t from = at + mark.size();
    std::string text = dom.substr(from, dom.find("</pre>", from) - from);
    for (const auto& [code, sign] : {std::pair{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}}) {
      for (std::size_t i = 0; (i = text.find(code, i)) != std::string::npos; ++i) {
        text.replace(i, std::string_view(code).size(), sign);
      }
    }
    return json::parse(text);
  }
  void expect_good(const json& found, int width) {
    ASSERT_TRUE(found.contains("charts"));
    EXPECT_EQ(found["complaints"].dump(), "[]");
    EXPECT_EQ(found["requests"].dump(), "[]");
    EXPECT_EQ(found["width"], width);
    EXPECT_LE(found["overflow"].get<int>(), 0);
    EXPECT_EQ(found["charts"].size(), 14u);
    for (const auto& chart : found["charts"]) {
      EXPECT_EQ(chart["drawn"], 1);  // the one over the other
      EXPECT_LE(chart["right"].get<double>(), width);
    }
    EXPECT_EQ(found["canvases"], kInteractiveScript.empty() ? 0 : 14);
    EXPECT_EQ(found["faults"].dump(), "[]");
  }

  test::TemporaryDirectory directory_;
  std::string page_;
};

TEST_F(Browser, ShowsEveryChartAsksForNothingAndComplainsOfNothing) {
  const json found = look(1280);
  expect_good(found, 1280);
  // The three around the failure share a cursor; the others have another span of time.
  EXPECT_EQ(found.value("readouts", 0), kInteractiveScript.empty() ? 0 : 3);
}

TEST_F(Browser, SoItDoesOnATelephoneInTheDarkAndForScreenReaders) {
  if (!is_full()) GTEST_SKIP() << "BCSIM_FULL=1 runs it";
  const std::string axe = axe_script();
  EXPECT_NE(axe, "") << "axe-core could not be installed";
  const std::string script = "<script>" + axe + "</script>";
  expect_good(look(1280, script), 1280);
  expect_good(look(1280, script, "--blink-settings=preferredColorScheme=0"), 1280);
  expect_good(look(390, script), 390);
}

TEST_F(Browser, WithoutScriptsThePageIsTheStaticOneAndItPrints) {
  if (!is_full()) GTEST_SKIP() << "BCSIM_FULL=1 runs it";
  const fs::path page = directory_.path() / "static.html", pdf = directory_.path() / "report.pdf";
  std::string without = page_;
  without.insert(without.find("<title>"),
                 "<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'none'\">");
  std::ofstream(page, std::ios::binary) << without;
  const std::string dom = chromium("--dump-dom", page);
  std::size_t charts = 0;
  for (std::size_t at = 0; (at = dom.find("role=\"img\"", at)) != std::string::npos; ++at) ++charts;
  EXPECT_EQ(charts, 14u);
  (void)chromium("--print-to-pdf='" + pdf.string() + "'", results() / "report.html");
  EXPECT_EQ(text_of(pdf).substr(0, 5), "%PDF-");
  EXPECT_GT(fs::file_size(pdf), 20'000u);
}

}  // namespace
}  // namespace bcsim::tools::browser_test
