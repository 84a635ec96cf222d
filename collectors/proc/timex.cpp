// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/timex.h"

#include "collectors/collector.h"

namespace kernstat {
namespace {

constexpr Metric gauge(std::string_view name, std::string_view help) {
  return {name, MetricType::kGauge, help};
}
constexpr Metric counter(std::string_view name, std::string_view help) {
  return {name, MetricType::kCounter, help};
}

constexpr Metric kOffset =
    gauge("node_timex_offset_seconds", "Offset from the reference clock, from adjtimex(2).");
constexpr Metric kFrequency =
    gauge("node_timex_frequency_adjustment_ratio",
          "Adjustment of the clock's frequency, 1 is none, from adjtimex(2).");
constexpr Metric kMaxError =
    gauge("node_timex_maxerror_seconds", "Maximum error, from adjtimex(2).");
constexpr Metric kEstimatedError =
    gauge("node_timex_estimated_error_seconds", "Estimated error, from adjtimex(2).");
constexpr Metric kStatus =
    gauge("node_timex_status", "Bits of the clock's status, from adjtimex(2).");
constexpr Metric kConstant =
    gauge("node_timex_loop_time_constant", "Time constant of the loop, from adjtimex(2).");
constexpr Metric kTick =
    gauge("node_timex_tick_seconds", "Time between clock ticks, from adjtimex(2).");
constexpr Metric kPpsFrequency =
    gauge("node_timex_pps_frequency_hertz", "Frequency of the pulse per second, from adjtimex(2).");
constexpr Metric kPpsJitter =
    gauge("node_timex_pps_jitter_seconds", "Jitter of the pulse per second, from adjtimex(2).");
constexpr Metric kPpsShift =
    gauge("node_timex_pps_shift_seconds", "Interval of the pulse per second, from adjtimex(2).");
constexpr Metric kPpsStability =
    gauge("node_timex_pps_stability_hertz", "Stability of the pulse per second, from adjtimex(2).");
constexpr Metric kPpsJitterTotal =
    counter("node_timex_pps_jitter_total",
            "Pulses per second whose jitter was beyond the limit, from adjtimex(2).");
constexpr Metric kPpsCalibration =
    counter("node_timex_pps_calibration_total",
            "Calibration intervals of the pulse per second, from adjtimex(2).");
constexpr Metric kPpsError = counter(
    "node_timex_pps_error_total", "Calibration errors of the pulse per second, from adjtimex(2).");
constexpr Metric kPpsStabilityExceeded =
    counter("node_timex_pps_stability_exceeded_total",
            "Times the stability of the pulse per second was beyond the limit, from adjtimex(2).");
constexpr Metric kTai =
    gauge("node_timex_tai_offset_seconds", "Offset of atomic time from UTC, from adjtimex(2).");
constexpr Metric kSync =
    gauge("node_timex_sync_status",
          "Whether the clock is synchronised to a reliable server, from adjtimex(2).");

struct ClockState {
  int state = 0;
  ::timex clock{};
};

class TimexCollector final : public Sampled<ClockState> {
 private:
  Result<void> read_into(ClockState& sample, const Tick&) override {
    sample.clock = {};  // modes 0: nothing is set
    sample.state = ::adjtimex(&sample.clock);
    if (sample.state < 0) return fail_errno("adjtimex(2)");
    return {};
  }
  void write_sample(const ClockState& sample, Families& out) const override {
    write_timex(sample.state, sample.clock, out);
  }
};

const Registration kRegistration{
    {.name = "timex",
     .help = "Synchronisation, offset and error of the system clock, from adjtimex(2).",
     .interval = std::chrono::seconds(5),
     .options = {},
     .make = [](const Host&, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<TimexCollector>();
     }}};

}  // namespace

void write_timex(int state, const ::timex& clock, Families& out) {
  constexpr double kMicro = 1e6;
  // Frequencies are in parts per million with 16 bits behind the point.
  constexpr double kScaledPpm = 65536.0 * 1e6;
  const double unit = (clock.status & STA_NANO) != 0 ? 1e9 : kMicro;
  const auto say = [&out](const Metric& metric, auto value, double divisor = 1) {
    out.single(metric, static_cast<double>(value) / divisor);
  };
  say(kSync, state != TIME_ERROR);
  say(kOffset, clock.offset, unit);
  out.single(kFrequency, 1 + (static_cast<double>(clock.freq) / kScaledPpm));
  say(kMaxError, clock.maxerror, kMicro);
  say(kEstimatedError, clock.esterror, kMicro);
  say(kStatus, clock.status);
  say(kConstant, clock.constant);
  say(kTick, clock.tick, kMicro);
  say(kPpsFrequency, clock.ppsfreq, kScaledPpm);
  say(kPpsJitter, clock.jitter, unit);
  say(kPpsShift, clock.shift);
  say(kPpsStability, clock.stabil, kScaledPpm);
  say(kPpsJitterTotal, clock.jitcnt);
  say(kPpsCalibration, clock.calcnt);
  say(kPpsError, clock.errcnt);
  say(kPpsStabilityExceeded, clock.stbcnt);
  say(kTai, clock.tai);
}

}  // namespace kernstat
