// SPDX-License-Identifier: Apache-2.0
// Interrupts by CPU and source from /proc/interrupts.
#pragma once

#include <string_view>

namespace kernstat {

/// What follows the numbers of a row of /proc/interrupts (kernel: kernel/irq/proc.c), apart. A
/// numbered interrupt has a controller and its devices; the architecture's own have a description.
struct InterruptText {
  std::string_view info;     ///< the controller ("IO-APIC") or the description
  std::string_view devices;  ///< the rest, of numbered interrupts only
};
InterruptText split_interrupt(std::string_view name, std::string_view text);

}  // namespace kernstat
