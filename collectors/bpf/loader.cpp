// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/loader.h"

#include <bpf/libbpf.h>
#include <linux/capability.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "collectors/bpf/map_scan.h"
#include "collectors/bpf/map_sizes.h"
#include "collectors/bpf/parameters.h"
#include "collectors/bpf/privilege.h"

namespace kernstat::bpf {
namespace {

std::vector<std::string> chosen_programs(const std::vector<Hook>& hooks) {
  std::vector<std::string> programs;
  for (const Hook& hook : hooks) {
    if (!hook.available()) continue;
    for (const std::string& program : hook.alternative().programs) {
      const bool known = std::find(programs.begin(), programs.end(), program) != programs.end();
      if (!known) programs.push_back(program);
    }
  }
  return programs;
}

// `other`, and the series that exist as 0 from the start.
Result<void> insert_first_entries(const Object& object, const Plan& plan) {
  for (const Source& source : plan.sources) {
    if (source.is_records || source.is_array) continue;
    MapScan scan(object.map(source.name));
    for (const auto& key : first_keys(source)) {
      const auto inserted = scan.insert_zero(key);
      if (!inserted) return inserted;
    }
  }
  return {};
}

// The hook that a program serves now.
Hook* hook_of(std::vector<Hook>& hooks, const std::string& program) {
  for (Hook& hook : hooks) {
    if (!hook.available()) continue;
    const auto& programs = hook.alternative().programs;
    if (std::find(programs.begin(), programs.end(), program) != programs.end()) return &hook;
  }
  return nullptr;
}

class Loader {
 public:
  Loader(const ToolSpec& spec, const Plan& plan, const std::string& path,
         const Parameters& parameters, std::uint32_t max_series, Engine& engine,
         std::vector<Hook>& hooks)
      : spec_(spec),
        plan_(plan),
        path_(path),
        parameters_(parameters),
        max_series_(max_series),
        engine_(engine),
        hooks_(hooks) {}

  Result<std::unique_ptr<LoadedTool>> run() {
    core_btf_ = engine_.core_btf();
    auto first = Object::open(path_, core_btf_);
    if (!first) return fail(first.error());
    auto hooks = make_hooks(spec_, *first);
    if (!hooks) return fail(hooks.error());
    hooks_ = *std::move(hooks);
    std::optional<Object> object(*std::move(first));
    // Each round gives up at least one alternative, or opens with the types of modules.
    for (;;) {
      const auto settled = settle_all(*object);
      if (!settled) return fail(settled.error());
      const auto loaded =
          lacks_module_types(*object) ? Outcome::kTryNext : load_and_attach(*object);
      if (loaded == Outcome::kDone) break;
      if (loaded == Outcome::kFailed) return fail(*error_);
      auto again = Object::open(path_, core_btf_);
      if (!again) return fail(again.error());
      object.emplace(*std::move(again));
    }
    auto tool =
        std::make_unique<LoadedTool>(LoadedTool{*std::move(object), std::move(hooks_), programs_});
    hooks_.clear();
    return tool;
  }

 private:
  enum class Outcome : std::uint8_t { kDone, kTryNext, kFailed };

  Result<void> settle_all(const Object& object) {
    for (Hook& hook : hooks_) {
      const auto good = settle(hook, object, engine_);
      if (!good) return good;
    }
    programs_ = chosen_programs(hooks_);
    if (!programs_.empty()) return {};
    for (const Hook& hook : hooks_) {
      if (hook.error) return fail("hook " + hook.spec.name, *hook.error);
    }
    return fail(ErrorKind::kInvalid, "the tool has no programs");
  }

  // libbpf asks the kernel for modules' types, which needs CAP_SYS_ADMIN: without it they come from
  // a file, once.
  bool lacks_module_types(const Object& object) {
    const KernelBtf* kernel = engine_.kernel();
    if (!core_btf_.empty() || kernel == nullptr || has_capability(CAP_SYS_ADMIN)) return false;
    const bool in_module = std::any_of(hooks_.begin(), hooks_.end(), [&](const Hook& hook) {
      return is_in_module(hook, object, *kernel);
    });
    return in_module && take_module_types();
  }

  bool take_module_types() {
    auto file = engine_.core_btf_with_modules();
    if (!file) return false;
    core_btf_ = *std::move(file);
    return true;
  }

  Outcome failed(const Error& error) {
    error_ = error;
    return Outcome::kFailed;
  }

  // Gives the alternative up that `program` belongs to.
  Outcome give_up(const Object& object, const std::string& program, const Error& error) {
    for (Hook& hook : hooks_) hook.links.clear();
    Hook* hook = hook_of(hooks_, program);
    if (hook == nullptr) return failed(error);
    pass_over(*hook, object, error);
    return Outcome::kTryNext;
  }

  Outcome load_and_attach(Object& object) {
    object.choose(programs_);
    size_maps(object, plan_, max_series_, programs_.size(), engine_.memory_scale());
    auto set = set_parameters(object, spec_, parameters_, hooks_, engine_);
    if (set) set = set_slots(object, programs_);
    if (!set) return failed(set.error());
    const auto failure = object.load(engine_.host());
    if (failure) {
      if (engine_.settings().debug) engine_.settings().debug(spec_.name, failure->log);
      // Function hooks that a kernel refuses, it refuses to every tool.
      const bool asked_modules = failure->log.find("iterate BTF objects") != std::string::npos;
      if (asked_modules && core_btf_.empty() && take_module_types()) return Outcome::kTryNext;
      const std::string kind = hook_kind(object.section(failure->program));
      const bool is_refused =
          failure->error_number == EPERM && failure->error.kind == ErrorKind::kAbsent;
      if (is_refused && (kind == "fentry" || kind == "fexit")) {
        engine_.refuse_kind(kind, "this kernel refuses " + kind + " programs");
      }
      return give_up(object, failure->program, failure->error);
    }
    const auto inserted = insert_first_entries(object, plan_);
    if (!inserted) return failed(inserted.error());
    for (Hook& hook : hooks_) {
      if (!hook.available() || !hook.spec.when.empty()) continue;
      const auto attached = attach(hook, object, spec_, engine_.host());
      if (!attached) return give_up(object, hook.alternative().programs.front(), attached.error());
    }
    return Outcome::kDone;
  }

  const ToolSpec& spec_;
  const Plan& plan_;
  const std::string& path_;
  const Parameters& parameters_;
  const std::uint32_t max_series_;
  Engine& engine_;
  std::vector<Hook>& hooks_;
  std::vector<std::string> programs_;
  std::string core_btf_;  // empty: the kernel's own
  std::optional<Error> error_;
};

}  // namespace

Result<std::unique_ptr<LoadedTool>> load_tool(const ToolSpec& spec, const Plan& plan,
                                              const std::string& object_path,
                                              const Parameters& parameters,
                                              std::uint32_t max_series, Engine& engine,
                                              std::vector<Hook>& failed_hooks) {
  return Loader(spec, plan, object_path, parameters, max_series, engine, failed_hooks).run();
}

void detach(LoadedTool& tool) {
  for (Hook& hook : tool.hooks) {
    hook.detached = !hook.links.empty();
    hook.links.clear();
  }
}

Result<void> attach_again(LoadedTool& tool, const ToolSpec& spec, Engine& engine) {
  for (Hook& hook : tool.hooks) {
    if (!hook.detached) continue;
    const auto attached = attach(hook, tool.object, spec, engine.host());
    if (!attached) return attached;
    hook.detached = false;
  }
  return {};
}

}  // namespace kernstat::bpf
