// SPDX-License-Identifier: Apache-2.0
// What a collector is, and how one makes itself known.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collectors/metrics.h"
#include "collectors/support/host.h"
#include "collectors/support/result.h"

namespace kernstat {

class Options;  // collectors/options.h

/// The moment of a tick.
struct Tick {
  std::int64_t monotonic_ns = 0;  ///< CLOCK_MONOTONIC at the start of the tick
  std::int64_t interval_ns = 0;   ///< the effective interval now (after stretching)
};

/// A source that is sampled on a schedule and printed on a scrape.
///
/// Threads: read() runs on the collector's lane thread without a lock; publish() and write() run
/// under the collector's lock, publish() on the lane thread right after a read() that succeeded,
/// write() on any thread. read() must therefore touch only what write() does not: read into a
/// private place, hand over in publish(). No function throws; steady-state ticks allocate nothing.
class Collector {
 public:
  Collector() = default;
  virtual ~Collector() = default;
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;
  Collector(Collector&&) = delete;
  Collector& operator=(Collector&&) = delete;

  /// Samples the source. An error decides the collector's state by its kind and removes its samples
  /// until the next success; folded histograms and counters kept by the collector itself stay.
  virtual Result<void> read(const Tick& tick) = 0;
  /// Makes what read() got the latest sample, and folds it. Constant time, no system call.
  virtual void publish() = 0;
  /// Says the latest sample and the folds. `current` is false when the last read failed: then only
  /// what is cumulative of itself (folds) may be said. No system call, no allocation beyond the
  /// Families' own.
  virtual void write(Families& out, bool current) const = 0;
  /// What is wrong in the latest sample although read() succeeded, for an operator: names the files
  /// or objects that could not be used. Empty when all is well. Called under the lock after
  /// publish(); valid until the next.
  virtual std::string_view problem() const { return {}; }
};

/// The usual shape of a collector: a plain struct S is read, swapped in, folded and written.
template <typename S>
class Sampled : public Collector {
 public:
  Result<void> read(const Tick& tick) final {
    next_tick_ = tick;
    return read_into(next_, tick);
  }
  void publish() final {
    std::swap(next_, latest_);
    const double seconds =
        ticks_ == 0
            ? 0
            : static_cast<double>(next_tick_.monotonic_ns - latest_tick_.monotonic_ns) / 1e9;
    latest_tick_ = next_tick_;
    // next_ now holds the sample before.
    if (ticks_ > 0 && seconds > 0) fold(next_, latest_, seconds);
    ++ticks_;
  }
  void write(Families& out, bool current) const final {
    if (current && ticks_ > 0) write_sample(latest_, out);
    write_folds(out);
  }

 protected:
  /// Fills `sample`, which holds the sample before the last one (so that its strings and vectors
  /// can be reused).
  virtual Result<void> read_into(S& sample, const Tick& tick) = 0;
  /// Folds the step from `before` to `now`, `seconds` apart (> 0; more than an interval when ticks
  /// failed).
  virtual void fold(const S& before, const S& now, double seconds) {
    static_cast<void>(before), static_cast<void>(now), static_cast<void>(seconds);
  }
  virtual void write_sample(const S& sample, Families& out) const = 0;
  virtual void write_folds(Families& out) const { static_cast<void>(out); }

 private:
  S next_{};
  S latest_{};
  Tick next_tick_{};
  Tick latest_tick_{};
  std::uint64_t ticks_ = 0;
};

/// A Sampled of one file, made of three functions: path, parse and write. S is reused from tick to
/// tick: parse() starts by clearing what it appends to.
template <typename S>
class FileCollector final : public Sampled<S> {
 public:
  using Parse = Result<void> (*)(std::string_view text, S& into);
  using Write = void (*)(const S& sample, Families& out);
  FileCollector(std::string path, Parse parse, Write writer)
      : file_(std::move(path)), parse_(parse), write_(writer) {}

 private:
  Result<void> read_into(S& sample, const Tick&) override {
    auto text = file_.read();
    if (!text) return fail(text.error());
    auto parsed = parse_(*text, sample);
    if (!parsed) return fail(file_.path(), parsed.error());
    return {};
  }
  void write_sample(const S& sample, Families& out) const override { write_(sample, out); }

  KeptFile file_;
  Parse parse_;
  Write write_;
};

/// Which thread ticks a collector.
enum class Lane : std::uint8_t {
  kFast,  ///< cheap, never blocks: the shared scheduler thread, no privileges
  kSlow,  ///< may take milliseconds or wait for hardware: a second thread, no privileges
  kBpf,   ///< the one thread that keeps CAP_BPF and CAP_PERFMON
};

enum class OptionType : std::uint8_t {
  kRegex,
  kText,
  kTextList,
  kDuration,
  kBool,
  kNumber,
  kBytes
};

/// An option of one collector, set under collectors.<name>.<key>.
struct OptionSpec {
  std::string key;
  OptionType type = OptionType::kText;
  std::string default_value;  ///< as it stands in YAML; "[]" for an empty list
  std::string help;           ///< one line
};

/// Everything the daemon knows of a collector before it makes one.
struct CollectorSpec {
  std::string name;  ///< = file name, YAML key and label `collector`
  std::string help;  ///< one line: what it measures and from where
  std::chrono::milliseconds interval{1000};
  bool enabled = true;
  std::string
      since;  ///< oldest kernel that it works on, as far as is known: "5.10"; empty: not known
  Lane lane = Lane::kFast;
  /// Says what others wrote: it is said last, so that its names yield to those of the collectors,
  /// and its series are the first that a limit meets.
  bool yields = false;
  std::vector<OptionSpec> options;
  /// Makes one. Fails only for options that cannot work; a missing source is found by read().
  std::function<Result<std::unique_ptr<Collector>>(const Host&, const Options&)> make;
};

/// Adds a collector to the list before main(): a constant of this type in its .cpp is all that a
/// collector needs to exist.
class Registration {
 public:
  explicit Registration(CollectorSpec spec);
};

/// All registered collectors, by name. Stable after main() has begun.
const std::vector<CollectorSpec>& registered_collectors();

}  // namespace kernstat
