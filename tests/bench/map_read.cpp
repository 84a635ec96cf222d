// SPDX-License-Identifier: Apache-2.0
// What reading a BPF map costs, one by one and in batches: a line for each kind of map with the
// nanoseconds for an entry, of the fastest of some reads.
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "collectors/bpf/map_scan.h"
#include "collectors/bpf/object.h"

namespace {

using namespace kernstat;
using namespace kernstat::bpf;

constexpr int kReads = 15;

// A map of a tool, without its programs.
struct Kind {
  const char* name;
  const char* tool;
  const char* map;
  std::uint32_t entries;
};

Result<void> fill(const bpf_map* map, std::uint32_t entries) {
  std::vector<std::uint8_t> key(bpf_map__key_size(map));
  std::vector<std::uint64_t> value(bpf_map__value_size(map) / 8 * possible_cpus(), 1);
  for (std::uint32_t i = 0; i < entries; ++i) {
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&i), sizeof i, key.begin());
    const int error = bpf_map_update_elem(bpf_map__fd(map), key.data(), value.data(), BPF_ANY);
    if (error != 0) return fail_errno("insert", -error);
  }
  return {};
}

Result<double> nanoseconds(MapScan& scan, std::uint32_t entries) {
  Rows rows;
  double best = std::numeric_limits<double>::max();
  for (int i = 0; i < kReads; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const auto read = scan.read(rows);
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
    if (!read) return fail(read.error());
    if (rows.count != entries) return fail(ErrorKind::kInvalid, "another number of entries");
    best = std::min(best, taken.count() / entries);
  }
  return best;
}

Result<void> measure(const std::string& directory, const Kind& kind) {
  auto object = Object::open(directory + "/" + kind.tool + ".bpf.o");
  if (!object) return fail(object.error());
  bpf_map* map = object->map(kind.map);
  if (map == nullptr) return fail(ErrorKind::kInvalid, std::string("no map ") + kind.map);
  bpf_map__set_max_entries(map, kind.entries);
  object->choose({});
  if (const auto failure = object->load(Host{})) return fail(failure->error);
  const auto filled = fill(map, kind.entries);
  if (!filled) return filled;
  MapScan batched(map);
  MapScan single(map);
  single.forbid_batches();
  const auto fast = nanoseconds(batched, kind.entries);
  const auto slow = nanoseconds(single, kind.entries);
  if (!fast || !slow) return fail(!fast ? fast.error() : slow.error());
  const bool is_percpu = bpf_map__type(map) == BPF_MAP_TYPE_PERCPU_HASH;
  const std::size_t bytes = bpf_map__value_size(map) * (is_percpu ? possible_cpus() : 1);
  std::printf("%s\t%u\t%zu\t%.1f\t%.1f\n", kind.name, kind.entries, bytes, *slow, *fast);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: bpf_map_read DIRECTORY_OF_TOOLS\n", stderr);
    return 2;
  }
  // Key sizes differ little; values are one number, or some hundred slots.
  constexpr Kind kKinds[] = {
      {"number", "tcpresets", "tcp_resets", 10'000},
      {"number per CPU", "opensnoop", "open_errors", 10'000},
      {"histogram", "tcpconnlat", "tcp_connects", 1'000},
      {"histogram per CPU", "hardirqs", "irq_time", 1'000},
  };
  for (const Kind& kind : kKinds) {
    const auto measured = measure(argv[1], kind);
    if (measured) continue;
    std::fprintf(stderr, "%s: %s\n", kind.name, measured.error().message.c_str());
    return measured.error().kind == ErrorKind::kDenied ? 77 : 1;
  }
  return 0;
}
