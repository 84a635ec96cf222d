// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// How long programs waited for the C library to resolve a name, and what came of it.
#include "kernstat.bpf.h"

enum call { call_getaddrinfo, call_gethostbyname, call_gethostbyname2 };
enum result {
  result_ok,
  result_not_found,
  result_again,  // no server answered, or one asked to try later
  result_error,  // gethostbyname tells no more than that
};

struct lookup_key {
  enum call call;
  enum result result;
};
KS_SERIES(dns_lookups, struct lookup_key, time_hist, 16)

// By thread: a new call of a thread replaces one that never returned.
struct lookup {
  __u64 since;
};
KS_IN_FLIGHT(dns_calls, __u64, struct lookup, 4096)

// getaddrinfo(3); netdb.h of glibc and musl agree.
#define KS_EAI_NONAME -2
#define KS_EAI_AGAIN -3
#define KS_EAI_NODATA -5

static __always_inline int begin(void) {
  __u64 thread = bpf_get_current_pid_tgid();
  struct lookup lookup = {bpf_ktime_get_ns()};
  dns_calls_put(&thread, &lookup);
  return 0;
}

static __always_inline int end(enum call call, enum result result) {
  __u64 thread = bpf_get_current_pid_tgid();
  struct lookup lookup;
  if (!dns_calls_take(&thread, &lookup)) return 0;
  struct lookup_key key = {call, result};
  time_hist* hist = dns_lookups_get(&key);
  if (hist) time_hist_add(hist, bpf_ktime_get_ns() - lookup.since);
  return 0;
}

static __always_inline enum result of_getaddrinfo(int code) {
  switch (code) {
    case 0:
      return result_ok;
    case KS_EAI_NONAME:
    case KS_EAI_NODATA:
      return result_not_found;
    case KS_EAI_AGAIN:
      return result_again;
    default:
      return result_error;
  }
}

KS_UPROBE(on_getaddrinfo, const char* node) {
  // Without a name there is nothing to resolve.
  return node ? begin() : 0;
}
KS_URETPROBE(on_getaddrinfo_return, int code) {
  return end(call_getaddrinfo, of_getaddrinfo(code));
}
KS_UPROBE(on_gethostbyname, const char* name) { return begin(); }
KS_URETPROBE(on_gethostbyname_return, void* host) {
  return end(call_gethostbyname, host ? result_ok : result_error);
}
KS_UPROBE(on_gethostbyname2, const char* name) { return begin(); }
KS_URETPROBE(on_gethostbyname2_return, void* host) {
  return end(call_gethostbyname2, host ? result_ok : result_error);
}
