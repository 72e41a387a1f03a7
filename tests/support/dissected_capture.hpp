// A capture of SIP as tshark dissects it, and what must hold for ours and for that of a real proxy.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace bcsim::tools {

inline std::string output_of(const std::string& command) {
  std::string out;
  std::array<char, 4096> buffer;
  FILE* pipe = popen((command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) return out;
  while (const std::size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) {
    out.append(buffer.data(), n);
  }
  pclose(pipe);
  return out;
}
inline bool has_tshark() {
  return !output_of("command -v tshark").empty();
}

/// One SIP message as tshark has dissected it.
struct Dissected {
  int section = 1;  ///< of the file, from 1: several captures may be one behind the other
  double t = 0;
  std::string source, method, status, cseq_method, call_id, branch, from_tag, to_tag, from_user,
      to_user;
  bool malformed = false;
  int severity = 0;           ///< of the dissectors' remarks, the worst
  bool bad_checksum = false;  ///< only if they are checked
  bool arrived = true;        ///< no comment says otherwise
};

inline std::vector<Dissected> dissect(const std::filesystem::path& path, bool check_checksums) {
  const std::string checks =
      check_checksums ? "-o ip.check_checksum:TRUE -o udp.check_checksum:TRUE " : "";
  std::istringstream lines(output_of(
      "tshark -n " + checks + "-r '" + path.string() +
      "' -Y sip -T fields -e frame.time_epoch -e ip.src -e udp.srcport -e sip.Method "
      "-e sip.Status-Code -e sip.CSeq.method -e sip.Call-ID -e sip.Via.branch -e sip.from.tag "
      "-e sip.to.tag -e sip.from.user -e sip.to.user -e _ws.malformed -e _ws.expert.severity "
      "-e ip.checksum.status -e udp.checksum.status -e frame.section_number -e frame.comment"));
  std::vector<Dissected> all;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream cells(line);
    std::array<std::string, 18> c;
    for (std::string& cell : c) std::getline(cells, cell, '\t');
    Dissected m;
    m.t = std::stod(c[0]);
    m.source = c[1] + ":" + c[2];
    m.method = c[3];
    m.status = c[4];
    m.cseq_method = c[5];
    m.call_id = c[6];
    m.branch = c[7].substr(0, c[7].find(','));  // a proxy puts its own on top
    m.from_tag = c[8];
    m.to_tag = c[9];
    m.from_user = c[10];
    m.to_user = c[11];
    m.malformed = !c[12].empty();
    std::istringstream severities(c[13]);
    for (std::string word; std::getline(severities, word, ',');) {
      m.severity = std::max(m.severity, std::stoi(word));
    }
    m.bad_checksum = check_checksums && (c[14] != "1" || c[15] != "1");
    if (!c[16].empty()) m.section = std::stoi(c[16]);
    m.arrived = c[17].find("did not arrive") == std::string::npos;
    all.push_back(std::move(m));
  }
  return all;
}

struct CaptureVerdict {
  std::string complaints;  ///< the first few; empty: sound
  std::size_t messages = 0, dialogs = 0, complete = 0;
  std::size_t repeated = 0;  ///< requests sent again, each at its instant
};

class CaptureJudge {
 public:
  /// `tolerance_s`: of the instants of repetition. `unfinished`: may the dialogs of this call of
  /// calls.csv be incomplete? Empty: none but those of which a message did not arrive.
  CaptureJudge(double tolerance_s, std::function<bool(std::uint32_t)> unfinished)
      : tolerance_s_(tolerance_s), unfinished_(std::move(unfinished)) {}

  CaptureVerdict judge(const std::vector<Dissected>& all) {
    verdict_.messages = all.size();
    for (const Dissected& m : all) look_at(m);
    for (const auto& [call_id, dialog] : dialogs_) look_at(call_id, dialog);
    for (const auto& [request, times] : sent_) look_at(request, times);
    return verdict_;
  }

 private:
  struct Dialog {
    std::set<std::string> seen;      ///< "INVITE", "200 INVITE"
    std::set<std::string> bye_from;  ///< ends that have hung up
    bool all_arrived = true;
    std::int64_t call = -1;
  };

  void complain(const std::string& what, const std::string& where) {
    if (++complaints_ <= 5) verdict_.complaints += what + ": " + where + "\n";
  }
  /// The call whose caller the simulation gives this number; -1: none.
  static std::int64_t call_of(const std::string& user) {
    return user.size() > 5 && user.starts_with("+4930") ? std::stoll(user.substr(5)) : -1;
  }

  void look_at(const Dissected& m) {
    constexpr int kWarning = 0x600000;  // PI_WARN of Wireshark's epan/proto.h
    if (m.malformed) complain("malformed", m.call_id);
    if (m.severity >= kWarning) complain("the dissector warns", m.call_id);
    if (m.bad_checksum) complain("checksum", m.call_id);
    if (m.call_id.empty()) complain("no Call-ID", m.branch);
    if (!m.branch.starts_with("z9hG4bK")) complain("no branch of RFC 3261", m.call_id);
    const std::string transaction = m.call_id + " " + m.branch + " " + m.cseq_method;
    const auto [at, fresh] = from_tag_.try_emplace(transaction, m.from_tag);
    if (at->second != m.from_tag) complain("From tags of a transaction differ", m.call_id);
    const bool response = !m.status.empty();
    if (response && m.status != "100" && m.to_tag.empty()) complain("no To tag", m.call_id);
    if (!response && m.method != "ACK") {
      sent_[m.method + " " + m.branch + " " + m.source].push_back(m.t);
    }
    Dialog& dialog = dialogs_[m.call_id];
    dialog.seen.insert(response ? m.status + " " + m.cseq_method : m.method);
    if (!response && m.method == "BYE") dialog.bye_from.insert(m.source);
    dialog.all_arrived = dialog.all_arrived && m.arrived;
    dialog.call = std::max({dialog.call, call_of(m.from_user), call_of(m.to_user)});
  }

  /// A final answer, its ACK, and after a 200 the BYE with its own: 200, or 481 if both ends have
  /// hung up and the BYEs crossed (RFC 3261 §15.1.1: that, too, ends the dialog).
  void look_at(const std::string& call_id, const Dialog& dialog) {
    const auto has = [&](const char* word) { return dialog.seen.count(word) != 0; };
    if (!has("INVITE")) return;
    ++verdict_.dialogs;
    bool refused = false;
    for (const std::string& message : dialog.seen) {
      refused =
          refused || (message.size() == 10 && message.ends_with(" INVITE") && message[0] >= '3');
    }
    const bool crossed = dialog.bye_from.size() == 2 && has("481 BYE");
    const bool ended = has("BYE") && (has("200 BYE") || crossed);
    const bool complete = has("ACK") && (has("200 INVITE") ? ended : refused);
    if (complete) {
      ++verdict_.complete;
    } else if (dialog.all_arrived && !(unfinished_ && dialog.call >= 0 &&
                                       unfinished_(static_cast<std::uint32_t>(dialog.call)))) {
      complain("incomplete dialog of call " + std::to_string(dialog.call), call_id);
    }
  }

  /// RFC 3261 §17.1: after T1, then twice as long each time; but for INVITE at most T2.
  void look_at(const std::string& request, const std::vector<double>& times) {
    constexpr double kT1_s = 0.5, kT2_s = 4;
    double interval = kT1_s, due = times.front();
    for (std::size_t i = 1; i < times.size(); ++i) {
      due += interval;
      if (std::abs(times[i] - due) > tolerance_s_ * static_cast<double>(i)) {
        complain("repeated at another instant", request);
      }
      interval *= 2;
      if (!request.starts_with("INVITE")) interval = std::min(interval, kT2_s);
      ++verdict_.repeated;
    }
  }

  double tolerance_s_;
  std::function<bool(std::uint32_t)> unfinished_;
  CaptureVerdict verdict_;
  std::size_t complaints_ = 0;
  std::map<std::string, std::string> from_tag_;  ///< by transaction
  std::map<std::string, std::vector<double>> sent_;
  std::map<std::string, Dialog> dialogs_;
};

/// The one checker of captures, ours and real ones.
inline CaptureVerdict judge(const std::vector<Dissected>& all, double tolerance_s,
                            std::function<bool(std::uint32_t)> unfinished) {
  return CaptureJudge(tolerance_s, std::move(unfinished)).judge(all);
}

}  // namespace bcsim::tools
