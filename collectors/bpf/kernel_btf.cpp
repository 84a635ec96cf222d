// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/kernel_btf.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <system_error>

#include "collectors/bpf/join_btf.h"
#include "collectors/support/text.h"

namespace kernstat::bpf {
namespace {

enum class Subject : std::uint8_t { kTracepoint, kFunction, kField, kType };

struct Condition {
  bool negated = false;
  Subject subject = Subject::kType;
  std::string name;
  std::string member;                  // kField
  bool has_arguments = false;          // kTracepoint
  std::vector<std::string> arguments;  // type names, "_" for any
};

bool is_identifier(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!letter && !(c >= '0' && c <= '9')) return false;
  }
  return true;
}

bool split_arguments(std::string_view text, Condition& into) {
  const auto open = text.find('(');
  if (open == std::string_view::npos) {
    into.name = text;
    return is_identifier(text);
  }
  if (text.back() != ')') return false;
  into.name = text.substr(0, open);
  into.has_arguments = true;
  std::string_view list = text.substr(open + 1, text.size() - open - 2);
  while (!list.empty()) {
    const auto comma = list.find(',');
    const std::string_view argument = trim(list.substr(0, comma));
    if (argument.empty()) return false;
    into.arguments.emplace_back(argument);
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return is_identifier(into.name);
}

bool split_member(std::string_view text, Condition& into) {
  const auto dot = text.find('.');
  if (dot == std::string_view::npos) return false;
  into.name = text.substr(0, dot);
  into.member = text.substr(dot + 1);
  return is_identifier(into.name) && is_identifier(into.member);
}

std::optional<Condition> parse(std::string_view text) {
  Condition condition;
  text = trim(text);
  if (text.starts_with('!')) {
    condition.negated = true;
    text = trim(text.substr(1));
  }
  const std::string_view subject = next_field(text);
  text = trim(text);
  bool good = false;
  if (subject == "tracepoint") {
    condition.subject = Subject::kTracepoint;
    good = split_arguments(text, condition);
  } else if (subject == "function") {
    condition.subject = Subject::kFunction;
    condition.name = text;
    good = is_identifier(text);
  } else if (subject == "field") {
    condition.subject = Subject::kField;
    good = split_member(text, condition);
  } else if (subject == "type") {
    condition.name = text;
    good = is_identifier(text);
  }
  if (!good) return std::nullopt;
  return condition;
}

std::string bad_condition(std::string_view text) {
  return "'" + std::string(text) +
         "' is no condition; expected one like \"tracepoint mark_victim(task_struct)\", "
         "\"function tcp_connect\", \"field request.start_time_ns\" or \"type folio\"";
}

std::int32_t find(const btf* kernel, std::string_view name, std::uint32_t kind) {
  return btf__find_by_name_kind(kernel, std::string(name).c_str(), kind);
}

std::string_view name_of(const btf* kernel, const btf_type* type) {
  const char* name = btf__name_by_offset(kernel, type->name_off);
  return name == nullptr ? std::string_view() : std::string_view(name);
}

// The name under pointers and qualifiers: "task_struct" for const struct task_struct *.
std::string_view base_name(const btf* kernel, std::uint32_t id) {
  for (int depth = 0; depth < 16; ++depth) {
    const btf_type* type = btf__type_by_id(kernel, id);
    if (type == nullptr || id == 0) return "void";
    if (!btf_is_ptr(type) && !btf_is_mod(type)) return name_of(kernel, type);
    id = type->type;
  }
  return {};
}

// The tracepoint's function prototype: typedef btf_trace_NAME, pointer, prototype.
const btf_type* trace_prototype(const btf* kernel, std::string_view name) {
  const std::int32_t id = find(kernel, "btf_trace_" + std::string(name), BTF_KIND_TYPEDEF);
  if (id < 0) return nullptr;
  const btf_type* type = btf__type_by_id(kernel, static_cast<std::uint32_t>(id));
  type = btf__type_by_id(kernel, type->type);
  if (type == nullptr || !btf_is_ptr(type)) return nullptr;
  type = btf__type_by_id(kernel, type->type);
  return type != nullptr && btf_is_func_proto(type) ? type : nullptr;
}

bool trace_matches(const btf* kernel, const Condition& condition) {
  const btf_type* prototype = trace_prototype(kernel, condition.name);
  if (prototype == nullptr) return false;
  if (!condition.has_arguments) return true;
  // The first parameter is the tracepoint's private data.
  const std::size_t given = btf_vlen(prototype) == 0 ? 0U : btf_vlen(prototype) - 1U;
  if (condition.arguments.size() > given) return false;
  const btf_param* parameters = btf_params(prototype);
  for (std::size_t i = 0; i < condition.arguments.size(); ++i) {
    const std::string& wanted = condition.arguments[i];
    if (wanted != "_" && wanted != base_name(kernel, parameters[i + 1].type)) return false;
  }
  return true;
}

bool has_member(const btf* kernel, std::uint32_t id, std::string_view member, int depth) {
  const btf_type* type = btf__type_by_id(kernel, id);
  while (type != nullptr && (btf_is_mod(type) || btf_is_typedef(type))) {
    type = btf__type_by_id(kernel, type->type);
  }
  if (type == nullptr || !btf_is_composite(type)) return false;
  const btf_member* members = btf_members(type);
  for (std::uint16_t i = 0; i < btf_vlen(type); ++i) {
    const char* name = btf__name_by_offset(kernel, members[i].name_off);
    if (name != nullptr && member == name) return true;
    const bool anonymous = name == nullptr || *name == '\0';
    if (anonymous && depth < 8 && has_member(kernel, members[i].type, member, depth + 1)) {
      return true;
    }
  }
  return false;
}

bool field_exists(const btf* kernel, const Condition& condition) {
  std::int32_t id = find(kernel, condition.name, BTF_KIND_STRUCT);
  if (id < 0) id = find(kernel, condition.name, BTF_KIND_UNION);
  return id >= 0 && has_member(kernel, static_cast<std::uint32_t>(id), condition.member, 0);
}

bool type_exists(const btf* kernel, std::string_view name) {
  constexpr std::array<std::uint32_t, 5> kKinds{BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_ENUM,
                                                BTF_KIND_ENUM64, BTF_KIND_TYPEDEF};
  for (const std::uint32_t kind : kKinds) {
    if (find(kernel, name, kind) >= 0) return true;
  }
  return false;
}

}  // namespace

void KernelBtf::Free::operator()(btf* p) const { btf__free(p); }

Result<KernelBtf> KernelBtf::load(const std::string& path) {
  btf* parsed = btf__parse(path.c_str(), nullptr);
  const auto error = static_cast<int>(libbpf_get_error(parsed));
  if (error != 0) {
    if (error == -EINVAL || error == -EPROTO) {
      return fail(ErrorKind::kInvalid, path + ": this is not BTF");
    }
    return fail_errno(path, -error);
  }
  // Modules' types build on those of the running kernel, and lie beside them.
  constexpr std::string_view kRunning = "/vmlinux";
  const bool running = path.ends_with(kRunning);
  return KernelBtf(parsed, running ? path.substr(0, path.size() - kRunning.size()) : std::string());
}

const std::vector<KernelBtf::Handle>& KernelBtf::modules() const {
  if (modules_read_ || module_directory_.empty()) return modules_;
  modules_read_ = true;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(module_directory_, error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string path = entry->path().string();
    if (path.ends_with("/vmlinux")) continue;
    btf* parsed = btf__parse_split(path.c_str(), btf_.get());
    if (libbpf_get_error(parsed) == 0) modules_.emplace_back(parsed);
  }
  return modules_;
}

Result<bool> KernelBtf::holds(std::string_view condition) const {
  const auto parsed = parse(condition);
  if (!parsed) return fail(ErrorKind::kInvalid, bad_condition(condition));
  bool result = false;
  switch (parsed->subject) {
    case Subject::kTracepoint:
      result = trace_matches(btf_.get(), *parsed);
      break;
    case Subject::kFunction:
      result = has_function(parsed->name);
      break;
    case Subject::kField:
      result = field_exists(btf_.get(), *parsed);
      break;
    case Subject::kType:
      result = type_exists(btf_.get(), parsed->name);
      break;
  }
  return result != parsed->negated;
}

bool KernelBtf::has_tracepoint(std::string_view name) const {
  return trace_prototype(btf_.get(), name) != nullptr || is_module_tracepoint(name);
}

bool KernelBtf::has_function(std::string_view name) const {
  return find(btf_.get(), name, BTF_KIND_FUNC) >= 0 || is_module_function(name);
}

bool KernelBtf::is_module_tracepoint(std::string_view name) const {
  if (trace_prototype(btf_.get(), name) != nullptr) return false;
  const auto& all = modules();
  return std::any_of(all.begin(), all.end(), [&](const Handle& module) {
    return trace_prototype(module.get(), name) != nullptr;
  });
}

bool KernelBtf::is_module_function(std::string_view name) const {
  if (find(btf_.get(), name, BTF_KIND_FUNC) >= 0) return false;
  const auto& all = modules();
  return std::any_of(all.begin(), all.end(), [&](const Handle& module) {
    return find(module.get(), name, BTF_KIND_FUNC) >= 0;
  });
}

std::vector<std::byte> KernelBtf::with_modules() const {
  std::vector<const btf*> parts;
  for (const Handle& module : modules()) parts.push_back(module.get());
  return joined_btf(btf_.get(), parts);
}

EnumTable KernelBtf::enum_values(std::string_view name) const {
  EnumTable table;
  const std::int32_t id = find(btf_.get(), name, BTF_KIND_ENUM);
  if (id < 0) return table;
  const btf_type* type = btf__type_by_id(btf_.get(), static_cast<std::uint32_t>(id));
  const struct btf_enum* values = btf_enum(type);
  for (std::uint16_t i = 0; i < btf_vlen(type); ++i) {
    const char* text = btf__name_by_offset(btf_.get(), values[i].name_off);
    if (text != nullptr) table.emplace_back(static_cast<std::uint32_t>(values[i].val), text);
  }
  return table;
}

Result<void> check_condition(std::string_view condition) {
  if (!parse(condition)) return fail(ErrorKind::kInvalid, bad_condition(condition));
  return {};
}

}  // namespace kernstat::bpf
