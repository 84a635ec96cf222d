// SPDX-License-Identifier: Apache-2.0
// Names that live as long as the process: families whose names are made of a kernel file's keys.
#pragma once

#include <string_view>

namespace kernstat {

/// A copy of `text` that is never freed; equal texts give the same copy. For names out of small,
/// finite sets only (the keys of /proc/meminfo), never for names that users choose. Any thread.
std::string_view interned(std::string_view text);

}  // namespace kernstat
