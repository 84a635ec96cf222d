// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/btf_schema.h"

#include <bpf/btf.h>

#include <algorithm>

namespace kernstat::bpf {
namespace {

constexpr std::string_view kKernelEnumPrefix = "kernel_enum__";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lowered(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), lower);
  return result;
}

std::string_view text_at(const btf* object, std::uint32_t offset) {
  const char* text = btf__name_by_offset(object, offset);
  return text == nullptr ? std::string_view() : std::string_view(text);
}

const btf_type* type_at(const btf* object, std::uint32_t id) { return btf__type_by_id(object, id); }

// The type under const and volatile; typedefs too when they are no label type.
const btf_type* strip(const btf* object, std::uint32_t id, const Decoder** decoder,
                      std::string* kernel_enum) {
  for (int depth = 0; depth < 16; ++depth) {
    const btf_type* type = type_at(object, id);
    if (type == nullptr) return nullptr;
    if (btf_is_typedef(type)) {
      const std::string_view name = text_at(object, type->name_off);
      if (decoder != nullptr && *decoder == nullptr) *decoder = find_decoder(name);
      if (kernel_enum != nullptr && name.starts_with(kKernelEnumPrefix)) {
        *kernel_enum = name.substr(kKernelEnumPrefix.size());
      }
    } else if (!btf_is_mod(type)) {
      return type;
    }
    id = type->type;
  }
  return nullptr;
}

std::size_t size_of(const btf* object, std::uint32_t id) {
  const std::int64_t size = btf__resolve_size(object, id);
  return size < 0 ? 0 : static_cast<std::size_t>(size);
}

tl::unexpected<Error> wrong_enumerator(const std::string& name, const std::string& prefix) {
  return fail(ErrorKind::kInvalid,
              "enumerator '" + name + "' does not begin with its enum's name '" + prefix + "'");
}

// The enumerators must carry the enum's name, so that the label is what comes after it.
Result<void> enum_column(const btf* object, const btf_type* type, Column& column) {
  const std::string prefix = lowered(text_at(object, type->name_off)) + "_";
  const struct btf_enum* values = btf_enum(type);
  for (std::uint16_t i = 0; i < btf_vlen(type); ++i) {
    const std::string name = lowered(text_at(object, values[i].name_off));
    if (!name.starts_with(prefix) || name.size() == prefix.size()) {
      return wrong_enumerator(name, prefix);
    }
    const auto value = static_cast<std::uint32_t>(values[i].val);
    column.table.emplace_back(value, name.substr(prefix.size()));
    column.known_values.push_back(value);
  }
  column.decode = decode_enum;
  return {};
}

Result<void> int_column(const btf* object, const btf_type* type, Column& column) {
  static_cast<void>(object);
  const int encoding = btf_int_encoding(type);
  if ((encoding & BTF_INT_BOOL) != 0) {
    column.decode = decode_bool;
    column.known_values = {0, 1};
  } else {
    column.decode = (encoding & BTF_INT_SIGNED) != 0 ? decode_signed : decode_unsigned;
  }
  return {};
}

Result<void> array_column(const btf* object, const btf_type* type, Column& column) {
  const btf_type* element = strip(object, btf_array(type)->type, nullptr, nullptr);
  const bool is_char = element != nullptr && btf_is_int(element) && element->size == 1 &&
                       text_at(object, element->name_off) == "char";
  if (!is_char) return fail(ErrorKind::kInvalid, "an array must be of char to be a label");
  column.decode = decode_text;
  return {};
}

Result<void> fill_column(const btf* object, std::uint32_t type_id, Column& column) {
  const Decoder* decoder = nullptr;
  const btf_type* type = strip(object, type_id, &decoder, &column.kernel_enum);
  if (type == nullptr) return fail(ErrorKind::kInvalid, "its type cannot be resolved");
  column.size = size_of(object, type_id);
  if (decoder != nullptr) {
    if (decoder->size != column.size) {
      return fail(ErrorKind::kInvalid, "a " + std::string(decoder->type) + " has " +
                                           std::to_string(decoder->size) + " bytes, not " +
                                           std::to_string(column.size));
    }
    column.decode = decoder->decode;
    column.is_symbol = decoder->type == "ksym_addr";
    return {};
  }
  if (!column.kernel_enum.empty()) {
    column.decode = decode_enum;
    return {};
  }
  if (btf_is_enum(type)) return enum_column(object, type, column);
  if (btf_is_int(type)) return int_column(object, type, column);
  if (btf_is_array(type)) return array_column(object, type, column);
  return fail(ErrorKind::kInvalid,
              "this type is no label type (bpf/types.bpf.h), enum, bool, integer or char array");
}

Result<void> struct_columns(const btf* object, const btf_type* type, KeyLayout& layout) {
  std::size_t end = 0;
  const btf_member* members = btf_members(type);
  for (std::uint16_t i = 0; i < btf_vlen(type); ++i) {
    Column column;
    column.name = text_at(object, members[i].name_off);
    const std::uint32_t bits = btf_member_bit_offset(type, i);
    if (btf_member_bitfield_size(type, i) != 0 || bits % 8 != 0) {
      return fail(ErrorKind::kInvalid, "member '" + column.name + "': a bit field is no label");
    }
    column.offset = bits / 8;
    if (column.offset != end) {
      return fail(ErrorKind::kInvalid, std::to_string(column.offset - end) +
                                           " bytes of implicit padding before member '" +
                                           column.name + "'");
    }
    end = column.offset + size_of(object, members[i].type);
    if (column.name.starts_with("pad")) continue;
    const auto filled = fill_column(object, members[i].type, column);
    if (!filled) return fail("member '" + column.name + "'", filled.error());
    layout.columns.push_back(std::move(column));
  }
  if (end != type->size) {
    return fail(ErrorKind::kInvalid,
                std::to_string(type->size - end) + " bytes of implicit padding at the end");
  }
  return {};
}

// A histogram, or one number of 8 bytes.
Result<Quantity> quantity_of(const btf* object, std::uint32_t type_id, std::string_view name) {
  Quantity quantity;
  quantity.name = name;
  const btf_type* type = strip(object, type_id, nullptr, nullptr);
  if (type != nullptr && btf_is_struct(type)) {
    quantity.hist = HistGrid::parse(text_at(object, type->name_off));
    if (!quantity.hist) {
      return fail(ErrorKind::kInvalid, "struct " + std::string(text_at(object, type->name_off)) +
                                           " is no histogram of bpf/hist.bpf.h");
    }
    if (type->size != quantity.hist->words() * 8) {
      return fail(ErrorKind::kInvalid, "the histogram's size does not fit its name");
    }
    return quantity;
  }
  if (type == nullptr || !btf_is_int(type) || type->size != 8) {
    return fail(ErrorKind::kInvalid, "a value is __u64, __s64 or a histogram");
  }
  quantity.is_signed = (btf_int_encoding(type) & BTF_INT_SIGNED) != 0;
  return quantity;
}

Result<void> struct_quantities(const btf* object, const btf_type* type, ValueLayout& layout) {
  const btf_member* members = btf_members(type);
  for (std::uint16_t i = 0; i < btf_vlen(type); ++i) {
    const std::string name(text_at(object, members[i].name_off));
    auto quantity = quantity_of(object, members[i].type, name);
    if (!quantity) return fail("member '" + name + "'", quantity.error());
    const std::uint32_t bits = btf_member_bit_offset(type, i);
    if (bits % 64 != 0) return fail(ErrorKind::kInvalid, "member '" + name + "' is not aligned");
    quantity->word = bits / 64;
    layout.quantities.push_back(*std::move(quantity));
  }
  return {};
}

// What all texts begin with, up to its last '_': a_b and a_bc share "a_".
std::string common_words(const LabelTable& table) {
  std::string_view prefix = table.front().second;
  for (const auto& [value, text] : table) {
    const auto ends = std::mismatch(prefix.begin(), prefix.end(), text.begin(), text.end());
    prefix = prefix.substr(0, static_cast<std::size_t>(ends.first - prefix.begin()));
  }
  const auto end = prefix.rfind('_');
  return std::string(prefix.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

}  // namespace

const Quantity* ValueLayout::find(std::string_view name) const {
  const auto found = std::find_if(quantities.begin(), quantities.end(),
                                  [&](const Quantity& q) { return q.name == name; });
  return found == quantities.end() ? nullptr : &*found;
}

bool ValueLayout::has_histogram() const {
  return std::any_of(quantities.begin(), quantities.end(),
                     [](const Quantity& q) { return q.hist.has_value(); });
}

Result<KeyLayout> key_layout(const btf* object, std::uint32_t type_id) {
  KeyLayout layout;
  layout.size = size_of(object, type_id);
  const Decoder* decoder = nullptr;
  const btf_type* type = strip(object, type_id, &decoder, nullptr);
  if (type == nullptr || layout.size == 0) {
    return fail(ErrorKind::kInvalid, "the key's type cannot be resolved");
  }
  if (btf_is_struct(type) && decoder == nullptr) {
    const auto filled = struct_columns(object, type, layout);
    if (!filled) return fail(filled.error());
    return layout;
  }
  layout.is_scalar = true;
  Column column;
  const auto filled = fill_column(object, type_id, column);
  if (!filled) return fail("key", filled.error());
  layout.columns.push_back(std::move(column));
  return layout;
}

Result<ValueLayout> value_layout(const btf* object, std::uint32_t type_id) {
  ValueLayout layout;
  const std::size_t size = size_of(object, type_id);
  const btf_type* type = strip(object, type_id, nullptr, nullptr);
  if (type == nullptr || size == 0 || size % 8 != 0) {
    return fail(ErrorKind::kInvalid, "a value is __u64, __s64, a histogram or a struct of these");
  }
  layout.words = size / 8;
  const bool is_hist =
      btf_is_struct(type) && HistGrid::parse(text_at(object, type->name_off)).has_value();
  if (btf_is_struct(type) && !is_hist) {
    const auto filled = struct_quantities(object, type, layout);
    if (!filled) return fail(filled.error());
    return layout;
  }
  auto quantity = quantity_of(object, type_id, {});
  if (!quantity) return fail(quantity.error());
  layout.quantities.push_back(*std::move(quantity));
  return layout;
}

Result<RecordLayout> record_layout(const btf* object, std::string_view name) {
  const std::string struct_name = std::string(name) + "_record";
  const std::int32_t id = btf__find_by_name_kind(object, struct_name.c_str(), BTF_KIND_STRUCT);
  const btf_type* type = id < 0 ? nullptr : type_at(object, static_cast<std::uint32_t>(id));
  if (type == nullptr || btf_vlen(type) != 2) {
    return fail(ErrorKind::kInvalid,
                "the object declares no KS_RECORDS(" + std::string(name) + ", …)");
  }
  RecordLayout layout;
  layout.size = type->size;
  const btf_member* members = btf_members(type);
  layout.key_offset = btf_member_bit_offset(type, 0) / 8;
  layout.value_offset = btf_member_bit_offset(type, 1) / 8;
  auto key = key_layout(object, members[0].type);
  if (!key) return fail(key.error());
  auto value = value_layout(object, members[1].type);
  if (!value) return fail(value.error());
  layout.key = *std::move(key);
  layout.value = *std::move(value);
  return layout;
}

LabelTable label_table(std::string_view name,
                       const std::vector<std::pair<std::uint32_t, std::string>>& enum_values) {
  LabelTable table;
  for (const auto& [value, text] : enum_values) table.emplace_back(value, lowered(text));
  if (table.empty()) return table;
  const std::string own = lowered(name) + "_";
  const auto carries = [&](const auto& entry) { return entry.second.starts_with(own); };
  const bool any = std::any_of(table.begin(), table.end(), carries);
  const std::string prefix = any ? own : common_words(table);
  for (auto& [value, text] : table) {
    if (text.starts_with(prefix) && text.size() > prefix.size()) text.erase(0, prefix.size());
  }
  return table;
}

}  // namespace kernstat::bpf
