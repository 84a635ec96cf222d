// SPDX-License-Identifier: Apache-2.0
#include "daemon/self.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <ctime>
#include <memory>
#include <string>

#include "collectors/collector.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr Metric kCpu{"process_cpu_seconds_total", MetricType::kCounter,
                      "CPU time of this daemon, from CLOCK_PROCESS_CPUTIME_ID."};
constexpr Metric kResident{"process_resident_memory_bytes", MetricType::kGauge,
                           "Resident memory of this daemon, from /proc/self/stat."};
constexpr Metric kVirtual{"process_virtual_memory_bytes", MetricType::kGauge,
                          "Address space of this daemon, from /proc/self/stat."};
constexpr Metric kThreads{"process_threads", MetricType::kGauge,
                          "Threads of this daemon, from /proc/self/stat."};
constexpr Metric kStart{"process_start_time_seconds", MetricType::kGauge,
                        "When this daemon started, as Unix time, from /proc/self/stat."};
constexpr Metric kOpenFds{"process_open_fds", MetricType::kGauge,
                          "Open descriptors of this daemon, from /proc/self/fd."};
constexpr Metric kMaxFds{"process_max_fds", MetricType::kGauge,
                         "Most descriptors that this daemon may have, from RLIMIT_NOFILE."};

constexpr Metric kMaxVirtual{"process_virtual_memory_max_bytes", MetricType::kGauge,
                             "Most address space that this daemon may have, from RLIMIT_AS."};

struct SelfSample {
  double cpu_seconds = 0;
  double start_seconds = 0;
  ProcessStat stat;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
  std::uint64_t max_virtual_bytes = 0;
};

double seconds_of(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// Always the real procfs: the daemon is not in the tree that --path.procfs names.
class SelfCollector final : public Sampled<SelfSample> {
 private:
  Result<void> read_into(SelfSample& sample, const Tick&) override {
    auto text = stat_.read();
    if (!text) return fail(text.error());
    auto stat = parse_process_stat(*text);
    if (!stat) return fail(stat_.path(), stat.error());
    sample.stat = *stat;
    sample.cpu_seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    if (start_seconds_ == 0) {
      start_seconds_ =
          seconds_of(CLOCK_REALTIME) - seconds_of(CLOCK_BOOTTIME) +
          static_cast<double>(stat->start_ticks) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }
    sample.start_seconds = start_seconds_;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return fail_errno("RLIMIT_NOFILE");
    sample.max_fds = limit.rlim_cur;
    if (::getrlimit(RLIMIT_AS, &limit) != 0) return fail_errno("RLIMIT_AS");
    sample.max_virtual_bytes = limit.rlim_cur;
    return count_descriptors(sample.open_fds);
  }
  void write_sample(const SelfSample& sample, Families& out) const override {
    out.single(kCpu, sample.cpu_seconds);
    out.single(kResident, sample.stat.resident_pages * static_cast<std::uint64_t>(::getpagesize()));
    out.single(kVirtual, sample.stat.virtual_bytes);
    out.single(kThreads, sample.stat.threads);
    out.single(kStart, sample.start_seconds);
    out.single(kOpenFds, sample.open_fds);
    out.single(kMaxFds, sample.max_fds);
    // Without a limit it is the largest number, as the client libraries have it.
    out.single(kMaxVirtual, sample.max_virtual_bytes);
  }

  Result<void> count_descriptors(std::uint64_t& count) {
    if (!descriptors_) descriptors_.reset(::opendir("/proc/self/fd"));
    if (!descriptors_) return fail_errno("/proc/self/fd");
    ::rewinddir(descriptors_.get());
    count = 0;
    while (const dirent* entry = ::readdir(descriptors_.get())) {
      if (entry->d_name[0] != '.') ++count;
    }
    return {};
  }

  struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  KeptFile stat_{"/proc/self/stat"};
  std::unique_ptr<DIR, CloseDirectory> descriptors_;
  double start_seconds_ = 0;
};

const Registration kRegistration{
    {.name = "self",
     .help = "CPU, memory, threads and descriptors of this daemon, from /proc/self.",
     .interval = std::chrono::seconds(2),
     .options = {},
     .make = [](const Host&, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<SelfCollector>();
     }}};

}  // namespace

Result<ProcessStat> parse_process_stat(std::string_view text) {
  // The name in parentheses may contain anything, parentheses included.
  const auto name_end = text.rfind(") ");
  if (name_end == std::string_view::npos || !text.ends_with('\n')) {
    return fail(ErrorKind::kInvalid, "not the text of a process's stat");
  }
  std::string_view line = trim(text.substr(name_end + 2));
  ProcessStat stat;
  constexpr int kThreadsField = 20;
  constexpr int kStartField = 22;
  constexpr int kVirtualField = 23;
  constexpr int kResidentField = 24;
  for (int field = 3; field <= kResidentField; ++field) {
    const std::string_view value = next_field(line);
    std::uint64_t* const wanted = field == kThreadsField    ? &stat.threads
                                  : field == kStartField    ? &stat.start_ticks
                                  : field == kVirtualField  ? &stat.virtual_bytes
                                  : field == kResidentField ? &stat.resident_pages
                                                            : nullptr;
    if (wanted == nullptr) continue;
    const auto number = to_number<std::uint64_t>(value);
    if (!number) {
      return fail(ErrorKind::kInvalid,
                  "field " + std::to_string(field) + " is '" + std::string(value) + "'");
    }
    *wanted = *number;
  }
  return stat;
}

}  // namespace kernstat
