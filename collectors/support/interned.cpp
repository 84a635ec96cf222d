// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/interned.h"

#include <mutex>
#include <set>
#include <string>

namespace kernstat {

std::string_view interned(std::string_view text) {
  // Both outlive every static object that may still hold a name.
  static auto& mutex = *new std::mutex;
  static auto& names = *new std::set<std::string, std::less<>>;
  const std::lock_guard lock(mutex);
  const auto found = names.find(text);
  return found != names.end() ? *found : *names.emplace(text).first;
}

}  // namespace kernstat
