// SPDX-License-Identifier: Apache-2.0
// What the serving side counts of itself.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <cstdint>

#include "collectors/metrics.h"
#include "daemon/negotiate.h"

namespace kernstat {

/// Counters of scrapes and connections. All of them exist from the start. Any thread.
class Instruments {
 public:
  Instruments();

  /// Says all of them.
  void write(Families& out) const;

  prometheus::Counter& scrapes(Format format) const;
  prometheus::Counter& requests(int status) const;

 private:
  prometheus::Registry registry_;  // before what it owns
  std::array<prometheus::Counter*, 3> scrapes_{};
  std::array<prometheus::Counter*, 5> requests_{};

 public:
  prometheus::Histogram& duration;
  prometheus::Gauge& size_identity;
  prometheus::Gauge& size_gzip;
  prometheus::Gauge& series;
  prometheus::Counter& timeouts;
  prometheus::Counter& shared;
  prometheus::Counter& dropped_duplicate;
  prometheus::Counter& dropped_conflict;
  prometheus::Counter& dropped_series_limit;
  prometheus::Counter& dropped_bytes_limit;
  prometheus::Gauge& connections;
  prometheus::Counter& cut_slow;
  prometheus::Counter& cut_crowded;
};

/// Says the families of a registry.
void write_registry(const prometheus::Collectable& registry, Families& out);

}  // namespace kernstat
