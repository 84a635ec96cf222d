// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/map_scan.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <unordered_set>

namespace kernstat::bpf {
namespace {

bool is_percpu(bpf_map_type type) {
  return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH;
}

// Bytes that one batch may copy: wide per-CPU values on many CPUs must not take the memory of all.
constexpr std::size_t kBatchBytes = std::size_t{1} << 20;
constexpr std::size_t kLeastBatch = 64;

}  // namespace

std::size_t possible_cpus() {
  return static_cast<std::size_t>(std::max(1, libbpf_num_possible_cpus()));
}

void Rows::clear(std::size_t size_of_key, std::size_t words_of_value) {
  key_size = size_of_key;
  words = words_of_value;
  count = 0;
  keys.clear();
  values.clear();
}

void Rows::add(std::span<const std::byte> key, std::span<const std::uint64_t> value) {
  keys.insert(keys.end(), key.begin(), key.end());
  values.insert(values.end(), value.begin(), value.end());
  ++count;
}

MapScan::MapScan(const bpf_map* map)
    : fd_(bpf_map__fd(map)),
      name_(bpf_map__name(map)),
      key_size_(bpf_map__key_size(map)),
      words_(bpf_map__value_size(map) / 8),
      capacity_(bpf_map__max_entries(map)),
      copies_(is_percpu(bpf_map__type(map)) ? possible_cpus() : 1),
      is_array_(bpf_map__type(map) == BPF_MAP_TYPE_ARRAY ||
                bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_ARRAY),
      sum_(words_) {}

void MapScan::add(Rows& rows, std::span<const std::byte> key, const std::uint64_t* values) {
  if (copies_ == 1) {
    rows.add(key, {values, words_});
    return;
  }
  std::copy_n(values, words_, sum_.begin());
  for (std::size_t cpu = 1; cpu < copies_; ++cpu) {
    const std::uint64_t* mine = values + cpu * words_;
    for (std::size_t i = 0; i < words_; ++i) sum_[i] += mine[i];
  }
  rows.add(key, sum_);
}

Result<void> MapScan::read(Rows& rows) {
  rows.clear(key_size_, words_);
  if (batches_ != Batches::kNo) {
    const int error = read_batches(rows);
    if (error == 0) {
      batches_ = Batches::kYes;
      return {};
    }
    // Kernels before 5.6 know no batches, those before 5.13 none for per-CPU arrays.
    if (batches_ == Batches::kYes && error != ENOSPC) return fail_errno("map " + name_, error);
    if (batches_ == Batches::kUnknown) batches_ = Batches::kNo;
    rows.clear(key_size_, words_);
  }
  return read_single(rows);
}

// 0, or the error number. A batch ends at a bucket's end and reads each bucket under its lock.
int MapScan::read_batches(Rows& rows) {
  const std::size_t entry_words = words_ * copies_;
  const std::size_t fitting = kBatchBytes / (entry_words * 8 + key_size_);
  const std::size_t most = std::min(capacity_, std::max(kLeastBatch, fitting));
  batch_keys_.resize(most * key_size_);
  batch_values_.resize(most * entry_words);
  // The place to go on from is a bucket number, or a key where that is larger.
  std::vector<std::byte>::size_type place_size = std::max<std::size_t>(key_size_, 8);
  std::byte place[2][512];
  if (place_size > sizeof place[0]) return ENOTSUP;
  bool begun = false;
  std::size_t read = 0;
  for (;;) {
    auto count = static_cast<std::uint32_t>(most);
    const int error =
        bpf_map_lookup_batch(fd_, begun ? place[0] : nullptr, place[1], batch_keys_.data(),
                             batch_values_.data(), &count, nullptr);
    if (error != 0 && error != -ENOENT) return -error;
    for (std::uint32_t i = 0; i < count; ++i) {
      add(rows, std::span(batch_keys_).subspan(i * key_size_, key_size_),
          batch_values_.data() + i * entry_words);
    }
    read += count;
    // ENOENT: that was the end. Arrays of some kernels only say so by giving nothing more.
    if (error == -ENOENT || count == 0 || (is_array_ && read >= capacity_)) return 0;
    std::memcpy(place[0], place[1], sizeof place[0]);
    begun = true;
  }
}

// The kernel starts over when the key to go on from has gone: what was seen is not added twice, and
// the number of steps is bounded.
Result<void> MapScan::read_single(Rows& rows) {
  std::unordered_set<std::string> seen;
  std::string key(key_size_, '\0');
  std::string next(key_size_, '\0');
  batch_values_.resize(std::max(batch_values_.size(), words_ * copies_));
  bool begun = false;
  for (std::size_t step = 0; step < 4 * capacity_ + 16; ++step) {
    const int error = bpf_map_get_next_key(fd_, begun ? key.data() : nullptr, next.data());
    if (error == -ENOENT) return {};
    if (error != 0) return fail_errno("map " + name_, -error);
    key = next;
    begun = true;
    if (!seen.insert(key).second) continue;
    const int missing = bpf_map_lookup_elem(fd_, key.data(), batch_values_.data());
    if (missing == -ENOENT) continue;
    if (missing != 0) return fail_errno("map " + name_, -missing);
    add(rows, std::as_bytes(std::span(key)), batch_values_.data());
  }
  return {};
}

bool MapScan::take(std::span<const std::byte> key, std::vector<std::uint64_t>& value) {
  batch_values_.resize(std::max(batch_values_.size(), words_ * copies_));
  int error = bpf_map_lookup_and_delete_elem(fd_, key.data(), batch_values_.data());
  // Hashes learned it in 5.14; before, an event between the two calls is lost.
  if (error != 0 && error != -ENOENT) {
    error = bpf_map_lookup_elem(fd_, key.data(), batch_values_.data());
    if (error == 0) error = bpf_map_delete_elem(fd_, key.data());
  }
  if (error != 0) return false;
  value.assign(words_, 0);
  for (std::size_t i = 0; i < words_ * copies_; ++i) value[i % words_] += batch_values_[i];
  return true;
}

Result<void> MapScan::insert_zero(std::span<const std::byte> key) {
  batch_values_.assign(std::max(batch_values_.size(), words_ * copies_), 0);
  const int error = bpf_map_update_elem(fd_, key.data(), batch_values_.data(), BPF_NOEXIST);
  if (error != 0 && error != -EEXIST) return fail_errno("map " + name_, -error);
  return {};
}

bool MapScan::remove(std::span<const std::byte> key) {
  return bpf_map_delete_elem(fd_, key.data()) == 0;
}

Result<void> MapScan::clear(const Rows& rows, const std::vector<std::vector<std::byte>>& keep) {
  for (std::size_t i = 0; i < rows.count; ++i) {
    if (!is_array_) {
      remove(rows.key(i));
      continue;
    }
    batch_values_.assign(std::max(batch_values_.size(), words_ * copies_), 0);
    const int error = bpf_map_update_elem(fd_, rows.key(i).data(), batch_values_.data(), BPF_ANY);
    if (error != 0) return fail_errno("map " + name_, -error);
  }
  for (const auto& key : keep) {
    const auto inserted = insert_zero(key);
    if (!inserted) return inserted;
  }
  return {};
}

}  // namespace kernstat::bpf
