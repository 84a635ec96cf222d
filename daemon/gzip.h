// SPDX-License-Identifier: Apache-2.0
// gzip of response bodies.
#pragma once

#include <zlib.h>

#include <memory>
#include <string>
#include <string_view>

#include "collectors/support/result.h"

namespace kernstat {

/// Compresses one body after the other with one state of deflate, which is made at first use (264
/// KiB). One thread at a time.
class Gzip {
 public:
  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  Gzip(Gzip&&) = delete;
  Gzip& operator=(Gzip&&) = delete;

  /// Replaces `out` with the gzip of `in` (RFC 1952), reusing its memory. Fails when there is no
  /// memory, or when `in` is of 4 GiB or more.
  Result<void> compress(std::string_view in, std::string& out);

 private:
  std::unique_ptr<z_stream> stream_;
};

}  // namespace kernstat
