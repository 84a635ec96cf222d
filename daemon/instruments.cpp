// SPDX-License-Identifier: Apache-2.0
#include "daemon/instruments.h"

#include <prometheus/metric_family.h>

#include <cmath>
#include <string>
#include <vector>

#include "collectors/support/labels.h"

namespace kernstat {
namespace {

// A scrape takes from 50 µs (nothing but the daemon's own) to the timeout of Prometheus.
const prometheus::Histogram::BucketBoundaries kDurationBounds{
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5, 10};

prometheus::Family<prometheus::Counter>& counter(prometheus::Registry& registry, const char* name,
                                                 const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

prometheus::Family<prometheus::Gauge>& gauge(prometheus::Registry& registry, const char* name,
                                             const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
}

// Registering a family a second time gives the same one.
prometheus::Counter& dropped(prometheus::Registry& registry, const char* reason) {
  return counter(registry, "kernstat_series_dropped_total",
                 "Series that scrapes left out: said twice, of a family said with two types, or "
                 "beyond limits.series or limits.scrape_bytes.")
      .Add({{"reason", reason}});
}

prometheus::Counter& cut(prometheus::Registry& registry, const char* reason) {
  return counter(registry, "kernstat_http_connections_cut_total",
                 "Connections that the daemon ended: too slow, or in the way of others.")
      .Add({{"reason", reason}});
}

prometheus::Gauge& size(prometheus::Registry& registry, const char* encoding) {
  return gauge(registry, "kernstat_scrape_size_bytes",
               "Size of the last exposition, by how it was sent.")
      .Add({{"encoding", encoding}});
}

constexpr const char* kFormats[] = {"text", "openmetrics", "protobuf"};
constexpr int kStatuses[] = {200, 400, 403, 404, 503};

}  // namespace

Instruments::Instruments()
    : duration(prometheus::BuildHistogram()
                   .Name("kernstat_scrape_duration_seconds")
                   .Help("Time to make an exposition, waiting for a turn and compression included.")
                   .Register(registry_)
                   .Add({}, kDurationBounds)),
      size_identity(size(registry_, "identity")),
      size_gzip(size(registry_, "gzip")),
      series(
          gauge(
              registry_, "kernstat_scrape_series",
              "Series of the last exposition, as the scraper counts them: a classic histogram is a "
              "series for each bucket and two more, a native one is one.")
              .Add({})),
      timeouts(counter(registry_, "kernstat_scrape_timeouts_total",
                       "Scrapes that were refused because the scraper's timeout was over.")
                   .Add({})),
      shared(counter(registry_, "kernstat_scrapes_shared_total",
                     "Scrapes answered with what was made for another one at the same time.")
                 .Add({})),
      dropped_duplicate(dropped(registry_, "duplicate")),
      dropped_conflict(dropped(registry_, "conflict")),
      dropped_series_limit(dropped(registry_, "series_limit")),
      dropped_bytes_limit(dropped(registry_, "bytes_limit")),
      connections(
          gauge(registry_, "kernstat_http_connections", "Connections that are open.").Add({})),
      cut_slow(cut(registry_, "slow")),
      cut_crowded(cut(registry_, "crowded")) {
  for (std::size_t i = 0; i < scrapes_.size(); ++i) {
    scrapes_[i] = &counter(registry_, "kernstat_scrapes_total", "Scrapes answered, by format.")
                       .Add({{"format", kFormats[i]}});
  }
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    requests_[i] = &counter(registry_, "kernstat_http_requests_total",
                            "Requests answered, by status; others count as 400.")
                        .Add({{"code", std::to_string(kStatuses[i])}});
  }
}

prometheus::Counter& Instruments::scrapes(Format format) const {
  switch (format) {
    case Format::kText:
      return *scrapes_[0];
    case Format::kOpenMetrics:
    case Format::kOpenMetrics001:
      return *scrapes_[1];
    case Format::kProtobuf:
      break;
  }
  return *scrapes_[2];
}

prometheus::Counter& Instruments::requests(int status) const {
  for (std::size_t i = 0; i < requests_.size(); ++i) {
    if (kStatuses[i] == status) return *requests_[i];
  }
  return *requests_[1];
}

void Instruments::write(Families& out) const { write_registry(registry_, out); }

namespace {

MetricType type_of(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return MetricType::kCounter;
    case prometheus::MetricType::Gauge:
      return MetricType::kGauge;
    case prometheus::MetricType::Histogram:
      return MetricType::kHistogram;
    default:
      return MetricType::kUnknown;
  }
}

void write_histogram(const prometheus::ClientMetric::Histogram& histogram,
                     const std::string& labels, Families& out) {
  std::vector<double> bounds;
  std::vector<std::uint64_t> counts;
  std::uint64_t before = 0;
  for (const auto& bucket : histogram.bucket) {
    if (std::isinf(bucket.upper_bound)) continue;
    bounds.push_back(bucket.upper_bound);
    counts.push_back(bucket.cumulative_count - before);
    before = bucket.cumulative_count;
  }
  HistogramView view;
  view.bounds = bounds;
  view.counts = counts;
  view.count = histogram.sample_count;
  view.sum = histogram.sample_sum;
  out.histogram(labels, view);
}

}  // namespace

void write_registry(const prometheus::Collectable& registry, Families& out) {
  for (const prometheus::MetricFamily& family : registry.Collect()) {
    const MetricType type = type_of(family.type);
    out.family({family.name, type, family.help});
    for (const prometheus::ClientMetric& metric : family.metric) {
      Labels labels;
      for (const auto& label : metric.label) labels.add(label.name, label.value);
      if (type == MetricType::kHistogram) {
        write_histogram(metric.histogram, labels.text(), out);
      } else if (type == MetricType::kCounter) {
        out.sample(labels.text(), metric.counter.value);
      } else if (type == MetricType::kGauge) {
        out.sample(labels.text(), metric.gauge.value);
      } else {
        out.sample(labels.text(), metric.untyped.value);
      }
    }
  }
}

}  // namespace kernstat
