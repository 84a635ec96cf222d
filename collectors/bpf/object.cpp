// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/object.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "collectors/bpf/libbpf_log.h"
#include "collectors/bpf/load_error.h"
#include "collectors/bpf/privilege.h"

namespace kernstat::bpf {
namespace {

// libbpf names the map of a section "<object>.bss", cut to 15 bytes.
bpf_map* section_map(const bpf_object* object, std::string_view section) {
  bpf_map* map = nullptr;
  bpf_object__for_each_map(map, object) {
    if (bpf_map__is_internal(map) && std::string_view(bpf_map__name(map)).ends_with(section)) {
      return map;
    }
  }
  return nullptr;
}

}  // namespace

void FreeObject::operator()(bpf_object* p) const { bpf_object__close(p); }
void FreeLink::operator()(bpf_link* p) const { bpf_link__destroy(p); }

Object::Object(bpf_object* p) : object_(p), bss_(data_section(".bss")) {
  rodata_ = data_section(".rodata");
}

Result<Object> Object::open(const std::string& path, const std::string& core_btf) {
  const LibbpfLog log;
  bpf_object_open_opts options{};
  options.sz = sizeof options;
  if (!core_btf.empty()) options.btf_custom_path = core_btf.c_str();
  bpf_object* opened = bpf_object__open_file(path.c_str(), &options);
  const auto error = static_cast<int>(libbpf_get_error(opened));
  if (error != 0) {
    const std::string reason = failure_reason(log.text());
    if (error == -ENOENT || error == -EACCES || reason.empty()) return fail_errno(path, -error);
    return fail(ErrorKind::kInvalid, path + ": " + reason);
  }
  return Object(opened);
}

std::optional<std::uint64_t> program_misses(int descriptor) {
  bpf_prog_info info{};
  std::uint32_t size = sizeof(info);
  if (bpf_obj_get_info_by_fd(descriptor, &info, &size) != 0) return std::nullopt;
  constexpr std::size_t kEnd =
      offsetof(bpf_prog_info, recursion_misses) + sizeof(info.recursion_misses);
  if (size < kEnd) return std::nullopt;
  return info.recursion_misses;
}

bpf_program* Object::program(std::string_view name) const {
  return bpf_object__find_program_by_name(object_.get(), std::string(name).c_str());
}

std::vector<std::string> Object::programs() const {
  std::vector<std::string> names;
  bpf_program* each = nullptr;
  bpf_object__for_each_program(each, object_.get()) names.emplace_back(bpf_program__name(each));
  return names;
}

std::string Object::section(std::string_view program_name) const {
  const bpf_program* found = program(program_name);
  return found == nullptr ? std::string() : std::string(bpf_program__section_name(found));
}

bpf_map* Object::map(std::string_view name) const {
  return bpf_object__find_map_by_name(object_.get(), std::string(name).c_str());
}

std::vector<std::string> Object::maps() const {
  std::vector<std::string> names;
  bpf_map* each = nullptr;
  bpf_object__for_each_map(each, object_.get()) {
    if (!bpf_map__is_internal(each)) names.emplace_back(bpf_map__name(each));
  }
  return names;
}

const btf* Object::types() const { return bpf_object__btf(object_.get()); }

std::vector<Object::Variable> Object::data_section(std::string_view section) const {
  std::vector<Variable> result;
  const btf* all = types();
  if (all == nullptr) return result;
  const std::int32_t id =
      btf__find_by_name_kind(all, std::string(section).c_str(), BTF_KIND_DATASEC);
  if (id < 0) return result;
  const btf_type* type = btf__type_by_id(all, static_cast<std::uint32_t>(id));
  const btf_var_secinfo* entries = btf_var_secinfos(type);
  for (std::uint16_t i = 0; i < btf_vlen(type); ++i) {
    const btf_type* variable = btf__type_by_id(all, entries[i].type);
    const char* name = btf__name_by_offset(all, variable->name_off);
    if (name == nullptr) continue;
    result.push_back({name, entries[i].offset, entries[i].size});
  }
  return result;
}

std::vector<std::string> Object::variables(std::string_view prefix) const {
  std::vector<std::string> names;
  for (const Variable& variable : bss_) {
    if (variable.name.starts_with(prefix)) names.push_back(variable.name.substr(prefix.size()));
  }
  return names;
}

bool Object::has_variable(std::string_view name) const {
  return std::any_of(bss_.begin(), bss_.end(), [&](const Variable& v) { return v.name == name; });
}

bool Object::has_parameter(std::string_view name) const {
  return std::any_of(rodata_.begin(), rodata_.end(),
                     [&](const Variable& v) { return v.name == name; });
}

Result<void> Object::set_parameter(std::string_view name, std::int64_t value) {
  const auto found = std::find_if(rodata_.begin(), rodata_.end(),
                                  [&](const Variable& v) { return v.name == name; });
  bpf_map* map = section_map(object_.get(), ".rodata");
  if (found == rodata_.end() || map == nullptr) {
    return fail(ErrorKind::kInvalid,
                "the object has no const volatile '" + std::string(name) + "'");
  }
  std::size_t size = 0;
  const void* bytes = bpf_map__initial_value(map, &size);
  const bool is_number =
      found->size == 1 || found->size == 2 || found->size == 4 || found->size == 8;
  if (bytes == nullptr || !is_number || found->offset + found->size > size) {
    return fail(ErrorKind::kInvalid, "'" + std::string(name) + "' is no number");
  }
  const auto bits = static_cast<unsigned>(found->size * 8);
  if (bits < 64 && (value >> bits) != 0 && (value >> (bits - 1)) != -1) {
    return fail(ErrorKind::kInvalid, std::to_string(value) + " does not fit '" + std::string(name) +
                                         "' of " + std::to_string(bits) + " bits");
  }
  // Little-endian, as every architecture that is built for.
  std::vector<std::byte> changed(size);
  std::memcpy(changed.data(), bytes, size);
  std::memcpy(changed.data() + found->offset, &value, found->size);
  const int error = bpf_map__set_initial_value(map, changed.data(), size);
  if (error != 0) return fail_errno(name, -error);
  return {};
}

void Object::choose(const std::vector<std::string>& chosen) {
  bpf_program* each = nullptr;
  bpf_object__for_each_program(each, object_.get()) {
    const std::string_view name = bpf_program__name(each);
    const bool wanted = std::find(chosen.begin(), chosen.end(), name) != chosen.end();
    bpf_program__set_autoload(each, wanted);
  }
}

std::optional<LoadFailure> Object::load(const Host& host) {
  const LibbpfLog log;
  const int error = bpf_object__load(object_.get());
  if (error == 0) {
    const bpf_map* bss = section_map(object_.get(), ".bss");
    if (bss != nullptr) bss_bytes_.resize(bpf_map__value_size(bss));
    return std::nullopt;
  }
  LoadFailure failure;
  failure.error_number = -error;
  failure.program = failed_program(log.text());
  failure.error =
      load_error(load_circumstances(-error, log.text(), missing_bpf_capabilities(), host));
  failure.log = log.text();
  return failure;
}

Result<void> Object::read_variables() {
  const bpf_map* bss = section_map(object_.get(), ".bss");
  if (bss == nullptr || bss_bytes_.empty()) return {};
  const std::uint32_t first = 0;
  const int error = bpf_map_lookup_elem(bpf_map__fd(bss), &first, bss_bytes_.data());
  if (error != 0) return fail_errno("map .bss", -error);
  return {};
}

std::optional<std::size_t> Object::find_variable(std::string_view name) const {
  for (std::size_t i = 0; i < bss_.size(); ++i) {
    if (bss_[i].name == name) return i;
  }
  return std::nullopt;
}

std::uint64_t Object::variable_at(std::size_t place) const {
  const Variable& variable = bss_[place];
  if (variable.offset + variable.size > bss_bytes_.size()) return 0;
  return number_of(std::span(bss_bytes_).subspan(variable.offset, variable.size));
}

std::uint64_t Object::variable(std::string_view name) const {
  const auto place = find_variable(name);
  return place ? variable_at(*place) : 0;
}

}  // namespace kernstat::bpf
