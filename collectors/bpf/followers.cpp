// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/followers.h"

#include <algorithm>

#include "collectors/support/cpu_list.h"

namespace kernstat::bpf {
namespace {

constexpr std::int64_t kPauseNs = 10'000'000'000;
constexpr std::int64_t kCompletePauseNs = 300'000'000'000;

bool is_attached(const Hook& hook, const std::string& program, const Place& place) {
  return std::any_of(hook.links.begin(), hook.links.end(), [&](const HookLink& link) {
    return link.program == program && link.place == place;
  });
}

}  // namespace

void Follower::follow(LoadedTool& tool, const ToolSpec& spec, const Host& host,
                      std::int64_t now_ns) {
  if (spec.programs.empty() || now_ns < next_ns_) return;
  const bool is_first = next_ns_ == 0;
  next_ns_ = now_ns + kPauseNs;
  // The tool was attached to all there was a moment ago.
  if (is_first) next_complete_ns_ = now_ns + kCompletePauseNs;
  is_complete_ = now_ns >= next_complete_ns_;
  if (is_complete_) next_complete_ns_ = now_ns + kCompletePauseNs;
  found_.clear();
  for (Hook& hook : tool.hooks) {
    const bool waits = !hook.spec.when.empty() && hook.links.empty();
    if (hook.available() && !waits) follow(hook, tool.object, spec, host);
  }
}

void Follower::follow(Hook& hook, const Object& object, const ToolSpec& spec, const Host& host) {
  for (const std::string& program : hook.alternative().programs) {
    const ProgramSpec* where = spec.program(program);
    if (!is_placed(object.section(program), where)) continue;
    if (where->library.empty()) {
      follow_cpus(hook, object, *where, host);
    } else {
      follow_library(hook, object, *where, host);
    }
  }
}

const Follower::Found& Follower::look(const std::string& library, const Host& host) {
  const auto known = found_.find(library);
  if (known != found_.end()) return known->second;
  Libraries& libraries = libraries_.try_emplace(library, library, host).first->second;
  Found found{is_complete_ ? libraries.all() : libraries.of_new_processes(), is_complete_};
  return found_.emplace(library, std::move(found)).first->second;
}

void Follower::follow_library(Hook& hook, const Object& object, const ProgramSpec& where,
                              const Host& host) {
  const Found& found = look(where.library, host);
  // A file that nobody maps is let go: a link keeps the file system of an ended container.
  if (found.is_complete) {
    std::erase_if(hook.links, [&](const HookLink& link) {
      return link.program == where.name &&
             std::none_of(found.files.begin(), found.files.end(),
                          [&](const LibraryFile& file) { return file.inode == link.place; });
    });
    hopeless_.clear();
  }
  for (const LibraryFile& file : found.files) {
    if (is_attached(hook, where.name, file.inode)) continue;
    if (hopeless_.contains({where.name, file.inode})) continue;
    auto link = attach_file(object, where.name, where, file, host);
    if (link) {
      hook.links.push_back({std::move(link->link), link->place, where.name});
    } else {
      hopeless_.emplace(where.name, file.inode);
    }
  }
}

void Follower::follow_cpus(Hook& hook, const Object& object, const ProgramSpec& where,
                           const Host& host) {
  const auto text = read_file(host.sys_path("devices/system/cpu/online"));
  std::vector<std::uint16_t> online;
  if (!text || !parse_cpu_list(*text, online)) return;
  // The kernel ends the events of a CPU that goes off line.
  std::erase_if(hook.links, [&](const HookLink& link) {
    return link.program == where.name &&
           std::find(online.begin(), online.end(), link.place.number) == online.end();
  });
  for (const std::uint16_t cpu : online) {
    if (is_attached(hook, where.name, {0, cpu})) continue;
    auto link = attach_cpu(object, where.name, where, cpu, host);
    if (link) hook.links.push_back({std::move(link->link), link->place, where.name});
  }
}

}  // namespace kernstat::bpf
