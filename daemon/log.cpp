// SPDX-License-Identifier: Apache-2.0
#include "daemon/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace kernstat {
namespace {

std::atomic<LogFormat> g_format{LogFormat::kLogfmt};
std::atomic<bool> g_is_set{false};

spdlog::logger& logger() {
  static const auto kLogger = [] {
    auto made = std::make_shared<spdlog::logger>("kernstat",
                                                 std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_formatter(std::make_unique<spdlog::pattern_formatter>(
        "%v", spdlog::pattern_time_type::utc, std::string("\n")));
    made->set_error_handler([](const std::string&) {});  // nowhere to say it
    return made;
  }();
  return *kLogger;
}

spdlog::level::level_enum library_level(LogLevel level) {
  static constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                          spdlog::level::warn, spdlog::level::err};
  return kLevels[static_cast<std::size_t>(level)];
}

// `text` in double quotes; both formats escape alike.
void append_quoted(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

bool is_word(std::string_view text) {
  return !text.empty() && text.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "-_./:,+@") == std::string_view::npos;
}

}  // namespace

void set_log(const LogConfig& config) {
  g_format = config.format;
  g_is_set = true;
  logger().set_level(library_level(config.level));
  logger().set_formatter(std::make_unique<spdlog::pattern_formatter>(
      config.format == LogFormat::kJson ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v})"
                                        : "time=%Y-%m-%dT%H:%M:%S.%eZ %v",
      spdlog::pattern_time_type::utc, std::string("\n")));
}

std::string format_fields(LogFormat format, std::string_view message, LogFields fields) {
  std::string out;
  const bool json = format == LogFormat::kJson;
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!out.empty()) out += json ? ',' : ' ';
    if (json) {
      append_quoted(out, key);
      out += ':';
      append_quoted(out, value);
    } else {
      out.append(key) += '=';
      if (is_word(value)) {
        out += value;
      } else {
        append_quoted(out, value);
      }
    }
  };
  add("msg", message);
  for (const auto& [key, value] : fields) add(key, value);
  return out;
}

void log_line(LogLevel level, std::string_view message, LogFields fields) {
  // Whoever logs before the configuration is known gets the defaults.
  static const bool kReady = (g_is_set || (set_log({}), true));
  static_cast<void>(kReady);
  if (!logger().should_log(library_level(level))) return;
  const LogFormat format = g_format;
  const std::string_view name = log_level_names()[static_cast<std::size_t>(level)];
  std::string line = format == LogFormat::kJson ? "\"level\":\"" + std::string(name) + "\","
                                                : "level=" + std::string(name) + " ";
  line += format_fields(format, message, fields);
  logger().log(library_level(level), line);
}

}  // namespace kernstat
