// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/load_error.h"

#include <linux/bpf.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "collectors/bpf/libbpf_log.h"

namespace kernstat::bpf {
namespace {

// Asks for an element of no map: EBADF from a kernel that has bpf(2) and lets this thread use it.
int ask_bpf() {
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(-1);
  errno = 0;
  ::syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attributes, sizeof attributes);
  return errno == EBADF ? 0 : errno;
}

bool is_permission(int error_number) { return error_number == EPERM || error_number == EACCES; }

// kernel_lockdown(7) marks the mode that is on: "none integrity [confidentiality]".
bool is_confidential(const Host& host) {
  const auto modes = read_file(host.sys_path("kernel/security/lockdown"), 4096);
  return modes && modes->find("[confidentiality]") != std::string::npos;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

LoadCircumstances load_circumstances(int error_number, std::string_view log,
                                     std::string_view missing, const Host& host) {
  LoadCircumstances now{error_number, log, missing, ask_bpf(), ~0ULL, is_confidential(host)};
  rlimit limit{};
  if (::getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    now.memlock_bytes = limit.rlim_cur;
  }
  return now;
}

Error load_error(const LoadCircumstances& now) {
  if (now.bpf_error == ENOSYS && !is_permission(now.error_number)) {
    return {ErrorKind::kAbsent, "this kernel has no bpf(2)"};
  }
  if (is_permission(now.error_number) && !now.missing.empty()) {
    return {ErrorKind::kDenied, "loading BPF needs " + std::string(now.missing)};
  }
  if (now.bpf_error != 0) {
    return {ErrorKind::kDenied, std::string("bpf(2) is refused: ") + std::strerror(now.bpf_error) +
                                    " (a seccomp filter or kernel lockdown)"};
  }
  // Kernels before 5.11 count maps as locked memory.
  if (is_permission(now.error_number) && contains(now.log, "failed to create") &&
      now.memlock_bytes != ~0ULL) {
    return {ErrorKind::kDenied, "RLIMIT_MEMLOCK is " + std::to_string(now.memlock_bytes / 1024) +
                                    " KiB: set LimitMEMLOCK=infinity"};
  }
  // Newer kernels say it in other words.
  if (now.confidential && (contains(now.log, "unknown func bpf_probe_read") ||
                           contains(now.log, "cannot use helper bpf_probe_read"))) {
    return {ErrorKind::kDenied,
            "kernel lockdown (confidentiality) lets no program read the kernel's memory like that"};
  }
  const std::string reason = failure_reason(now.log);
  const bool is_passing = now.error_number == ENOMEM || now.error_number == EAGAIN;
  return {is_passing ? ErrorKind::kSystem : ErrorKind::kAbsent,
          reason.empty() ? std::string(std::strerror(now.error_number)) : reason};
}

}  // namespace kernstat::bpf
