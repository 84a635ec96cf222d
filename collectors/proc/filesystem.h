// SPDX-License-Identifier: Apache-2.0
// Size and space of mounted file systems.
#pragma once

#include <sys/vfs.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "collectors/metrics.h"
#include "collectors/proc/mounts.h"
#include "collectors/support/rows.h"

namespace kernstat {

/// What is known of a mount at a tick.
enum class MountState : std::uint8_t {
  kUnknown,  ///< asked for the first time, no answer yet
  kOk,
  kError,
};

struct MountSample {
  std::string point;
  std::string type;
  std::string device;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  bool read_only = false;
  MountState state = MountState::kUnknown;
  std::string error;  ///< for label device_error; empty when all is well
  struct statfs space {};
  std::string labels;       ///< made when one of its parts changes
  std::string info_labels;  ///< of node_filesystem_mount_info
};

/// Sets the texts of `sample`, and makes its labels if that changes anything.
void set_mount_texts(MountSample& sample, const Mount& mount, std::string_view error);

void write_mounts(const Rows<MountSample>& mounts, Families& out);

}  // namespace kernstat
