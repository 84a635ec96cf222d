// SPDX-License-Identifier: Apache-2.0
#include "daemon/negotiate.h"

#include <catch2/catch.hpp>

namespace kernstat {
namespace {

TEST_CASE("the headers of real scrapers get their first choice") {
  // Prometheus 2.42, as it is.
  CHECK(negotiate_format("application/openmetrics-text;version=1.0.0,"
                         "application/openmetrics-text;version=0.0.1;q=0.75,"
                         "text/plain;version=0.0.4;q=0.5,*/*;q=0.1") == Format::kOpenMetrics);
  // 2.42 with native histograms.
  CHECK(negotiate_format("application/vnd.google.protobuf;"
                         "proto=io.prometheus.client.MetricFamily;encoding=delimited,"
                         "application/openmetrics-text;version=1.0.0;q=0.8,"
                         "application/openmetrics-text;version=0.0.1;q=0.75,"
                         "text/plain;version=0.0.4;q=0.5,*/*;q=0.1") == Format::kProtobuf);
  // 3.x.
  CHECK(negotiate_format("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                         "application/openmetrics-text;version=0.0.1;q=0.5,"
                         "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,"
                         "text/plain;version=0.0.4;q=0.3,*/*;q=0.2") == Format::kOpenMetrics);
  // A browser and curl.
  CHECK(negotiate_format("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8") ==
        Format::kText);
  CHECK(negotiate_format("*/*") == Format::kText);
}

TEST_CASE("weights decide, then the order") {
  CHECK(negotiate_format("text/plain;q=0.5, application/openmetrics-text;q=0.6") ==
        Format::kOpenMetrics);
  CHECK(negotiate_format("text/plain, application/openmetrics-text") == Format::kText);
  CHECK(negotiate_format("APPLICATION/OpenMetrics-Text ; Version=\"0.0.1\"") ==
        Format::kOpenMetrics001);
}

TEST_CASE("what there is not, or is refused, falls back to text") {
  CHECK(negotiate_format("") == Format::kText);
  CHECK(negotiate_format("image/png") == Format::kText);
  CHECK(negotiate_format("application/openmetrics-text;q=0") == Format::kText);
  CHECK(negotiate_format("application/openmetrics-text;q=2") == Format::kText);
  CHECK(negotiate_format("application/openmetrics-text;q=abc") == Format::kText);
  CHECK(negotiate_format("application/openmetrics-text;version=2.0.0") == Format::kText);
  CHECK(negotiate_format("application/vnd.google.protobuf") == Format::kText);
  CHECK(negotiate_format(",,;;q=,\"") == Format::kText);
}

TEST_CASE("gzip when it is wanted") {
  CHECK(accepts_gzip("gzip"));
  CHECK(accepts_gzip("br, GZIP;q=0.5"));
  CHECK(accepts_gzip("*"));
  CHECK(accepts_gzip("gzip, identity"));
  CHECK_FALSE(accepts_gzip(""));
  CHECK_FALSE(accepts_gzip("identity"));
  CHECK_FALSE(accepts_gzip("zstd"));
  CHECK_FALSE(accepts_gzip("gzip;q=0"));
  CHECK_FALSE(accepts_gzip("*, gzip;q=0"));
  CHECK_FALSE(accepts_gzip("gzip;q=0.5, identity"));
}

}  // namespace
}  // namespace kernstat
