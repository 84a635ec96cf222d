// SPDX-License-Identifier: Apache-2.0
// Whole requests, four lines of any bytes: target, Accept, Accept-Encoding, scrape timeout.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "collectors/support/text.h"
#include "daemon/routes.h"
#include "tests/daemon/fake_serving.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernstat;
  static testing::FakeCollectors collectors;
  static Instruments instruments;
  static Routes routes(collectors, instruments, Config{}, {});
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::array<std::string_view, 4> lines;
  for (std::string_view& line : lines) {
    if (!text.empty()) line = next_line(text);
  }
  HttpRequest request;
  request.method = "GET";
  request.target = lines[0];
  request.accept = lines[1];
  request.accept_encoding = lines[2];
  request.scrape_timeout = lines[3];
  const HttpResponse response = routes.handle(request);
  if (!response.body || response.content_type.empty()) std::abort();
  if (status_phrase(response.status) == "Internal Server Error") std::abort();
  return 0;
}
