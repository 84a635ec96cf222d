// SPDX-License-Identifier: Apache-2.0
// One fuzz target for many parsers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kernstat {

using FuzzTarget = void (*)(std::string_view);

/// Gives the text to all of them; a first byte below 32 chooses one, which gets the rest.
template <std::size_t count>
void fuzz_one_of(const FuzzTarget (&targets)[count], const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!text.empty() && data[0] < 32) return targets[data[0] % count](text.substr(1));
  for (const FuzzTarget target : targets) target(text);
}

}  // namespace kernstat
