// SPDX-License-Identifier: Apache-2.0
// Reading a whole BPF map at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "collectors/support/result.h"

struct bpf_map;

namespace kernstat::bpf {

/// CPUs that per-CPU maps hold values for; 1 when nobody knows.
std::size_t possible_cpus();

/// Keys and values of a map, one after the other. Values of per-CPU maps are summed over CPUs, word
/// by word.
struct Rows {
  std::size_t key_size = 0;
  std::size_t words = 0;  ///< of a value, 8 bytes each
  std::size_t count = 0;
  std::vector<std::byte> keys;
  std::vector<std::uint64_t> values;

  std::span<const std::byte> key(std::size_t i) const {
    return std::span(keys).subspan(i * key_size, key_size);
  }
  std::span<const std::uint64_t> value(std::size_t i) const {
    return std::span(values).subspan(i * words, words);
  }
  void clear(std::size_t size_of_key, std::size_t words_of_value);
  void add(std::span<const std::byte> key, std::span<const std::uint64_t> value);
};

/// Reads one loaded map, which must outlive it. Value sizes are multiples of 8. One thread.
class MapScan {
 public:
  explicit MapScan(const bpf_map* map);

  /// Replaces `rows` by all entries. Entries that exist during the whole read are there once;
  /// those added or removed meanwhile are there once or not at all. Steady state allocates nothing.
  /// The first read finds out whether the kernel can read this map in batches.
  Result<void> read(Rows& rows);

  /// Takes one entry out of a hash and gives its last value: false when it was not there.
  bool take(std::span<const std::byte> key, std::vector<std::uint64_t>& value);
  /// Puts an entry of zeros, unless there is one.
  Result<void> insert_zero(std::span<const std::byte> key);
  bool remove(std::span<const std::byte> key);
  /// Empties the map (an array: all zeros) of the entries that `rows`, its last read, found; those
  /// of `keep` are zeros then.
  Result<void> clear(const Rows& rows, const std::vector<std::vector<std::byte>>& keep);

  /// For tests and the bench: read one by one from now on.
  void forbid_batches() { batches_ = Batches::kNo; }

  std::size_t key_size() const { return key_size_; }
  std::size_t words() const { return words_; }
  std::size_t capacity() const { return capacity_; }
  bool is_array() const { return is_array_; }

 private:
  enum class Batches : std::uint8_t { kUnknown, kYes, kNo };

  int read_batches(Rows& rows);
  Result<void> read_single(Rows& rows);
  void add(Rows& rows, std::span<const std::byte> key, const std::uint64_t* values);

  int fd_;
  std::string name_;
  std::size_t key_size_;
  std::size_t words_;
  std::size_t capacity_;
  std::size_t copies_;  // CPUs for a per-CPU map, else 1
  bool is_array_;
  Batches batches_ = Batches::kUnknown;
  std::vector<std::byte> batch_keys_;
  std::vector<std::uint64_t> batch_values_;
  std::vector<std::uint64_t> sum_;
};

}  // namespace kernstat::bpf
