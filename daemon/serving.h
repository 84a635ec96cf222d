// SPDX-License-Identifier: Apache-2.0
// Everything between the running collectors and the network.
#pragma once

#include <functional>
#include <memory>

#include "collectors/support/result.h"
#include "config/config.h"
#include "daemon/collectors.h"
#include "daemon/http_server.h"
#include "daemon/instruments.h"
#include "daemon/routes.h"

namespace kernstat {

/// Serves from start() to the destructor.
class Serving {
 public:
  struct Hooks {
    std::function<Result<void>()> reload;  ///< called on a server thread for /-/reload
    std::function<void()> on_thread;       ///< called first on each server thread
  };

  /// Listens. `collectors` must live longer. Fails in a sentence that names the address.
  static Result<std::unique_ptr<Serving>> start(Collectors& collectors, const Config& config,
                                                Hooks hooks);
  /// Takes over what a reload may change: limits, whether /-/reload answers. Any thread.
  void configure(const Config& config) { routes_.configure(config); }

 private:
  Serving(Collectors& collectors, const Config& config, std::function<Result<void>()> reload);

  Instruments instruments_;
  Routes routes_;
  std::unique_ptr<HttpServer> server_;  // last: its threads use the others
};

}  // namespace kernstat
