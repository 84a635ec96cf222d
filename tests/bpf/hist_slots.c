// SPDX-License-Identifier: Apache-2.0
// The kernel side's arithmetic of histograms (bpf/hist.bpf.h), compiled for this machine.
#include <linux/types.h>

#include "hist.bpf.h"

unsigned ks_test_time_slot(unsigned long long ns) {
  return ks_hist_slot(ks_units_time(ns), 3, KS_EXP_m20 + KS_BIT_time, KS_HIST_SLOTS(3, m20, p6));
}
unsigned ks_test_days_slot(unsigned long long ns) {
  return ks_hist_slot(ks_units_days(ns), 2, KS_EXP_m8 + KS_BIT_days, KS_HIST_SLOTS(2, m8, p20));
}
unsigned ks_test_count_slot(unsigned long long v) {
  return ks_hist_slot(ks_units_count(v), 2, KS_EXP_p0, KS_HIST_SLOTS(2, p0, p16));
}
unsigned ks_test_bytes_slot(unsigned long long v) {
  return ks_hist_slot(ks_units_bytes(v), 2, KS_EXP_p8, KS_HIST_SLOTS(2, p8, p24));
}
void ks_test_time_add(time_hist* h, unsigned long long ns) { time_hist_add(h, ns); }
