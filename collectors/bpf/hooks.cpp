// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/hooks.h"

#include <linux/capability.h>

#include <algorithm>
#include <string_view>

#include "collectors/bpf/privilege.h"

namespace kernstat::bpf {
namespace {

// A KS_TWIN's name stands for two programs.
std::optional<AlternativeSpec> with_suffix(const AlternativeSpec& alternative, const Object& object,
                                           const char* suffix) {
  AlternativeSpec result = alternative;
  bool any = false;
  for (std::string& program : result.programs) {
    if (object.has_program(program)) continue;
    if (!object.has_program(program + suffix)) return std::nullopt;
    program += suffix;
    any = true;
  }
  if (!any) return std::nullopt;
  return result;
}

Result<void> expand(const AlternativeSpec& alternative, const Object& object, Hook& hook) {
  const bool all_there =
      std::all_of(alternative.programs.begin(), alternative.programs.end(),
                  [&](const std::string& program) { return object.has_program(program); });
  if (all_there) {
    hook.alternatives.push_back(alternative);
    return {};
  }
  bool any = false;
  for (const char* suffix : {"_btf", "_raw"}) {
    auto twin = with_suffix(alternative, object, suffix);
    if (!twin) continue;
    hook.alternatives.push_back(*std::move(twin));
    any = true;
  }
  if (any) return {};
  for (const std::string& program : alternative.programs) {
    const bool known = object.has_program(program) || object.has_program(program + "_btf") ||
                       object.has_program(program + "_raw");
    if (!known) {
      return fail(ErrorKind::kInvalid,
                  "hook '" + hook.spec.name + "': the object has no program '" + program + "'");
    }
  }
  return fail(ErrorKind::kInvalid,
              "hook '" + hook.spec.name + "': its programs have no twins in common");
}

// Twins are one hook, every other program is its own.
std::vector<HookSpec> default_hooks(const Object& object) {
  std::vector<HookSpec> hooks;
  for (const std::string& program : object.programs()) {
    std::string name = program;
    if (name.ends_with("_raw") && object.has_program(name.substr(0, name.size() - 4) + "_btf")) {
      continue;
    }
    if (name.ends_with("_btf")) name.resize(name.size() - 4);
    HookSpec hook;
    hook.name = name;
    hook.alternatives.emplace_back().programs = {name};
    hooks.push_back(std::move(hook));
  }
  return hooks;
}

// What a section needs of the kernel's BTF, or nothing.
Result<void> section_holds(const std::string& section, const KernelBtf* kernel, bool has_own_btf) {
  const std::string kind = hook_kind(section);
  const std::string target = hook_target(section);
  const bool needs_own = kind == "tp_btf" || kind == "fentry" || kind == "fexit" || kind == "iter";
  if (needs_own && (!has_own_btf || kernel == nullptr)) {
    return fail(ErrorKind::kAbsent, "this kernel has no BTF of its own");
  }
  if (kernel == nullptr) return {};
  if ((kind == "tp_btf" || kind == "raw_tp") && !kernel->has_tracepoint(target)) {
    return fail(ErrorKind::kAbsent, "this kernel has no tracepoint " + target);
  }
  if ((kind == "fentry" || kind == "fexit") && !kernel->has_function(target)) {
    return fail(ErrorKind::kAbsent, "this kernel has no function " + target);
  }
  const bool in_module = kind == "tp_btf" ? kernel->is_module_tracepoint(target)
                                          : (kind == "fentry" || kind == "fexit") &&
                                                kernel->is_module_function(target);
  if (in_module && !has_capability(CAP_SYS_ADMIN)) {
    return fail(ErrorKind::kDenied, target + " is in a module, whose types need CAP_SYS_ADMIN");
  }
  return {};
}

Result<void> conditions_hold(const AlternativeSpec& alternative, const KernelBtf* kernel) {
  for (const std::string& condition : alternative.conditions) {
    if (kernel == nullptr) {
      return fail(ErrorKind::kAbsent, "without BTF nobody knows whether it has " + condition);
    }
    const auto holds = kernel->holds(condition);
    if (!holds) return fail(holds.error());
    if (!*holds) return fail(ErrorKind::kAbsent, "this kernel lacks: " + condition);
  }
  return {};
}

Result<void> alternative_holds(const AlternativeSpec& alternative, const Object& object,
                               Engine& engine) {
  for (const std::string& program : alternative.programs) {
    const std::string section = object.section(program);
    const std::string refused = engine.why_not(hook_kind(section));
    if (!refused.empty()) return fail(ErrorKind::kAbsent, refused);
    const auto good = section_holds(section, engine.kernel(), engine.has_own_btf());
    if (!good) return good;
  }
  return conditions_hold(alternative, engine.kernel());
}

}  // namespace

Result<std::vector<Hook>> make_hooks(const ToolSpec& spec, const Object& object) {
  std::vector<Hook> hooks;
  for (HookSpec& each : spec.hooks.empty() ? default_hooks(object) : std::vector(spec.hooks)) {
    Hook& hook = hooks.emplace_back();
    hook.spec = std::move(each);
    for (const AlternativeSpec& alternative : hook.spec.alternatives) {
      const auto good = expand(alternative, object, hook);
      if (!good) return fail(good.error());
    }
  }
  return hooks;
}

void pass_over(Hook& hook, const Object& object, const Error& why) {
  if (!hook.available()) return;
  const std::string section = object.section(hook.alternative().programs.front());
  hook.passed_over.push_back({hook_kind(section), hook_target(section), why.message});
  // A privilege is what an operator can give: it outweighs what the kernel lacks.
  if (!hook.error || hook.error->kind != ErrorKind::kDenied) hook.error = why;
  ++hook.chosen;
}

Result<void> settle(Hook& hook, const Object& object, Engine& engine) {
  while (hook.available()) {
    const auto good = alternative_holds(hook.alternative(), object, engine);
    if (good) return {};
    pass_over(hook, object, good.error());
  }
  if (!hook.spec.required) return {};
  return fail("hook " + hook.spec.name, *hook.error);
}

bool is_in_module(const Hook& hook, const Object& object, const KernelBtf& kernel) {
  if (!hook.available()) return false;
  const auto& programs = hook.alternative().programs;
  return std::any_of(programs.begin(), programs.end(), [&](const std::string& program) {
    const std::string section = object.section(program);
    return hook_kind(section) == "raw_tp" && kernel.is_module_tracepoint(hook_target(section));
  });
}

const bpf_link* Hook::link_of(const std::string& program) const {
  for (const HookLink& link : links) {
    if (link.program == program) return link.link.get();
  }
  return nullptr;
}

Result<void> attach(Hook& hook, const Object& object, const ToolSpec& spec, const Host& host) {
  std::vector<HookLink> links;
  for (const std::string& program : hook.alternative().programs) {
    auto made = attach(object, program, spec.program(program), host);
    if (!made) return fail(made.error());
    for (PlacedLink& link : *made) {
      links.push_back({std::move(link.link), link.place, program});
    }
  }
  hook.links = std::move(links);
  return {};
}

}  // namespace kernstat::bpf
