// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/sockstat.h"

#include <unistd.h>

#include "collectors/collector.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

class Sockstat final : public Sampled<NamedValues> {
 public:
  explicit Sockstat(const Host& host)
      : v4_(host.net_path("sockstat")),
        v6_(host.net_path("sockstat6")),
        page_size_(static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))) {}

 private:
  Result<void> read_into(NamedValues& sample, const Tick&) override {
    sample.clear();
    // A kernel can lack either protocol.
    const auto v4 = v4_.read();
    if (v4) parse_sockstat(*v4, page_size_, sample);
    if (!v4 && v4.error().kind != ErrorKind::kAbsent) return fail(v4.error());
    const auto v6 = v6_.read();
    if (v6) parse_sockstat(*v6, page_size_, sample);
    if (!v6 && (!v4 || v6.error().kind != ErrorKind::kAbsent)) return fail(v6.error());
    sample.decide("node_sockstat_", MetricType::kGauge,
                  " of /proc/net/sockstat or /proc/net/sockstat6.",
                  [](std::string_view) { return true; });
    return {};
  }
  void write_sample(const NamedValues& sample, Families& out) const override { sample.write(out); }

  KeptFile v4_;
  KeptFile v6_;
  std::uint64_t page_size_;
};

const Registration kRegistration{
    {.name = "sockstat",
     .help = "Sockets in use and their memory, from /proc/net/sockstat and sockstat6.",
     .interval = std::chrono::seconds(5),
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<Sockstat>(host);
     }}};

}  // namespace

void parse_sockstat(std::string_view text, std::uint64_t page_size, NamedValues& into) {
  std::string_view line;
  while (next_whole_line(text, line)) {
    const std::string_view protocol = next_field(line);
    if (!protocol.ends_with(':')) continue;
    const std::string_view group = protocol.substr(0, protocol.size() - 1);
    for (;;) {
      const std::string_view field = next_field(line);
      const std::string_view number = next_field(line);
      if (number.empty()) break;
      into.add(group, field, number);
      const auto pages = field == "mem" ? to_number<std::uint64_t>(number) : std::nullopt;
      if (pages && *pages <= UINT64_MAX / page_size) {
        into.add(group, "mem_bytes", *pages * page_size);
      }
    }
  }
}

}  // namespace kernstat
