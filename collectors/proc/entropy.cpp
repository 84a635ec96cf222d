// SPDX-License-Identifier: Apache-2.0
// Entropy of the kernel's random numbers from /proc/sys/kernel/random.
#include <cstdint>

#include "collectors/collector.h"
#include "collectors/support/single_number.h"

namespace kernstat {
namespace {

constexpr Metric kAvailable{"node_entropy_available_bits", MetricType::kGauge,
                            "Entropy at hand, from /proc/sys/kernel/random/entropy_avail."};
constexpr Metric kPoolSize{"node_entropy_pool_size_bits", MetricType::kGauge,
                           "Size of the entropy pool, from /proc/sys/kernel/random/poolsize."};

struct Entropy {
  std::uint64_t available = 0;
  std::uint64_t pool_size = 0;
};

class EntropyCollector final : public Sampled<Entropy> {
 public:
  explicit EntropyCollector(const Host& host)
      : available_(host.proc_path("sys/kernel/random/entropy_avail")),
        pool_size_(host.proc_path("sys/kernel/random/poolsize")) {}

 private:
  static Result<void> read_one(KeptFile& file, std::uint64_t& into) {
    auto text = file.read();
    if (!text) return fail(text.error());
    auto parsed = parse_single_number(*text, into);
    if (!parsed) return fail(file.path(), parsed.error());
    return {};
  }
  Result<void> read_into(Entropy& sample, const Tick&) override {
    auto read = read_one(available_, sample.available);
    if (!read) return read;
    return read_one(pool_size_, sample.pool_size);
  }
  void write_sample(const Entropy& entropy, Families& out) const override {
    out.single(kAvailable, entropy.available);
    out.single(kPoolSize, entropy.pool_size);
  }

  KeptFile available_;
  KeptFile pool_size_;
};

const Registration kRegistration{
    {.name = "entropy",
     .help = "Entropy of the kernel's random numbers, from /proc/sys/kernel/random.",
     .interval = std::chrono::seconds(15),
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<EntropyCollector>(host);
     }}};

}  // namespace
}  // namespace kernstat
