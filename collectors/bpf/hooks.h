// SPDX-License-Identifier: Apache-2.0
// Choosing hooks: the first alternative of each that this kernel can serve.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "collectors/bpf/attach.h"
#include "collectors/bpf/engine.h"
#include "collectors/bpf/object.h"
#include "collectors/bpf/tool_spec.h"

namespace kernstat::bpf {

/// An alternative that was passed over, and why.
struct PassedOver {
  std::string kind;
  std::string target;
  std::string reason;
};

/// A link of a hook.
struct HookLink {
  Link link;
  Place place;
  std::string program;
};

/// One hook as it stands.
struct Hook {
  HookSpec spec;
  std::vector<AlternativeSpec> alternatives;  ///< of the spec, twins taken apart
  std::size_t chosen = 0;                     ///< alternatives.size(): none is left
  std::vector<PassedOver> passed_over;
  std::optional<Error> error;   ///< of the last one passed over
  std::vector<HookLink> links;  ///< empty: not attached (yet)
  bool detached = false;        ///< taken off for a while: its links are to be made again

  bool available() const { return chosen < alternatives.size(); }
  /// The first link of a program; null when it has none.
  const bpf_link* link_of(const std::string& program) const;
  const AlternativeSpec& alternative() const { return alternatives[chosen]; }
};

/// The hooks of a tool: those of its YAML, or one for each program (pair) when it names none.
Result<std::vector<Hook>> make_hooks(const ToolSpec& spec, const Object& object);

/// Moves `hook` on from its chosen alternative.
void pass_over(Hook& hook, const Object& object, const Error& why);

/// Passes over alternatives until one is left that the kernel's BTF allows and the engine does not
/// know to be refused.
Result<void> settle(Hook& hook, const Object& object, Engine& engine);

/// Whether the chosen alternative has a raw tracepoint that only a module of this kernel has.
bool is_in_module(const Hook& hook, const Object& object, const KernelBtf& kernel);

/// Attaches all programs of the chosen alternative.
Result<void> attach(Hook& hook, const Object& object, const ToolSpec& spec, const Host& host);

}  // namespace kernstat::bpf
