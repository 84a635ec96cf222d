// SPDX-License-Identifier: Apache-2.0
#include "daemon/serving.h"

#include "config/listen_address.h"
#include "daemon/log.h"

namespace kernstat {
namespace {

// What to type into a browser on this host.
std::string page_url(const std::string& address) {
  const auto colon = address.rfind(':');
  const std::string host = address.substr(0, colon);
  const bool everywhere = host.empty() || host == "0.0.0.0" || host == "[::]";
  return "http://" + (everywhere ? "localhost" : host) + address.substr(colon) + "/";
}

}  // namespace

Serving::Serving(Collectors& collectors, const Config& config, std::function<Result<void>()> reload)
    : routes_(collectors, instruments_, config, {config.web.telemetry_path, std::move(reload)}) {}

Result<std::unique_ptr<Serving>> Serving::start(Collectors& collectors, const Config& config,
                                                Hooks hooks) {
  HttpServer::Settings settings;
  settings.on_thread = std::move(hooks.on_thread);
  for (const std::string& text : config.web.listen_addresses) {
    auto address = parse_listen_address(text);
    if (!address) return fail("web.listen_addresses", address.error());
    settings.addresses.push_back(std::move(*address));
  }
  std::unique_ptr<Serving> serving(new Serving(collectors, config, std::move(hooks.reload)));
  auto server = HttpServer::start(std::move(settings), serving->routes_, serving->instruments_);
  if (!server) return fail(server.error());
  serving->server_ = std::move(*server);
  for (const std::string& bound : serving->server_->addresses()) {
    log_info("listening", {{"address", bound}, {"page", page_url(bound)}});
  }
  return serving;
}

}  // namespace kernstat
