// SPDX-License-Identifier: Apache-2.0
#include "daemon/routes.h"

#include <algorithm>
#include <cmath>

#include "collectors/support/text.h"
#include "daemon/query.h"
#include "daemon/status_page.h"

namespace kernstat {
namespace {

constexpr std::string_view kPlain = "text/plain; charset=utf-8";
constexpr std::string_view kHtml = "text/html; charset=utf-8";

HttpResponse text(int status, std::string words) {
  HttpResponse response;
  response.status = status;
  response.content_type = kPlain;
  response.body = std::make_shared<const std::string>(std::move(words) + "\n");
  return response;
}

HttpResponse not_allowed(std::string_view allow) {
  HttpResponse response = text(405, "This path answers to " + std::string(allow) + ".");
  response.allow = allow;
  return response;
}

// When the scraper gives up, less what the answer needs on its way: a tenth of the timeout, 0.5 s
// at most. Nothing for a header that is no time.
std::optional<std::chrono::steady_clock::time_point> deadline_of(std::string_view header) {
  const auto seconds = to_number<double>(trim(header));
  constexpr double kDay = 86'400;
  if (!seconds || !(*seconds > 0) || *seconds > kDay) return {};
  const double left = *seconds - std::min(*seconds * 0.1, 0.5);
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(
             std::chrono::duration<double>(left));
}

}  // namespace

std::string_view status_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 503:
      return "Service Unavailable";
    default:
      return "Internal Server Error";
  }
}

Routes::Routes(Collectors& collectors, Instruments& instruments, const Config& config,
               Settings settings)
    : collectors_(collectors),
      instruments_(instruments),
      settings_(std::move(settings)),
      reload_enabled_(config.web.reload),
      scraper_(collectors, instruments, config.limits) {}

void Routes::configure(const Config& config) {
  reload_enabled_ = config.web.reload;
  scraper_.set_limits(config.limits);
}

HttpResponse Routes::handle(const HttpRequest& request) {
  HttpResponse response = answer(request);
  instruments_.requests(response.status).Increment();
  return response;
}

HttpResponse Routes::answer(const HttpRequest& request) {
  const auto target = parse_target(request.target);
  if (!target) return text(400, "Cannot understand the request: " + target.error().message + ".");
  if (target->path == "/-/reload") return reload(request.method);
  const bool known = target->path == settings_.telemetry_path || target->path == "/" ||
                     target->path == "/-/healthy" || target->path == "/-/ready";
  if (!known) {
    return text(404, "There is nothing here. Metrics are at " + settings_.telemetry_path +
                         ", the state of the daemon is at /.");
  }
  if (request.method != "GET" && request.method != "HEAD") return not_allowed("GET, HEAD");
  if (target->path == settings_.telemetry_path) return metrics(request, target->query);
  if (target->path == "/") return state();
  if (target->path == "/-/healthy") {
    return collectors_.healthy() ? text(200, "kernstatd is healthy.")
                                 : text(503, "The collectors do not come round any more.");
  }
  return collectors_.ready() ? text(200, "kernstatd is ready.")
                             : text(503, "Some collectors have not been read yet.");
}

HttpResponse Routes::state() {
  auto collectors = collectors_.status();
  const bool scraped = std::any_of(collectors.begin(), collectors.end(),
                                   [](const CollectorStatus& one) { return one.series > 0; });
  if (!scraped) {
    // Series are counted when they are said; nobody has asked for them yet.
    Page page;
    collectors_.write_all(page, {});
    collectors = collectors_.status();
  }
  for (CollectorStatus& one : collectors_.off()) collectors.push_back(std::move(one));
  HttpResponse response;
  response.content_type = kHtml;
  response.page = true;
  response.body = std::make_shared<const std::string>(
      status_page(collectors, settings_.telemetry_path, PageFacts::now()));
  return response;
}

HttpResponse Routes::metrics(const HttpRequest& request, std::string_view query) {
  ScrapeRequest scrape;
  if (!query.empty()) {
    auto selection = parse_selection(query, collectors_.status());
    if (!selection) return text(400, selection.error().message + ".");
    scrape.selection = std::move(*selection);
  }
  scrape.format = negotiate_format(request.accept);
  scrape.gzip = accepts_gzip(request.accept_encoding);
  scrape.deadline = deadline_of(request.scrape_timeout);
  ScrapeBody body = scraper_.scrape(scrape);
  if (!body.bytes) return text(503, "The exposition was not made within the scrape timeout.");
  HttpResponse response;
  response.content_type = content_type(scrape.format);
  response.gzip = body.gzip;
  response.body = std::move(body.bytes);
  return response;
}

HttpResponse Routes::reload(std::string_view method) {
  if (!reload_enabled_ || !settings_.reload) {
    return text(403,
                "Reloading over HTTP is off: set web.reload to true in the configuration, or send "
                "SIGHUP to the daemon.");
  }
  if (method != "POST" && method != "PUT") return not_allowed("POST, PUT");
  const auto done = settings_.reload();
  if (done) return text(200, "The configuration in force is what the file says.");
  return text(500, "The configuration was refused, the old one stays:\n" + done.error().message);
}

}  // namespace kernstat
