// SPDX-License-Identifier: Apache-2.0
// What the daemon answers, apart from how it travels.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "collectors/support/result.h"
#include "config/config.h"
#include "daemon/collectors.h"
#include "daemon/instruments.h"
#include "daemon/scraper.h"

namespace kernstat {

/// The parts of a request that matter here. The views must stay valid during the call.
struct HttpRequest {
  std::string_view method;
  std::string_view target;
  std::string_view accept;
  std::string_view accept_encoding;
  std::string_view scrape_timeout;  ///< X-Prometheus-Scrape-Timeout-Seconds
};

struct HttpResponse {
  int status = 200;
  std::string_view content_type;
  std::string_view allow;  ///< of a 405: the methods that there are
  bool gzip = false;
  bool page =
      false;  ///< HTML: with the headers that keep a browser from doing more than showing it
  std::shared_ptr<const std::string> body;
};

/// The reason phrase of the statuses that are used here.
std::string_view status_phrase(int status);

/// Answers requests. Any thread.
class Routes {
 public:
  struct Settings {
    std::string telemetry_path = "/metrics";
    std::function<Result<void>()> reload;  ///< reads the configuration again
  };
  Routes(Collectors& collectors, Instruments& instruments, const Config& config, Settings settings);

  /// HEAD is answered as GET; the caller leaves the body out.
  HttpResponse handle(const HttpRequest& request);
  /// Takes over what a reload may change.
  void configure(const Config& config);

 private:
  HttpResponse answer(const HttpRequest& request);
  HttpResponse state();
  HttpResponse metrics(const HttpRequest& request, std::string_view query);
  HttpResponse reload(std::string_view method);

  Collectors& collectors_;
  Instruments& instruments_;
  Settings settings_;
  std::atomic<bool> reload_enabled_;
  Scraper scraper_;
};

}  // namespace kernstat
