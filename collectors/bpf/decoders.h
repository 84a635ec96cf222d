// SPDX-License-Identifier: Apache-2.0
// Label decoders: how the bytes of a key's member become label text. bpf/types.bpf.h declares the
// types, whose names choose the decoder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kernstat::bpf {

class Names;

/// Value and text of an enumerator, as it stands in a label.
using LabelTable = std::vector<std::pair<std::uint32_t, std::string>>;

/// Whether the thing that a label names still exists, and has its name.
enum class Life : std::uint8_t {
  kAlive,
  kGone,     ///< removed, or not nameable from here: the text is "other"
  kUnnamed,  ///< its name is not known yet: ask again, show nothing until then
};

/// Appends the text of `bytes` (the member, host byte order) to `out`. Text may be any bytes; what
/// prints it makes it valid UTF-8. `table` is the column's, for enums.
using Decode = Life (*)(std::span<const std::byte> bytes, const LabelTable& table, Names& names,
                        std::string& out);

/// A label type of bpf/types.bpf.h.
struct Decoder {
  std::string_view type;  ///< the typedef's name
  std::size_t size;       ///< in bytes
  Decode decode;
};

/// The decoder of a typedef, or null when its name is no label type.
const Decoder* find_decoder(std::string_view type);

// What needs no typedef.
Life decode_unsigned(std::span<const std::byte> bytes, const LabelTable&, Names&, std::string& out);
Life decode_signed(std::span<const std::byte> bytes, const LabelTable&, Names&, std::string& out);
Life decode_bool(std::span<const std::byte> bytes, const LabelTable&, Names&, std::string& out);
Life decode_text(std::span<const std::byte> bytes, const LabelTable&, Names&, std::string& out);
/// By the table; a value that is not in it is "other".
Life decode_enum(std::span<const std::byte> bytes, const LabelTable& table, Names&,
                 std::string& out);

/// The member's number: 1, 2, 4 or 8 bytes, zero-extended.
std::uint64_t number_of(std::span<const std::byte> bytes);

/// Name of an error number of the kernel, those included that never reach user space; "none" for 0,
/// "other" for an unknown one.
std::string_view errno_name(int error_number);

}  // namespace kernstat::bpf
