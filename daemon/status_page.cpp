// SPDX-License-Identifier: Apache-2.0
#include "daemon/status_page.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "daemon/version.h"

namespace kernstat {
namespace {

constexpr std::string_view kStyle = R"(
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#59636e;--paper:#fff;--line:#d9dee3;--band:#f5f7f9;
--ok:#1a7f37;--failed:#cf222e;--denied:#9a6700;--idle:#6e7781;--accent:#b7410e}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#9aa4af;--paper:#14171b;--line:#30363d;
--band:#1c2127;--ok:#4ac26b;--failed:#ff7b72;--denied:#e3b341;--idle:#8b949e;--accent:#ff9c66}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:76rem;padding:1.5rem;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
h1{margin:0;font-size:1.6rem}h2{margin:2rem 0 .5rem;font-size:1.15rem}
h1 small{color:var(--soft);font-weight:400;font-size:1rem}
a{color:var(--accent)}p{margin:.4rem 0}.soft,td.help{color:var(--soft)}
nav a{margin-right:1rem}
.sum b{margin-right:.2rem}.sum span{margin-right:1.2rem;white-space:nowrap}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
th{font-weight:600;color:var(--soft);white-space:nowrap}
tbody tr:nth-child(even){background:var(--band)}
td.n,th.n{text-align:right;white-space:nowrap}
td.name{font-weight:600;white-space:nowrap}
.ok{color:var(--ok)}.failed{color:var(--failed)}.denied,.shed{color:var(--denied)}
.unsupported,.starting,.off{color:var(--idle)}
td.help,td.error{width:100%;min-width:14rem;overflow-wrap:anywhere}
@media(max-width:48rem){body{padding:1rem}thead{display:none}table,tbody{display:block}
tr{display:flex;flex-wrap:wrap;gap:0 1rem;padding:.5rem .4rem;border-bottom:1px solid var(--line)}
td,td.n{display:block;padding:0;border:0;text-align:left}td.name{flex:0 0 calc(100% - 7rem)}
td:nth-child(2){flex:0 0 6rem;text-align:right}td.n{font-size:.9rem}td.n::before{content:attr(data-of) " ";color:var(--soft)}
td.help,td.error{flex:0 0 100%}}
)";

// `of`: what a number is of, where a narrow page has no heads of columns.
void append_cell(std::string& out, std::string_view css, std::string_view text,
                 std::string_view of = {}) {
  out.append("<td class=\"").append(css);
  if (!of.empty()) out.append("\" data-of=\"").append(of);
  out += "\">";
  append_escaped(out, text);
  out += "</td>";
}

constexpr std::array kStates{CollectorState::kFailed, CollectorState::kShed,
                             CollectorState::kDenied, CollectorState::kStarting,
                             CollectorState::kOk,     CollectorState::kUnsupported,
                             CollectorState::kOff};

void append_summary(std::string& out, const std::vector<CollectorStatus>& collectors) {
  out += "<p class=\"sum\">";
  for (const CollectorState state : kStates) {
    const auto count =
        std::count_if(collectors.begin(), collectors.end(),
                      [&](const CollectorStatus& status) { return status.state == state; });
    if (count == 0) continue;
    out.append("<span class=\"").append(state_name(state)).append("\"><b>");
    out.append(std::to_string(count)).append("</b>").append(state_name(state)).append("</span>");
  }
  out += "</p>\n";
}

std::string interval_text(const CollectorStatus& status) {
  const auto seconds = [](auto interval) {
    return std::chrono::duration<double>(interval).count();
  };
  std::string text = duration_text(seconds(status.effective_interval));
  if (status.effective_interval != status.interval) {
    text += " (set: " + duration_text(seconds(status.interval)) + ")";
  }
  return text;
}

void append_row(std::string& out, const CollectorStatus& status) {
  out += "<tr>";
  append_cell(out, "name", status.name);
  append_cell(out, state_name(status.state), state_name(status.state));
  const bool is_off = status.state == CollectorState::kOff;
  append_cell(out, "n", is_off ? "–" : interval_text(status), "every");
  append_cell(out, "n",
              status.ticks == 0
                  ? "–"
                  : duration_text(std::chrono::duration<double>(status.last_duration).count()),
              "took");
  append_cell(out, "n",
              status.last_success_seconds > 0 ? duration_text(status.sample_age_seconds) : "–",
              "age");
  append_cell(out, "n", std::to_string(status.series), "series");
  append_cell(out, "n", std::to_string(status.missed), "missed");
  append_cell(out, status.error.empty() ? "help" : "error",
              status.error.empty() ? status.help : status.error);
  out += "</tr>\n";
}

// What wants attention stands first.
std::size_t rank(CollectorState state) {
  return static_cast<std::size_t>(std::find(kStates.begin(), kStates.end(), state) -
                                  kStates.begin());
}

void append_table(std::string& out, std::string_view title,
                  std::vector<const CollectorStatus*> rows) {
  if (rows.empty()) return;
  std::stable_sort(rows.begin(), rows.end(),
                   [](const auto* a, const auto* b) { return rank(a->state) < rank(b->state); });
  out.append("<h2>").append(title).append("</h2>\n<div class=\"wide\"><table><thead><tr>");
  out +=
      "<th>Name</th><th>State</th><th class=\"n\">Interval</th><th class=\"n\">Last read took</th>"
      "<th class=\"n\">Age</th><th class=\"n\">Series</th><th class=\"n\">Missed</th>"
      "<th>What it is, or what is wrong</th></tr></thead><tbody>\n";
  for (const CollectorStatus* row : rows) append_row(out, *row);
  out += "</tbody></table></div>\n";
}

std::string utc_text(double unix_seconds) {
  const auto seconds = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  char text[32]{};
  if (::gmtime_r(&seconds, &parts) != nullptr) {
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
  }
  return text;
}

double clock_seconds(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + (static_cast<double>(now.tv_nsec) / 1e9);
}

const double kStarted = clock_seconds(CLOCK_MONOTONIC);

}  // namespace

PageFacts PageFacts::now() {
  PageFacts facts;
  utsname name{};
  if (::uname(&name) == 0) {
    facts.host = name.nodename;
    facts.kernel = std::string(name.sysname) + " " + name.release;
  }
  facts.version = kernstat::version();
  facts.uptime_seconds = clock_seconds(CLOCK_MONOTONIC) - kStarted;
  facts.now_seconds = clock_seconds(CLOCK_REALTIME);
  return facts;
}

std::string duration_text(double seconds) {
  char text[48]{};
  const auto print = [&](const char* format, double value) {
    std::snprintf(text, sizeof text, format, value);
  };
  const auto print_two = [&](double large, const char* large_name, double small,
                             const char* small_name) {
    const double whole = std::floor(seconds / large);
    const double rest = std::floor(std::fmod(seconds, large) / small);
    if (rest == 0) {
      std::snprintf(text, sizeof text, "%.0f %s", whole, large_name);
    } else {
      std::snprintf(text, sizeof text, "%.0f %s %.0f %s", whole, large_name, rest, small_name);
    }
  };
  if (!(seconds >= 0)) return "–";
  if (seconds < 0.9995e-3) {
    print("%.0f µs", seconds * 1e6);
  } else if (seconds < 0.9995) {
    print("%.3g ms", seconds * 1e3);
  } else if (seconds < 60) {
    print("%.3g s", seconds);
  } else if (seconds < 3600) {
    print_two(60, "min", 1, "s");
  } else if (seconds < 86'400) {
    print_two(3600, "h", 60, "min");
  } else {
    print_two(86'400, "d", 3600, "h");
  }
  return text;
}

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        // Control characters have no business in HTML.
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? ' ' : c;
    }
  }
}

std::string status_page(const std::vector<CollectorStatus>& collectors,
                        std::string_view telemetry_path, const PageFacts& facts) {
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">";
  out +=
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>kernstat on ";
  append_escaped(out, facts.host);
  out.append("</title><style>").append(kStyle).append("</style></head><body>\n<h1>");
  append_escaped(out, facts.host);
  out += " <small>kernstatd ";
  append_escaped(out, facts.version);
  out += "</small></h1>\n<p class=\"soft\">";
  append_escaped(out, facts.kernel);
  out.append(" · daemon up ").append(duration_text(facts.uptime_seconds)).append(" · ");
  out.append(utc_text(facts.now_seconds)).append("</p>\n<nav><a href=\"");
  append_escaped(out, telemetry_path);
  out +=
      "\">Metrics</a><a href=\"/-/healthy\">Health</a><a href=\"/-/ready\">Readiness</a></nav>\n";
  append_summary(out, collectors);
  std::vector<const CollectorStatus*> sources;
  std::vector<const CollectorStatus*> tools;
  for (const CollectorStatus& status : collectors) {
    (status.lane == Lane::kBpf ? tools : sources).push_back(&status);
  }
  append_table(out, "Collectors", std::move(sources));
  append_table(out, "BPF tools", std::move(tools));
  out +=
      "<p class=\"soft\">Only <span class=\"failed\">failed</span> is an error. <b>denied</b>: a "
      "privilege is missing; <b>unsupported</b>: this kernel or hardware has no such thing; "
      "<b>shed</b>: it cost more than its budget and rests; <b>off</b>: not to run.</p>\n"
      "</body></html>\n";
  return out;
}

}  // namespace kernstat
