// SPDX-License-Identifier: Apache-2.0
// Running BPF iterators.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "collectors/bpf/map_scan.h"
#include "collectors/bpf/plan.h"
#include "collectors/support/host.h"
#include "collectors/support/result.h"

struct bpf_link;

namespace kernstat::bpf {

/// Runs iterators; what it needs for that is kept, so that steady state allocates nothing.
class IteratorRun {
 public:
  /// Makes one complete pass of an attached iterator and appends what it prints to `output`, at
  /// most `limit` bytes (more is an error). With `all_namespaces` one pass in each network
  /// namespace that a process is in, which needs CAP_SYS_ADMIN; without it, or where one cannot be
  /// entered, only those that can.
  Result<void> run(const bpf_link* link, bool all_namespaces, const Host& host,
                   std::vector<std::byte>& output, std::size_t limit);

 private:
  bool is_new(std::string_view process, const Host& host);

  std::string path_;
  std::vector<std::uint32_t> seen_;
};

/// Takes records of `source` (struct <name>_record) apart. A cut last record is an error.
Result<void> parse_records(const std::vector<std::byte>& output, const Source& source, Rows& rows);

}  // namespace kernstat::bpf
