// SPDX-License-Identifier: Apache-2.0
#include "daemon/version.h"

namespace kernstat {

std::string_view version() { return KERNSTAT_VERSION; }

std::string_view compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

}  // namespace kernstat
