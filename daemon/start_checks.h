// SPDX-License-Identifier: Apache-2.0
// What must be so, and what should be so, before anything starts.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collectors/support/host.h"
#include "collectors/support/result.h"
#include "config/config.h"
#include "daemon/run_record.h"

namespace kernstat {

/// Fails when the procfs is no procfs.
Result<void> check_proc(const Host& host);

/// Sentences about what is wrong with where the daemon runs: outside the host's network or PID
/// namespace it would describe a container.
std::vector<std::string> namespace_warnings(const Host& host);

/// What tells this machine from others: /etc/machine-id, or else its name.
std::string machine_id(const Host& host);

/// Why no BPF program may run: "config", "file" (/etc/kernstat/bpf.disable), "command_line"
/// (kernstat.bpf=off among the kernel's parameters) or "restarts" (runs that ended badly); empty
/// when they may.
std::string bpf_off_reason(const BpfConfig& config, const Host& host, const RunRecord& record);

/// True when `parameter` is one of the words of a kernel command line.
bool has_parameter(std::string_view command_line, std::string_view parameter);

}  // namespace kernstat
