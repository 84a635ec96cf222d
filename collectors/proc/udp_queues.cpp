// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/udp_queues.h"

#include <optional>

#include "collectors/collector.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr Metric kQueues{
    "node_udp_queues", MetricType::kGauge,
    "Bytes in the queues of all UDP sockets, from /proc/net/udp and /proc/net/udp6."};

struct UdpQueues {
  std::optional<UdpQueueSums> v4;
  std::optional<UdpQueueSums> v6;
};

class UdpQueuesCollector final : public Sampled<UdpQueues> {
 public:
  explicit UdpQueuesCollector(const Host& host)
      : v4_(host.net_path("udp")), v6_(host.net_path("udp6")) {}

 private:
  static Result<void> read_one(KeptFile& file, std::optional<UdpQueueSums>& sums) {
    sums.reset();
    const auto text = file.read();
    if (!text) return fail(text.error());
    const auto parsed = parse_udp_queues(*text);
    if (!parsed) return fail(file.path(), parsed.error());
    sums = *parsed;
    return {};
  }
  Result<void> read_into(UdpQueues& sample, const Tick&) override {
    // A kernel can lack either protocol.
    const auto v4 = read_one(v4_, sample.v4);
    if (!v4 && v4.error().kind != ErrorKind::kAbsent) return fail(v4.error());
    const auto v6 = read_one(v6_, sample.v6);
    if (!v6 && (!v4 || v6.error().kind != ErrorKind::kAbsent)) return fail(v6.error());
    return {};
  }
  void write_sample(const UdpQueues& sample, Families& out) const override {
    out.family(kQueues);
    if (sample.v4) {
      out.sample("ip=\"v4\",queue=\"tx\"", sample.v4->transmit);
      out.sample("ip=\"v4\",queue=\"rx\"", sample.v4->receive);
    }
    if (sample.v6) {
      out.sample("ip=\"v6\",queue=\"tx\"", sample.v6->transmit);
      out.sample("ip=\"v6\",queue=\"rx\"", sample.v6->receive);
    }
  }

  KeptFile v4_;
  KeptFile v6_;
};

const Registration kRegistration{
    {.name = "udp_queues",
     .help = "Bytes waiting in UDP sockets, from /proc/net/udp and udp6.",
     .interval = std::chrono::seconds(5),
     .lane = Lane::kSlow,  // a line a socket
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<UdpQueuesCollector>(host);
     }}};

}  // namespace

Result<UdpQueueSums> parse_udp_queues(std::string_view text) {
  std::string_view line;
  if (!next_whole_line(text, line) || next_field(line) != "sl") {
    return fail(ErrorKind::kInvalid, "does not begin with its heading");
  }
  UdpQueueSums sums;
  while (next_whole_line(text, line)) {
    for (int skipped = 0; skipped < 4; ++skipped) next_field(line);  // sl local remote st
    const std::string_view queues = next_field(line);
    const auto colon = queues.find(':');
    if (colon == std::string_view::npos) continue;
    // The kernel keeps both in 32 bits.
    const auto transmit = to_number<std::uint32_t>(queues.substr(0, colon), 16);
    const auto receive = to_number<std::uint32_t>(queues.substr(colon + 1), 16);
    if (!transmit || !receive) continue;
    sums.transmit += *transmit;
    sums.receive += *receive;
  }
  return sums;
}

}  // namespace kernstat
