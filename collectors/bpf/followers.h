// SPDX-License-Identifier: Apache-2.0
// Following what a tool's programs attach to: libraries of containers that start, CPUs that come.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "collectors/bpf/loader.h"

namespace kernstat::bpf {

/// Attaches what came and detaches what went; links that stay are not touched. One thread.
class Follower {
 public:
  /// Looks if it is time: for new libraries and CPUs every ten seconds, for libraries that nobody
  /// has mapped any more every five minutes. Nothing to follow costs nothing.
  void follow(LoadedTool& tool, const ToolSpec& spec, const Host& host, std::int64_t now_ns);

 private:
  struct Found {
    std::vector<LibraryFile> files;
    bool is_complete = false;
  };

  void follow(Hook& hook, const Object& object, const ToolSpec& spec, const Host& host);
  void follow_library(Hook& hook, const Object& object, const ProgramSpec& where, const Host& host);
  void follow_cpus(Hook& hook, const Object& object, const ProgramSpec& where, const Host& host);
  const Found& look(const std::string& library, const Host& host);

  std::map<std::string, Libraries> libraries_;
  std::map<std::string, Found> found_;                // in this look
  std::set<std::pair<std::string, Place>> hopeless_;  // program and place: not to be tried again
  std::int64_t next_ns_ = 0;
  std::int64_t next_complete_ns_ = 0;
  bool is_complete_ = false;
};

}  // namespace kernstat::bpf
