// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/join_btf.h"

#include <bpf/btf.h>
#include <linux/btf.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace kernstat::bpf {
namespace {

struct Part {
  std::span<const std::byte> types;
  std::span<const std::byte> strings;
  std::uint32_t count = 0;  // of types
};

// The types' section of a raw BTF, and its strings.
std::optional<Part> part_of(const btf* from, std::uint32_t first_type) {
  std::uint32_t size = 0;
  // The library keeps the bytes that it read, or makes them anew: it only lacks the const.
  const void* data = btf__raw_data(const_cast<btf*>(from), &size);
  btf_header header{};
  if (data == nullptr || size < sizeof header) return std::nullopt;
  std::memcpy(&header, data, sizeof header);
  const std::uint64_t types_end = std::uint64_t{header.hdr_len} + header.type_off + header.type_len;
  const std::uint64_t strings_end = std::uint64_t{header.hdr_len} + header.str_off + header.str_len;
  if (header.magic != BTF_MAGIC || types_end > size || strings_end > size) return std::nullopt;
  const std::span bytes(static_cast<const std::byte*>(data), size);
  Part part;
  part.types = bytes.subspan(header.hdr_len + header.type_off, header.type_len);
  part.strings = bytes.subspan(header.hdr_len + header.str_off, header.str_len);
  part.count = btf__type_cnt(from) - first_type;
  return part;
}

// By how much what lies beyond the base's types and strings moves up.
struct Shift {
  std::uint32_t first_type = 0;
  std::uint32_t types = 0;
  std::uint32_t first_string = 0;
  std::uint32_t strings = 0;

  void type(std::uint32_t& id) const {
    if (id >= first_type) id += types;
  }
  void name(std::uint32_t& offset) const {
    if (offset >= first_string) offset += strings;
  }
};

// What follows the record of a type: `count` elements of `size` bytes, and which of their words are
// the offset of a name and the numbers of types; -1 for none.
struct Elements {
  std::size_t size = 0;
  std::size_t count = 0;
  int name = -1;
  int type = -1;
  int other_type = -1;
};

Elements elements_of(const btf_type* type) {
  const std::size_t count = btf_vlen(type);
  switch (btf_kind(type)) {
    case BTF_KIND_INT:
    case BTF_KIND_VAR:
    case BTF_KIND_DECL_TAG:
      return {4, 1};
    case BTF_KIND_ARRAY:
      return {12, 1, -1, 0, 1};
    case BTF_KIND_STRUCT:
    case BTF_KIND_UNION:
      return {12, count, 0, 1};
    case BTF_KIND_ENUM:
      return {8, count, 0};
    case BTF_KIND_ENUM64:
      return {12, count, 0};
    case BTF_KIND_FUNC_PROTO:
      return {8, count, 0, 1};
    case BTF_KIND_DATASEC:
      return {12, count, -1, 0};
    default:
      return {};
  }
}

bool is_reference(std::uint32_t kind) {
  switch (kind) {
    case BTF_KIND_PTR:
    case BTF_KIND_TYPEDEF:
    case BTF_KIND_VOLATILE:
    case BTF_KIND_CONST:
    case BTF_KIND_RESTRICT:
    case BTF_KIND_FUNC:
    case BTF_KIND_FUNC_PROTO:
    case BTF_KIND_VAR:
    case BTF_KIND_DECL_TAG:
    case BTF_KIND_TYPE_TAG:
      return true;
    default:
      return false;
  }
}

void move_word(std::span<std::byte> element, int index, const Shift& shift,
               void (Shift::*by)(std::uint32_t&) const) {
  if (index < 0) return;
  std::uint32_t word = 0;
  std::byte* at = element.data() + static_cast<std::size_t>(index) * sizeof word;
  std::memcpy(&word, at, sizeof word);
  (shift.*by)(word);
  std::memcpy(at, &word, sizeof word);
}

// Moves all that the types of one module refer to. False when they are not what this knows.
bool move_types(std::span<std::byte> types, const Shift& shift) {
  while (!types.empty()) {
    btf_type type{};
    if (types.size() < sizeof type) return false;
    std::memcpy(&type, types.data(), sizeof type);
    shift.name(type.name_off);
    if (is_reference(btf_kind(&type))) shift.type(type.type);
    std::memcpy(types.data(), &type, sizeof type);
    const Elements each = elements_of(&type);
    types = types.subspan(sizeof type);
    if (types.size() < each.size * each.count || btf_kind(&type) > BTF_KIND_ENUM64) return false;
    for (std::size_t i = 0; i < each.count; ++i) {
      const std::span element = types.subspan(i * each.size, each.size);
      move_word(element, each.name, shift, &Shift::name);
      move_word(element, each.type, shift, &Shift::type);
      move_word(element, each.other_type, shift, &Shift::type);
    }
    types = types.subspan(each.size * each.count);
  }
  return true;
}

void append(std::vector<std::byte>& to, std::span<const std::byte> bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

}  // namespace

std::vector<std::byte> joined_btf(const btf* base, const std::vector<const btf*>& modules) {
  // Type 0 is void and has no record.
  const auto kernel = part_of(base, 1);
  if (!kernel) return {};
  std::vector<std::byte> types(kernel->types.begin(), kernel->types.end());
  std::vector<std::byte> strings(kernel->strings.begin(), kernel->strings.end());
  Shift shift;
  shift.first_type = btf__type_cnt(base);
  shift.first_string = static_cast<std::uint32_t>(kernel->strings.size());
  for (const btf* module : modules) {
    const auto part = part_of(module, shift.first_type);
    if (!part) continue;
    std::vector<std::byte> moved(part->types.begin(), part->types.end());
    if (!move_types(moved, shift)) continue;
    append(types, moved);
    append(strings, part->strings);
    shift.types += part->count;
    shift.strings += static_cast<std::uint32_t>(part->strings.size());
  }
  btf_header header{};
  header.magic = BTF_MAGIC;
  header.version = BTF_VERSION;
  header.hdr_len = sizeof header;
  header.type_len = static_cast<std::uint32_t>(types.size());
  header.str_off = header.type_len;
  header.str_len = static_cast<std::uint32_t>(strings.size());
  std::vector<std::byte> all;
  all.reserve(sizeof header + types.size() + strings.size());
  append(all, std::as_bytes(std::span(&header, 1)));
  append(all, types);
  append(all, strings);
  return all;
}

}  // namespace kernstat::bpf
