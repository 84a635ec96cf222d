// SPDX-License-Identifier: Apache-2.0
// What stands behind the question mark.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "collectors/support/result.h"
#include "daemon/collectors.h"

namespace kernstat {

/// Replaces `%XX` by its byte, and '+' by a space if `plus`. Fails for a '%' without two
/// hexadecimal digits, and for a NUL byte, escaped or not.
Result<std::string> percent_decode(std::string_view text, bool plus);

/// The path of a request target in origin or absolute form (RFC 9112, 3.2), decoded; and what
/// stands behind its '?', as it is.
struct Target {
  std::string path;
  std::string_view query;
};
Result<Target> parse_target(std::string_view target);

/// Reads `collect[]=name` and `exclude[]=name` of a query; other keys are ignored. Fails, in words
/// for whoever wrote the URL: both kinds at once, a bad escape, a name that `known` does not have.
Result<Selection> parse_selection(std::string_view query, std::span<const CollectorStatus> known);

}  // namespace kernstat
