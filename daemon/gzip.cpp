// SPDX-License-Identifier: Apache-2.0
#include "daemon/gzip.h"

#include <algorithm>
#include <limits>

namespace kernstat {
namespace {

// Exposition text repeats itself so much that the fastest level gets within a fifth of the best
// one's size in a third of the default level's time.
constexpr int kLevel = 1;
constexpr int kGzipHeader = 16;
constexpr int kMemoryLevel = 8;

}  // namespace

Gzip::Gzip() = default;

Gzip::~Gzip() {
  if (stream_) deflateEnd(stream_.get());
}

Result<void> Gzip::compress(std::string_view in, std::string& out) {
  if (in.size() > std::numeric_limits<uInt>::max()) {
    return fail(ErrorKind::kInvalid, "gzip: a body of 4 GiB or more");
  }
  if (!stream_) {
    auto stream = std::make_unique<z_stream>();
    if (deflateInit2(stream.get(), kLevel, Z_DEFLATED, MAX_WBITS + kGzipHeader, kMemoryLevel,
                     Z_DEFAULT_STRATEGY) != Z_OK) {
      return fail(ErrorKind::kSystem, "gzip: no memory for the state of deflate");
    }
    stream_ = std::move(stream);
  } else if (deflateReset(stream_.get()) != Z_OK) {
    return fail(ErrorKind::kSystem, "gzip: the state of deflate is damaged");
  }
  // zlib takes its input as non-const, but does not write to it.
  stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream_->avail_in = static_cast<uInt>(in.size());
  std::size_t used = 0;
  // Grown as needed: the bound of deflate would be the size of the input.
  out.resize(std::max(out.capacity(), in.size() / 8 + 256));
  for (;;) {
    stream_->next_out = reinterpret_cast<Bytef*>(out.data() + used);
    stream_->avail_out = static_cast<uInt>(out.size() - used);
    const int status = deflate(stream_.get(), Z_FINISH);
    used = out.size() - stream_->avail_out;
    if (status == Z_STREAM_END) break;
    if (status != Z_OK && status != Z_BUF_ERROR) {
      return fail(ErrorKind::kSystem, "gzip: deflate failed");
    }
    out.resize(out.size() * 2);
  }
  out.resize(used);
  return {};
}

}  // namespace kernstat
