// SPDX-License-Identifier: Apache-2.0
// Accept and Accept-Encoding: any bytes have an answer, and the answer is a known one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "daemon/negotiate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view header(reinterpret_cast<const char*>(data), size);
  if (kernstat::content_type(kernstat::negotiate_format(header)).empty()) std::abort();
  // Who does not name gzip or everything never gets it.
  const bool names = header.find_first_of("gG*") != std::string_view::npos;
  if (kernstat::accepts_gzip(header) && !names) std::abort();
  return 0;
}
