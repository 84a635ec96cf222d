// SPDX-License-Identifier: Apache-2.0
// Small stacks for the threads of a library that has no option for that.
#pragma once

#include <pthread.h>

#include <cstddef>

namespace kernstat {

/// Threads that the process makes while one lives get a stack of 256 KiB, unless they ask for
/// another: a request needs less than 64.
class SmallStacks {
 public:
  SmallStacks() {
    changed_ = ::pthread_getattr_default_np(&before_) == 0;
    if (!changed_) return;
    pthread_attr_t small;
    if (::pthread_attr_init(&small) != 0) return;
    if (::pthread_attr_setstacksize(&small, kBytes) == 0) ::pthread_setattr_default_np(&small);
    ::pthread_attr_destroy(&small);
  }
  ~SmallStacks() {
    if (!changed_) return;
    ::pthread_setattr_default_np(&before_);
    ::pthread_attr_destroy(&before_);
  }
  SmallStacks(const SmallStacks&) = delete;
  SmallStacks& operator=(const SmallStacks&) = delete;
  SmallStacks(SmallStacks&&) = delete;
  SmallStacks& operator=(SmallStacks&&) = delete;

 private:
  static constexpr std::size_t kBytes = 256 << 10;

  pthread_attr_t before_{};
  bool changed_ = false;
};

}  // namespace kernstat
