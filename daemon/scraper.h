// SPDX-License-Identifier: Apache-2.0
// Makes the body of a scrape.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "daemon/collectors.h"
#include "daemon/gzip.h"
#include "daemon/instruments.h"
#include "daemon/negotiate.h"
#include "daemon/page.h"

namespace kernstat {

struct ScrapeRequest {
  Format format = Format::kText;
  bool gzip = false;
  Selection selection;
  std::optional<std::chrono::steady_clock::time_point> deadline;
};

/// A finished body; empty when the deadline passed first.
struct ScrapeBody {
  std::shared_ptr<const std::string> bytes;
  bool gzip = false;
};

/// Makes expositions, one at a time: it takes less than waiting for a second set of buffers would.
/// Who waits for his turn is given what was made for another one, if that was begun after he came
/// and he wants the same; so a hundred scrapers at once cost two expositions. Any thread.
class Scraper {
 public:
  Scraper(Collectors& collectors, Instruments& instruments, const LimitsConfig& limits);

  ScrapeBody scrape(const ScrapeRequest& request);
  /// Takes effect with the next exposition.
  void set_limits(const LimitsConfig& limits);

 private:
  using Clock = std::chrono::steady_clock;

  // Buffers of bodies that nobody sends any more, to be used again.
  class Buffers {
   public:
    std::string take();
    void give(std::string buffer);

   private:
    std::mutex mutex_;
    std::vector<std::string> free_;
  };
  struct Made {
    Clock::time_point begun;
    Format format = Format::kText;
    Selection selection;
    ScrapeBody body;
  };

  bool wants(const ScrapeRequest& request, Clock::time_point since) const;
  ScrapeBody make(const ScrapeRequest& request);
  void count_dropped(std::uint64_t cut);

  Collectors& collectors_;
  Instruments& instruments_;
  std::atomic<std::size_t> series_limit_;
  std::atomic<std::size_t> bytes_limit_;
  const std::shared_ptr<Buffers> buffers_ = std::make_shared<Buffers>();

  std::mutex mutex_;  // of busy_ and last_
  std::condition_variable turn_;
  bool busy_ = false;
  Made last_;

  // Of whoever set busy_.
  Page page_;
  std::string plain_;
  Gzip gzip_;
  std::string last_problem_;
};

}  // namespace kernstat
