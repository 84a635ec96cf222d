// SPDX-License-Identifier: Apache-2.0
// The log: lines on standard error. The only part of the project that knows the logging library.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "config/config.h"

namespace kernstat {

using LogFields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// Sets what is logged and how; may be called again. Before the first call: info, logfmt.
void set_log(const LogConfig& config);

/// Logs one line: `message` for a person, `fields` to search by. Values may be any bytes. Any
/// thread.
void log_line(LogLevel level, std::string_view message, LogFields fields = {});

inline void log_debug(std::string_view message, LogFields fields = {}) {
  log_line(LogLevel::kDebug, message, fields);
}
inline void log_info(std::string_view message, LogFields fields = {}) {
  log_line(LogLevel::kInfo, message, fields);
}
inline void log_warn(std::string_view message, LogFields fields = {}) {
  log_line(LogLevel::kWarn, message, fields);
}
inline void log_error(std::string_view message, LogFields fields = {}) {
  log_line(LogLevel::kError, message, fields);
}

/// The part of a line behind its level: msg="…" key=value, or the same as members of a JSON object.
std::string format_fields(LogFormat format, std::string_view message, LogFields fields);

}  // namespace kernstat
