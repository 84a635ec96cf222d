// SPDX-License-Identifier: Apache-2.0
// Which format and which encoding a scraper wants.
#pragma once

#include <cstdint>
#include <string_view>

namespace kernstat {

enum class Format : std::uint8_t { kText, kOpenMetrics, kOpenMetrics001, kProtobuf };

/// The header Content-Type of a format.
std::string_view content_type(Format format);

/// The format with the highest weight in an Accept header (RFC 9110, 12.5.1), the first of equal
/// ones; text 0.0.4 when the header asks for nothing that there is, or is empty.
Format negotiate_format(std::string_view accept);

/// True when the Accept-Encoding header (RFC 9110, 12.5.3) allows gzip and does not like identity
/// better.
bool accepts_gzip(std::string_view accept_encoding);

}  // namespace kernstat
