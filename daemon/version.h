// SPDX-License-Identifier: Apache-2.0
// What this build is.
#pragma once

#include <string_view>

namespace kernstat {

/// "0.1.0".
std::string_view version();
/// The compiler and its version: "gcc 12.2.0".
std::string_view compiler();

}  // namespace kernstat
