// SPDX-License-Identifier: Apache-2.0
// A reader of protobuf messages that knows the wire and not the schema: the tests' second opinion.
#pragma once

#include <bit>
#include <catch2/catch.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kernstat {

struct ProtobufMessage;

struct ProtobufField {
  std::uint64_t number = 0;  // varint, or the bits of a double
  std::string bytes;

  double as_double() const { return std::bit_cast<double>(number); }
  std::int64_t as_sint() const {
    return static_cast<std::int64_t>(number >> 1U) ^ -static_cast<std::int64_t>(number & 1U);
  }
};

inline std::uint64_t read_varint(std::string_view& in) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    REQUIRE(!in.empty());
    const auto byte = static_cast<std::uint8_t>(in.front());
    in.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  FAIL("a varint without an end");
  return 0;
}

struct ProtobufMessage {
  std::map<std::uint64_t, std::vector<ProtobufField>> fields;

  explicit ProtobufMessage(std::string_view in) {
    while (!in.empty()) {
      const std::uint64_t tag = read_varint(in);
      ProtobufField field;
      switch (tag & 7U) {
        case 0:
          field.number = read_varint(in);
          break;
        case 1:
          REQUIRE(in.size() >= 8);
          for (unsigned i = 0; i < 8; ++i) {
            field.number |= std::uint64_t{static_cast<std::uint8_t>(in[i])} << (8 * i);
          }
          in.remove_prefix(8);
          break;
        case 2: {
          const std::uint64_t size = read_varint(in);
          REQUIRE(in.size() >= size);
          field.bytes = in.substr(0, size);
          in.remove_prefix(size);
          break;
        }
        default:
          FAIL("wire type " << (tag & 7U));
      }
      fields[tag >> 3U].push_back(field);
    }
  }

  std::size_t count(std::uint64_t field) const {
    const auto found = fields.find(field);
    return found == fields.end() ? 0 : found->second.size();
  }
  const ProtobufField& one(std::uint64_t field, std::size_t index = 0) const {
    REQUIRE(count(field) > index);
    return fields.at(field)[index];
  }
  ProtobufMessage message(std::uint64_t field, std::size_t index = 0) const {
    return ProtobufMessage(one(field, index).bytes);
  }
};

/// The messages of a stream, each with its length in front.
inline std::vector<ProtobufMessage> read_delimited(std::string_view in) {
  std::vector<ProtobufMessage> all;
  while (!in.empty()) {
    const std::uint64_t size = read_varint(in);
    REQUIRE(in.size() >= size);
    all.emplace_back(in.substr(0, size));
    in.remove_prefix(size);
  }
  return all;
}

}  // namespace kernstat
