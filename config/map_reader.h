// SPDX-License-Identifier: Apache-2.0
// Reading a YAML map strictly: whatever is not understood is reported, never passed over.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "collectors/options.h"
#include "config/yaml.h"

namespace kernstat {

/// Reads the keys of one map. Each read() declares its key, sets `value` if the key is there and
/// good, and reports what is wrong with it. When the reader goes, keys that nobody declared and
/// keys given twice are reported. A null node is an empty map; any other node that is not a map is
/// reported. Never throws. The node and the problems must outlive the reader; one thread.
///
///     MapReader reader(*document, "exporter.yaml", "", problems);
///     reader.read("interval", interval);      // "15s"
///     if (const YamlNode* web = reader.child("web")) read_web(MapReader(*web, …));
class MapReader {
 public:
  /// `where` is the dotted path of the map within the file for messages; empty at the top.
  MapReader(const YamlNode& node, std::string file, std::string where, Problems& problems);
  ~MapReader();
  MapReader(const MapReader&) = delete;
  MapReader& operator=(const MapReader&) = delete;
  MapReader(MapReader&&) = delete;
  MapReader& operator=(MapReader&&) = delete;

  /// Any scalar as text; empty text is written "". True when `value` was set (so for all read()).
  bool read(std::string_view key, std::string& value);
  /// true, false, on or off.
  bool read(std::string_view key, bool& value);
  /// parse_duration() of options.h: 500ms, 15s, 2m, 1h.
  bool read(std::string_view key, std::chrono::milliseconds& value);
  bool read(std::string_view key, double& value);
  /// A list of scalars.
  bool read(std::string_view key, std::vector<std::string>& value);
  /// A whole number from `least` to `most`.
  template <typename T,
            typename = std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>>
  bool read(std::string_view key, T& value, T least = std::numeric_limits<T>::min(),
            T most = std::numeric_limits<T>::max()) {
    static_assert(sizeof(T) < 8 || std::is_signed_v<T>, "goes through a signed 64-bit number");
    std::int64_t number = 0;
    if (!read_integer(key, number, static_cast<std::int64_t>(least),
                      static_cast<std::int64_t>(most))) {
      return false;
    }
    value = static_cast<T>(number);
    return true;
  }
  /// A size: 512KiB, 32MiB, or bytes.
  bool read_bytes(std::string_view key, std::uint64_t& value);
  /// One of `known`; sets `index` to its place.
  bool read_choice(std::string_view key, const std::vector<std::string_view>& known,
                   std::size_t& index);
  /// An option of a collector, lists included.
  bool read_option(std::string_view key, OptionType type, Options::Value& value);

  /// Declares `key` and gives its value whatever it is; nullptr when it is not there.
  const YamlNode* child(std::string_view key);
  /// Declares every key: for maps whose keys are names that the caller checks.
  const std::vector<YamlNode::Entry>& entries();
  /// The items of a list; reports when it is something else. Empty when the key is not there.
  const std::vector<YamlNode>& items(std::string_view key);

  /// Reports `text` at the value of `key`, or at the map itself when the key is not there.
  void problem(std::string_view key, const std::string& text);
  /// Reports `text` at `node`, behind the dotted path of the map.
  void problem_at(const YamlNode& node, const std::string& text);

  /// The dotted path of `key` in this map.
  std::string path(std::string_view key) const;
  const std::string& file() const { return file_; }
  Problems& problems() { return problems_; }

 private:
  const YamlNode* scalar(std::string_view key, std::string_view expected);
  bool read_integer(std::string_view key, std::int64_t& value, std::int64_t least,
                    std::int64_t most);

  const YamlNode& node_;
  std::string file_;
  std::string where_;
  Problems& problems_;
  std::vector<std::string> declared_;
  bool all_declared_ = false;
};

/// "; known here: a, b; did you mean 'a'?" for a name that is not among `known` (at most 20 of them
/// are listed).
std::string known_here(std::string_view name, const std::vector<std::string>& known);

}  // namespace kernstat
