// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/netstat.h"

#include <string>

#include "collectors/collector.h"
#include "collectors/options.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

// As node_exporter's default, so that the same names are served.
constexpr const char* kFields =
    "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)|"
    "TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)|"
    "Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)|"
    "Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$";

class Netstat final : public Sampled<NamedValues> {
 public:
  Netstat(const Host& host, const Options& options)
      : netstat_(host.net_path("netstat")),
        snmp_(host.net_path("snmp")),
        snmp6_(host.net_path("snmp6")),
        fields_(options.regex("fields")) {}

 private:
  Result<void> read_into(NamedValues& sample, const Tick&) override {
    sample.clear();
    for (KeptFile* const file : {&netstat_, &snmp_}) {
      const auto text = file->read();
      if (!text) return fail(text.error());
      const auto parsed = parse_netstat(*text, sample);
      if (!parsed) return fail(file->path(), parsed.error());
    }
    const auto text = snmp6_.read();
    if (text) {
      parse_snmp6(*text, sample);
    } else if (text.error().kind != ErrorKind::kAbsent) {  // absent: a kernel without IPv6
      return fail(text.error());
    }
    sample.decide(
        "node_netstat_", MetricType::kUnknown,
        " of /proc/net/netstat, /proc/net/snmp or /proc/net/snmp6.", [this](std::string_view key) {
          return !fields_ ||
                 re2::RE2::PartialMatch(re2::StringPiece(key.data(), key.size()), *fields_);
        });
    return {};
  }
  void write_sample(const NamedValues& sample, Families& out) const override { sample.write(out); }

  KeptFile netstat_;
  KeptFile snmp_;
  KeptFile snmp6_;
  std::shared_ptr<const re2::RE2> fields_;
};

const Registration kRegistration{
    {.name = "netstat",
     .help = "Protocol counters of IP, ICMP, TCP and UDP, from /proc/net/netstat, snmp and snmp6.",
     .interval = std::chrono::seconds(2),
     .options = {{"fields", OptionType::kRegex, kFields,
                  "Quantities to report, as Protocol_Name; empty: all."}},
     .make = [](const Host& host, const Options& options) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<Netstat>(host, options);
     }}};

// "Tcp:" becomes "Tcp"; empty when the field is no such thing.
std::string_view protocol_of(std::string_view& line) {
  const std::string_view field = next_field(line);
  return field.ends_with(':') ? field.substr(0, field.size() - 1) : std::string_view();
}

}  // namespace

Result<void> parse_netstat(std::string_view text, NamedValues& into) {
  std::string_view names;
  std::string_view numbers;
  while (next_whole_line(text, names) && next_whole_line(text, numbers)) {
    const std::string_view protocol = protocol_of(names);
    if (protocol.empty() || protocol != protocol_of(numbers)) {
      return fail(ErrorKind::kInvalid, "a line of names without its line of numbers");
    }
    // Both lines must have as many fields, or the numbers could belong to other names.
    std::string_view a = names;
    std::string_view b = numbers;
    for (bool more = true; more;) {
      more = !next_field(a).empty();
      if (more != !next_field(b).empty()) {
        return fail(ErrorKind::kInvalid,
                    std::string(protocol.substr(0, 64)) + ": not as many numbers as names");
      }
    }
    for (;;) {
      const std::string_view name = next_field(names);
      if (name.empty()) break;
      into.add(protocol, name, next_field(numbers));
    }
  }
  return {};
}

void parse_snmp6(std::string_view text, NamedValues& into) {
  std::string_view line;
  while (next_whole_line(text, line)) {
    const std::string_view name = next_field(line);
    const auto six = name.find('6');
    if (six == std::string_view::npos) continue;
    into.add(name.substr(0, six + 1), name.substr(six + 1), next_field(line));
  }
}

}  // namespace kernstat
