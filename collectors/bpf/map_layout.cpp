// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstring>

#include "collectors/bpf/plan.h"

namespace kernstat::bpf {
namespace {

constexpr std::size_t kMostKnownKeys = 256;

}  // namespace

std::uint64_t map_bytes(bool is_hash, bool is_percpu, std::size_t key_size, std::size_t value_size,
                        std::uint64_t entries, std::size_t cpus) {
  const auto round8 = [](std::size_t size) { return (size + 7) & ~std::size_t{7}; };
  const std::uint64_t value = round8(value_size);
  if (!is_hash) return entries * value * (is_percpu ? cpus : 1);
  // struct htab_elem, the buckets, and per CPU one pointer and one spare element.
  constexpr std::uint64_t kElement = 48;
  constexpr std::uint64_t kBucket = 16;
  const std::uint64_t element = kElement + round8(key_size) + (is_percpu ? 8 : value);
  const std::uint64_t buckets = std::bit_ceil(entries) * kBucket;
  const std::uint64_t values = is_percpu ? entries * value * cpus : 0;
  const std::uint64_t spare = is_percpu ? 0 : cpus * element;
  return entries * element + buckets + values + spare;
}

std::vector<std::vector<std::byte>> first_keys(const Source& source) {
  if (source.is_records || source.is_array) return {};
  std::vector<std::vector<std::byte>> keys;
  if (source.zero) keys = known_keys(source.key);
  keys.emplace_back(source.key.size, std::byte{0xff});
  return keys;
}

std::vector<std::vector<std::byte>> known_keys(const KeyLayout& layout) {
  std::vector<std::vector<std::byte>> keys{std::vector<std::byte>(layout.size)};
  if (layout.columns.empty()) return {};
  for (const Column& column : layout.columns) {
    if (column.known_values.empty() || keys.size() * column.known_values.size() > kMostKnownKeys) {
      return {};
    }
    std::vector<std::vector<std::byte>> longer;
    for (const auto& key : keys) {
      for (const std::uint32_t value : column.known_values) {
        longer.push_back(key);
        std::memcpy(longer.back().data() + column.offset, &value,
                    std::min(column.size, sizeof value));
      }
    }
    keys = std::move(longer);
  }
  return keys;
}

}  // namespace kernstat::bpf
