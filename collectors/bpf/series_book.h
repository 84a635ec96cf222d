// SPDX-License-Identifier: Apache-2.0
// The series of one map (or iterator): from keys and values to labels and cumulative numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "collectors/bpf/btf_schema.h"
#include "collectors/bpf/map_scan.h"
#include "collectors/bpf/names.h"

namespace kernstat::bpf {

/// How one metric shows a source's rows.
struct MetricView {
  std::vector<std::pair<std::string, std::string>> set;  ///< constant labels
  std::vector<std::string> label_names;  ///< one per column; empty text: the column is left out
  std::size_t word = 0;                  ///< the quantity's place in the value
  std::size_t words = 1;
  bool is_gauge = false;
  bool is_total = false;  ///< no label left: one series, which exists from the start
};

/// The series of one metric at one moment. Label text is shared with the book.
struct Shown {
  struct Series {
    std::shared_ptr<const std::string> labels;
    std::size_t offset = 0;  ///< into words
  };
  std::vector<Series> series;
  std::vector<std::uint64_t> words;
};

/// Follows the keys of one source. Counters never go back: what a key had counted when it left goes
/// into the series `other` (all labels "other"), unless its series lives on through other keys.
/// Gauges of keys that left are gone. One thread.
class SeriesBook {
 public:
  /// Takes a key out of the source for good and gives its last value; false: keep it.
  using Take = std::function<bool(std::span<const std::byte>, std::vector<std::uint64_t>&)>;

  struct Options {
    std::int64_t idle_ns = 0;  ///< keys that did not change for so long leave; 0: never
    bool is_map = true;        ///< false: rows are complete at each pass and nothing can be taken
  };

  SeriesBook(KeyLayout key, std::vector<MetricView> metrics, Options options);

  /// Takes over one complete read. `epoch`: Names::refresh(). Steady state allocates nothing.
  void update(const Rows& rows, Names& names, std::uint64_t epoch, std::int64_t now_ns,
              const Take& take);
  /// The series of metric `i`, as of the last update().
  void show(std::size_t i, Shown& into) const;

  /// Keys that are never aged: those that exist as 0 from the start.
  void pin(std::span<const std::byte> key) { pinned_.emplace(text_of(key), true); }

  std::size_t keys() const { return keys_.size(); }
  /// Keys that have left so far.
  std::uint64_t aged() const { return aged_; }

 private:
  /// Series that share one label text within a metric.
  struct Group {
    std::shared_ptr<const std::string> labels;
    std::vector<std::uint64_t> base;   // of keys that have left
    std::vector<std::uint64_t> words;  // base and all live keys, as of the last update
    std::size_t live = 0;
    bool is_other = false;
    bool is_fixed = false;  // a total
  };
  struct Metric {
    MetricView view;
    std::unordered_map<std::string_view, std::unique_ptr<Group>> groups;  // by *labels
    Group* other = nullptr;
  };
  struct Key {
    std::vector<Group*> groups;  // one per metric; null while a label has no name yet
    std::uint64_t checksum = 0;  // of its value, to see whether it moved
    std::int64_t moved_ns = 0;
    std::uint64_t round = 0;  // of the last update that saw it
    Life life = Life::kAlive;
    bool is_pinned = false;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using KeyMap = std::unordered_map<std::string, Key, Hash, std::equal_to<>>;

  static std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  void announce_symbols(const Rows& rows, Names& names, std::int64_t now_ns);
  Life decode(std::span<const std::byte> key, Names& names, std::vector<std::string>& texts) const;
  Group* group(Metric& metric, const std::vector<std::string>& texts, bool is_other);
  void assign(Key& key, std::span<const std::byte> bytes, Names& names);
  void rename(Names& names);
  void release(std::size_t metric, Group* group);  // null: nothing
  Key& find(std::span<const std::byte> bytes, Names& names, std::int64_t now_ns);
  bool should_leave(const Key& key, std::int64_t now_ns) const;
  void count(const Key& key, std::span<const std::uint64_t> value, bool for_good);
  void drop_unseen();

  KeyLayout layout_;
  std::vector<Metric> metrics_;
  Options options_;
  KeyMap keys_;
  std::unordered_map<std::string, bool, Hash, std::equal_to<>> pinned_;
  std::vector<std::uint64_t> last_;  // scratch: the last value of a key that leaves
  std::uint64_t round_ = 0;
  std::uint64_t epoch_ = 0;
  std::uint64_t aged_ = 0;
  std::vector<std::uint64_t> wanted_;  // scratch: addresses without a name
  std::vector<Key*> row_keys_;         // scratch: of each row of an update; null: it has left
};

/// A key of 0xff bytes is the map's entry `other`.
bool is_other_key(std::span<const std::byte> key);

}  // namespace kernstat::bpf
