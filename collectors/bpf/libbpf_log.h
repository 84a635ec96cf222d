// SPDX-License-Identifier: Apache-2.0
// What libbpf and the verifier say, caught per thread instead of printed.
#pragma once

#include <string>
#include <string_view>

namespace kernstat::bpf {

/// While it lives, everything that libbpf warns about on this thread is appended to one text (the
/// verifier's log included). They do not nest. The first one silences libbpf for the process.
class LibbpfLog {
 public:
  LibbpfLog();
  ~LibbpfLog();
  LibbpfLog(const LibbpfLog&) = delete;
  LibbpfLog& operator=(const LibbpfLog&) = delete;
  LibbpfLog(LibbpfLog&&) = delete;
  LibbpfLog& operator=(LibbpfLog&&) = delete;

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// The program that a failed load was about; empty when the log names none.
std::string failed_program(std::string_view log);

/// The one line of the log that says why: the verifier's last words, else libbpf's last warning.
std::string failure_reason(std::string_view log);

}  // namespace kernstat::bpf
