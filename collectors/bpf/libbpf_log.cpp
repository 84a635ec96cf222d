// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/libbpf_log.h"

#include <bpf/libbpf.h>

#include <array>
#include <cstdarg>
#include <cstdio>

#include "collectors/support/text.h"

namespace kernstat::bpf {
namespace {

thread_local std::string* caught = nullptr;

// Verifier logs are cut at 16 MiB by libbpf; nobody reads more than this.
constexpr std::size_t kMostCaught = std::size_t{1} << 20;

int catch_message(libbpf_print_level level, const char* format, va_list arguments) {
  if (caught == nullptr || level == LIBBPF_DEBUG || caught->size() > kMostCaught) return 0;
  va_list again;
  va_copy(again, arguments);
  const int length = std::vsnprintf(nullptr, 0, format, arguments);
  if (length > 0) {
    const std::size_t before = caught->size();
    caught->resize(before + static_cast<std::size_t>(length) + 1);
    std::vsnprintf(caught->data() + before, static_cast<std::size_t>(length) + 1, format, again);
    caught->pop_back();
  }
  va_end(again);
  return 0;
}

// Lines that the verifier and libbpf put around the reason, and those about what is tried again.
bool says_nothing(std::string_view line) {
  constexpr std::array kNoise{"processed ",
                              "verification time",
                              "stack depth",
                              "-- END",
                              "-- BEGIN",
                              "mark_precise",
                              "Retrying without BTF",
                              "permission error while running as root",
                              "RLIMIT_MEMLOCK"};
  if (line.empty()) return true;
  for (const std::string_view noise : kNoise) {
    if (line.find(noise) != std::string_view::npos) return true;
  }
  return false;
}

}  // namespace

LibbpfLog::LibbpfLog() {
  libbpf_set_print(catch_message);
  caught = &text_;
}

LibbpfLog::~LibbpfLog() { caught = nullptr; }

std::string failed_program(std::string_view log) {
  constexpr std::string_view kFailed = "': failed to ";
  constexpr std::string_view kProgram = "prog '";
  const auto end = log.rfind(kFailed);
  if (end == std::string_view::npos) return {};
  const auto begin = log.rfind(kProgram, end);
  if (begin == std::string_view::npos) return {};
  const std::string_view name = log.substr(begin + kProgram.size(), end - begin - kProgram.size());
  return name.find('\'') == std::string_view::npos ? std::string(name) : std::string();
}

std::string failure_reason(std::string_view log) {
  constexpr std::string_view kEnd = "-- END PROG LOAD LOG --";
  const bool has_verifier_log = log.find(kEnd) != std::string_view::npos;
  std::string_view text = log.substr(0, log.find(kEnd));
  std::string_view reason;
  while (!text.empty()) {
    const std::string_view line = trim(next_line(text));
    const bool is_libbpf = line.starts_with("libbpf: ");
    if (says_nothing(line) || (has_verifier_log && is_libbpf)) continue;
    // Without a verifier log the first warning is the cause, the others follow from it.
    if (!has_verifier_log && !reason.empty()) break;
    reason = line;
  }
  constexpr std::string_view kPrefix = "libbpf: ";
  if (reason.starts_with(kPrefix)) reason.remove_prefix(kPrefix.size());
  return std::string(reason.substr(0, 300));
}

}  // namespace kernstat::bpf
