// SPDX-License-Identifier: Apache-2.0
// What the CPUs are, from /proc/cpuinfo.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/options.h"
#include "collectors/support/result.h"

namespace kernstat {

/// One CPU as the file describes it (kernel: arch/*/kernel/cpu/proc.c). What the architecture does
/// not say is empty.
struct CpuDescription {
  std::string cpu;
  std::string package;
  std::string core;
  std::string vendor;
  std::string family;
  std::string model;
  std::string model_name;
  std::string microcode;
  std::string stepping;
  std::string cache_size;
};

struct CpuInfo {
  std::vector<CpuDescription> cpus;
  std::vector<std::string> flags;  ///< of the first CPU
  std::vector<std::string> bugs;   ///< of the first CPU
};

/// Reads the blocks "name : value"; a line that is cut is left out. kInvalid when there is no CPU.
Result<void> parse_cpuinfo(std::string_view text, CpuInfo& into);

/// Label texts of the info families, made once for each reading of the file.
struct CpuInfoLabels {
  std::vector<std::string> cpus;
  std::vector<std::string> flags;
  std::vector<std::string> bugs;
};

/// `flags` and `bugs` choose which are reported; null: none.
CpuInfoLabels cpu_info_labels(const CpuInfo& info, const re2::RE2* flags, const re2::RE2* bugs);

}  // namespace kernstat
