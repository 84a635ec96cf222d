// SPDX-License-Identifier: Apache-2.0
// The few wire types of protocol buffers that the exposition needs (protobuf encoding guide).
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

namespace kernstat::protobuf {

inline void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80U);
    value >>= 7U;
  }
  out += static_cast<char>(value);
}

inline std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63);
}

enum class Wire : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2 };

inline void append_tag(std::string& out, std::uint32_t field, Wire wire) {
  append_varint(out, (std::uint64_t{field} << 3U) | static_cast<std::uint64_t>(wire));
}

inline void append_uint(std::string& out, std::uint32_t field, std::uint64_t value) {
  append_tag(out, field, Wire::kVarint);
  append_varint(out, value);
}

inline void append_sint(std::string& out, std::uint32_t field, std::int64_t value) {
  append_uint(out, field, zigzag(value));
}

inline void append_double(std::string& out, std::uint32_t field, double value) {
  append_tag(out, field, Wire::kFixed64);
  auto bits = std::bit_cast<std::uint64_t>(value);
  for (int i = 0; i < 8; ++i, bits >>= 8U) out += static_cast<char>(bits);
}

inline void append_bytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  append_tag(out, field, Wire::kBytes);
  append_varint(out, bytes.size());
  out += bytes;
}

}  // namespace kernstat::protobuf
