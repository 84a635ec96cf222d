// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/cpu_throttles.h"

#include <unistd.h>

#include <algorithm>

#include "collectors/support/text.h"

namespace kernstat {

void CpuThrottleReader::find() {
  found_ = true;
  const auto names = list_directory(directory_);
  if (!names) return;
  for (const std::string& name : *names) {
    if (!name.starts_with("cpu") || !to_number<unsigned>(name.substr(3))) continue;
    const std::string path = directory_ + "/" + name;
    const auto package =
        reader_.number<std::uint32_t>((path + "/topology/physical_package_id").c_str());
    const auto core = reader_.number<std::uint32_t>((path + "/topology/core_id").c_str());
    if (!package || !core) continue;
    // CPUs of one core, and of one package, share a count: one of them is enough.
    const auto add = [&](std::vector<Source>& sources, const char* file, std::uint32_t core_id) {
      Source source{*package, core_id, path + "/thermal_throttle/" + file};
      const bool known = std::any_of(sources.begin(), sources.end(), [&](const Source& other) {
        return other.package == source.package && other.core == source.core;
      });
      if (!known && ::access(source.path.c_str(), R_OK) == 0) sources.push_back(std::move(source));
    };
    add(cores_, "core_throttle_count", *core);
    add(packages_, "package_throttle_count", 0);
  }
}

void CpuThrottleReader::read_all(const std::vector<Source>& sources,
                                 std::vector<ThrottleCount>& into) {
  into.clear();
  for (const Source& source : sources) {
    const auto count = reader_.number<std::uint64_t>(source.path.c_str());
    if (count) into.push_back({source.package, source.core, *count});
  }
}

void CpuThrottleReader::read(CpuThrottles& into) {
  if (!found_) find();
  read_all(cores_, into.cores);
  read_all(packages_, into.packages);
}

}  // namespace kernstat
