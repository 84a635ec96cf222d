// SPDX-License-Identifier: Apache-2.0
#include "daemon/gzip.h"

#include <zlib.h>

#include <catch2/catch.hpp>

namespace kernstat {
namespace {

std::string unzip(std::string_view in, std::size_t room) {
  std::string out(room, '\0');
  z_stream stream{};
  REQUIRE(inflateInit2(&stream, MAX_WBITS + 16) == Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  CHECK(inflate(&stream, Z_FINISH) == Z_STREAM_END);
  CHECK(stream.avail_in == 0);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST_CASE("bodies of all sizes come back, one state after the other") {
  Gzip gzip;
  std::string out;
  std::string body;
  std::uint32_t random = 1;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{1000}, std::size_t{300'000}, std::size_t{10}}) {
    body.resize(size);
    for (char& c : body) {
      random = random * 1664525U + 1013904223U;  // does not compress: the output must grow
      c = static_cast<char>(random >> 24U);
    }
    REQUIRE(gzip.compress(body, out));
    CHECK(unzip(out, size + 1) == body);
  }
}

TEST_CASE("text gets small") {
  std::string body;
  for (int i = 0; i < 1000; ++i) {
    body += "node_network_receive_bytes_total{device=\"eth" + std::to_string(i) + "\"} 12345\n";
  }
  Gzip gzip;
  std::string out;
  REQUIRE(gzip.compress(body, out));
  CHECK(out.size() < body.size() / 8);
}

}  // namespace
}  // namespace kernstat
