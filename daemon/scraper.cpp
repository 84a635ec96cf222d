// SPDX-License-Identifier: Apache-2.0
#include "daemon/scraper.h"

#include "daemon/log.h"
#include "daemon/render_openmetrics.h"
#include "daemon/render_protobuf.h"
#include "daemon/render_text.h"

namespace kernstat {
namespace {

constexpr std::size_t kKeptBuffers = 2;
// Larger buffers are given back to the system: they come from a time with more series.
constexpr std::size_t kLargestKept = std::size_t{1} << 20U;

RenderResult render(const Page& page, Format format, std::string& out, const RenderLimits& limits) {
  switch (format) {
    case Format::kOpenMetrics:
    case Format::kOpenMetrics001:
      return render_openmetrics(page, out, limits);
    case Format::kProtobuf:
      return render_protobuf(page, out, limits);
    case Format::kText:
      break;
  }
  return render_text(page, out, limits);
}

}  // namespace

std::string Scraper::Buffers::take() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return {};
  std::string buffer = std::move(free_.back());
  free_.pop_back();
  buffer.clear();
  return buffer;
}

void Scraper::Buffers::give(std::string buffer) {
  const std::lock_guard lock(mutex_);
  if (free_.size() < kKeptBuffers && buffer.capacity() <= kLargestKept) {
    free_.push_back(std::move(buffer));
  }
}

Scraper::Scraper(Collectors& collectors, Instruments& instruments, const LimitsConfig& limits)
    : collectors_(collectors),
      instruments_(instruments),
      series_limit_(limits.series),
      bytes_limit_(limits.scrape_bytes) {}

void Scraper::set_limits(const LimitsConfig& limits) {
  series_limit_ = limits.series;
  bytes_limit_ = limits.scrape_bytes;
}

bool Scraper::wants(const ScrapeRequest& request, Clock::time_point since) const {
  return last_.body.bytes && last_.begun >= since && last_.format == request.format &&
         last_.body.gzip == request.gzip && last_.selection.only == request.selection.only &&
         last_.selection.except == request.selection.except;
}

ScrapeBody Scraper::scrape(const ScrapeRequest& request) {
  const auto arrived = Clock::now();
  ScrapeBody body;
  {
    std::unique_lock lock(mutex_);
    const auto my_turn = [this] { return !busy_; };
    if (!request.deadline) {
      turn_.wait(lock, my_turn);
    } else if (!turn_.wait_until(lock, *request.deadline, my_turn)) {
      instruments_.timeouts.Increment();
      return {};
    }
    if (wants(request, arrived)) {
      body = last_.body;
      instruments_.shared.Increment();
    } else {
      last_ = {};
      busy_ = true;
    }
  }
  if (!body.bytes) {
    const auto begun = Clock::now();
    body = make(request);
    const std::lock_guard lock(mutex_);
    busy_ = false;
    last_ = {begun, request.format, request.selection, body};
  }
  turn_.notify_one();
  if (!body.bytes) {
    instruments_.timeouts.Increment();
    return {};
  }
  instruments_.scrapes(request.format).Increment();
  (body.gzip ? instruments_.size_gzip : instruments_.size_identity)
      .Set(static_cast<double>(body.bytes->size()));
  instruments_.duration.Observe(std::chrono::duration<double>(Clock::now() - arrived).count());
  return body;
}

ScrapeBody Scraper::make(const ScrapeRequest& request) {
  const auto expired = [&] { return request.deadline && Clock::now() >= *request.deadline; };
  page_.clear(series_limit_, request.format == Format::kProtobuf ? Page::Counting::kNative
                                                                 : Page::Counting::kClassic);
  collectors_.write_all(page_, request.selection);
  // The counters of what was cut must not be cut themselves.
  page_.lift_limit();
  collectors_.write_own(page_, request.selection);
  instruments_.write(page_);
  page_.finish();
  if (expired()) return {};
  std::string buffer = buffers_->take();
  plain_.clear();
  std::string& out = request.gzip ? plain_ : buffer;
  const RenderResult result = render(page_, request.format, out, {bytes_limit_, request.deadline});
  if (result.expired) {
    buffers_->give(std::move(buffer));
    return {};
  }
  count_dropped(result.cut);
  instruments_.series.Set(static_cast<double>(result.printed));
  bool gzip = request.gzip;
  if (gzip) {
    if (const auto zipped = gzip_.compress(plain_, buffer); !zipped) {
      log_warn("sent without compression", {{"error", zipped.error().message}});
      buffer = plain_;
      gzip = false;
    }
  }
  if (expired()) {
    buffers_->give(std::move(buffer));
    return {};
  }
  const auto give_back = [buffers = buffers_](std::string* bytes) {
    buffers->give(std::move(*bytes));
    delete bytes;
  };
  return {std::shared_ptr<std::string>(new std::string(std::move(buffer)), give_back), gzip};
}

void Scraper::count_dropped(std::uint64_t cut) {
  const DroppedSeries& dropped = page_.dropped();
  if (dropped.total() + cut == 0) return;
  instruments_.dropped_duplicate.Increment(static_cast<double>(dropped.duplicate));
  instruments_.dropped_conflict.Increment(static_cast<double>(dropped.conflict));
  instruments_.dropped_series_limit.Increment(static_cast<double>(dropped.limit));
  instruments_.dropped_bytes_limit.Increment(static_cast<double>(cut));
  const std::string problem =
      dropped.total() > 0 ? page_.first_problem() : "the exposition beyond limits.scrape_bytes";
  // Once: every further scrape would say the same.
  if (problem == last_problem_) return;
  last_problem_ = problem;
  log_warn("a scrape left series out",
           {{"first", problem}, {"dropped", std::to_string(dropped.total() + cut)}});
}

}  // namespace kernstat
