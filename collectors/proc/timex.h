// SPDX-License-Identifier: Apache-2.0
// How the kernel keeps time, from adjtimex(2).
#pragma once

#include <sys/timex.h>

namespace kernstat {

class Families;

/// Says what adjtimex(2) returned: `state` is its result, `clock` what it filled in. Units as the
/// manual page gives them; offset and jitter are in ns or µs as STA_NANO says.
void write_timex(int state, const ::timex& clock, Families& out);

}  // namespace kernstat
