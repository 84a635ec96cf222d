// SPDX-License-Identifier: Apache-2.0
// Names and version of kernel and host from uname(2).
#include <sys/utsname.h>

#include "collectors/collector.h"
#include "collectors/support/labels.h"

namespace kernstat {
namespace {

constexpr Metric kInfo{"node_uname_info", MetricType::kGauge,
                       "Kernel and host as uname(2) names them, always 1."};

class UnameCollector final : public Sampled<::utsname> {
 private:
  Result<void> read_into(::utsname& sample, const Tick&) override {
    if (::uname(&sample) != 0) return fail_errno("uname(2)");
    return {};
  }
  void write_sample(const ::utsname& names, Families& out) const override {
    const Labels labels = Labels("domainname", names.domainname)
                              .add("machine", names.machine)
                              .add("nodename", names.nodename)
                              .add("release", names.release)
                              .add("sysname", names.sysname)
                              .add("version", names.version);
    out.family(kInfo);
    out.sample(labels.text(), std::uint64_t{1});
  }
};

const Registration kRegistration{
    {.name = "uname",
     .help = "Names and version of kernel and host, from uname(2).",
     .interval = std::chrono::seconds(30),
     .options = {},
     .make = [](const Host&, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<UnameCollector>();
     }}};

}  // namespace
}  // namespace kernstat
