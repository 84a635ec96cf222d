// SPDX-License-Identifier: Apache-2.0
// How functions of this project fail: they return a Result, and never throw.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace kernstat {

/// Only as many kinds as callers tell apart.
enum class ErrorKind : std::uint8_t {
  kAbsent,   ///< the kernel or the hardware has no such thing: state `unsupported`
  kDenied,   ///< a privilege is missing, the message says which: state `denied`
  kInvalid,  ///< the input is not what its format says: state `failed`
  kSystem,   ///< the operating system refused: state `failed`
  kShed,     ///< it cost more than its budget and rests: state `shed`
};

/// What went wrong, in words for an operator: names the file or object, and what to do if that is
/// known.
struct Error {
  ErrorKind kind = ErrorKind::kSystem;
  std::string message;
};

/// A value or an Error. Dropping one is a compiler warning. `*r` and `r->` need `r` to be true.
template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(tl::expected<T, Error> other) : tl::expected<T, Error>(std::move(other)) {}
};

/// `return fail(ErrorKind::kInvalid, "…");` from any function that returns a Result.
inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{kind, std::move(message)});
}

/// Hands on the error of another Result: `if (!x) return fail(x.error());`
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

/// Hands on an error with what its reporter could not know in front: "context: message".
inline tl::unexpected<Error> fail(std::string_view context, const Error& error) {
  return tl::unexpected<Error>(Error{error.kind, std::string(context) + ": " + error.message});
}

/// The error of a failed system call on `what` (a path, mostly): "what: reason". ENOENT, ENODEV,
/// ENXIO, EOPNOTSUPP, ENOSYS and ENOTDIR are kAbsent; EACCES and EPERM kDenied; others kSystem.
inline tl::unexpected<Error> fail_errno(std::string_view what, int error_number = errno) {
  ErrorKind kind = ErrorKind::kSystem;
  switch (error_number) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
    case EOPNOTSUPP:
    case ENOSYS:
    case ENOTDIR:
      kind = ErrorKind::kAbsent;
      break;
    case EACCES:
    case EPERM:
      kind = ErrorKind::kDenied;
      break;
    default:
      break;
  }
  return fail(kind, std::string(what) + ": " + std::strerror(error_number));
}

}  // namespace kernstat
